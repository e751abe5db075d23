import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { timeoutAfter } from '../axios/timeout.js';
import { bodyError, discard, reasonOf } from '../axios/versions.js';
import type { Env } from '../time/env.js';
import { awakeNow } from '../time/within.js';
import type { Lease } from '../token/pair/pairs.js';
import type { TokenOrigins } from '../wire/destination.js';
import { headersToSend } from '../wire/headers.js';
import { newAttempt, tellSent, watch, type Attempt } from './attempt.js';
import type { Authorize } from './authorize.js';
import { closeMade, type BodyMaker } from './body.js';
import { interruptedError, type Call, type Calls } from './call.js';
import { overtime } from './overtime.js';
import type { Enter } from './enter.js';
import type { Settle } from './settle.js';

/** Makes the attempts of calls on the long path. */
export interface Sender {
  /** Makes an attempt of a call that has been let through the gate: its body, its token, the caller's own adapter. */
  send(config: AxiosRequestConfig): Promise<AxiosResponse>;
  /** The same for a further attempt, which asks the gate first. */
  sendAgain(config: AxiosRequestConfig): Promise<AxiosResponse>;
}

/** Creates the sender of one attach. */
export function createSender(deps: {
  env: Env;
  calls: Calls;
  origins: TokenOrigins;
  enter: Enter;
  makeBody: BodyMaker;
  authorize: Authorize;
  settle: Settle;
}): Sender {
  const { env, calls, origins, enter, makeBody, authorize, settle } = deps;

  /** Where nothing has to be waited for, everything up to the adapter runs in the same tick. */
  async function send(config: AxiosRequestConfig): Promise<AxiosResponse> {
    const call = calls.of(config)!;
    const making = makeBody(call, config);
    const body = making instanceof Promise ? await making : making;
    let { source } = call.request;
    let lease: Lease | undefined;
    try {
      stopIfOver(call);
      // While the body was made, the account may have been let go from memory and have got another source.
      if (body) source = source?.current();
      const finding = source && authorize(call, source);
      lease = finding instanceof Promise ? await finding : finding;
      stopIfCanceled(call);
    } catch (error) {
      closeMade(body);
      throw error;
    }
    // If the stream of the body has failed while the call waited for a token, nothing is sent.
    if (body?.broken?.is) return body.broken.promise;
    const closed = closedBody(config);
    if (closed !== undefined) throw bodyError(call.terms.copy, closed, config);
    const attempt = newAttempt({ source, lease, body, sentAtMs: env.now() });
    call.attempt = attempt;
    return settle(adapted(config, call, attempt), config, call, attempt);
  }

  function stopIfOver(call: Call): void {
    stopIfCanceled(call);
    const late = overtime(call, awakeNow(env));
    if (late) throw late;
  }

  function adapted(config: AxiosRequestConfig, call: Call, attempt: Attempt): Promise<AxiosResponse> {
    const { config: own, startedAtMs } = call.request;
    const { adapter, cancellation, timeoutAtMs } = call.terms;
    const { source, lease, body } = attempt;
    config.headers = headersToSend(own.headers, lease && (lease.held.accessToken ?? ''), call.request);
    watch(attempt, config, own, { hasOurBearer: source !== undefined, origins });
    if (timeoutAtMs < Infinity)
      config.timeout = timeoutAfter(own.timeout, awakeNow(env) - startedAtMs) as number;
    tellSent(attempt);
    // An adapter may throw, or return a promise of another library: both become a promise of Node's.
    let sending = new Promise<AxiosResponse>((resolve) => resolve(adapter(config)));
    if (body?.broken) sending = Promise.race([sending, body.broken.promise]);
    return cancellation.interrupted ? heeding(sending, cancellation.interrupted) : sending;
  }

  return {
    send,
    async sendAgain(config) {
      const entering = enter(calls.of(config)!);
      if (entering) await entering;
      return send(config);
    },
  };
}

/** Throws where the call must not be sent any more. A CancelToken calls its listeners a moment after it was cancelled. */
function stopIfCanceled(call: Call): void {
  const { request, terms } = call;
  if (terms.cancellation.signal?.aborted || reasonOf(request.config)) throw interruptedError(call);
}

/** Rejects when the call is interrupted, also where the adapter listens to no signal. An answer that comes after that is closed. */
function heeding(sending: Promise<AxiosResponse>, interrupted: Promise<never>): Promise<AxiosResponse> {
  const heard = Promise.race([sending, interrupted]);
  heard.catch(() => sending.then(({ data }) => discard(data)).catch(() => undefined));
  return heard;
}

/** The reason why the stream of the body was closed while the call waited, if it was. An adapter that reads such a stream waits for ever. */
function closedBody({ data }: AxiosRequestConfig): unknown {
  if (typeof data !== 'object' || data === null) return undefined;
  const { pipe, destroyed, errored } = data as { pipe?: unknown; destroyed?: unknown; errored?: unknown };
  if (typeof pipe !== 'function' || destroyed !== true) return undefined;
  return errored ?? new Error('The request stream was closed before it could be sent');
}
