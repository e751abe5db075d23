import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import {
  acceptsStatus,
  bodyError,
  discard,
  isAxiosError,
  isCancel,
  statusError,
  twinOf,
  unwrapped,
} from '../axios/versions.js';
import type { Call, Calls } from './call.js';
import type { Env } from '../time/env.js';
import { assess } from '../failure/assess.js';
import { blobText } from '../failure/body.js';
import { answerOf } from '../failure/never-sent.js';
import { connectionFailureOf } from '../failure/transport.js';
import { tellWholeTimeout } from './overtime.js';
import { longestToldMs, retryAfterMs } from '../wire/server-wait.js';
import { timeoutAfter } from '../axios/timeout.js';
import { readAnswer } from '../wire/answer.js';
import { awakeNow } from '../time/within.js';

/** The end of the line. */
export interface Sender {
  send(config: AxiosRequestConfig): Promise<AxiosResponse>;
  /** Tells the gate, the clock and the account what the adapter has come to. Rejects with the classified error unless that is a success. */
  settle(sending: Promise<AxiosResponse>, config: AxiosRequestConfig, call: Call): Promise<AxiosResponse>;
}

/**
 * Creates the end of the line: one attempt over the caller's own adapter. Whoever keeps books of calls under way hears of it here, and
 * what a failure means is noted on the call.
 */
export function createSend(deps: {
  env: Env;
  calls: Calls;
  /** Learns the server's clock from a `Date` header. */
  learn: (date: unknown) => void;
  serverNowMs: () => number;
}): Sender {
  const { env, calls, learn, serverNowMs } = deps;

  /** `response` is undefined where there is none of Procore. */
  function tell(call: Call, response: AxiosResponse | undefined): void {
    const { source, lease, gate, ticket } = call;
    const status = response?.status;
    const answer = response && readAnswer(response.status, response.headers);
    // Before the gate hears of it: a reset is a moment on the server's clock.
    if (answer) learn(answer.date);
    if (answer && gate && ticket) {
      const { rateLimit, retryAfter } = answer;
      const isRefusal = answer.status === 429 || answer.status === 503;
      const waitMs = isRefusal ? retryAfterMs(retryAfter, serverNowMs()) : undefined;
      gate.answered(ticket, { status: answer.status, rateLimit, retryAfterMs: waitMs });
    } else if (gate && ticket) gate.lost(ticket);
    if (!source || !lease) return;
    const told = call.tokenless ? undefined : status;
    source.answered(lease, told, call.sentAtMs);
    if (call.proves && told !== undefined && told !== 401) source.replayAccepted();
  }

  async function note(error: unknown, response: AxiosResponse | undefined, call: Call): Promise<void> {
    // Made for this attempt alone: nobody else will close it.
    if (call.makeBody) discard(call.body);
    if (call.left) return;
    const text = blobText(response?.data);
    const readable = response && { ...response, data: text ? await text : (response.data as unknown) };
    const { refusedByStatus, redirected } = call;
    const brokenBody = call.brokenBody?.is === true || call.interruption()?.kind === 'body';
    const canceled = isCancel(error);
    const failure = assess(
      { error, response: readable, refusedByStatus, redirected, canceled, brokenBody },
      serverNowMs(),
    );
    call.failure = failure;
    call.mayHaveRun ||= failure.mayHaveRun;
    call.retryAtMs =
      failure.toldMs === undefined ? undefined : env.now() + Math.min(failure.toldMs, longestToldMs);
    const { sinceMs = awakeNow(env), times = 0 } = call.turnedAway ?? {};
    call.turnedAway = failure.turnedAway ? { sinceMs, times: times + 1 } : undefined;
  }

  async function refused(response: AxiosResponse, config: AxiosRequestConfig, call: Call): Promise<never> {
    call.lenient ||= !acceptsStatus(call.config, response.status);
    const error = statusError(call.copy, response, config);
    await note(error, response, call);
    throw error;
  }

  /**
   * Whatever the adapter made of it: the handlers of the line know the call by the configuration on its error. An error that is another
   * call's too (a breaker's, made once) would lead them to that one. The reason of a CancelToken is everybody's: nobody retries it.
   */
  function owned(error: unknown, config: AxiosRequestConfig, call: Call): unknown {
    if (!isAxiosError(error) || isCancel(error)) return error;
    const owner = calls.of(error.config);
    const own = owner && owner !== call ? twinOf(error) : error;
    Reflect.set(own, 'config', config);
    return own;
  }

  async function failed(error: unknown, config: AxiosRequestConfig, call: Call): Promise<never> {
    const answer = isAxiosError(error) && !call.left ? answerOf(error) : undefined;
    // It has not left this machine, so the server does not count it against the limit.
    if (!answer && !call.redirected && connectionFailureOf(error) === 'not-sent')
      call.gate?.release(call.ticket!);
    tell(call, answer);
    const own = owned(error, config, call);
    tellWholeTimeout(own, call.config);
    await note(own, answer, call);
    throw own;
  }

  function attempt(config: AxiosRequestConfig, call: Call): Promise<AxiosResponse> {
    call.attempts++;
    call.refusedByStatus = false;
    call.redirected = false;
    call.tokenless = false;
    call.failure = undefined;
    call.response = undefined;
    call.sentAtMs = env.now();
    // Who goes out with a bearer of its own is not waited for, and its answer is not counted.
    if (call.lease) call.source?.sent();
    if (call.timeoutAtMs < Infinity) {
      config.timeout = timeoutAfter(call.config.timeout, awakeNow(env) - call.startedAtMs) as number;
    }
    let sending: Promise<AxiosResponse>;
    try {
      // An adapter may return anything.
      sending = Promise.resolve(call.adapter(config));
      if (call.brokenBody) sending = Promise.race([sending, call.brokenBody.promise]);
      if (call.interrupted) sending = heeding(sending, call.interrupted);
    } catch (error) {
      sending = Promise.reject(error);
    }
    return settle(sending, config, call);
  }

  function settle(
    sending: Promise<AxiosResponse>,
    config: AxiosRequestConfig,
    call: Call,
  ): Promise<AxiosResponse> {
    return sending.then(
      (response) => {
        if (!(response as AxiosResponse | undefined))
          return failed(new TypeError('the adapter has given no response'), config, call);
        tell(call, call.left ? undefined : response);
        // Some mocks resolve whatever the status is; inside the line the status decides.
        call.refusedByStatus = !call.left && (response.status < 200 || response.status >= 300);
        return call.refusedByStatus ? refused(response, config, call) : response;
      },
      (error: unknown) => failed(unwrapped(error), config, call),
    );
  }

  return {
    settle,
    send(config) {
      const call = calls.of(config)!;
      // Nothing has left.
      if (call.brokenBody?.is) return call.brokenBody.promise;
      const closed = closedBody(config);
      return closed === undefined
        ? attempt(config, call)
        : Promise.reject(bodyError(call.copy, closed, config));
    },
  };
}

/** An adapter may listen to no signal. What it answers when nobody reads it any more is closed. */
function heeding(sending: Promise<AxiosResponse>, interrupted: Promise<never>): Promise<AxiosResponse> {
  const heard = Promise.race([sending, interrupted]);
  heard.catch(() => sending.then(({ data }) => discard(data)).catch(() => undefined));
  return heard;
}

/** Of a stream that was closed while the call waited nobody hears any more, and whoever reads it waits for ever. */
function closedBody({ data }: AxiosRequestConfig): unknown {
  if (typeof data !== 'object' || data === null) return undefined;
  const { pipe, destroyed, errored } = data as { pipe?: unknown; destroyed?: unknown; errored?: unknown };
  if (typeof pipe !== 'function' || destroyed !== true) return undefined;
  return errored ?? new Error('The request stream was closed before it could be sent');
}
