import { plausibleReset, readRateLimit } from '../wire/rate-limit.js';
import { retryAfterMs, toldWaitMs } from '../wire/server-wait.js';
import { headerOf } from '../wire/headers.js';
import { parseErrorBody, type ErrorBody } from './body.js';
import type { ProblemKind } from './catalogue.js';
import { refusalReason } from './challenge.js';
import { classify, mayHaveRun } from './classify.js';
import { connectionFailureOf } from './transport.js';

/** What is known of one failed attempt. */
export interface Failure {
  readonly kind: ProblemKind;
  readonly status: number | undefined;
  readonly body: ErrorBody | undefined;
  readonly requestId: string | undefined;
  /** The server may have carried it out. */
  readonly mayHaveRun: boolean;
  /** The server turned it away before it ran: 429, and 503 with `Retry-After`. */
  readonly turnedAway: boolean;
  /** The wait that the server asked for; 0 where it said that it may be asked at once. */
  readonly toldMs: number | undefined;
}

/** An attempt that failed, as the line sees it. */
export interface Attempted {
  readonly error: unknown;
  /** Of Procore; undefined also where the answer is that of another server. */
  readonly response:
    { readonly status: number; readonly headers: object; readonly data?: unknown } | undefined;
  /** The status itself is the failure; otherwise the body was cut, whatever the status claims. */
  readonly refusedByStatus: boolean;
  /** A redirect was followed: the call itself has run. */
  readonly redirected: boolean;
  readonly canceled: boolean;
  /** The request's own body broke: the server may have had any part of it. */
  readonly brokenBody: boolean;
}

/** Reads what an attempt came to. */
export function assess(attempted: Attempted, serverNowMs: number): Failure {
  const { error, response, redirected, canceled } = attempted;
  const found = connectionFailureOf(error);
  // Behind a redirect the call itself has run.
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
  const retryAfter = retryAfterMs(headerOf(headers, 'retry-after'), serverNowMs);
  const resetMs = plausibleReset(readRateLimit(headers), serverNowMs);
  const turnedAway = status === 429 || (status === 503 && retryAfter !== undefined);
  const requestId = headerOf(headers, 'x-request-id');
  return {
    kind,
    status,
    body,
    requestId: typeof requestId === 'string' ? requestId.slice(0, 200) : undefined,
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
