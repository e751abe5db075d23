import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { timeoutAfter } from '../axios/timeout.js';
import {
  acceptsStatus,
  bodyError,
  discard,
  isAxiosError,
  isCancel,
  reasonOf,
  statusError,
  twinOf,
  unwrapped,
} from '../axios/versions.js';
import type { Env } from '../time/env.js';
import { assess } from '../failure/assess.js';
import { blobText } from '../failure/body.js';
import { answerOf } from '../failure/never-sent.js';
import { connectionFailureOf } from '../failure/transport.js';
import { readAnswer, type Answer } from '../wire/answer.js';
import type { Lease } from '../token/pair/ledger.js';
import type { TokenOrigins } from '../wire/destination.js';
import { withAuthorization } from '../wire/headers.js';
import { mayThrottle, retryAfterMs } from '../wire/server-wait.js';
import { awakeNow } from '../time/within.js';
import { newAttempt, tellAnswered, tellSent, watch, type Attempt } from './attempt.js';
import type { Authorize } from './authorize.js';
import type { BodyMaker, MadeBody } from './body.js';
import { interruptedError, note, type Call, type Calls } from './call.js';
import type { Enter } from './pace.js';
import { overtime, tellWholeTimeout } from './overtime.js';

/** The attempts of calls on the long path. */
export interface Sender {
  /** Makes an attempt of a call that has been let through the gate: its body, its token, the caller's own adapter. */
  send(config: AxiosRequestConfig): Promise<AxiosResponse>;
  /** The same for a further attempt, which asks the gate first. */
  sendAgain(config: AxiosRequestConfig): Promise<AxiosResponse>;
  /**
   * Tells the gate, the clock and the account what the adapter has come to, and the history what that means. Rejects with the classified
   * error unless it is a success.
   */
  settle(
    sending: Promise<AxiosResponse>,
    config: AxiosRequestConfig,
    call: Call,
    attempt: Attempt,
  ): Promise<AxiosResponse>;
}

/** Creates the sender of one attach. */
export function createSender(deps: {
  env: Env;
  calls: Calls;
  origins: TokenOrigins;
  enter: Enter;
  makeBody: BodyMaker;
  authorize: Authorize;
  /** Learns the server's clock from a `Date` header. */
  learn: (date: unknown) => void;
  serverNowMs: () => number;
}): Sender {
  const { env, calls, origins, enter, makeBody, authorize, learn, serverNowMs } = deps;

  /** Where nothing has to be waited for, everything up to the adapter runs in the same tick. */
  async function send(config: AxiosRequestConfig): Promise<AxiosResponse> {
    const call = calls.of(config)!;
    const making = makeBody(call, config);
    const body = making instanceof Promise ? await making : making;
    let { source } = call.request;
    let lease: Lease | undefined;
    try {
      stopIfOver(call);
      // Making a body may have taken longer than an account that nobody asks for stays in memory: then it has another source now.
      if (body) source = source?.current();
      const finding = source && authorize(call, source);
      lease = finding instanceof Promise ? await finding : finding;
      stopIfCanceled(call);
    } catch (error) {
      closeMade(body);
      throw error;
    }
    // Its stream has broken while the call waited for a token: nothing was sent.
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
    const { config: own, companyId, startedAtMs } = call.request;
    const { adapter, cancellation, timeoutAtMs } = call.terms;
    const { source, lease, body } = attempt;
    config.headers = withAuthorization(own.headers, lease && (lease.held.accessToken ?? ''), companyId);
    watch(attempt, config, own, { hasOurBearer: source !== undefined, origins });
    if (timeoutAtMs < Infinity)
      config.timeout = timeoutAfter(own.timeout, awakeNow(env) - startedAtMs) as number;
    tellSent(attempt);
    // An adapter may return anything: a throw becomes a rejection, and what is no promise of Node's becomes one.
    let sending = new Promise<AxiosResponse>((resolve) => resolve(adapter(config)));
    if (body?.broken) sending = Promise.race([sending, body.broken.promise]);
    return cancellation.interrupted ? heeding(sending, cancellation.interrupted) : sending;
  }

  function settle(
    sending: Promise<AxiosResponse>,
    config: AxiosRequestConfig,
    call: Call,
    attempt: Attempt,
  ): Promise<AxiosResponse> {
    return sending.then(
      (response) => {
        if (!(response as AxiosResponse | undefined))
          return failed(new TypeError('the adapter has given no response'), config, call, attempt);
        const answer = tell(call, attempt, attempt.left ? undefined : response);
        // Some mocks resolve whatever the status is. Inside the line the status decides.
        const isRejected = !attempt.left && (response.status < 200 || response.status >= 300);
        attempt.rejectedByStatus = isRejected;
        if (isRejected) return rejected(response, answer, config, call);
        note(call, { kind: 'left' });
        return response;
      },
      (error: unknown) => failed(unwrapped(error), config, call, attempt),
    );
  }

  /** `response` is undefined where there is none of Procore. Returns what is read of it. */
  function tell(call: Call, attempt: Attempt, response: AxiosResponse | undefined): Answer | undefined {
    const { gate, ticket } = call.request;
    const { source, lease, tokenless } = attempt;
    const answer = response && readAnswer(response.status, response.headers);
    // Before the gate hears of it: a reset is a moment on the server's clock.
    if (answer) learn(answer.date);
    if (answer && gate && ticket) {
      const { status, rateLimit, retryAfter } = answer;
      const waitMs = mayThrottle(status) ? retryAfterMs(retryAfter, serverNowMs()) : undefined;
      gate.answered(ticket, { status, rateLimit, retryAfterMs: waitMs });
    } else if (gate && ticket) gate.lost(ticket);
    if (source && lease) {
      const status = tokenless ? undefined : answer?.status;
      tellAnswered(attempt, status);
      if (call.history.releasesBrake && status !== undefined && status !== 401) source.replayAccepted();
    }
    return answer;
  }

  /** An answer with a status that is none of success, which the adapter has resolved. */
  async function rejected(
    response: AxiosResponse,
    answer: Answer | undefined,
    config: AxiosRequestConfig,
    call: Call,
  ): Promise<never> {
    const error = statusError(call.terms.copy, response, config);
    let lenient = false;
    try {
      lenient = !acceptsStatus(call.request.config, response.status);
    } finally {
      // Also where the application's `validateStatus` throws: the call was sent.
      await noteFailure(call, error, { response, answer, lenient });
    }
    throw error;
  }

  async function failed(
    error: unknown,
    config: AxiosRequestConfig,
    call: Call,
    attempt: Attempt,
  ): Promise<never> {
    const { gate, ticket, config: own } = call.request;
    const response = isAxiosError(error) && !attempt.left ? answerOf(error) : undefined;
    // The request has not left this machine, so the server does not count it against the limit.
    if (!response && !attempt.redirected && connectionFailureOf(error) === 'not-sent') gate?.release(ticket!);
    const answer = tell(call, attempt, response);
    const owned = ownedBy(error, config, call);
    tellWholeTimeout(owned, own);
    await noteFailure(call, owned, { response, answer, lenient: false });
    throw owned;
  }

  async function noteFailure(
    call: Call,
    error: unknown,
    received: { response: AxiosResponse | undefined; answer: Answer | undefined; lenient: boolean },
  ): Promise<void> {
    const { body, left, redirected, rejectedByStatus } = call.attempt!;
    closeMade(body);
    if (left) return note(call, { kind: 'left' });
    const { response, answer, lenient } = received;
    const text = blobText(response?.data);
    const data: unknown = text ? await text : response?.data;
    const brokenBody = body?.broken?.is === true || call.terms.cancellation.interruption()?.kind === 'body';
    const canceled = isCancel(error);
    const failure = assess(
      { error, answer, data, rejectedByStatus, redirected, canceled, brokenBody },
      serverNowMs(),
    );
    note(call, { kind: 'failed', failure, lenient, nowMs: env.now(), awakeMs: awakeNow(env) });
  }

  /**
   * Puts the configuration of this call on the error, by which the handlers of the line find the call. An error that is also another call's
   * (a circuit breaker may make one for all) is copied first. The reason of a CancelToken is left alone: it is shared, and never retried.
   */
  function ownedBy(error: unknown, config: AxiosRequestConfig, call: Call): unknown {
    if (!isAxiosError(error) || isCancel(error)) return error;
    const owner = calls.of(error.config);
    const own = owner && owner !== call ? twinOf(error) : error;
    Reflect.set(own, 'config', config);
    return own;
  }

  return {
    send,
    settle,
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

/** Closes a stream of `procore.body`: it was made for this attempt alone, so nobody else does. */
function closeMade(body: MadeBody | undefined): void {
  if (body) discard(body.value);
}

/** Ends with the call even where the adapter listens to no signal. What the adapter answers after that is closed. */
function heeding(sending: Promise<AxiosResponse>, interrupted: Promise<never>): Promise<AxiosResponse> {
  const heard = Promise.race([sending, interrupted]);
  heard.catch(() => sending.then(({ data }) => discard(data)).catch(() => undefined));
  return heard;
}

/** Why a stream was closed while the call waited, if it was. An adapter that reads such a stream would wait for ever. */
function closedBody({ data }: AxiosRequestConfig): unknown {
  if (typeof data !== 'object' || data === null) return undefined;
  const { pipe, destroyed, errored } = data as { pipe?: unknown; destroyed?: unknown; errored?: unknown };
  if (typeof pipe !== 'function' || destroyed !== true) return undefined;
  return errored ?? new Error('The request stream was closed before it could be sent');
}
