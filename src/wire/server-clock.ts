import { httpDateMs } from './http-date.js';

/** Offsets between the server's `Date` headers and this machine's clock, over the last answers. */
export interface ServerClock {
  readonly offsetsMs: readonly number[];
  readonly lastHeader: string | undefined;
}

/** Nothing learnt yet. */
export const unknownClock: ServerClock = Object.freeze({ offsetsMs: [], lastHeader: undefined });

const keptSamples = 16;

/**
 * Learns from one answer. `Date` is whole seconds, rounded down, and the answer travelled for a while: each sample is too small, so
 * the largest one is the tightest estimate. Old samples leave, because clocks drift.
 */
export function learnClock(clock: ServerClock, dateHeader: unknown, receivedAtMs: number): ServerClock {
  // One sample a second: the first answer with a new second is the best one it gives.
  if (typeof dateHeader !== 'string' || dateHeader === clock.lastHeader) return clock;
  const serverMs = httpDateMs(dateHeader);
  if (serverMs === undefined) return clock;
  return {
    offsetsMs: [...clock.offsetsMs.slice(1 - keptSamples), serverMs - receivedAtMs],
    lastHeader: dateHeader,
  };
}

/** Milliseconds that the server is ahead of this machine (negative: behind); undefined before the first answer. */
export function serverOffsetMs(clock: ServerClock): number | undefined {
  return clock.offsetsMs.length === 0 ? undefined : Math.max(...clock.offsetsMs);
}
