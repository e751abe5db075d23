/**
 * Encryption around any other store. `docs/stores.md` explains it.
 *
 * @module axios-procore/stores/encrypted
 */

import { wrongOptions, type Field } from '../text/fields.js';
import { storeHint } from './store-hint.js';
import { isOwnStore, lockNameOf, markOwnStore, nameLocks } from './own.js';
import { createSealing, keysField, type SealingKey } from './sealing.js';
import type { ListingStore, TokenSet, TokenStore } from './store.js';

export type { SealingKey } from './sealing.js';

/** How tokens are encrypted. */
export interface EncryptedStoreOptions {
  /** The first key encrypts; each of them can decrypt. To rotate, put a new key before the old ones. */
  keys: readonly SealingKey[];
  /**
   * Accepts records that were stored before encryption was introduced; their next save encrypts them. Switch it off once all records are
   * encrypted: otherwise somebody who can write to the store could put their own tokens there in plain text.
   * @default false
   */
  acceptPlain?: boolean | undefined;
}

/** Fields that are stored unencrypted beside the sealed set, for columns that must not be empty and for people. They are never read. */
const inClear = ['token_type', 'expires_in', 'created_at', 'expires_at'] as const;
/** The mark that `memoryTokenStore` puts on its stores. */
const inMemory = Symbol.for('axios-procore.memory-store');
const fields: Record<keyof EncryptedStoreOptions, Field> = {
  keys: keysField,
  acceptPlain: [(value) => typeof value === 'boolean', 'true or false'],
};

/**
 * Wraps `store` and encrypts the token sets in it with AES-256-GCM: with a new nonce for each save, and bound to the account. `lock` and
 * `remove` are those of `store`.
 *
 * `store` gets records in the shape of a token set. Their `access_token` is the whole set, encrypted; their `refresh_token`, where the set
 * has one, is a keyed fingerprint, so that a store that compares with `previous` still can; the times are unencrypted. The set may contain
 * only values that JSON can represent.
 *
 * `load` and `save` reject with an `Error` for a record that cannot be decrypted: its key is unknown, or it was altered, belongs to another
 * account or is plain text. No refresh token is redeemed and no record overwritten until it can be decrypted or has been removed.
 *
 * @throws TypeError for a wrong option; its message never shows a key.
 * @example
 * const store = encryptedTokenStore(tableStore, {
 *   keys: [{ id: '2025-06', key: process.env.TOKEN_KEY! }], // openssl rand -base64 32
 * });
 */
export function encryptedTokenStore(store: TokenStore, options: EncryptedStoreOptions): TokenStore {
  const { keys, acceptPlain } = checked(store, options);
  const sealing = createSealing(keys);

  function seal(tokens: TokenSet, account: string): TokenSet {
    const clear = inClear.filter((name) => tokens[name] !== undefined);
    return {
      access_token: sealing.seal(JSON.stringify(tokens), account),
      ...(tokens.refresh_token && { refresh_token: sealing.fingerprint(tokens.refresh_token, account) }),
      ...Object.fromEntries<unknown>(clear.map((name) => [name, tokens[name]])),
    };
  }

  function open(record: TokenSet | null | undefined, account: string): TokenSet | undefined {
    if (record === null || record === undefined) return undefined;
    // Read by name and not by a spread, because the columns of an ORM's record may be getters on its prototype.
    const opened = sealing.open(record.access_token, account);
    if (opened.kind === 'opened') return JSON.parse(opened.text) as TokenSet;
    if (opened.kind === 'plain' && acceptPlain) return record;
    const why =
      opened.kind === 'refused'
        ? opened.why
        : 'it is not encrypted (acceptPlain: true takes records from before there was encryption)';
    throw new Error(
      `encryptedTokenStore: the record of account ${JSON.stringify(account)} cannot be opened: ${why}.`,
    );
  }

  const encrypted: ListingStore = {
    async load(account) {
      return open(await store.load(account), account);
    },
    async save(tokens, account, previous) {
      // The record is opened before it is replaced. One that cannot be opened may be the only copy of a pair, and must not be overwritten.
      const record = await store.load(account);
      const held = open(record, account);
      // Sealing the same set twice gives different texts. So a store that compares gets, as `previous`, the record that it holds where that
      // contains the expected pair (whichever key sealed it), and otherwise a new sealing, which cannot be equal.
      const replaces =
        previous && (record && held && isSame(held, previous) ? record : seal(previous, account));
      await store.save(seal(tokens, account), account, replaces);
    },
  };
  const { lock, remove } = store;
  // What is no function is passed on as it is, so that attachProcore refuses it.
  if (lock !== undefined)
    encrypted.lock =
      typeof lock === 'function'
        ? (account, critical, signal) => store.lock!(account, critical, signal)
        : lock;
  if (remove !== undefined)
    encrypted.remove = typeof remove === 'function' ? (account) => store.remove!(account) : remove;
  nameLocks(encrypted, (account) => lockNameOf(store, account));
  const { accounts } = store as ListingStore;
  // `accounts` is not part of the public contract, so it is not enumerable.
  if (typeof accounts === 'function')
    Object.defineProperty(encrypted, 'accounts', { value: () => accounts.call(store) });
  if (store.rowsMayVanish !== undefined) encrypted.rowsMayVanish = store.rowsMayVanish;
  if (store.lockMs !== undefined) encrypted.lockMs = store.lockMs;
  if (store.renewsLock !== undefined) encrypted.renewsLock = store.renewsLock;
  if (store.readsAreFresh !== undefined) encrypted.readsAreFresh = store.readsAreFresh;
  if (store.notices !== undefined) encrypted.notices = store.notices;
  // An encrypted memory store is still a memory store: its tokens end with the process.
  if (inMemory in store) Object.defineProperty(encrypted, inMemory, { value: true });
  // The encryption of a store of this package counts as one of its own; around a store of the application it does not.
  return isOwnStore(store) ? markOwnStore(encrypted) : encrypted;
}

/** Whether two sets are the same pair: compares the refresh tokens, or the access tokens where neither set has a refresh token. */
function isSame(a: TokenSet, b: TokenSet): boolean {
  return a.refresh_token || b.refresh_token
    ? a.refresh_token === b.refresh_token
    : a.access_token === b.access_token;
}

function checked(store: TokenStore, options: EncryptedStoreOptions): EncryptedStoreOptions {
  if (typeof store?.load !== 'function' || typeof store.save !== 'function')
    throw new TypeError(
      `${['encryptedTokenStore: store takes a token store, an object with load and save', storeHint(store)]
        .filter(Boolean)
        .join('. ')}.`,
    );
  const table = { known: fields, needed: ['keys'] };
  const wrong = wrongOptions('encryptedTokenStore', options, '{ keys }', table);
  if (wrong !== undefined) throw new TypeError(wrong);
  return options;
}
