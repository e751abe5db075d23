import { TokenStoreError } from '../../failure/errors.js';
import type { TokenSet } from '../../store/store.js';
import { fingerprint } from '../pair/fingerprint.js';
import { isRenewedSince, isReplacedInStore, type GrantType } from '../pair/comparison.js';
import type { Ledger } from '../pair/ledger.js';
import { withoutRedeemed, withRedeemed } from '../pair/token-history.js';
import { successorOf } from '../grant/outcomes.js';
import type { ClientGrants } from '../grant/registry.js';
import {
  holdLoaded,
  isSameUser,
  readTokenSet,
  unwritableExtra,
  type AheadChoice,
  type HeldTokens,
} from '../pair/token-set.js';
import { createSerialQueue } from '../../time/serial.js';
import { writableAdvice } from '../pair/writable.js';
import type { Bringing, Writes } from '../saving/writes.js';

/** Takes tokens from setTokens(), from the exchange of a code, or from the application's own log-in. */
export interface Brought {
  /**
   * Begins a generation with the tokens of a new authorization. Rejects when they could not be saved. `changedOwner`: hears that they are
   * of another user than those that are held. Resolves with the set as it was saved.
   */
  take(held: HeldTokens, changedOwner?: () => void): Promise<TokenSet>;
  setTokens(tokens: TokenSet, changedOwner?: () => void): Promise<void>;
  /**
   * Takes tokens that the application got by itself, as `setTokens`, unless they may be of another user than those that are held and not
   * dead; `sure`: only where it is certain that they are not. Resolves with whether it took them; never rejects for a failed save.
   */
  takeOwn(tokens: TokenSet, sure: boolean): Promise<boolean>;
}

/** Creates what takes the tokens that the application brings to one account. */
export function createBrought(deps: {
  account: string;
  grant: GrantType;
  ledger: Ledger;
  grants: ClientGrants;
  writes: Writes;
  ahead: () => AheadChoice;
  takesOver: () => boolean;
  /** A renewal is under way. */
  isRenewing: () => boolean;
  /** A person has to authorize the account anew. */
  isDead: () => boolean;
  /** Looks into the store where nothing is held yet, and renews nothing. */
  readStore: () => Promise<unknown>;
  /** Looks into the store, and renews what is there if it must. */
  look: () => Promise<unknown>;
  /** What is under way for the tokens before is neither saved nor used any more. */
  supersede: () => void;
  /** Nothing is held against the next renewal. */
  clearVerdicts: () => void;
}): Brought {
  const { account, grant, ledger, grants, isDead } = deps;
  /** One after another: of two users who log in at once, the second must find the tokens of the first. */
  const ownLogIns = createSerialQueue();

  /** A new authorization of the same user continues the line: the application may come with any of its tokens. */
  function inLine(tokens: TokenSet): TokenSet {
    const { set, refreshToken } = ledger.newest?.held ?? {};
    if (!deps.takesOver() || !set || !refreshToken || refreshToken === tokens.refresh_token) return tokens;
    const same = isSameUser(set, tokens);
    if (same === false) return withoutRedeemed(tokens);
    return same ? withRedeemed(tokens, refreshToken, set) : tokens;
  }

  /** Whether the tokens are an older pair of the user whose pair is in hand and works, as an old session may bring it. */
  function isOfSession(brought: HeldTokens): boolean {
    const hand = ledger.newest?.held.set;
    if (!hand || isDead() || isSameUser(hand, brought.set) === false) return false;
    return ledger.isOutdated(brought) || isRenewedSince(hand, brought.set);
  }

  /** Whether the pair in hand is brought, and not in memory only. */
  function isInHand(brought: HeldTokens): boolean {
    return !ledger.unsaved && !isDead() && ledger.isInHand(brought);
  }

  async function take(brought: HeldTokens, changedOwner?: () => void): Promise<TokenSet> {
    await bring(brought, { changedOwner, isInHand: false, isOld: () => false });
    const { set } = ledger.newest?.held ?? brought;
    return set.access_token === brought.set.access_token ? set : brought.set;
  }

  async function bring(brought: HeldTokens, how: Bringing): Promise<void> {
    const held = { ...brought, set: inLine(brought.set) };
    const { refreshToken } = held;
    const key = fingerprint(refreshToken ?? '');
    const isDeadPair = grants.outcomeOf(key)?.kind === 'dead';
    // The pair in hand is no new authorization: a log-in that waits to be saved does not give way to it.
    if (!how.isInHand) deps.supersede();
    // An application that brings a refused pair once more wants it to be presented once more.
    else if (isDeadPair) deps.clearVerdicts();
    if (refreshToken && (isDeadPair || !how.isInHand)) grants.forget(key);
    const failed = await deps.writes.bring(held, how);
    if (!failed) return;
    const summary = `the new tokens of account ${JSON.stringify(account)} are in memory but not saved: ${failed.why}. They are used and saved as soon as the store allows; unsavedTokens() has them.`;
    throw new TokenStoreError(summary, { account, cause: failed.cause });
  }

  async function setTokens(tokens: TokenSet, changedOwner?: () => void): Promise<void> {
    let brought = holdLoaded(checkedTokenSet(tokens), deps.ahead());
    const { refreshToken: refresh } = brought;
    // A process that has just been started has not loaded the pair that the tokens are to be compared with.
    if (!ledger.newest && grant === 'refresh_token') {
      // Tokens of another log-in that wait to be saved are not given up for what may be no new authorization.
      if (deps.writes.isIdle()) deps.supersede();
      await deps.readStore();
    }
    // No new authorization: an old session's pair, whose token is being redeemed or known to be.
    if (refresh && deps.isRenewing() && refresh === ledger.newest?.held.refreshToken) return;
    const successor = successorOf(refresh, grants.outcomeOf);
    if (successor && ledger.newest) return;
    // Where the store does not show what this process has redeemed the token for, that is brought in its place.
    if (successor) brought = holdLoaded(successor, deps.ahead());
    if (isOfSession(brought)) return;
    const { set } = brought;
    const hand = isInHand(brought) ? ledger.newest?.held.set : undefined;
    const isDeadPair = ({ refresh_token: token }: TokenSet) =>
      token !== undefined && grants.outcomeOf(fingerprint(token))?.kind === 'dead';
    await bring(brought, {
      changedOwner,
      isInHand: hand !== undefined,
      isOld: (stored) =>
        !isDeadPair(stored) &&
        !ledger.isRevoked(stored) &&
        (isRenewedSince(stored, set) ||
          (hand !== undefined && isReplacedInStore(stored, { hand, brought: set }, ledger, grant))),
    });
  }

  async function takeOwn(tokens: TokenSet, sure: boolean): Promise<boolean> {
    // The store may hold a pair that this process has not loaded yet.
    if (!ledger.newest?.held.accessToken || isDead()) await deps.look();
    if (!isDead()) {
      const held = ledger.newest?.held;
      // After a failed load or renewal nobody can say that no pair would be lost.
      if (!held?.accessToken) return false;
      const same = isSameUser(held.set, tokens);
      if (same === false || (same === undefined && sure)) return false;
    }
    // In memory, used and saved late, if the store cannot take them now; that has been told.
    await setTokens(tokens).catch(() => undefined);
    return true;
  }

  return { take, setTokens, takeOwn: (tokens, sure) => ownLogIns.inTurn(() => takeOwn(tokens, sure)) };
}

function checkedTokenSet(tokens: unknown): TokenSet {
  const read = readTokenSet(tokens);
  if (read.kind === 'set' && read.set.access_token) {
    const extra = unwritableExtra(read.set);
    if (extra !== undefined) throw new TypeError(`axios-procore: setTokens got ${extra}; ${writableAdvice}.`);
    return read.set;
  }
  const got =
    read.kind === 'garbage' ? read.what : read.kind === 'none' ? 'nothing' : 'an object without access_token';
  throw new TypeError(`axios-procore: setTokens got ${got}; it takes a token set as Procore answers it.`);
}
