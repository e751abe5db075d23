import type { Env } from '../../time/env.js';
import { within } from '../../time/within.js';
import type { LoginAsker, GateOutcome, LoginGate, Visit } from './login-gate.js';

/** How one renewal, or one exchange of a code, gets its requests through the gate of the login host, one request at a time. */
export interface Access {
  /** Whether a token request may be sent at once. */
  enter(): boolean;
  /**
   * Waits until a token request may be sent, and resolves with undefined then. It resolves with `untilMs` where the gate stays closed until
   * that moment and the asker does not wait so long, and with an empty object where `maxMs` have passed or `signal` has aborted.
   */
  wait(maxMs: number, signal: AbortSignal): Promise<{ readonly untilMs?: number } | undefined>;
  /** Tells the gate what the request has come to, and gives the permission back. */
  ended(verdict: { readonly kind: string; readonly waitMs?: number | undefined }): void;
  /** Gives the permission back without a request. */
  leave(): void;
}

/** Creates the access of one asker. */
export function createAccess(env: Env, gate: LoginGate, asker: LoginAsker): Access {
  let visit: Visit | undefined;

  function leave(): void {
    visit?.leave();
    visit = undefined;
  }

  function enter(): boolean {
    if (visit?.isValid()) return true;
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
      // The gate may have let it in just when its time was over.
      const entered: GateOutcome = waited.kind === 'done' ? waited.value : await entering;
      if (entered.kind === 'closed') return { untilMs: entered.untilMs };
      if (entered.kind === 'aborted') return {};
      visit = entered.visit;
      return undefined;
    },
    ended({ kind, waitMs }) {
      if (kind === 'busy') visit?.throttled(waitMs);
      else if (kind !== 'not-sent' && kind !== 'perhaps-spent') visit?.served();
      leave();
    },
  };
}

/** Why the gate of the login host has not let a request of this client through. */
export function whyNotLetThrough(untilMs: number | undefined): string {
  return untilMs === undefined
    ? 'it was not its turn in time: too many accounts of this client are asking for tokens'
    : 'the login host has turned away requests of this client (429 or 503), and was not asked again';
}
