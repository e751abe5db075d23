import type { Env } from '../../time/env.js';
import { ReauthenticationRequiredError } from '../../failure/errors.js';
import { fingerprint } from '../pair/fingerprint.js';
import type { WaitBounds } from '../../time/within.js';
import type { Acquired, Leases } from '../renewal/leases.js';
import type { Ledger } from '../pair/ledger.js';
import type { Lease } from '../pair/pairs.js';
import { descendsFrom } from '../pair/token-history.js';
import type { ClientGrants } from '../grant/registry.js';
import { successorOf } from '../grant/outcomes.js';
import type { Recognition } from '../loading/recognition.js';
import { localExpiryMs } from '../pair/token-set.js';

/** What a token request of the application's own comes to. */
export type ApplicationAnswer =
  | Acquired
  /** The account has a working pair, which was not renewed from this token: it is of a new authorization, or somebody else's. */
  | { kind: 'unknown' };

/** Where less than this share of the token's life is left, the answer is a new pair, because some applications would ask again at once. */
const leastShare = 0.25;

/**
 * Whether a refresh token is, or was, one of this account's: not what another account has redeemed, nor another user of this one, for whoever
 * presents it gets the pair in hand.
 */
export function isKnown(
  refreshToken: string,
  held: Pick<Ledger, 'newest' | 'isOfSameUser'>,
  { outcomeOf }: Pick<ClientGrants, 'outcomeOf'>,
): boolean {
  const { newest } = held;
  if (!newest) return false;
  const successor = successorOf(refreshToken, outcomeOf)?.refresh_token;
  return [refreshToken, successor].some(
    (token) => token !== undefined && (descendsFrom(newest.held.set, token) || held.isOfSameUser(token)),
  );
}

/** Answers the token requests that the application makes by itself from one account's own renewal. */
export function createApplicationRequests(deps: {
  env: Env;
  ledger: Ledger;
  grants: ClientGrants;
  serverOffsetMs: () => number;
  leases: Pick<Leases, 'acquire' | 'replace'>;
  /** Takes the store's pair, where that was renewed from this refresh token, and the one in hand was not. */
  recognise: Recognition['recognise'];
  /** Takes a refresh token that nobody has redeemed, where nothing else works. */
  offer: (refreshToken: string) => Promise<void>;
}): {
  knows(refreshToken: string): boolean;
  answerApplication(refreshToken: string | undefined, bounds: WaitBounds): Promise<ApplicationAnswer>;
} {
  const { env, ledger, grants, leases } = deps;

  const knows = (refreshToken: string) => isKnown(refreshToken, ledger, grants);

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

  /** Tries the refresh token of the application, where nothing that is held works. */
  async function withOffered(refreshToken: string, failed: Acquired, bounds: WaitBounds): Promise<Acquired> {
    let acquired = failed;
    // Another refresh token may have been offered meanwhile, and tried first. That it was refused says nothing about this one.
    while (isPersonNeeded(acquired)) {
      const isHand = ledger.newest?.held.refreshToken === refreshToken;
      const isSpent =
        grants.outcomeOf(fingerprint(refreshToken))?.kind === 'dead' || (!isHand && knows(refreshToken));
      if (isSpent) return acquired;
      if (!isHand) await deps.offer(refreshToken);
      acquired = await acquireHeld(bounds);
      if (isHand) return acquired;
    }
    return acquired;
  }

  return {
    knows,
    async answerApplication(refreshToken, bounds) {
      let acquired = await acquireHeld(bounds);
      if (refreshToken !== undefined && isPersonNeeded(acquired))
        acquired = await withOffered(refreshToken, acquired, bounds);
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
