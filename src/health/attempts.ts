import type { ProcoreEvents } from '../observe/events.js';
import type { Attempt } from './ledger.js';

/** What the recorder reads of an event. What may be missing is used as soon as the event has it. */
interface Told {
  readonly method: string;
  readonly path: string;
  readonly callId?: unknown;
  readonly status?: unknown;
  readonly hasCompanyId?: unknown;
}

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
  const given = new Map<unknown, number>();

  return {
    beforeRetry(detail) {
      const { callId } = detail as Told;
      if (callId !== undefined) {
        given.set(callId, (given.get(callId) ?? 0) + 1);
        if (given.size > mostCalls) given.delete(given.keys().next().value);
      }
      const attempt = attemptOf(detail);
      // Only an answer 401 leads to this repetition.
      return detail.reason === 'unauthorized' ? { ...attempt, status: 401 } : attempt;
    },
    last(detail) {
      const { callId } = detail as Told;
      const before = given.get(callId) ?? 0;
      given.delete(callId);
      // A repetition that was given up while it waited was never sent: the status is that of the attempt before.
      return detail.attempts > before ? attemptOf(detail) : undefined;
    },
  };
}

function attemptOf({ method, path, status, hasCompanyId }: Told): Attempt {
  return {
    method,
    path,
    status: typeof status === 'number' ? status : undefined,
    hasCompanyId: typeof hasCompanyId === 'boolean' ? hasCompanyId : undefined,
  };
}
