import type { Env } from '../time/env.js';
import { DeadlineError, RateLimitedError } from '../failure/errors.js';
import type { Passage } from '../pacing/waiting.js';
import { awakeNow } from '../time/within.js';
import type { CallEvents } from './call-events.js';
import { endsAtMs, gateBoundsOf, interruptedError, note, type Call } from './call.js';
import { overtime, timerEarlyMs } from './overtime.js';

/**
 * Waits at the gate until a call may be sent, before each attempt. Returns no promise where there is nothing to wait for. Throws, or
 * rejects, where the call may not be sent.
 */
export type Enter = (call: Call) => void | Promise<void>;

/** Creates the way through the gates, which pace calls by the rate-limit headers of the server. */
export function createEnter({ env, callEvents }: { env: Env; callEvents: CallEvents }): Enter {
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
    const { timeoutAtMs, deadlineAtMs } = call.terms;
    const retryAt = new Date(retryAtMs);
    const sent = call.history.attempts === 0 ? 'it was not sent' : 'it was not sent again';
    const opens = `calls may leave again at ${retryAt.toISOString()}`;
    const isByTimeout = untilEnd && timeoutAtMs < deadlineAtMs;
    const late = isByTimeout ? overtime(call, awakeNow(env) + timerEarlyMs) : undefined;
    if (late) return late;
    note(call, { kind: 'gave-up', why: untilEnd ? 'deadline' : 'wait-too-long' });
    if (untilEnd && !isByTimeout)
      return new DeadlineError(`${sent}: ${opens}, after its deadlineMs.`, { retryAt });
    const why = status === 503 ? 'the server is busy' : 'no more calls may leave now';
    const bound = isByTimeout ? 'its timeout' : 'maxWaitMs';
    return new RateLimitedError(`${sent}: ${why}, ${opens}, later than ${bound} allows. Try again then.`, {
      retryAt,
      status: status ?? 429,
    });
  }

  return (call) => {
    const { request, terms } = call;
    const { gate, ticket } = request;
    if (!gate || !ticket) return;
    if (gate.tryPass(ticket)) return;
    const nowMs = awakeNow(env);
    const bounds = gateBoundsOf(call, nowMs);
    // Where the call's time and `maxWaitMs` end at once, the error names the deadline or timeout, which was chosen for this call.
    const untilEnd = endsAtMs(terms) <= nowMs + bounds.maxMs;
    const passage = gate.waitToPass(ticket, bounds);
    if (!(passage instanceof Promise)) return pass(call, passage, untilEnd);
    callEvents.waits(call, () => {
      const opening = gate.opening();
      return {
        reason: opening?.status === 503 ? 'unavailable' : 'rate-limit',
        ...(opening ? { until: new Date(opening.atMs) } : {}),
        before: gate.before(ticket),
      };
    });
    return passage.then((passed) => {
      callEvents.goesOn(call);
      pass(call, passed, untilEnd);
    });
  };
}
