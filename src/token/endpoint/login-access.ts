import type { Env } from '../../time/env.js';
import { within } from '../../time/within.js';
import type { Verdict } from './verdict.js';
import type { Asker, Entered, LoginGate, Visit } from './login-gate.js';

/** The way of one renewal, or of one log-in, through the gate of the login host. */
export interface Access {
  /** Whether a token request may leave, without any wait for the gate. */
  enter(): boolean;
  /**
   * Waits until one may leave. `undefined`: it may. `untilMs`: not before that moment, and nobody waits so long; without it the wait has
   * taken `maxMs`, or `signal` has aborted.
   */
  wait(maxMs: number, signal: AbortSignal): Promise<{ readonly untilMs?: number } | undefined>;
  /** What the request has come to. */
  ended(verdict: Pick<Verdict, 'kind'> & { readonly waitMs?: number | undefined }): void;
  /** No request leaves any more. */
  leave(): void;
}

/** Creates the way of one asker. */
export function createAccess(env: Env, gate: LoginGate, asker: Asker): Access {
  let visit: Visit | undefined;

  function leave(): void {
    visit?.leave();
    visit = undefined;
  }

  function enter(): boolean {
    if (visit?.isHeld()) return true;
    leave();
    visit = gate.enter(asker);
    return visit !== undefined;
  }

  return {
    enter,
    leave,
    async wait(maxMs, signal) {
      if (enter()) return undefined;
      const own = new AbortController();
      const entering = gate.wait(asker, own.signal);
      const waited = await within(env, maxMs, entering, signal);
      own.abort();
      // It may have been let in just when its time was over.
      const entered: Entered = waited.kind === 'done' ? waited.value : await entering;
      if (entered.kind === 'closed') return { untilMs: entered.untilMs };
      if (entered.kind === 'aborted') return {};
      visit = entered.visit;
      return undefined;
    },
    ended({ kind, waitMs }) {
      if (kind === 'busy') visit?.turnedAway(waitMs);
      else if (kind !== 'not-sent' && kind !== 'perhaps-spent') visit?.served();
      leave();
    },
  };
}
