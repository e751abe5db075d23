import type { TokenSet } from '../../store/store.js';
import { outranks } from '../pair/authorization-line.js';
import { fingerprint } from '../pair/fingerprint.js';
import { isSuccessor } from '../pair/token-history.js';
import type { ClientGrants } from '../grant/registry.js';
import type { Holder } from '../grant/memories.js';
import { successorOf } from '../grant/outcomes.js';
import { isSameUser } from '../pair/token-set.js';

/** The account whose store has been asked. */
export interface AskingAccount {
  readonly account: string;
  readonly client: string;
  readonly hand: TokenSet | undefined;
  /** The fingerprints of what it holds and has held. */
  readonly everHeld: () => Iterable<string>;
}

/**
 * Whether a pair that an account of another store object holds is that account's alone. Two store objects may lead to one row, and by two
 * names: so the pair may be ours as well where it has taken the place of the one in hand, or where both accounts have ever held the same token.
 * `isNext`: some process is known to have redeemed the one in hand for it.
 */
export function isForeign(
  loaded: TokenSet,
  { account, client, hand, everHeld }: AskingAccount,
  holder: Holder,
  isNext: boolean,
): boolean {
  const { set: theirs, hasHeld } = holder;
  if (!hand || !theirs || !hasHeld || holder.account === account || holder.client !== client) return false;
  if (isNext || isSameUser(hand, loaded)) return false;
  // The store may have dropped what the set says of its line.
  for (const set of [loaded, theirs])
    if (isSuccessor(set, hand) || outranks(set, hand) || outranks(hand, set)) return false;
  for (const token of everHeld()) if (hasHeld.call(holder, token)) return false;
  return true;
}

/**
 * Tells, in words, which other account of the process holds a pair that the store of one account has given, or what that was redeemed for.
 * `name`: the fingerprint of its refresh token.
 */
export function createNeighbours(deps: {
  grants: Pick<ClientGrants, 'outcomeOf' | 'heldBy' | 'restingWith'>;
  own: () => AskingAccount;
  /** Whether it is an account of the same store object. */
  isBeside: (holder: Holder) => boolean;
  /** The account at rest, of the same store object, that holds the refresh token of this fingerprint. */
  restingWith: (refreshToken: string) => string | undefined;
}): (loaded: TokenSet, name: string) => string | undefined {
  const { grants, isBeside } = deps;
  const lastOf = (refresh: string, name?: string) =>
    successorOf(refresh, grants.outcomeOf, name)?.refresh_token ?? refresh;

  return (loaded, name) => {
    const refresh = loaded.refresh_token;
    if (!refresh) return undefined;
    const own = deps.own();
    const last = lastOf(refresh, name);
    const tokens = last === refresh ? [name] : [name, fingerprint(last)];
    const holders = tokens.flatMap(grants.heldBy).filter(({ account }) => account !== own.account);
    const beside = holders.find(isBeside);
    if (beside) return `account ${JSON.stringify(beside.account)}`;
    const resting = tokens.map(deps.restingWith).find((account) => account && account !== own.account);
    if (resting) return `account ${JSON.stringify(resting)}`;
    const { refresh_token: hand } = own.hand ?? {};
    const isNext = hand !== undefined && hand !== refresh && [refresh, last].includes(lastOf(hand));
    // Of an account that was let go without a set, no more is known than that it holds this pair.
    const others = tokens.flatMap(grants.restingWith).map((one) => ({ ...one, set: one.set ?? loaded }));
    const other = [...holders, ...others].find((holder) => isForeign(loaded, own, holder, isNext));
    return other && `account ${JSON.stringify(other.account)} of another store`;
  };
}
