import type { Answer } from '../wire/answer.js';
import { plausibleReset } from '../wire/rate-limit.js';
import { isThrottled, retryAfterMs, serverWaitMsOf } from '../wire/server-wait.js';
import { parseErrorBody, type ErrorBody } from './body.js';
import type { ProblemKind } from './catalogue.js';
import { refusalReason, type RefusalReason } from './challenge.js';
import { classify, mayHaveRun } from './classify.js';
import { connectionFailureOf } from './transport.js';

/** The assessment of one failed attempt. */
export interface Failure {
  readonly kind: ProblemKind;
  readonly status: number | undefined;
  readonly body: ErrorBody | undefined;
  readonly requestId: string | undefined;
  /** What the answer says of the token; undefined where there is no answer. */
  readonly refusal: RefusalReason | undefined;
  /** The server may have carried out the request. */
  readonly mayHaveRun: boolean;
  /** The server sent the request away for a time, before it ran: 429, or 503 with `Retry-After`. */
  readonly throttled: boolean;
  /** The wait that the server asks for; 0 where it allows a retry at once; undefined where it names none. */
  readonly serverWaitMs: number | undefined;
}

/** A failed attempt, as the line reports it. */
export interface Attempted {
  readonly error: unknown;
  /** The answer of Procore. Undefined where there is none, or where a redirect led to another server whose answer this would be. */
  readonly answer: Answer | undefined;
  /** The body of that answer. */
  readonly data: unknown;
  /** The adapter rejected the answer for its status. False where its body broke off, or could not be read, whatever the status is. */
  readonly rejectedByStatus: boolean;
  /** A redirect was followed, so the server has carried out the call itself. */
  readonly redirected: boolean;
  readonly canceled: boolean;
  /** The stream of the request's own body failed, so the server may have received any part of it. */
  readonly brokenBody: boolean;
}

/** Assesses a failed attempt. */
export function assess(attempted: Attempted, serverNowMs: number): Failure {
  const { error, answer, data, redirected, canceled } = attempted;
  const found = connectionFailureOf(error);
  // After a redirect `not-sent` concerns the next hop only: the call itself has run.
  const failure = redirected && found === 'not-sent' ? 'lost' : found;
  if (canceled) return unanswered('canceled', failure !== 'not-sent');
  if (attempted.brokenBody && !answer) return unanswered('unexpected', true);
  if (!answer || (!attempted.rejectedByStatus && (isSuccess(answer.status) || failure))) {
    const kind = classify({ kind: 'unanswered', failure });
    return unanswered(kind, mayHaveRun(kind, { throttled: false }));
  }
  return answered(answer, data, redirected, serverNowMs);
}

/** The failure of a call whose time is over while it waits: nothing was sent that could have run. */
export function assessUnsent(error: unknown): Failure {
  const kind = classify({ kind: 'unanswered', failure: connectionFailureOf(error) });
  return unanswered(kind, false);
}

function unanswered(kind: ProblemKind, ran: boolean): Failure {
  return {
    kind,
    status: undefined,
    body: undefined,
    requestId: undefined,
    refusal: undefined,
    mayHaveRun: ran,
    throttled: false,
    serverWaitMs: undefined,
  };
}

function answered(answer: Answer, data: unknown, redirected: boolean, serverNowMs: number): Failure {
  const { status, requestId } = answer;
  const body = parseErrorBody(data);
  const refusal = refusalReason(answer.challenge, data);
  const kind = classify({ kind: 'answered', status, body, refusal });
  const retryAfter = retryAfterMs(answer.retryAfter, serverNowMs);
  const resetMs = plausibleReset(answer.rateLimit, serverNowMs);
  const throttled = isThrottled(status, retryAfter);
  return {
    kind,
    status,
    body,
    requestId,
    refusal,
    mayHaveRun: redirected || mayHaveRun(kind, { throttled }),
    throttled,
    serverWaitMs: throttled
      ? (serverWaitMsOf(status, retryAfter, resetMs === undefined ? undefined : resetMs - serverNowMs) ??
        retryAfter)
      : undefined,
  };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
