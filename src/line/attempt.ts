import type { AxiosRequestConfig } from 'axios';
import type { Lease } from '../token/pair/pairs.js';
import type { TokenSource } from '../token/source.js';
import type { TokenOrigins } from '../wire/destination.js';
import { ownValue } from '../wire/prototype-pollution.js';
import type { MadeBody } from './body.js';
import { watchingRedirects, type BeforeRedirect, type Trail } from './redirect-trail.js';

/** One attempt of a call, made anew for each send. */
export interface Attempt extends Trail {
  /** The token that it is sent with; undefined where it is sent with the call's own `Authorization` header, or with none. */
  readonly lease: Lease | undefined;
  /** Where that token comes from; undefined for `auth: false`. */
  readonly source: TokenSource | undefined;
  /** The body that `procore.body` has made for it. */
  readonly body: MadeBody | undefined;
  readonly sentAtMs: number;
  /** Whether the adapter has given an answer, resolved or rejected, whose status is no success. */
  rejectedByStatus: boolean;
  /** Whether the account counts it as sent and not answered. */
  isUnderWay: boolean;
}

/** An attempt that has no answer yet. */
export function newAttempt(sent: Pick<Attempt, 'source' | 'lease' | 'body' | 'sentAtMs'>): Attempt {
  return {
    ...sent,
    rejectedByStatus: false,
    isUnderWay: false,
    redirected: false,
    left: false,
    tokenless: false,
  };
}

/** Tells the account that the attempt is sent. One without a token of the account is not counted. */
export function tellSent(attempt: Attempt): void {
  if (!attempt.lease) return;
  attempt.source?.sent();
  attempt.isUnderWay = true;
}

/** Tells the account what a sent attempt has come to; `status` is undefined where no answer says anything about its token. */
export function tellAnswered(attempt: Attempt, status: number | undefined): void {
  if (!attempt.isUnderWay) return;
  attempt.isUnderWay = false;
  attempt.source?.answered(attempt.lease!, status, attempt.sentAtMs);
}

/** Makes the adapter note on the attempt whether the status is a success, and which redirects it follows. `own` is the application's configuration. */
export function watch(
  attempt: Attempt,
  config: AxiosRequestConfig,
  own: AxiosRequestConfig,
  { hasOurBearer, origins }: { hasOurBearer: boolean; origins: TokenOrigins },
): void {
  // A polluted `Object.prototype` may have put anything here, and where a `validateStatus` throws, older axios never settles the call.
  const accepts = typeof own.validateStatus === 'function' ? own.validateStatus : undefined;
  config.validateStatus = (status) => {
    // Inside the line the status decides. The application's own `validateStatus` is asked again for the final answer.
    attempt.rejectedByStatus = !(status >= 200 && status < 300 && (!accepts || accepts(status)));
    return !attempt.rejectedByStatus;
  };
  const next = ownValue(own as { beforeRedirect?: BeforeRedirect }, 'beforeRedirect');
  const hook = watchingRedirects(attempt, hasOurBearer, origins, next);
  (config as { beforeRedirect?: BeforeRedirect }).beforeRedirect = hook;
}
