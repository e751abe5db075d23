import type { Call } from './call.js';
import { objectIn, textOf } from './fields.js';
import { headerOf, type Arrival, type Reply } from './message.js';
import type { Item, Place, Records } from './records.js';

/** A company that is known to the emulator, with its projects. */
export interface KnownCompany {
  /** Digits, as text where it exceeds 2^53. */
  id: number | string;
  /** @default 'Company <id>' */
  name?: string | undefined;
  /** @default [] */
  projects?: { id: number | string; name?: string | undefined }[] | undefined;
}

/** The companies, and where the records of a call are. */
export interface Companies {
  list(): readonly object[];
  /** Where the projects and users of the call's company are. */
  placeOf(call: Pick<Call, 'companyId'>): Place;
  /** Where the records of a project are. */
  inProject(call: Pick<Call, 'companyId'>, projectId: string): Place;
  /** The refusal of a call that names a company or a project that is not known. */
  refusal(call: Call): Reply | undefined;
}

// The ids exceed 32 bits, as Procore's do.
const usual: readonly KnownCompany[] = [
  {
    id: 562949953421401,
    name: 'Emulated Builders',
    projects: ['Harbour Bridge', 'Library Annex', 'North Tower', 'Rail Depot', 'School Gym'].map(
      (name, index) => ({ id: 562949953422001 + index, name }),
    ),
  },
  { id: 562949953421402, name: 'Second Opinion Construction' },
];

/**
 * Puts the projects of the companies. Without `given` there are two, and any other company id, and any project id, is accepted as well, so
 * that a test need not look one up: all companies have the same projects and records then.
 */
export function createCompanies(given: readonly KnownCompany[] | undefined, projects: Records): Companies {
  const known = (given ?? usual).map(({ id, name }) => ({
    id: asId(id),
    name: name ?? `Company ${id}`,
    is_active: true,
  }));
  const placeIn = (company: string | undefined): Place =>
    given === undefined || company === undefined ? open : { company, parent: '' };
  for (const [index, { id, projects: listed = [] }] of (given ?? usual).entries())
    for (const one of listed) projects.seed(placeIn(String(id)), projectOf(one, known[index]!));

  function isKnown(companyId: string): boolean {
    return known.some(({ id }) => String(id) === companyId);
  }

  return {
    list: () => known,
    placeOf: ({ companyId }) => placeIn(companyId),
    inProject: ({ companyId }, projectId) => ({ ...placeIn(companyId), parent: projectId }),
    refusal({ request, params, companyId, answers }) {
      if (given === undefined) return undefined;
      const named = companiesIn(request, params);
      if (!named.every(isKnown)) return answers.refused(403, 'App is not connected to this company');
      if (new Set(named).size > 1)
        return answers.refused(403, 'The header Procore-Company-Id names another company than the request.');
      const projectId = projectIn(request, params);
      const isThere = projectId === undefined || projects.find(placeIn(companyId), projectId) !== undefined;
      return isThere ? undefined : answers.refused(404, 'Not Found');
    },
  };
}

/** Where everything is while any company is accepted. */
const open: Place = { company: '', parent: '' };

/** The company of a call; the header counts first. */
export function companyOf(request: Arrival, params: Call['params']): string | undefined {
  return companiesIn(request, params)[0];
}

function companiesIn(request: Arrival, params: Call['params']): string[] {
  const header = headerOf(request, 'procore-company-id');
  const query = new URLSearchParams(request.query).get('company_id');
  return [header, params['company_id'], query].filter(
    (id) => id !== undefined && id !== null && id !== '',
  ) as string[];
}

/** The project that a request names in its path, its query or its body, by its digits. */
export function projectIn(request: Arrival, params: Call['params']): string | undefined {
  const named =
    params['project_id'] ??
    new URLSearchParams(request.query).get('project_id') ??
    objectIn(request.body)?.['project_id'];
  const id = textOf(named) ?? '';
  return /^\d+$/.test(id) ? id : undefined;
}

function projectOf({ id, name }: { id: number | string; name?: string | undefined }, company: object): Item {
  const named = name ?? `Project ${id}`;
  return { id: asId(id), name: named, display_name: named, active: true, origin_id: null, company };
}

/** A number, but for an id that no number holds exactly. */
function asId(id: number | string): number {
  return (Number.isSafeInteger(Number(id)) ? Number(id) : id) as number;
}
