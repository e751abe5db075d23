import type { ToldLimit } from './exchange.js';

/** What answers have told one process of a limit; the reset is a moment on its own clock. */
export interface Told extends Omit<ToldLimit, 'resetInMs'> {
  readonly resetAtMs: number | undefined;
}

/** As many limits as the common state keeps. */
const mostLimits = 3;

/** What is told after one more answer, the latest limit last. */
export function withAnswer(all: readonly Told[], told: Told): readonly Told[] {
  const known = all.find(({ limit }) => limit === told.limit);
  if (!known) return [...all, told].slice(-mostLimits);
  const merged = mergedWith(known, told);
  return all.length === 1 ? [merged] : [...all.filter((one) => one !== known), merged];
}

function mergedWith(known: Told, told: Told): Told {
  if (known.reset === undefined || told.reset === undefined || told.reset > known.reset) return told;
  // The answer belongs to an earlier window.
  if (told.reset < known.reset) return known;
  const least = Math.min(known.least, told.least);
  // Of two answers that which promises more is told, because both hold.
  const better = known.again || surplusOf(told) >= surplusOf(known) ? told : known;
  return { ...better, least, resetAtMs: Math.min(known.resetAtMs ?? Infinity, told.resetAtMs ?? Infinity) };
}

/** What the common state can be sure of by this answer, but for a number that is the same for all answers of one question. */
function surplusOf({ remaining, issued, outstanding }: Told): number {
  return issued === undefined ? -Infinity : remaining + issued - (outstanding ?? 0);
}

/** The same as a question has it. A limit whose reset has passed is not repeated. */
export function toldAt(all: readonly Told[], nowMs: number): readonly ToldLimit[] {
  return all
    .filter(({ again, resetAtMs }) => !again || (resetAtMs !== undefined && resetAtMs > nowMs))
    .map(({ resetAtMs, ...told }) => ({
      ...told,
      resetInMs: resetAtMs === undefined ? undefined : Math.ceil(resetAtMs - nowMs),
    }));
}

/** The same once it has been told. */
export function toldBefore(all: readonly Told[]): readonly Told[] {
  return all.map((told) => (told.again ? told : { ...told, again: true }));
}

/** The same for a state that has begun anew: all of it is news, and what was counted by the former state says nothing. */
export function toldAnew(all: readonly Told[]): readonly Told[] {
  return all.map((told) => ({ ...told, issued: undefined, outstanding: undefined, again: false }));
}
