import type { IncomingMessage, ServerResponse } from 'node:http';
import { inspect, types } from 'node:util';
import { freePass, type Pass } from './admission.js';
import type { EmulatedRequest } from './fault-types.js';
import type { Faults } from './faults.js';
import type { Journal } from './journal.js';
import type { LogEntry } from './log-types.js';
import { json, notFound, type Arrival, type Endpoint } from './message.js';
import { strikeOut } from './strike.js';
import { createWire, readBody, type Wire } from './wire.js';

/** The parts that requests are served with. */
export interface ServeParts {
  now: () => number;
  journal: Journal;
  faults: Faults;
  endpoints: Record<LogEntry['kind'], Endpoint>;
  /** Asked once per API request, in the order of arrival. */
  admit(request: Pick<EmulatedRequest, 'headers'>): Pass;
}

/** The endpoint of every path that is not one of the others. */
export const nowhere: Endpoint = { describe: () => ({}), carryOut: () => ({ reply: notFound() }) };

/** Tells which endpoint a request is for. */
export type KindOf = (method: string, path: string) => LogEntry['kind'];

/** Creates the request listener: it logs a request, admits it, applies faults, carries it out and answers. It never rejects. */
export function createServe(
  parts: ServeParts,
  kindOf: KindOf = kindAtHosts,
): (incoming: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { now, journal, faults } = parts;

  async function serve(
    incoming: IncomingMessage,
    entry: LogEntry,
    query: string,
    wire: Wire,
    pass: Pass,
  ): Promise<void> {
    const endpoint = parts.endpoints[entry.kind];
    const bytes = await readBody(incoming);
    if (bytes === undefined) return wire.send(json(413, { message: 'Payload Too Large' }));
    const { method, path } = entry;
    const { headers } = incoming;
    const request: Arrival = { method, path, query, headers, body: bytes.toString(), bytes };
    journal.described(entry, endpoint.describe(request));
    if (pass.refusal) return wire.send(pass.refusal);
    const carryOut = async () => {
      const outcome = await endpoint.carryOut(request);
      journal.carriedOut(entry, outcome);
      return outcome.reply;
    };
    const strike = faults.take(entry.kind, request, () => endpoint.admits?.(request) ?? true);
    if (strike === undefined) return wire.send(await carryOut());
    journal.struck(entry, strike.fault);
    await strikeOut(strike, wire, carryOut);
  }

  return async (incoming, response) => {
    const method = incoming.method ?? 'GET';
    const { path, query } = targetOf(incoming.url ?? '/');
    const entry = journal.arrived(kindOf(method, path), method, path);
    const pass = entry.kind === 'api' ? parts.admit(incoming) : freePass;
    journal.described(entry, pass.note);
    const wire = createWire(response, now, pass.headers, (status) => journal.answered(entry, status));
    try {
      await serve(incoming, entry, query, wire, pass);
    } catch (error) {
      // The client left before the end, or the condition of a fault or a route threw, or an answer had an invalid header.
      if (response.headersSent) return wire.drop();
      wire.send(json(500, { message: `The emulator failed: ${textOf(error)}` }));
    }
  };
}

/** What was thrown, which may be a value that cannot be converted to a text. */
function textOf(error: unknown): string {
  // Jest runs tests in a realm of its own, where errors of Node are no instances of its Error.
  return types.isNativeError(error) || typeof error === 'string' ? String(error) : inspect(error);
}

function targetOf(url: string): { path: string; query: string } {
  // A client behind a proxy may send the absolute form (RFC 9112, section 3.2.2).
  const target = url.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = target.indexOf('?');
  return mark < 0
    ? { path: target, query: '' }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

const loginHost: Readonly<Record<string, LogEntry['kind']>> = {
  'POST /oauth/token': 'token',
  'POST /oauth/revoke': 'revoke',
  'GET /oauth/token/info': 'info',
  'GET /oauth/authorize': 'authorize',
  'POST /oauth/authorize': 'authorize',
};

/** Procore's login and API hosts, which are one origin here. */
function kindAtHosts(method: string, path: string): LogEntry['kind'] {
  if (/^\/(rest|vapid)\//.test(path)) return 'api';
  return loginHost[`${method} ${path}`] ?? 'other';
}
