import type { Env } from '../../time/env.js';
import type { Settings } from '../../options/options.js';
import { awakeNow, within } from '../../time/within.js';

/** Lets calls in flight finish before a renewal, where the server invalidates their access token when it is replaced. */
export interface Drain {
  /** Until when new calls wait; 0, or another moment of the past, when they do not. */
  readonly pausedUntilMs: number;
  /** Whether new calls wait now. */
  isPaused(): boolean;
  /** Holds new calls and waits for those in flight; does nothing where it is not needed, or not wished for. */
  drain(signal: AbortSignal, need?: 'certain'): Promise<void>;
  /** The renewal is over. */
  release(): void;
}

/** The calls of one account in flight, as a value. */
export interface Flight {
  /** The number of calls that have been sent and not answered. */
  calls: number;
  /** Until when new calls wait; 0 when they do not. */
  pausedUntilMs: number;
  /** Called when the last one has been answered. */
  drained: (() => void) | undefined;
}

/** Whether new calls wait now. */
export function areCallsPaused({ pausedUntilMs }: Flight, env: Env): boolean {
  return pausedUntilMs > 0 && awakeNow(env) < pausedUntilMs;
}

/** A call is sent. */
export function sent(flight: Flight): void {
  flight.calls++;
}

/** A call has been answered, or has come to an end without an answer. */
export function answered(flight: Flight): void {
  flight.calls--;
  if (flight.calls === 0) flight.drained?.();
}

/** Creates the drain of one account. `oldDies()` tells whether this server has been seen to invalidate replaced access tokens. */
export function createDrain(deps: {
  env: Env;
  settings: Pick<Settings['renewal'], 'drain' | 'drainMs'>;
  oldDies: () => boolean;
  /** The account's own, which this changes. */
  flight: Flight;
}): Drain {
  const { env, settings, flight } = deps;
  return {
    get pausedUntilMs() {
      return flight.pausedUntilMs;
    },
    isPaused: () => areCallsPaused(flight, env),
    async drain(signal, need) {
      const needed =
        settings.drain === true || (settings.drain === 'learn' && (need === 'certain' || deps.oldDies()));
      if (!needed || signal.aborted) return;
      // New calls wait for the answer as well, for as long again at most: a slow token endpoint must not hold calls whose token works.
      flight.pausedUntilMs = awakeNow(env) + 2 * settings.drainMs;
      if (flight.calls === 0) return;
      await within(env, settings.drainMs, new Promise<void>((resolve) => (flight.drained = resolve)), signal);
    },
    release() {
      flight.pausedUntilMs = 0;
    },
  };
}
