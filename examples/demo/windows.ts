import type { Emulator } from 'axios-procore/emulator';
import { longerWindow, type SpikeLimit } from './limits.js';
import type { LoggedRequest } from './verdict.js';

/** The windows of the spike limit, which get longer on a machine that is too slow to use them up. */
export interface Windows {
  readonly limit: SpikeLimit;
  /** Looks at what the server has logged since the last time. Returns the new limit where the windows have become longer. */
  look(): SpikeLimit | undefined;
}

/**
 * Creates them. A longer window begins anew on the server, with nothing counted, so that a client that paces by the window before cannot
 * exceed it.
 */
export function createWindows(
  { log, setRateLimits }: { log: readonly LoggedRequest[]; setRateLimits: Emulator['setRateLimits'] },
  { spike, hourly }: { spike: SpikeLimit; hourly: { limit: number } },
): Windows {
  let limit = spike;
  let seen = 0;
  /** The smallest number of calls that were left in the window of the last call. */
  let left = 0;
  /** Whether the API was down in that window, so that it could not be used up on any machine. */
  let wasDown = false;

  return {
    get limit() {
      return limit;
    },
    look() {
      let wasUnused = false;
      for (; seen < log.length; seen++) {
        const { rateLimit, outage = false } = log[seen]!;
        if (!rateLimit) continue;
        const { remaining } = rateLimit;
        const isNext = remaining > left;
        if (isNext && left > 0 && !wasDown) wasUnused = true;
        wasDown = outage || (wasDown && !isNext);
        left = remaining;
      }
      if (!wasUnused) return undefined;
      limit = longerWindow(limit);
      left = 0;
      wasDown = false;
      setRateLimits({ spike: limit, hourly });
      return limit;
    },
  };
}
