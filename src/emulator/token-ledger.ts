import { randomBytes } from 'node:crypto';
import type { Claims } from './jwt.js';
import type { Refusal } from './log-types.js';

/** An access token with the refresh token that renews it; times in milliseconds. */
export interface Pair {
  readonly userId: number;
  readonly accessToken: string;
  /** Absent for a service account, which renews by another `client_credentials` request. */
  readonly refreshToken?: string;
  readonly issuedAtMs: number;
  expiresAtMs: number;
  /** When the access token was revoked. */
  revokedAtMs?: number;
  /** True once another pair has replaced this one. */
  replaced: boolean;
  refresh: 'usable' | 'spent' | 'revoked';
  /** The pair that was redeemed for this one. */
  readonly parent?: Pair;
  /** All pairs of one authorization of which a token can still be used. */
  readonly family: Set<Pair>;
}

/** The result of presenting a refresh token. `revoked` counts the pairs that were revoked by it. */
type Redemption =
  | { kind: 'issued'; pair: Pair; replaced: Pair }
  | { kind: 'spent'; revoked: number }
  | { kind: 'revoked' | 'unknown' };

/** The settings of the ledger. */
export interface LedgerSettings {
  now: () => number;
  lifetimeMs: number;
  spentTokens: 'A' | 'B';
  familyRevocation: boolean;
  sign: (claims: Claims) => string;
}

/** The state of every token that was ever issued. */
export interface TokenLedger {
  /** Starts a family. */
  issue(userId: number, options?: { refreshable?: boolean }): Pair;
  redeem(refreshToken: string): Redemption;
  /** The pair of a valid access token; otherwise the reason why it is refused. */
  look(accessToken: string | undefined): Pair | Refusal;
  /** Does the same, and counts as a use of the token. */
  authenticate(accessToken: string | undefined): Pair | Refusal;
  /** Expires one access token or all live ones. Returns their number, or undefined for an unknown token. */
  expire(accessToken?: string): number | undefined;
  /** Revokes one access token or all live ones. Returns their number, or undefined for an unknown token. */
  revoke(accessToken?: string): number | undefined;
  /** Revokes the pair of an access or refresh token. Returns the number of revoked pairs, or undefined for an unknown token. */
  revokeGrant(token: string): number | undefined;
  /**
   * Does the same at a client's request, which has no effect for an access token that no longer works. Returns the number of revoked pairs.
   */
  revokeToken(token: string): number;
  /**
   * Notes that the spent refresh token or code of this pair was presented again. With family revocation that revokes all pairs of the
   * family. Returns their number.
   */
  presentedAgain(pair: Pair): number;
  isLive(token: string): boolean;
  /** Whether an access token was ever issued here; asking does not count as a use. */
  isKnown(accessToken: string): boolean;
}

/** Creates an empty ledger. Tokens are looked up in a map, and their signatures are not verified. */
export function createTokenLedger(settings: LedgerSettings): TokenLedger {
  const { now, spentTokens, familyRevocation } = settings;
  const byAccessToken = new Map<string, Pair>();
  const byRefreshToken = new Map<string, Pair>();

  function add(userId: number, refreshable: boolean, parent?: Pair): Pair {
    const issuedAtMs = now();
    const expiresAtMs = issuedAtMs + settings.lifetimeMs;
    const pair: Pair = {
      userId,
      accessToken: settings.sign({ userId, issuedAtMs, expiresAtMs }),
      ...(refreshable && { refreshToken: randomBytes(32).toString('hex') }),
      issuedAtMs,
      expiresAtMs,
      replaced: false,
      refresh: 'usable',
      ...(parent && { parent }),
      family: parent?.family ?? new Set(),
    };
    pair.family.add(pair);
    byAccessToken.set(pair.accessToken, pair);
    if (pair.refreshToken !== undefined) byRefreshToken.set(pair.refreshToken, pair);
    return pair;
  }

  function refusalOf(pair: Pair): Refusal | undefined {
    if (pair.revokedAtMs !== undefined) return 'revoked';
    if (pair.replaced) return 'replaced';
    return now() >= pair.expiresAtMs ? 'expired' : undefined;
  }

  function retire(pair: Pair): void {
    pair.replaced = true;
    if (pair.refresh === 'usable') pair.refresh = 'spent';
    pair.family.delete(pair);
  }

  function kill(pair: Pair): number {
    if (!pair.family.delete(pair)) return 0;
    pair.revokedAtMs ??= now();
    if (pair.refresh === 'usable') pair.refresh = 'revoked';
    return 1;
  }

  /** In mode B, the first use of a pair retires all pairs of its family but itself and its descendants. */
  function settle(winner: Pair): void {
    for (const pair of winner.family) if (!descends(pair, winner)) retire(pair);
  }

  function strike(accessToken: string | undefined, end: (pair: Pair) => void): number | undefined {
    if (accessToken === undefined) {
      const live = [...byAccessToken.values()].filter((pair) => refusalOf(pair) === undefined);
      live.forEach(end);
      return live.length;
    }
    const pair = byAccessToken.get(accessToken);
    if (pair === undefined) return undefined;
    if (refusalOf(pair) !== undefined) return 0;
    end(pair);
    return 1;
  }

  function look(accessToken: string | undefined): Pair | Refusal {
    if (accessToken === undefined) return 'missing';
    const pair = byAccessToken.get(accessToken);
    return pair === undefined ? 'unknown' : (refusalOf(pair) ?? pair);
  }

  const presentedAgain = ({ family }: Pair) => (familyRevocation ? [...family].map(kill).length : 0);

  return {
    look,
    presentedAgain,
    issue: (userId, { refreshable = true } = {}) => add(userId, refreshable),
    redeem(refreshToken) {
      const replaced = byRefreshToken.get(refreshToken);
      if (replaced === undefined) return { kind: 'unknown' };
      if (replaced.refresh === 'revoked') return { kind: 'revoked' };
      if (replaced.refresh === 'spent') return { kind: 'spent', revoked: presentedAgain(replaced) };
      const pair = add(replaced.userId, true, replaced);
      if (spentTokens === 'A') retire(replaced);
      return { kind: 'issued', pair, replaced };
    },
    authenticate(accessToken) {
      const pair = look(accessToken);
      if (typeof pair !== 'string') settle(pair);
      return pair;
    },
    expire: (accessToken) => strike(accessToken, (pair) => void (pair.expiresAtMs = now())),
    revoke: (accessToken) => strike(accessToken, (pair) => void (pair.revokedAtMs = now())),
    revokeGrant(token) {
      const pair = byAccessToken.get(token) ?? byRefreshToken.get(token);
      return pair && kill(pair);
    },
    revokeToken(token) {
      const owner = byAccessToken.get(token);
      if (owner) return refusalOf(owner) === undefined ? kill(owner) : 0;
      const pair = byRefreshToken.get(token);
      return pair ? kill(pair) : 0;
    },
    isLive(token) {
      const pair = byAccessToken.get(token);
      return pair ? refusalOf(pair) === undefined : byRefreshToken.get(token)?.refresh === 'usable';
    },
    isKnown: (accessToken) => byAccessToken.has(accessToken),
  };
}

function descends(pair: Pair | undefined, ancestor: Pair): boolean {
  for (let at = pair; at; at = at.parent) if (at === ancestor) return true;
  return false;
}
