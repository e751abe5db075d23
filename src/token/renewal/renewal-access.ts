import type { Env } from '../../time/env.js';
import { retold } from '../../failure/errors.js';
import type { Settings } from '../../options/options.js';
import type { Failures, RenewalFailure } from '../told/failures.js';
import { createAccess, whyNotLetThrough, type Access } from '../endpoint/login-access.js';
import type { LoginAsker, LoginGate } from '../endpoint/login-gate.js';
import type { RenewalRun } from './renewal.js';
import { byClock } from '../../time/within.js';

/** The way of one renewal through the gate of the login host. */
export interface RenewalAccess extends Access {
  /**
   * Waits for its turn at the gate outside of the critical section. Resolves with undefined when it may go on, else with the end of the
   * renewal. `why`: what the login host has answered it.
   */
  queue(why: string | undefined): Promise<RenewalFailure | { kind: 'superseded' } | undefined>;
}

/** Creates the way of this renewal. */
export function createRenewalAccess(
  deps: { env: Env; gate: LoginGate; settings: Settings['renewal']; failures: Failures },
  run: RenewalRun,
): RenewalAccess {
  const { env, gate, settings, failures } = deps;
  const { totalMs, answerTimeoutMs } = settings;
  /** Later than this there would be no time for an answer. */
  const endsAtMs = env.now() + totalMs - Math.min(answerTimeoutMs, totalMs / 4);
  /** It is in its critical section, for which others wait. */
  let isInside = false;
  /** All calls that have waited for it have gone. */
  const nobodyWaits = () => run.ticket < Infinity && run.waiting === 0;
  const asker: LoginAsker = {
    most: settings.concurrency,
    rank: () => (isInside ? 'first' : run.waiting > 0 ? 'call' : 'background'),
    ticket: () => run.ticket,
    waitsUntilMs: () => (run.waiting > 0 ? Math.min(byClock(env, run.waitsUntilMs), endsAtMs) : endsAtMs),
  };
  const requests = createAccess(env, gate, asker);

  function blocked({ untilMs }: { untilMs?: number }, why: string | undefined): RenewalFailure {
    return failures.undecided(why ?? whyNotLetThrough(untilMs), untilMs);
  }

  return {
    ...requests,
    // In the middle of a redemption it goes first: it is in its critical section meanwhile.
    async wait(maxMs, signal) {
      isInside = true;
      try {
        return await requests.wait(maxMs, signal);
      } finally {
        isInside = false;
      }
    },
    async queue(why) {
      if (nobodyWaits()) return { kind: 'superseded' };
      const over = new AbortController();
      const end = () => over.abort();
      run.onWaitersChanged = () => (nobodyWaits() ? end() : gate.changed(asker));
      run.signal.addEventListener('abort', end, { once: true });
      // What a call is told that does not wait so long.
      const retryAt = new Date(Math.max(env.now(), Math.min(byClock(env, run.waitsUntilMs), endsAtMs)));
      run.lastError = retold(blocked({}, why).error, { retryAt });
      const waited = await requests.wait(endsAtMs - env.now(), over.signal);
      run.onWaitersChanged = undefined;
      run.signal.removeEventListener('abort', end);
      if (run.signal.aborted || nobodyWaits()) return { kind: 'superseded' };
      return waited && blocked(waited, why);
    },
  };
}
