/**
 * The tokens of one account, in the shape of Procore's token endpoint, so that `load` can return what an application has already stored.
 * Source: Procore, "OAuth 2.0 Authorization Code Grant".
 */
export interface TokenSet {
  /** The access token, a bearer token. Procore issues JWTs, but an opaque token works too. */
  access_token: string;
  /** The refresh token. It can be redeemed once; the answer contains its successor. Absent for `client_credentials`. */
  refresh_token?: string | undefined;
  /** `Bearer`. */
  token_type?: string | undefined;
  /** The lifetime of the access token in seconds, from the moment when the server issued it. */
  expires_in?: number | undefined;
  /** When the server issued the token, in Unix seconds on the server's clock. */
  created_at?: number | undefined;
  /**
   * When the access token expires, in Unix seconds on this machine's clock. The package sets it on each save; in a loaded set, milliseconds
   * and ISO 8601 strings are understood too.
   */
  expires_at?: number | undefined;
  /** Other fields that the application keeps in the record. They are copied into every set that is saved. */
  [extra: string]: unknown;
}

/**
 * A token store. `load` and `save` are enough for a single process; several processes that share the tokens need `lock` as well.
 *
 * @example
 * const store: TokenStore = {
 *   load: (account) => rows.get(account),
 *   save: (tokens, account) => void rows.set(account, tokens),
 * };
 */
export interface TokenStore {
  /**
   * Returns the set that was saved last; null or undefined where the account has no tokens. A rejection means that the tokens could not be
   * read: no refresh token is redeemed until they can be.
   */
  load(account: string): TokenSet | null | undefined | Promise<TokenSet | null | undefined>;
  /**
   * Stores `tokens` durably before it resolves. `previous` is the set that the store is expected to hold. A store that can compare rejects
   * with {@link TokenStoreConflict} where it holds another set, or where somebody has deleted the row. Saves of one account never overlap.
   */
  save(tokens: TokenSet, account: string, previous: TokenSet | undefined): void | Promise<void>;
  /**
   * Mutual exclusion across processes: acquires the lock of the account, calls `critical`, releases the lock and settles as `critical` did.
   * `signal` aborts the wait for the lock. The signal `lost` that `critical` gets aborts when the lock is lost while it is held. A lock
   * that can store a text passes its `record` as well. A store with `lock` needs `lockMs` or `renewsLock`.
   */
  lock?:
    | (<T>(
        account: string,
        critical: (lost?: AbortSignal, record?: LockRecord) => Promise<T>,
        signal: AbortSignal,
      ) => Promise<T>)
    | undefined;
  /** Deletes the account's tokens. Called only by `revoke()`, and after the application's own revocation of these tokens. */
  remove?: ((account: string) => void | Promise<void>) | undefined;
  /**
   * True for a cache that evicts rows: a missing row is then written anew from memory. Otherwise a row that was there and is missing has
   * been deleted by somebody: it is not written again, and its account needs a new authorization.
   */
  rowsMayVanish?: boolean | undefined;
  /** The time after which the lock expires, in milliseconds; must exceed `renewal.totalMs`. */
  lockMs?: number | undefined;
  /** True for a lock that is held until `critical` has settled, because it renews itself or ends only with its process. */
  renewsLock?: boolean | undefined;
  /**
   * True for a store whose `load` always returns the last save of any process. The reads of a replica and DynamoDB's default reads may lag:
   * then a set that is read under the lock need not be the newest. So without this flag the store is read again for 1.75 s before a refresh
   * token is presented (3.75 s where the lock had to be waited for), and for 0.75 s before a loaded pair that may be older replaces the one
   * in memory.
   */
  readsAreFresh?: boolean | undefined;
  /**
   * Tells processes that share the store of a renewal that is about to begin. Without it a server that invalidates the old access token when
   * it is replaced answers calls that other processes have in flight with 401; they are then replayed with the new token.
   */
  notices?: RenewalNotices | undefined;
}

/**
 * How processes that share a store tell each other of renewals, on a server that invalidates the old access token. A notice that is lost, or
 * comes late, costs 401s in the process that has missed it and nothing else; so none of these functions needs to repeat anything.
 */
export interface RenewalNotices {
  /**
   * Tells everybody who listens, but for the listeners of this store object, that the access token of the account is about to be replaced.
   * Resolves with undefined where nobody listens, else as soon as they have been told. A rejection counts as if nobody listened. `signal`
   * aborts when the renewal does not wait for {@link Announcement.finished} any more.
   */
  announce(account: string, maxMs: number, signal: AbortSignal): Promise<Announcement | undefined>;
  /**
   * Calls `heard` with each notice of another store object, for as long as the function that it returns has not been called. What `heard`
   * returns resolves when the calls of this process have finished: that is to be told to whoever has announced. Must not keep the process
   * alive, and never throws.
   */
  listen(heard: (notice: RenewalNotice) => Promise<void>): () => void;
  /** Whether anybody listens now, this process included. A rejection counts as a no. */
  isHeard(): Promise<boolean>;
}

/** A renewal that others have been told of. */
export interface Announcement {
  /** Resolves when all who have been told have let their calls finish, and after about `maxMs` where some have not. */
  readonly finished: Promise<unknown>;
  /** Tells them that the renewal is over, whatever it has come to: the store has the new pair, or the old one is still in use. */
  over(): Promise<void>;
}

/** A notice of another process. */
export interface RenewalNotice {
  readonly account: string;
  /** Resolves when it is told that the renewal is over. It never need resolve, because the other process may have died. */
  readonly over: Promise<void>;
}

/** A store that can list its accounts. After a restart that shows whose a refresh token is, and whether there is only one user. */
export interface ListingStore extends TokenStore {
  accounts?(): Promise<readonly string[]>;
}

/** A text that is stored with a lock. It tells the next holder whether the last one died while it redeemed a refresh token. */
export interface LockRecord {
  /** The text that the last holder wrote and did not clear: it died, or lost the lock, while it redeemed a refresh token. */
  read(): Promise<string | undefined>;
  /**
   * Stores a short text without secrets, durably before it resolves: the fingerprint of a refresh token that is being redeemed, and how far
   * that has got. Undefined clears it. A holder that has lost the lock must not write: the call rejects.
   */
  write(text: string | undefined): Promise<void>;
  /**
   * Whether this holder still has the lock. It must ask the server or file system that keeps the lock, because this process may have been
   * stopped for longer than a lease lasts. Called right before each token request with a refresh token, which is sent only where it
   * resolves with true. Leave it out for a lock that cannot tell.
   */
  stands?: (() => Promise<boolean>) | undefined;
}

/**
 * The error of a `save` where the store holds another set than `previous`, or where the row was deleted. The package then loads the set and
 * decides again whether to save.
 */
export class TokenStoreConflict extends Error {
  override readonly name = 'TokenStoreConflict';
  /** The code is the same in all versions and copies of the package. */
  readonly code = 'ERR_PROCORE_TOKEN_STORE_CONFLICT';

  constructor(message = 'The token store holds another token set than the one that this save replaces.') {
    super(message);
  }
}

/** Recognises a conflict by its code and not by its class, so that a conflict of another copy of the package is recognised too. */
export function isTokenStoreConflict(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_PROCORE_TOKEN_STORE_CONFLICT'
  );
}
