import { nearest } from '../text/nearest.js';
import { storeHint } from './store-hint.js';
import { isOwnStore, markOwnStore } from './own.js';
import { createSealing, type SealingKey } from './sealing.js';
import type { ListingStore, TokenSet, TokenStore } from './store.js';

export type { SealingKey } from './sealing.js';

/** How tokens are encrypted. */
export interface EncryptedStoreOptions {
  /** The first one seals, all of them open: to rotate, put a new key before the old one. */
  keys: readonly SealingKey[];
  /**
   * Takes records that were stored before there was encryption as they are; the next save seals them.
   * Off again once all are sealed: who can write into the store could else put plain tokens there.
   * @default false
   */
  acceptPlain?: boolean | undefined;
}

/** In clear beside the sealed set, for columns that must not be empty and for people; never read. */
const inClear = ['token_type', 'expires_in', 'created_at', 'expires_at'] as const;
/** The mark of a memory store. */
const inMemory = Symbol.for('axios-procore.memory-store');
const optionNames: readonly (keyof EncryptedStoreOptions)[] = ['keys', 'acceptPlain'];

/**
 * Encrypts what `store` keeps: AES-256-GCM, a new nonce for each save, bound to the account. Lock and `remove` are those of `store`.
 *
 * `store` gets records in the shape of a token set: `access_token` is the whole set, sealed; `refresh_token`, where the set has one, a
 * keyed fingerprint, so that a store that compares with `previous` goes on comparing; and the times in clear. All that the set holds
 * must be what JSON can hold.
 *
 * `load` and `save` reject with an `Error` for a record that cannot be opened (an unknown key, an altered record, another account's, a
 * plain one): nothing is redeemed and nothing overwritten until it can be opened or has been removed.
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
    // By name, not by a spread: the columns of an ORM's record are on its prototype.
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
      // Read first: a record that cannot be opened is somebody's only pair of tokens, and stays.
      const record = await store.load(account);
      const held = open(record, account);
      // Each sealing is different. A store that compares gets the very record that it holds, whichever key sealed it; or else one that
      // is sure to differ.
      const replaces =
        previous && (record && held && isSame(held, previous) ? record : seal(previous, account));
      await store.save(seal(tokens, account), account, replaces);
    },
  };
  if (store.lock) encrypted.lock = (account, critical, signal) => store.lock!(account, critical, signal);
  if (store.remove) encrypted.remove = (account) => store.remove!(account);
  const { accounts } = store as ListingStore;
  // Internal, and no part of what a store shows.
  if (typeof accounts === 'function')
    Object.defineProperty(encrypted, 'accounts', { value: () => accounts.call(store) });
  if (store.rowsMayVanish !== undefined) encrypted.rowsMayVanish = store.rowsMayVanish;
  if (store.lockMs !== undefined) encrypted.lockMs = store.lockMs;
  if (store.renewsLock !== undefined) encrypted.renewsLock = store.renewsLock;
  if (store.readsAreFresh !== undefined) encrypted.readsAreFresh = store.readsAreFresh;
  // What ends with the process does so behind encryption too.
  if (inMemory in store) Object.defineProperty(encrypted, inMemory, { value: true });
  // Around a store of the application's it is as good as that one.
  return isOwnStore(store) ? markOwnStore(encrypted) : encrypted;
}

/** What tells one pair from another: the refresh token, or where there is none the access token. */
function isSame(a: TokenSet, b: TokenSet): boolean {
  return a.refresh_token || b.refresh_token
    ? a.refresh_token === b.refresh_token
    : a.access_token === b.access_token;
}

function checked(store: TokenStore, options: EncryptedStoreOptions): EncryptedStoreOptions {
  // Nothing of what was given is shown: a key in the wrong place is still a key.
  const wrong = (what: string) => new TypeError(`encryptedTokenStore: ${what}.`);
  if (typeof store?.load !== 'function' || typeof store.save !== 'function')
    throw wrong(
      ['store takes a token store, an object with load and save', storeHint(store)]
        .filter(Boolean)
        .join('. '),
    );
  if (typeof options !== 'object' || options === null) throw wrong('options takes { keys }');
  const unknown = Object.keys(options).find((name) => !(optionNames as readonly string[]).includes(name));
  if (unknown !== undefined) {
    const meant = nearest(unknown, optionNames);
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    throw wrong(`there is no such option; known are ${optionNames.join(', ')}${hint}`);
  }
  if (!['boolean', 'undefined'].includes(typeof options.acceptPlain))
    throw wrong('acceptPlain takes a boolean');
  return options;
}
