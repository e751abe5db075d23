import type { AxiosResponse } from 'axios';
import type { Failure } from '../failure/assess.js';
import type { GaveUp } from '../failure/problem.js';
import { longestServerWaitMs } from '../wire/server-wait.js';

/** What the attempts of a call have come to so far. */
export interface History {
  /** How often the call was sent. */
  readonly attempts: number;
  /** The failure of the last attempt. */
  readonly failure: Failure | undefined;
  /** The last answer of the API, for an error of the package that is raised because of it. */
  readonly answer: AxiosResponse | undefined;
  /** The server may have carried out one of the attempts. */
  readonly mayHaveRun: boolean;
  /** Since when (awake time), and how often in a row, the server has throttled the call. */
  readonly throttled: { readonly sinceMs: number; readonly times: number } | undefined;
  /** When the server allows the next attempt, in local milliseconds since the epoch. */
  readonly retryAtMs: number | undefined;
  /** How often the call was replayed after a 401. */
  readonly replays: number;
  /**
   * Whether a token was renewed for a 401 of this call. Then no second one is renewed for it, and an answer other than 401 ends the brake on
   * renewals for 401s.
   */
  readonly renewed: boolean;
  /** Whether the adapter resolves with any status, as some mocks do. */
  readonly lenient: boolean;
  /** Why the call is not sent again. */
  readonly gaveUp: GaveUp | undefined;
  /** What `procore.body` has thrown. */
  readonly thrown: { readonly error: unknown } | undefined;
}

/** The history of a call that has not been sent. */
export const noHistory: History = Object.freeze({
  attempts: 0,
  failure: undefined,
  answer: undefined,
  mayHaveRun: false,
  throttled: undefined,
  retryAtMs: undefined,
  replays: 0,
  renewed: false,
  lenient: false,
  gaveUp: undefined,
  thrown: undefined,
});

/**
 * How often a call is replayed at most with tokens that others have renewed. That costs no renewal, but a token that is refused more often shows
 * that something else is wrong.
 */
const mostWithoutRenewal = 3;

/** Whether a call may be replayed once more; `isRenewed`: with a token that was renewed for it. One replay is kept for that. */
export function mayBeReplayed({ replays, renewed }: History, isRenewed: boolean): boolean {
  return replays < mostWithoutRenewal + (renewed || isRenewed ? 1 : 0);
}

/** What happens to a call, at the end of an attempt and between two of them. */
export type Event =
  /** An attempt succeeded, or a redirect left Procore, so that its answer is not Procore's. */
  | { readonly kind: 'left' }
  /** An attempt failed. `lenient`: the adapter resolved it although the application does not take the status for a success. */
  | {
      readonly kind: 'failed';
      readonly failure: Failure;
      readonly lenient: boolean;
      readonly nowMs: number;
      readonly awakeMs: number;
    }
  /** The answer of the last attempt is kept while the call waits, or is what the application gets. */
  | { readonly kind: 'answer-kept'; readonly answer: AxiosResponse | undefined }
  /** A 401 is answered by a replay. */
  | { readonly kind: 'replayed'; readonly renewed: boolean }
  /** `procore.body` is called for the next attempt. */
  | { readonly kind: 'body-begun' }
  | { readonly kind: 'body-failed'; readonly error: unknown }
  /** The `timeout` of the whole call has passed while it waited. */
  | { readonly kind: 'timed-out'; readonly failure: Failure }
  | { readonly kind: 'gave-up'; readonly why: GaveUp };

/** The history after this event. */
export function fold(history: History, event: Event): History {
  switch (event.kind) {
    case 'left':
      return { ...history, attempts: history.attempts + 1, failure: undefined, answer: undefined };
    case 'failed':
      return failed(history, event);
    case 'answer-kept':
      return { ...history, answer: event.answer };
    case 'replayed':
      return {
        ...history,
        replays: history.replays + 1,
        renewed: history.renewed || event.renewed,
        // The answer of the attempt before is not that of the replay.
        answer: undefined,
      };
    case 'body-begun':
      // If the body cannot be made, the call fails with that error, and not with the failure of the last attempt.
      return { ...history, failure: undefined, answer: undefined, retryAtMs: undefined };
    case 'body-failed':
      return { ...history, thrown: { error: event.error } };
    case 'timed-out':
      // axios's own error of a timeout has no answer.
      return { ...history, failure: event.failure, answer: undefined, gaveUp: 'deadline' };
    case 'gave-up':
      return { ...history, gaveUp: event.why };
  }
}

function failed(history: History, { failure, lenient, nowMs, awakeMs }: Event & { kind: 'failed' }): History {
  const { serverWaitMs } = failure;
  const { sinceMs = awakeMs, times = 0 } = history.throttled ?? {};
  return {
    ...history,
    attempts: history.attempts + 1,
    failure,
    answer: undefined,
    mayHaveRun: history.mayHaveRun || failure.mayHaveRun,
    throttled: failure.throttled ? { sinceMs, times: times + 1 } : undefined,
    retryAtMs: serverWaitMs === undefined ? undefined : nowMs + Math.min(serverWaitMs, longestServerWaitMs),
    lenient: history.lenient || lenient,
  };
}
