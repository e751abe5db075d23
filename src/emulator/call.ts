import type { Answers } from './answers.js';
import type { Arrival, Outcome } from './message.js';
import type { Pair } from './token-ledger.js';
import type { Routed } from './router.js';

/** A request to the API whose token, route and company were checked. */
export interface Call {
  readonly request: Arrival;
  readonly caller: Pair;
  /** The values of the parameters in the path of the route. */
  readonly params: Readonly<Record<string, string>>;
  /** `Procore-Company-Id`, or the company that the path or the query names. */
  readonly companyId: string | undefined;
  /** Its answers in the form of its version of the API. */
  readonly answers: Answers;
}

/** One route of the API. */
export interface Route extends Routed {
  /** Which callers must send the company header. */
  readonly company: 'always' | 'service-account' | 'never';
  /** True for a route of the application's own, whose parameters may be any text. */
  readonly isOwn?: boolean;
  handle(call: Call): Outcome | Promise<Outcome>;
}

/** A route of any version of the API: the path below `/rest/v1.0`. */
export function versioned(
  method: string,
  path: string,
  handle: Route['handle'],
  company: Route['company'] = 'always',
): Route {
  return { method, path: `/rest/v:version${path}`, company, handle };
}
