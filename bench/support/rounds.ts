import { shuffled } from './statistics.js';

/** As many rounds as are wanted, at least one; none that would end after the time for them is up. */
export async function inRounds<T>(
  wanted: number,
  seconds: number,
  take: (round: number) => Promise<T>,
): Promise<T[]> {
  const startedAt = performance.now();
  const taken: T[] = [];
  while (taken.length < wanted) {
    taken.push(await take(taken.length + 1));
    const used = (performance.now() - startedAt) / 1000;
    if (used + used / taken.length > seconds) break;
  }
  return taken;
}

/** One after another, in an order that is drawn anew. */
export async function inTurn<T, R>(items: readonly T[], take: (item: T) => Promise<R>): Promise<Map<T, R>> {
  const taken = new Map<T, R>();
  for (const item of shuffled(items)) taken.set(item, await take(item));
  return taken;
}
