import { json, mediaTypeOf, type Arrival, type Outcome } from './message.js';
import { page } from './paging.js';
import { createRfis, type RfiFields } from './rfis.js';
import type { Pair } from './token-ledger.js';

/** One route of the API below its version segment. */
export interface Route {
  /** The methods of the route. A route with GET answers HEAD too. */
  methods: readonly string[] | 'any';
  pattern: RegExp;
  /** Which callers must send the company header. */
  company: 'always' | 'service-account' | 'never';
  /** `parts` are the groups of `pattern`. */
  handle(request: Arrival, caller: Pair, parts: string[]): Outcome;
}

// The ids exceed 32 bits, as Procore's do.
const companies = [
  { id: 562949953421401, name: 'Emulated Builders', is_active: true },
  { id: 562949953421402, name: 'Second Opinion Construction', is_active: true },
];
const projects = ['Harbour Bridge', 'Library Annex', 'North Tower', 'Rail Depot', 'School Gym'].map(
  (name, index) => ({ id: 562949953422001 + index, name, active: true, company: companies[0] }),
);

/** The routes, and the RFIs that were written through them. `now` in milliseconds; `origin` is where the links of a list point. */
export function createResources(now: () => number, origin: string): Route[] {
  const rfis = createRfis(now);

  function createRfi(request: Arrival, { userId }: Pair, [projectId = '']: string[]): Outcome {
    const fields = fieldsOf(request);
    if (fields === undefined) {
      return { reply: json(400, { errors: 'The request body is not a JSON object.' }) };
    }
    return { reply: json(201, rfis.create(projectId, fields, userId)), wrote: true };
  }

  function syncRfis(request: Arrival, { userId }: Pair, [projectId = '']: string[]): Outcome {
    const updates = objectIn(request.body)?.updates;
    if (!Array.isArray(updates) || !updates.every(isObject)) {
      return {
        reply: json(400, { errors: 'The request body is not a JSON object with a list of updates.' }),
      };
    }
    const result = rfis.sync(projectId, updates, userId);
    return { reply: json(200, result), wrote: result.entities.length > 0 };
  }

  const list = (items: readonly unknown[], request: Arrival): Outcome => ({
    reply: page(items, request, origin),
  });
  return [
    {
      methods: ['GET'],
      pattern: /^\/me$/,
      company: 'service-account',
      handle: (_request, { userId }) => ({
        reply: json(200, { id: userId, login: `user-${userId}@example.com`, name: `User ${userId}` }),
      }),
    },
    {
      methods: ['GET'],
      pattern: /^\/companies$/,
      company: 'service-account',
      handle: (request) => list(companies, request),
    },
    {
      methods: ['GET'],
      pattern: /^\/projects$/,
      company: 'always',
      handle: (request) => list(projects, request),
    },
    {
      methods: ['GET'],
      pattern: /^\/projects\/(\d+)\/rfis$/,
      company: 'always',
      handle: (request, _caller, [projectId = '']) => list(rfis.list(projectId), request),
    },
    {
      methods: ['POST'],
      pattern: /^\/projects\/(\d+)\/rfis$/,
      company: 'always',
      handle: createRfi,
    },
    {
      methods: ['PATCH', 'POST'],
      pattern: /^\/projects\/(\d+)\/rfis\/sync$/,
      company: 'always',
      handle: syncRfis,
    },
  ];
}

/** The fields of an RFI, with or without the wrapper `{ rfi: {…} }`, from JSON or a form. For any other body only its type and length. */
function fieldsOf(request: Arrival): RfiFields | undefined {
  const type = mediaTypeOf(request);
  if (type === 'application/x-www-form-urlencoded')
    return Object.fromEntries(new URLSearchParams(request.body));
  if (type !== 'application/json' && type !== '') {
    return { content_type: type, content_length: request.bytes.length };
  }
  const body = objectIn(request.body);
  return isObject(body?.rfi) ? body.rfi : body;
}

function objectIn(source: string): RfiFields | undefined {
  try {
    const value: unknown = JSON.parse(source);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is RfiFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
