import { createHash } from 'node:crypto';
import { json, mediaTypeOf, type Arrival, type Outcome } from './message.js';
import { page } from './paging.js';
import type { Pair } from './token-ledger.js';

/** One route of the API below its version segment. */
export interface Route {
  method: 'GET' | 'POST';
  pattern: RegExp;
  /** False for the routes that need no company, unless a service account asks. */
  companyScoped: boolean;
  /** `parts` are the groups of `pattern`. */
  handle(request: Arrival, caller: Pair, parts: string[]): Outcome;
}

// Beyond 32 bits, as at Procore.
const companies = [
  { id: 562949953421401, name: 'Emulated Builders', is_active: true },
  { id: 562949953421402, name: 'Second Opinion Construction', is_active: true },
];
const projects = ['Harbour Bridge', 'Library Annex', 'North Tower', 'Rail Depot', 'School Gym'].map(
  (name, index) => ({ id: 562949953422001 + index, name, active: true, company: companies[0] }),
);
const firstRfiId = 562949953430001;

/**
 * The routes, and the RFIs that were written through them. Any project id is good, so that tests need not look one up first.
 * `now` in milliseconds; `origin` is where the links of a list point.
 */
export function createResources(now: () => number, origin: string): Route[] {
  const rfisByProject = new Map<string, object[]>();
  const written = new Set<string>();
  let rfiCount = 0;

  function createRfi(request: Arrival, caller: Pair, [projectId = '']: string[]): Outcome {
    const fields = fieldsOf(request);
    if (fields === undefined)
      return { reply: json(400, { errors: 'The request body is not a JSON object.' }) };
    const rfis = rfisByProject.get(projectId) ?? [];
    rfisByProject.set(projectId, rfis);
    const rfi = {
      ...fields,
      id: firstRfiId + rfiCount++,
      number: String(rfis.length + 1),
      created_at: new Date(now()).toISOString(),
      created_by: { id: caller.userId },
    };
    rfis.push(rfi);
    const write = `${request.path}?${request.query}\n${createHash('sha256').update(request.body).digest('hex')}`;
    const rewrote = written.has(write);
    written.add(write);
    return { reply: json(201, rfi), rewrote };
  }

  const list = (items: readonly unknown[], request: Arrival): Outcome => ({
    reply: page(items, request, origin),
  });
  return [
    {
      method: 'GET',
      pattern: /^\/me$/,
      companyScoped: false,
      handle: (_request, { userId }) => ({
        reply: json(200, { id: userId, login: `user-${userId}@example.com`, name: `User ${userId}` }),
      }),
    },
    {
      method: 'GET',
      pattern: /^\/companies$/,
      companyScoped: false,
      handle: (request) => list(companies, request),
    },
    {
      method: 'GET',
      pattern: /^\/projects$/,
      companyScoped: true,
      handle: (request) => list(projects, request),
    },
    {
      method: 'GET',
      pattern: /^\/projects\/(\d+)\/rfis$/,
      companyScoped: true,
      handle: (request, _caller, [projectId = '']) => list(rfisByProject.get(projectId) ?? [], request),
    },
    {
      method: 'POST',
      pattern: /^\/projects\/(\d+)\/rfis$/,
      companyScoped: true,
      handle: createRfi,
    },
  ];
}

/** The RFI's fields: `{ rfi: {…} }` or bare, from JSON or a form; of any other body its type and length only. */
function fieldsOf(request: Arrival): object | undefined {
  const type = mediaTypeOf(request);
  if (type === 'application/x-www-form-urlencoded')
    return Object.fromEntries(new URLSearchParams(request.body));
  if (type !== 'application/json' && type !== '') {
    return { content_type: type, content_length: request.bodyBytes };
  }
  const body = objectIn(request.body);
  return body && 'rfi' in body && typeof body.rfi === 'object' && body.rfi !== null ? body.rfi : body;
}

function objectIn(source: string): object | undefined {
  try {
    const value: unknown = JSON.parse(source);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
