import { versioned, type Call, type Route } from './call.js';
import { createCompanies, projectIn, type Companies, type KnownCompany } from './companies.js';
import { textOf, type Fields, type Rule, type Violations } from './fields.js';
import { recordRoutes } from './record-routes.js';
import { createRecords, personOf, type Item, type Place } from './records.js';

/** The parts of the API that the routes are made of. */
export interface ResourceParts {
  /** In milliseconds. */
  readonly now: () => number;
  /** The known companies; undefined accepts any. */
  readonly companies: readonly KnownCompany[] | undefined;
  /** What attaches uploads to a record by its `upload_ids`. */
  readonly attached: (fields: Fields) => { fields?: Fields; errors?: Violations };
}

/** The kinds of records in a project: what they are called, and what their fields take. */
interface ProjectKind {
  readonly wrapper: string;
  /** The path of the list below that of its project. */
  readonly below: string;
  /** The path of the list outside of the path of its project, where that is what Procore has. */
  readonly apart?: string;
  readonly firstId: number;
  readonly rules: Readonly<Record<string, Rule>>;
}

const projectKinds: readonly ProjectKind[] = [
  {
    wrapper: 'rfi',
    below: 'rfis',
    firstId: 562949953430001,
    rules: {
      subject: 'required text',
      due_date: 'date',
      status: ['draft', 'open', 'closed'],
      assignee_id: 'id',
    },
  },
  {
    wrapper: 'submittal',
    below: 'submittals',
    firstId: 562949953431001,
    rules: { title: 'required text', due_date: 'date', received_from_id: 'id', status_id: 'id' },
  },
  {
    wrapper: 'observation',
    below: 'observations/items',
    apart: '/observations/items',
    firstId: 562949953432001,
    rules: {
      name: 'required text',
      type_id: 'required id',
      due_date: 'date',
      priority: ['Low', 'Medium', 'High', 'Urgent'],
      status: ['initiated', 'ready_for_review', 'not_accepted', 'closed'],
      assignee_id: 'id',
    },
  },
  {
    wrapper: 'punch_item',
    below: 'punch_items',
    apart: '/punch_items',
    firstId: 562949953433001,
    rules: { name: 'required text', due_date: 'date', priority: ['low', 'medium', 'high'] },
  },
];

/** The daily logs, with what a client must send of each. */
const logRules: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  notes_log: { comment: 'required text' },
  manpower_log: { num_workers: 'number', num_hours: 'number' },
  weather_log: {},
  delivery_log: {},
  equipment_log: {},
  visitor_log: {},
};

const observationTypes = ['Commissioning', 'Deficiency', 'Safety Hazard', 'Warranty'].map((name, index) => ({
  id: 562949953434001 + index,
  name,
}));

/** The users of all companies. The consent page offers them. */
const everywhere: Place = { company: '', parent: '' };

/** The routes to the resources that users meet first, and the companies that they are in. */
export function createResources(parts: ResourceParts): { routes: Route[]; companies: Companies } {
  const { now, attached } = parts;
  const projects = createRecords(now, {
    firstId: 562949953422101,
    rules: { name: 'required text' },
    defaults: () => ({ active: true }),
    derived: ({ name }) => ({ fields: { display_name: name } }),
  });
  const companies = createCompanies(parts.companies, projects);
  const users = createRecords(now, {
    firstId: 562949953435001,
    rules: { first_name: 'text', last_name: 'required text', email_address: 'required text' },
    defaults: ({ email_address }) => ({ is_active: true, login: email_address }),
    derived: ({ first_name, last_name }) => ({
      fields: { name: [textOf(first_name), textOf(last_name)].join(' ').trim() },
    }),
  });
  for (const id of [1, 2, 3]) users.seed(everywhere, userOf(id));

  const inProject = (call: Call): Place | undefined => {
    const projectId = projectIn(call.request, call.params);
    return projectId === undefined ? undefined : companies.inProject(call, projectId);
  };
  const today = () => new Date(now()).toISOString().slice(0, 10);
  const inProjects = (below: string, apart?: string): string[] => [
    apart ?? `/projects/:project_id/${below}`,
    `/companies/:company_id/projects/:project_id/${below}`,
  ];

  return {
    companies,
    routes: [
      versioned(
        'GET',
        '/me',
        ({ caller, answers }) => ({ reply: answers.one(personOf(caller.userId)) }),
        'service-account',
      ),
      versioned(
        'GET',
        '/companies',
        ({ answers }) => ({ reply: answers.list(companies.list()) }),
        'service-account',
      ),
      versioned('GET', '/observations/types', ({ answers }) => ({ reply: answers.list(observationTypes) })),
      ...recordRoutes({
        paths: ['/projects', '/companies/:company_id/projects'],
        wrapper: 'project',
        records: projects,
        placeOf: companies.placeOf,
      }),
      ...recordRoutes({
        paths: ['/companies/:company_id/users', ...inProjects('users')],
        wrapper: 'user',
        records: users,
        placeOf: () => everywhere,
      }),
      ...projectKinds.flatMap(({ wrapper, below, apart, firstId, rules }) =>
        recordRoutes({
          paths: inProjects(below, apart),
          wrapper,
          records: createRecords(now, {
            firstId,
            rules,
            defaults: (_fields, count) => ({ number: String(count + 1) }),
            derived: attached,
          }),
          placeOf: inProject,
        }),
      ),
      ...Object.entries(logRules).flatMap(([wrapper, rules], index) =>
        recordRoutes({
          paths: inProjects(`${wrapper}s`),
          wrapper,
          records: createRecords(now, {
            firstId: 562949953436001 + 1000 * index,
            rules: { ...rules, date: 'date' },
            defaults: () => ({ date: today() }),
            derived: attached,
          }),
          placeOf: inProject,
          listed: (items, query) => ofDays(items, query, today()),
        }),
      ),
    ],
  };
}

/** The logs of the days that the query names; without any, those of today. Source: Procore, "Working with Daily Logs". */
function ofDays(items: readonly Item[], query: URLSearchParams, today: string): readonly Item[] {
  const [from, to] = [query.get('start_date'), query.get('end_date')];
  const day = query.get('log_date') ?? (from === null && to === null ? today : undefined);
  return items.filter(({ date }) => {
    const at = String(date).slice(0, 10);
    return day === undefined ? (from === null || at >= from) && (to === null || at <= to) : at === day;
  });
}

function userOf(id: number): Item {
  const person = personOf(id);
  const [first_name, last_name] = person.name.split(' ');
  return { ...person, first_name, last_name, email_address: person.login, is_active: true, origin_id: null };
}
