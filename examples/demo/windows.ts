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

  return {
    get limit() {
      return limit;
    },
    look() {
      let wasUnused = false;
      for (; seen < log.length; seen++) {
        const remaining = log[seen]?.rateLimit?.remaining;
        if (remaining === undefined) continue;
        if (remaining > left && left > 0) wasUnused = true;
        left = remaining;
      }
      if (!wasUnused) return undefined;
      limit = longerWindow(limit);
      left = 0;
      setRateLimits({ spike: limit, hourly });
      return limit;
    },
  };
}
