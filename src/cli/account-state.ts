import type { ListingStore, TokenSet } from '../store/store.js';
import { shortFingerprint } from '../token/pair/fingerprint.js';
import { freshnessOf } from '../token/pair/freshness.js';
import { holdLoaded, localExpiryMs, readTokenSet } from '../token/pair/token-set.js';
import type { Io } from './io.js';
import type { Opened } from './opened.js';
import { unlessInterrupted } from './waits.js';

/** What the store holds of an account, without any token. */
export interface AccountState {
  readonly account: string;
  /** `missing`: nothing is held. `expired`: the next call renews the token. `aging`: it works, and is about to be renewed. */
  readonly state: 'missing' | 'fresh' | 'aging' | 'expired' | 'unreadable';
  /** The user, where the access token is a JWT. */
  readonly user?: string;
  /** First 8 hex digits of the SHA-256 of the token. */
  readonly accessToken?: string;
  readonly refreshToken?: string;
  readonly expiresAt?: Date;
}

const scales = { serverOffsetMs: 0 };

/** Describes what a store has loaded. */
export function stateOf(account: string, loaded: unknown, nowMs: number): AccountState {
  const read = readTokenSet(loaded);
  if (read.kind === 'none') return { account, state: 'missing' };
  if (read.kind === 'garbage') return { account, state: 'unreadable' };
  const held = holdLoaded(read.set, { aheadMs: undefined, draw: 0 });
  const expiresAtMs = localExpiryMs(held, scales);
  return {
    account,
    state: freshnessOf(held, nowMs, scales),
    ...(held.subject === undefined ? {} : { user: held.subject }),
    ...(held.accessToken === undefined ? {} : { accessToken: shortFingerprint(held.accessToken) }),
    ...(held.refreshToken === undefined ? {} : { refreshToken: shortFingerprint(held.refreshToken) }),
    ...(expiresAtMs === undefined ? {} : { expiresAt: new Date(expiresAtMs) }),
  };
}

/** The accounts that the store lists, the named or own one first. Ctrl-C ends the wait for the store. */
export async function accountsOf(
  io: Io,
  { store, ownAccount }: Opened,
  named: string | undefined,
): Promise<string[]> {
  if (named !== undefined) return [named];
  const listed = async () => (await (store as ListingStore).accounts?.()) ?? [];
  const others = await unlessInterrupted(io, listed());
  return [...new Set([ownAccount, ...others])];
}

/** The tokens of an account, as the store holds them. Ctrl-C ends the wait for the store. */
export function tokensOf(io: Io, { store }: Opened, account: string): Promise<TokenSet | undefined> {
  const load = async () => (await store.load(account)) ?? undefined;
  return unlessInterrupted(io, load());
}
