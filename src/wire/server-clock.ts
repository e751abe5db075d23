import { httpDateMs } from './http-date.js';

/** Offsets between the server's `Date` headers and this machine's clock, over the last answers. */
export interface ServerClock {
  readonly offsetsMs: readonly number[];
  readonly lastHeader: string | undefined;
}

/** The state before the first answer. */
export const unknownClock: ServerClock = Object.freeze({ offsetsMs: [], lastHeader: undefined });

const keptSamples = 16;

/**
 * Adds the sample of one answer. Each sample is smaller than the true offset, because `Date` is rounded down to whole seconds and the
 * answer took time to arrive; so the largest sample is the best estimate. Only the latest samples are kept, because clocks drift.
 */
export function learnClock(clock: ServerClock, dateHeader: unknown, receivedAtMs: number): ServerClock {
  // The first answer with a new `Date` gives the largest sample of that second; later ones with the same `Date` are skipped.
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
