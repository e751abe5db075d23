import type { Env } from '../../time/env.js';
import { ReauthenticationRequiredError } from '../../failure/errors.js';
import { fingerprint } from '../pair/fingerprint.js';
import type { WaitBounds } from '../../time/within.js';
import type { Acquired, Leases } from '../renewal/leases.js';
import type { Lease, Ledger } from '../pair/ledger.js';
import { descendsFrom } from '../pair/token-history.js';
import type { GrantMutex } from '../grant/registry.js';
import { successorOf } from '../grant/outcomes.js';
import type { Recognition } from '../loading/recognition.js';
import { localExpiryMs } from '../pair/token-set.js';

/** What a token request of the application's own comes to. */
export type PresentedByApplication =
  | Acquired
  /** The account has a working pair, which was not renewed from this token: it is of a new authorization, or somebody else's. */
  | { kind: 'unknown' };

/** Asked for tokens with less than this share of the life left, the answer is a new pair: some applications would ask again at once. */
const leastShare = 0.25;

/**
 * Whether a refresh token is, or was, one of this account's: not what another account has redeemed, nor another user of this one, for whoever
 * presents it gets the pair in hand.
 */
export function isKnown(
  refreshToken: string,
  held: Pick<Ledger, 'newest' | 'isOfSameUser'>,
  { outcomeOf }: Pick<GrantMutex, 'outcomeOf'>,
): boolean {
  const { newest } = held;
  if (!newest) return false;
  const successor = successorOf(refreshToken, outcomeOf)?.refresh_token;
  return [refreshToken, successor].some(
    (token) => token !== undefined && (descendsFrom(newest.held.set, token) || held.isOfSameUser(token)),
  );
}

/** Answers the token requests that the application makes by itself from one account's own renewal. */
export function createPresentation(deps: {
  env: Env;
  ledger: Ledger;
  mutex: GrantMutex;
  serverOffsetMs: () => number;
  leases: Pick<Leases, 'acquire' | 'replace'>;
  /** Takes the store's pair, where that was renewed from this refresh token, and the one in hand was not. */
  recognise: Recognition['recognise'];
  /** Takes a refresh token that nobody has redeemed, where nothing else works. */
  offer: (refreshToken: string) => Promise<void>;
}): {
  knows(refreshToken: string): boolean;
  present(refreshToken: string | undefined, bounds: WaitBounds): Promise<PresentedByApplication>;
} {
  const { env, ledger, mutex, leases } = deps;

  const knows = (refreshToken: string) => isKnown(refreshToken, ledger, mutex);

  /** Between the end of the wait and the line after it the pair may have been replaced, by another user's perhaps: then it waits anew. */
  async function acquireHeld(bounds: WaitBounds): Promise<Acquired> {
    for (;;) {
      const acquired = await leases.acquire(bounds);
      if (acquired.kind !== 'lease') return acquired;
      if (acquired.lease === ledger.newest || acquired.lease === ledger.current()) return acquired;
    }
  }

  function isYoung({ held, aliveAtMs }: Lease): boolean {
    const expiresAtMs = localExpiryMs(held, { serverOffsetMs: deps.serverOffsetMs(), aliveAtMs });
    if (expiresAtMs === undefined || held.lifeMs === undefined) return true;
    return expiresAtMs - env.now() > leastShare * held.lifeMs;
  }

  /** Nothing that is held works; the refresh token that the application has may. */
  async function instead(refreshToken: string, failed: Acquired, bounds: WaitBounds): Promise<Acquired> {
    let acquired = failed;
    // What was offered beside it went first, and is no better: it says nothing of this one.
    while (isPersonNeeded(acquired)) {
      const isHand = ledger.newest?.held.refreshToken === refreshToken;
      const isSpent =
        mutex.outcomeOf(fingerprint(refreshToken))?.kind === 'dead' || (!isHand && knows(refreshToken));
      if (isSpent) return acquired;
      if (!isHand) await deps.offer(refreshToken);
      acquired = await acquireHeld(bounds);
      if (isHand) return acquired;
    }
    return acquired;
  }

  return {
    knows,
    async present(refreshToken, bounds) {
      let acquired = await acquireHeld(bounds);
      if (refreshToken !== undefined && isPersonNeeded(acquired))
        acquired = await instead(refreshToken, acquired, bounds);
      if (acquired.kind !== 'lease') return acquired;
      const isTheirs = () => refreshToken === undefined || knows(refreshToken);
      if (refreshToken !== undefined && !isTheirs()) {
        await deps.recognise(refreshToken, bounds);
        if (!isTheirs()) return { kind: 'unknown' };
        acquired = await acquireHeld(bounds);
        if (acquired.kind !== 'lease') return acquired;
      }
      if (isYoung(acquired.lease)) return acquired;
      const renewed = await leases.replace(acquired.lease, bounds);
      return renewed.kind === 'lease' && !isTheirs() ? { kind: 'unknown' } : renewed;
    },
  };
}

function isPersonNeeded(acquired: Acquired): boolean {
  return acquired.kind === 'failed' && acquired.error instanceof ReauthenticationRequiredError;
}
