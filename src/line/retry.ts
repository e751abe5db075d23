import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import axiosRetry from 'axios-retry';
import { discard, isAxiosError } from '../axios/versions.js';
import type { CallEvents } from './call-events.js';
import {
  canSendAgain,
  endsAtMs,
  gateBoundsOf,
  interruptedError,
  note,
  type Call,
  type Calls,
} from './call.js';
import type { Env } from '../time/env.js';
import type { Failure } from '../failure/assess.js';
import { answerOf } from '../failure/never-sent.js';
import type { Line } from './chain.js';
import { decideRetry, type RetryDecision } from '../retry/decide.js';
import { awakeNow } from '../time/within.js';

/**
 * Attaches axios-retry to the line. It counts and sends again. Whether and when is decided by `retry/decide.ts`, and the wait is made here
 * (axios-retry's own delay is 0), so that clock, abort and deadline are those of the package.
 */
export function scheduleRetries(line: Line, deps: { env: Env; calls: Calls; callEvents: CallEvents }): void {
  const { env, calls, callEvents } = deps;
  /** Decisions that were made in `retryCondition` and are carried out in `onRetry`, because axios-retry passes nothing from one to the other. */
  const decisions = new WeakMap<Call, RetryDecision & { kind: 'retry' }>();

  function decide(call: Call, failure: Failure, config: AxiosRequestConfig, retries: number): RetryDecision {
    const { terms, history } = call;
    const nowMs = awakeNow(env);
    // Where its `timeout` bounds the whole call, an attempt that timed out has used up all of the call's time.
    const hasTimedOut = terms.timeoutAtMs < Infinity && failure.kind === 'timeout';
    return decideRetry(
      {
        ...failure,
        idempotent: terms.idempotent,
        replayable: canSendAgain(call, config),
        retries,
        timesThrottled: history.throttled?.times ?? 0,
      },
      {
        retry: terms.retry,
        paced: call.request.gate !== undefined,
        maxWaitMs: gateBoundsOf(call, nowMs).maxMs,
        leftMs: hasTimedOut ? 0 : endsAtMs(terms) - nowMs,
      },
      env.random(),
    );
  }

  /**
   * axios-retry sends a call twice that is aborted while it sends, as by a listener of `request-waiting`, and drops one of the two: its
   * rejection is handled here.
   */
  function sendAgain(config: AxiosRequestConfig): Promise<AxiosResponse> {
    const answer = line(config);
    answer.catch(() => undefined);
    return answer;
  }

  // The request interceptor of axios-retry is left out: it only notes a time, which is not read with `shouldResetTimeout`.
  const onTheWayBack = Object.assign(sendAgain, {
    defaults: line.defaults,
    interceptors: {
      request: { use: () => 0 },
      response: {
        // axios-retry keeps its state on the configuration of the error, which must be that of a call on the line.
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
      const { failure, gaveUp } = call?.history ?? {};
      if (!call || !failure || gaveUp || call.attempt?.left || call.terms.cancellation.signal?.aborted)
        return false;
      const decision = decide(call, failure, config!, config!['axios-retry']?.retryCount ?? 0);
      if (decision.kind === 'retry') {
        decisions.set(call, decision);
        return true;
      }
      if (decision.kind === 'give-up') note(call, { kind: 'gave-up', why: decision.why });
      return false;
    },
    async onRetry(_count, error, config) {
      const call = calls.of(config);
      const decision = call && decisions.get(call);
      if (!decision) return;
      const { signal } = call.terms.cancellation;
      const { waitMs, counts } = decision;
      // A wait that the server has asked for costs no retry.
      if (!counts) config['axios-retry']!.retryCount! -= 1;
      // For an error of the package, should the wait end in one.
      const answer = discard(error.response?.data) ? undefined : answerOf(error);
      note(call, { kind: 'answer-kept', answer });
      if (waitMs > 0) {
        callEvents.waits(call, () => ({ reason: 'retry', until: new Date(env.now() + waitMs) }));
        await env.sleep(waitMs, { signal });
        callEvents.goesOn(call);
      }
      if (signal?.aborted) throw interruptedError(call);
      callEvents.retried(call, 'failure', error);
    },
  });
}
