import type { AxiosResponse } from 'axios';
import axiosRetry from 'axios-retry';
import { discard, isAxiosError } from '../axios/versions.js';
import { canSendAgain, endsAtMs, gatePatienceOf, interruptedError, type Call, type Calls } from './call.js';
import type { Env } from '../time/env.js';
import { answerOf } from '../failure/never-sent.js';
import type { Line } from './chain.js';
import type { Events } from '../observe/events.js';
import { decideRetry, type RetryDecision } from '../retry/decide.js';
import { awakeNow } from '../time/within.js';

/**
 * Attaches axios-retry to the line. It counts and sends again; whether and when is decided here, and the wait is ours (its own delay
 * is 0), so that clock, abort and deadline are ours too.
 */
export function scheduleRetries(line: Line, deps: { env: Env; calls: Calls; emit: Events['emit'] }): void {
  const { env, calls, emit } = deps;
  /** Between the condition and the wait of one retry axios-retry carries nothing of ours. */
  const decisions = new WeakMap<Call, RetryDecision & { kind: 'retry' }>();

  function decide(call: Call, config: Parameters<Line>[0], retries: number): RetryDecision {
    const nowMs = awakeNow(env);
    // An attempt under such a `timeout` has all the time that the call has left.
    const hasTimedOut = call.timeoutAtMs < Infinity && call.failure!.kind === 'timeout';
    const leftMs = hasTimedOut ? 0 : endsAtMs(call) - nowMs;
    return decideRetry(
      {
        ...call.failure!,
        idempotent: call.idempotent,
        replayable: canSendAgain(call, config),
        retries,
        refusals: call.turnedAway?.times ?? 0,
      },
      {
        retry: call.retry,
        paced: call.gate !== undefined,
        maxWaitMs: gatePatienceOf(call, nowMs).maxMs,
        leftMs,
      },
      env.random(),
    );
  }

  // On the way out axios-retry would only note a time that it never reads (`shouldResetTimeout`), on every call; it takes up its state on
  // the way back.
  const onTheWayBack = Object.assign((config: Parameters<Line>[0]) => line(config), {
    defaults: line.defaults,
    interceptors: {
      request: { use: () => 0 },
      response: {
        // It keeps its state on the configuration of the error: on that of the line, and no other.
        use: (_fulfilled: null, rejected: (error: unknown) => Promise<AxiosResponse>) =>
          line.interceptors.response.use(null, (error) => {
            if (isAxiosError(error) && calls.of(error.config)) return rejected(error);
            throw error;
          }),
      },
    },
  });
  axiosRetry(onTheWayBack as never, {
    retries: Infinity,
    shouldResetTimeout: true,
    retryDelay: () => 0,
    retryCondition(error) {
      const config = isAxiosError(error) ? error.config : undefined;
      const call = calls.of(config);
      if (!call?.failure || call.gaveUp || call.left || call.signal?.aborted) return false;
      const decision = decide(call, config!, config!['axios-retry']?.retryCount ?? 0);
      if (decision.kind === 'retry') {
        decisions.set(call, decision);
        return true;
      }
      if (decision.kind === 'give-up') call.gaveUp = decision.why;
      return false;
    },
    async onRetry(_count, error, config) {
      const call = calls.of(config);
      const decision = call && decisions.get(call);
      if (!decision) return;
      const { method, path } = call;
      const { waitMs, counts } = decision;
      // What the server told us to wait for costs no retry.
      if (!counts) config['axios-retry']!.retryCount! -= 1;
      // The last answer, should the wait end in an error of ours.
      call.response = discard(error.response?.data) ? undefined : answerOf(error);
      if (waitMs > 0) {
        emit('request-waiting', { reason: 'retry', method, path, until: new Date(env.now() + waitMs) });
        await env.sleep(waitMs, { signal: call.signal });
      }
      if (call.signal?.aborted) throw interruptedError(call);
      emit('request-retried', { reason: 'failure', method, path, attempt: call.attempts + 1 });
    },
  });
}
