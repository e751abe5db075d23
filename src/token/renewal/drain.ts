import type { Env } from '../../time/env.js';
import type { Settings } from '../../options/options.js';
import { awakeNow, within } from '../../time/within.js';

/** Lets calls in flight finish before a renewal, where the server kills their token with its replacement. */
export interface Drain {
  /** New calls wait until then; a moment of the past: they do not. */
  readonly holdingUntilMs: number;
  /** Whether new calls wait now. */
  holding(): boolean;
  /** Holds new calls and waits for those in flight; does nothing where it is not needed, or not wished for. */
  drain(signal: AbortSignal, need?: 'certain'): Promise<void>;
  /** The renewal is over. */
  release(): void;
  sent(): void;
  answered(): void;
  /** No call is in flight. */
  isIdle(): boolean;
}

/** Creates the drain of one account. `oldDies()` tells whether this server has been seen to kill replaced tokens. */
export function createDrain(deps: {
  env: Env;
  settings: Pick<Settings['renewal'], 'drain' | 'drainMs'>;
  oldDies: () => boolean;
}): Drain {
  const { env, settings } = deps;
  let holdingUntilMs = 0;
  let inFlight = 0;
  let drained = () => {};
  return {
    get holdingUntilMs() {
      return holdingUntilMs;
    },
    holding: () => awakeNow(env) < holdingUntilMs,
    async drain(signal, need) {
      const needed =
        settings.drain === true || (settings.drain === 'learn' && (need === 'certain' || deps.oldDies()));
      if (!needed || signal.aborted) return;
      // As long again for the answer: a token endpoint in trouble holds nobody whose token works.
      holdingUntilMs = awakeNow(env) + 2 * settings.drainMs;
      if (inFlight === 0) return;
      await within(env, settings.drainMs, new Promise<void>((resolve) => (drained = resolve)), signal);
    },
    release() {
      holdingUntilMs = 0;
    },
    isIdle: () => inFlight === 0,
    sent() {
      inFlight++;
    },
    answered() {
      inFlight--;
      if (inFlight === 0) drained();
    },
  };
}
