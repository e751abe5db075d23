/**
 * The tokens of one account in Procore's wire shape, so that what an application has stored for years is what `load` returns.
 * Source: Procore, "OAuth 2.0 Authorization Code Grant".
 */
export interface TokenSet {
  /** The bearer token (a JWT at Procore, but nothing depends on it). */
  access_token: string;
  /** Single use: redeemed once, then replaced by the one in the answer. Absent for `client_credentials`. */
  refresh_token?: string | undefined;
  token_type?: string | undefined;
  /** Seconds of life counted from the moment the server issued the answer. */
  expires_in?: number | undefined;
  /** Unix seconds on the server's clock. */
  created_at?: number | undefined;
  /** Unix seconds on this machine's clock; written by this package on save. On load milliseconds and ISO 8601 strings are understood too. */
  expires_at?: number | undefined;
  /** Whatever else the application keeps in the record; carried over into every set that is saved. */
  [extra: string]: unknown;
}

/**
 * Token store callbacks: `load` and `save` are enough for one process; `lock` makes a fleet safe.
 *
 * @example
 * const store: TokenStore = {
 *   load: (account) => rows.get(account),
 *   save: (tokens, account) => void rows.set(account, tokens),
 * };
 */
export interface TokenStore {
  /**
   * The set that was saved last, or nothing when the account has never been authorised.
   * A rejection means "could not be read": nothing is redeemed until it can.
   */
  load(account: string): TokenSet | null | undefined | Promise<TokenSet | null | undefined>;
  /**
   * Keeps `tokens` durably before it resolves. `previous` is the set that the store is believed to hold;
   * a store that can compare rejects with {@link TokenStoreConflict} when it holds another, or none any more: somebody has deleted the row.
   * Saves of one account never overlap.
   */
  save(tokens: TokenSet, account: string, previous: TokenSet | undefined): void | Promise<void>;
  /**
   * Mutual exclusion across processes: calls `critical` once it has the lock and settles after it.
   * `signal` aborts the wait for the lock; the signal handed to `critical` says that a lock was lost while it was held.
   * A lock that can remember something hands over its `record` as well. Needs `lockMs` or `renewsLock`.
   */
  lock?:
    | (<T>(
        account: string,
        critical: (lost?: AbortSignal, record?: LockRecord) => Promise<T>,
        signal: AbortSignal,
      ) => Promise<T>)
    | undefined;
  /** Forgets the account. Called by `revoke()`, and after the application's own revocation of the tokens that are held, only. */
  remove?: ((account: string) => void | Promise<void>) | undefined;
  /**
   * True for a cache that drops rows by itself: a row that is gone is then written anew from memory. Otherwise a row that was there and is
   * gone has been deleted by somebody, stays so, and its account needs a new authorisation.
   */
  rowsMayVanish?: boolean | undefined;
  /** How long the lock is held at the most, in milliseconds; must exceed `renewal.totalMs`. */
  lockMs?: number | undefined;
  /** True for a lock that stays held until `critical` is done: it renews itself, or dies with its holder only. */
  renewsLock?: boolean | undefined;
  /**
   * True for a store whose `load` always shows the last save, of every process. Where it is not, a lock proves that nobody else renews, and
   * not that what is read under it is the newest: a replica and DynamoDB's default read lag. So the store is read again for 1.75 s before a
   * token is presented, or 3.75 s where the lock was waited for, and for 0.75 s before a pair in hand gives way to one that may be older.
   */
  readsAreFresh?: boolean | undefined;
}

/** A store that can say whose tokens it holds: whose a refresh token is after a restart, and whether there is but one user. */
export interface ListingStore extends TokenStore {
  accounts?(): Promise<readonly string[]>;
}

/** What a lock remembers of its holder, for whoever holds it next: whether a refresh was under way when a process died. */
export interface LockRecord {
  /** What the last holder wrote and did not take back: it died, or lost the lock, while it redeemed a refresh token. */
  read(): Promise<string | undefined>;
  /**
   * A short text without secrets: the fingerprint of a refresh token that is being redeemed, and how far that came; undefined once
   * nothing is under way. Durable before it resolves. Belongs to the lock and is as good as it: a holder that has lost the lock writes
   * nothing.
   */
  write(text: string | undefined): Promise<void>;
  /**
   * Whether the lock is this holder's at this moment, as the place says that it lives in, and not what this process remembers: it may have
   * been stopped for longer than a lease lasts. Asked right before each presentation of a refresh token; for anything but true, and for a
   * rejection, nothing is presented. Leave it out for a lock that can't say.
   */
  stands?: (() => Promise<boolean>) | undefined;
}

/** What `save` may reject with when the store holds another set than `previous`, or none any more: the save is then decided anew after a load. */
export class TokenStoreConflict extends Error {
  override readonly name = 'TokenStoreConflict';
  /** Stable across versions and copies of the package. */
  readonly code = 'ERR_PROCORE_TOKEN_STORE_CONFLICT';

  constructor(message = 'The token store holds another token set than the one that this save replaces.') {
    super(message);
  }
}

/** Recognises a conflict by its code, so that two copies of the package understand each other. */
export function isTokenStoreConflict(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_PROCORE_TOKEN_STORE_CONFLICT'
  );
}
