import { each, type Holder } from './memories.js';

/** Which accounts hold which refresh token now: to ask all of them at each load would take its time where there are thousands. */
export interface Holders {
  readonly byToken: Map<string, Set<WeakRef<Holder>>>;
  /** When it has so many tokens, those that nobody holds any more are taken out. */
  fullAt: number;
}

const leastFull = 1_000;

/** Creates an empty list. */
export function createHolders(): Holders {
  return { byToken: new Map(), fullAt: leastFull };
}

/** An account in the lists of the process, as a value. */
export interface Entry {
  readonly ref: WeakRef<Holder>;
  /** The fingerprint of the refresh token that it holds. */
  held: string | undefined;
}

/** An account holds this refresh token from now on. */
export function holdNow(holders: Holders, entry: Entry, refreshToken: string | undefined): void {
  const { byToken } = holders;
  const { held, ref } = entry;
  if (refreshToken === held) return;
  const before = held === undefined ? undefined : byToken.get(held);
  before?.delete(ref);
  if (held !== undefined && before?.size === 0) byToken.delete(held);
  entry.held = refreshToken;
  if (refreshToken === undefined) return;
  byToken.set(refreshToken, (byToken.get(refreshToken) ?? new Set()).add(ref));
  if (byToken.size > holders.fullAt) giveUpGone(holders);
}

/** The accounts that hold the refresh token of this fingerprint. */
export function holdersOf({ byToken }: Holders, refreshToken: string): Holder[] {
  const found: Holder[] = [];
  each(byToken.get(refreshToken) ?? new Set<WeakRef<Holder>>(), (holder) => found.push(holder));
  return found;
}

/** Takes out the tokens of accounts whose store object is gone. */
function giveUpGone(holders: Holders): void {
  for (const [token, refs] of holders.byToken) {
    each(refs, () => {});
    if (refs.size === 0) holders.byToken.delete(token);
  }
  holders.fullAt = 2 * Math.max(holders.byToken.size, leastFull);
}
