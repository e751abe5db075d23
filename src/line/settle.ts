import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { acceptsStatus, isAxiosError, isCancel, statusError, twinOf, unwrapped } from '../axios/versions.js';
import { assess } from '../failure/assess.js';
import { blobText } from '../failure/body.js';
import { answerOf } from '../failure/never-sent.js';
import { connectionFailureOf } from '../failure/transport.js';
import type { Env } from '../time/env.js';
import { awakeNow } from '../time/within.js';
import type { TokenSource } from '../token/source.js';
import { readAnswer, type Answer } from '../wire/answer.js';
import { mayThrottle, retryAfterMs } from '../wire/server-wait.js';
import { tellAnswered, type Attempt } from './attempt.js';
import { closeMade } from './body.js';
import { note, type Call, type Calls } from './call.js';
import { tellWholeTimeout } from './overtime.js';

/** An answer to a call that was sent with the application's own bearer, because its account has no token for it. */
export interface OwnBearerAnswer {
  readonly bearer: string;
  /** The source of the account's tokens. */
  readonly source: TokenSource;
  readonly status: number;
  /** The header `Date`, unparsed. */
  readonly date: unknown;
}

/**
 * Waits for the adapter of an attempt, tells clock, gate and account what it has come to, and folds that into the history of the call.
 * Rejects with the classified error unless it is a success.
 */
export type Settle = (
  sending: Promise<AxiosResponse>,
  config: AxiosRequestConfig,
  call: Call,
  attempt: Attempt,
) => Promise<AxiosResponse>;

/** Creates the end of the attempts of one attach. */
export function createSettle(deps: {
  env: Env;
  calls: Calls;
  /** Learns the server's clock from a `Date` header. */
  learn: (date: unknown) => void;
  serverNowMs: () => number;
  /** Told of each answer to a call that was sent with the application's own bearer. Undefined where nobody is to be told. */
  ownBearerAnswered: ((answer: OwnBearerAnswer) => void) | undefined;
}): Settle {
  const { env, calls, learn, serverNowMs, ownBearerAnswered } = deps;

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
        // Some mocks resolve with any status. Inside the line only a status of 200 to 299 is a success.
        const isRejected = !attempt.left && (response.status < 200 || response.status >= 300);
        attempt.rejectedByStatus = isRejected;
        if (isRejected) return rejected(response, answer, config, call);
        note(call, { kind: 'left' });
        return response;
      },
      (error: unknown) => failed(unwrapped(error), config, call, attempt),
    );
  }

  /**
   * Tells clock, gate and account what the attempt has come to; `response` is undefined where there is no answer of Procore's. Returns what
   * was read of it.
   */
  function tell(call: Call, attempt: Attempt, response: AxiosResponse | undefined): Answer | undefined {
    const { gate, ticket } = call.request;
    const { source, lease, tokenless } = attempt;
    const answer = response && readAnswer(response.status, response.headers);
    // The clock is told before the gate, because a reset is a moment on the server's clock.
    if (answer) learn(answer.date);
    if (answer && gate && ticket) {
      const { status, rateLimit, retryAfter } = answer;
      const waitMs = mayThrottle(status) ? retryAfterMs(retryAfter, serverNowMs()) : undefined;
      gate.answered(ticket, { status, rateLimit, retryAfterMs: waitMs });
    } else if (gate && ticket) gate.lost(ticket);
    if (source && lease) {
      const status = tokenless ? undefined : answer?.status;
      tellAnswered(attempt, status);
      if (call.history.renewed && status !== undefined && status !== 401) source.replayAccepted();
    }
    const { bearer } = call.request;
    if (ownBearerAnswered && source && !lease && bearer !== undefined && answer && !tokenless)
      ownBearerAnswered({ bearer, source, status: answer.status, date: answer.date });
    return answer;
  }

  /** Rejects with an error for an answer that the adapter has resolved although its status is no success. */
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
      // The failure is noted also where the application's `validateStatus` throws, because the call was sent.
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
    // A request that has not left this machine is not counted by the server against the limit.
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

  return settle;
}
