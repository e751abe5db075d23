import { each, type Holding } from './outcomes.js';

/** Which accounts hold which refresh token now: to ask all of them at each load would take its time where there are thousands. */
export interface Holders {
  readonly byToken: Map<string, Set<WeakRef<Holding>>>;
  /** With so many tokens in there those are looked for that nobody holds any more. */
  fullAt: number;
}

const leastFull = 1_000;

/** Creates an empty list. */
export function createHolders(): Holders {
  return { byToken: new Map(), fullAt: leastFull };
}

/** Enters an account. Hands out what must be told, each time, the fingerprint of the refresh token that it holds from now on. */
export function enterHolder(holders: Holders, holding: Holding): (refreshToken: string | undefined) => void {
  const { byToken } = holders;
  const ref = new WeakRef(holding);
  let held: string | undefined;
  return (refreshToken) => {
    if (refreshToken === held) return;
    const before = held === undefined ? undefined : byToken.get(held);
    before?.delete(ref);
    if (held !== undefined && before?.size === 0) byToken.delete(held);
    held = refreshToken;
    if (held === undefined) return;
    byToken.set(held, (byToken.get(held) ?? new Set()).add(ref));
    if (byToken.size > holders.fullAt) giveUpGone(holders);
  };
}

/** The accounts that hold the refresh token of this fingerprint. */
export function holdersOf({ byToken }: Holders, refreshToken: string): Holding[] {
  const found: Holding[] = [];
  each(byToken.get(refreshToken) ?? new Set<WeakRef<Holding>>(), (holding) => found.push(holding));
  return found;
}

/** Of accounts whose store object is gone. */
function giveUpGone(holders: Holders): void {
  for (const [token, refs] of holders.byToken) {
    each(refs, () => {});
    if (refs.size === 0) holders.byToken.delete(token);
  }
  holders.fullAt = 2 * Math.max(holders.byToken.size, leastFull);
}
