import type { AxiosRequestConfig } from 'axios';
import { endsAtMs, gatePatienceOf, interruptedError, type Call, type Calls } from './call.js';
import type { Env } from '../time/env.js';
import { DeadlineError, RateLimitedError } from '../failure/errors.js';
import type { Events } from '../observe/events.js';
import { overtime, timerEarlyMs } from './overtime.js';
import type { Passage } from '../pacing/gate.js';
import { awakeNow } from '../time/within.js';

/** Holds calls back by what the server tells of its limits. */
export interface Pacing {
  /** The first step of each attempt, replays after a 401 included: the account has its new token by then. */
  request(config: AxiosRequestConfig): AxiosRequestConfig | Promise<AxiosRequestConfig>;
  /** Asks the gate whether the call may leave; no promise when nothing has to be waited for. Throws, or rejects, when it may not. */
  enter(call: Call): void | Promise<void>;
}

/** Creates the interceptor of the line that asks the gate. */
export function createPacing(deps: { env: Env; calls: Calls; emit: Events['emit'] }): Pacing {
  const { env, calls, emit } = deps;

  function enter(call: Call): void | Promise<void> {
    const { gate, ticket, method, path } = call;
    if (!gate || !ticket) return;
    if (gate.tryPass(ticket)) return;
    const nowMs = awakeNow(env);
    const patience = gatePatienceOf(call, nowMs);
    // The same, should both end at once: that is what the application chose for this call.
    const untilEnd = endsAtMs(call) <= nowMs + patience.maxMs;
    const passage = gate.waitToPass(ticket, patience);
    if (!(passage instanceof Promise)) return pass(call, passage, untilEnd);
    const opening = gate.opening();
    emit('request-waiting', {
      reason: opening?.status === 503 ? 'unavailable' : 'rate-limit',
      method,
      path,
      ...(opening ? { until: new Date(opening.atMs) } : {}),
    });
    return passage.then((passed) => pass(call, passed, untilEnd));
  }

  function pass(call: Call, passage: Passage, untilEnd: boolean): void {
    switch (passage.kind) {
      case 'go':
        return;
      case 'aborted':
        throw interruptedError(call);
      case 'too-long':
        throw tooLong(call, passage, untilEnd);
    }
  }

  function tooLong(
    call: Call,
    { retryAtMs, status }: Passage & { kind: 'too-long' },
    untilEnd: boolean,
  ): Error {
    const retryAt = new Date(retryAtMs);
    const sent = call.attempts === 0 ? 'it was not sent' : 'it was not sent again';
    const opens = `calls may leave again at ${retryAt.toISOString()}`;
    const isByTimeout = untilEnd && call.timeoutAtMs < call.deadlineAtMs;
    const late = isByTimeout ? overtime(call, awakeNow(env) + timerEarlyMs) : undefined;
    if (late) return late;
    call.gaveUp = untilEnd ? 'deadline' : 'wait-too-long';
    if (untilEnd && !isByTimeout)
      return new DeadlineError(`${sent}: ${opens}, after its deadlineMs.`, { retryAt });
    const why = status === 503 ? 'the server is busy' : 'no more calls may leave now';
    const bound = isByTimeout ? 'its timeout' : 'maxWaitMs';
    return new RateLimitedError(`${sent}: ${why}, ${opens}, later than ${bound} allows. Try again then.`, {
      retryAt,
      status: status ?? 429,
    });
  }

  return {
    enter,
    request(config) {
      const call = calls.of(config);
      if (!call?.gate || !call.ticket) return config;
      const passing = enter(call);
      return passing ? passing.then(() => config) : config;
    },
  };
}
