import type { ProblemKind } from '../failure/catalogue.js';
import type { ProcoreEvents } from '../observe/events.js';
import type { Attempt } from './ledger.js';

/** Gives the attempts of calls from the events of those calls. */
export interface Attempts {
  /** The attempt that has ended before this repetition. */
  beforeRetry(detail: ProcoreEvents['request-retried']): Attempt;
  /** The last attempt of a call; undefined where it was given before, or nothing was sent. */
  last(detail: ProcoreEvents['request-settled']): Attempt | undefined;
}

/** How many calls that are under way are remembered with their retries. */
const mostCalls = 10_000;

/** Creates the attempts of one handle. */
export function createAttempts(): Attempts {
  /** How many attempts of a call under way were given, by `callId`. */
  const given = new Map<string, number>();

  return {
    beforeRetry(detail) {
      given.set(detail.callId, (given.get(detail.callId) ?? 0) + 1);
      if (given.size > mostCalls) given.delete(given.keys().next().value!);
      return attemptOf(detail);
    },
    last(detail) {
      const before = given.get(detail.callId) ?? 0;
      given.delete(detail.callId);
      // A repetition that was given up while it waited was never sent: the status is that of the attempt before.
      return detail.attempts > before ? attemptOf(detail) : undefined;
    },
  };
}

/** The kind of failure with which this package has ended a call without an attempt: the last one, if any, has had its own failure. */
export function refusalOf({ kind, code }: ProcoreEvents['request-settled']): ProblemKind | undefined {
  return code?.startsWith('ERR_PROCORE_') ? kind : undefined;
}

function attemptOf({
  method,
  path,
  status,
  hasCompanyId,
  kind,
}: ProcoreEvents['request-retried' | 'request-settled']): Attempt {
  return { method, path, status, hasCompanyId, kind };
}
