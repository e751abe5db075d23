import axiosRetry from 'axios-retry';
import { discard, isAxiosError, type AxiosErrorLike } from '../axios.js';
import { interruptedError, patienceOf, type Call, type Calls } from '../call.js';
import type { Env } from '../env.js';
import { transportFailureOf } from '../failure/transport.js';
import type { Line } from '../line.js';
import type { Events } from '../observe/events.js';
import { headerOf } from '../wire/headers.js';
import { decideRetry, type RetryDecision } from './decide.js';
import { fullJitterMs, retryAfterMs, serverJitterMs } from './delay.js';
import { isReplayable } from './replayable.js';

/**
 * Attaches axios-retry to the line. It counts and sends again; whether and when is decided here, and the wait is ours (its own delay
 * is 0), so that clock, abort and deadline are ours too.
 */
export function scheduleRetries(
  line: Line,
  deps: { env: Env; calls: Calls; serverNowMs: () => number; emit: Events['emit'] },
): void {
  const { env, calls, emit } = deps;
  /** Between the condition and the wait of one retry axios-retry carries nothing of ours. */
  const waits = new WeakMap<object, number>();

  function decisionFor(error: AxiosErrorLike, call: Call): RetryDecision {
    const { response } = error;
    return decideRetry({
      method: call.method,
      status: response?.status,
      notSent: !response && !call.redirected && transportFailureOf(error) === 'not-sent',
      retryAfterMs: response && retryAfterMs(headerOf(response.headers, 'retry-after'), deps.serverNowMs()),
      idempotent: call.idempotent,
      replayable: isReplayable(error.config?.data),
    });
  }

  function waitMsFor(decision: RetryDecision, retry: number, call: Call): number | undefined {
    if (decision.kind === 'no' || !call.retry) return undefined;
    const { baseDelayMs, maxDelayMs } = call.retry;
    return decision.kind === 'server'
      ? decision.waitMs + serverJitterMs(decision.waitMs, env.random())
      : fullJitterMs(retry, baseDelayMs, maxDelayMs, env.random());
  }

  // On the way out axios-retry would only note a time that it never reads (`shouldResetTimeout`), on every call; it takes up its state on
  // the way back.
  const onTheWayBack = Object.assign((config: Parameters<Line>[0]) => line(config), {
    defaults: line.defaults,
    interceptors: { request: { use: () => 0 }, response: line.interceptors.response },
  });
  axiosRetry(onTheWayBack as never, {
    retries: 0,
    shouldResetTimeout: true,
    retryDelay: () => 0,
    retryCondition(error) {
      const call = isAxiosError(error) ? calls.of(error.config) : undefined;
      if (!call || call.left || call.signal?.aborted) return false;
      const retry = (error.config?.['axios-retry']?.retryCount ?? 0) + 1;
      const waitMs = waitMsFor(decisionFor(error as AxiosErrorLike, call), retry, call);
      if (waitMs === undefined || waitMs > patienceOf(call, env.now()).maxMs) return false;
      waits.set(call, waitMs);
      return true;
    },
    async onRetry(_count, error, config) {
      const call = calls.of(config);
      if (!call) return;
      const { method, path } = call;
      const waitMs = waits.get(call) ?? 0;
      discard(error.response as never);
      emit('request-waiting', { reason: 'retry', method, path, until: new Date(env.now() + waitMs) });
      await env.sleep(waitMs, { signal: call.signal });
      if (call.signal?.aborted) throw interruptedError(call);
      emit('request-retried', { reason: 'failure', method, path, attempt: call.attempts + 1 });
    },
  });
}
