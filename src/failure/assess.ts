import { readAnswer } from '../wire/answer.js';
import { plausibleReset } from '../wire/rate-limit.js';
import { retryAfterMs, toldWaitMs } from '../wire/server-wait.js';
import { parseErrorBody, type ErrorBody } from './body.js';
import type { ProblemKind } from './catalogue.js';
import { refusalReason } from './challenge.js';
import { classify, mayHaveRun } from './classify.js';
import { connectionFailureOf } from './transport.js';

/** The assessment of one failed attempt. */
export interface Failure {
  readonly kind: ProblemKind;
  readonly status: number | undefined;
  readonly body: ErrorBody | undefined;
  readonly requestId: string | undefined;
  /** The server may have carried out the request. */
  readonly mayHaveRun: boolean;
  /** The server refused the request for a time, before it ran: 429, or 503 with `Retry-After`. */
  readonly turnedAway: boolean;
  /** The server wait; 0 where the server allows a retry at once. */
  readonly toldMs: number | undefined;
}

/** A failed attempt, as the line reports it. */
export interface Attempted {
  readonly error: unknown;
  /** The answer of Procore. Undefined where there is none, or where a redirect led to another server whose answer this would be. */
  readonly response:
    { readonly status: number; readonly headers: object; readonly data?: unknown } | undefined;
  /** The answer was refused for its status. False where its body broke off, or could not be read, whatever the status is. */
  readonly refusedByStatus: boolean;
  /** A redirect was followed, so the server has carried out the call itself. */
  readonly redirected: boolean;
  readonly canceled: boolean;
  /** The stream of the request's own body failed, so the server may have received any part of it. */
  readonly brokenBody: boolean;
}

/** Assesses a failed attempt. */
export function assess(attempted: Attempted, serverNowMs: number): Failure {
  const { error, response, redirected, canceled } = attempted;
  const found = connectionFailureOf(error);
  // After a redirect `not-sent` concerns the next hop only: the call itself has run.
  const failure = redirected && found === 'not-sent' ? 'lost' : found;
  if (canceled) return unanswered('canceled', failure !== 'not-sent');
  if (attempted.brokenBody && !response) return unanswered('unexpected', true);
  if (!response || (!attempted.refusedByStatus && (isSuccess(response.status) || failure))) {
    const kind = classify({ kind: 'unanswered', failure });
    return unanswered(kind, mayHaveRun(kind, { toldToWait: false }));
  }
  return answered(response, redirected, serverNowMs);
}

function unanswered(kind: ProblemKind, ran: boolean): Failure {
  return {
    kind,
    status: undefined,
    body: undefined,
    requestId: undefined,
    mayHaveRun: ran,
    turnedAway: false,
    toldMs: undefined,
  };
}

function answered(
  { status, headers, data }: NonNullable<Attempted['response']>,
  redirected: boolean,
  serverNowMs: number,
): Failure {
  const body = parseErrorBody(data);
  const kind = classify({ kind: 'answered', status, body, refusal: refusalReason(headers, data) });
  const answer = readAnswer(status, headers);
  const retryAfter = retryAfterMs(answer.retryAfter, serverNowMs);
  const resetMs = plausibleReset(answer.rateLimit, serverNowMs);
  const turnedAway = status === 429 || (status === 503 && retryAfter !== undefined);
  return {
    kind,
    status,
    body,
    requestId: answer.requestId,
    mayHaveRun: redirected || mayHaveRun(kind, { toldToWait: turnedAway }),
    turnedAway,
    toldMs: turnedAway
      ? (toldWaitMs(status, retryAfter, resetMs === undefined ? undefined : resetMs - serverNowMs) ??
        retryAfter)
      : undefined,
  };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
