import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import axios from 'axios';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAttach } from '../../../src/attach/attach.js';
import { resolveOptions } from '../../../src/options/checks.js';
import { systemEnv } from '../../../src/time/env.js';
import { storeContract } from '../../../src/store-contract/index.js';
import { encryptedTokenStore, type SealingKey } from '../../../src/store/encrypted.js';
import { memoryTokenStore } from '../../../src/store/memory.js';
import { TokenStoreConflict, type TokenSet, type TokenStore } from '../../../src/store/store.js';
import { readTokenSet } from '../../../src/token/pair/token-set.js';
import { startWithExpiredPair } from '../../support/expired-pair.js';

const newKey = (id: string): SealingKey => ({ id, key: randomBytes(32) });
const [keyA, keyB, keyC] = [newKey('a'), newKey('b'), newKey('c')] as const;
const tokens: TokenSet = {
  access_token: 'eyJ-secret-access-token',
  refresh_token: 'secret-refresh-token',
  token_type: 'Bearer',
  expires_in: 5400,
  created_at: 1_700_000_000,
  expires_at: 1_700_005_400,
  note: 'secret note',
};
const next: TokenSet = {
  ...tokens,
  access_token: 'next-secret-access',
  refresh_token: 'next-secret-refresh',
};
const none = new AbortController().signal;

/** A store that shows what it holds, and compares as it is told. */
function openTable(
  isConflict: (row: TokenSet, previous: TokenSet | undefined) => boolean = (row, previous) =>
    row.refresh_token !== previous?.refresh_token,
) {
  const rows = new Map<string, TokenSet>();
  const store: TokenStore = {
    load: (account) => structuredClone(rows.get(account)),
    async save(set, account, previous) {
      const row = rows.get(account);
      if (row && isConflict(row, previous)) throw new TokenStoreConflict();
      rows.set(account, structuredClone(set));
    },
  };
  return { rows, store };
}
const overwrites = () => false;

async function sealed(set: TokenSet = tokens, account = 'acme', key = keyA): Promise<TokenSet> {
  const { rows, store } = openTable();
  await encryptedTokenStore(store, { keys: [key] }).save(set, account, undefined);
  return rows.get(account)!;
}

describe('the contract of a store holds', () => {
  describe('over memory', () => {
    const inner = memoryTokenStore();
    for (const { name, run } of storeContract({ open: () => encryptedTokenStore(inner, { keys: [keyA] }) }))
      test(name, run);
  });

  describe('over a store that compares refresh tokens, while half of the processes know a new key first', () => {
    const { store } = openTable();
    let opened = 0;
    const open = () => encryptedTokenStore(store, { keys: opened++ % 2 ? [keyA, keyB] : [keyB, keyA] });
    for (const { name, run } of storeContract({ open })) test(name, run);
  });

  describe('over columns of text, without room for anything else', () => {
    const { rows, store } = openTable();
    const columns: TokenStore = {
      async load(account) {
        const row = rows.get(account);
        return row && { ...row, created_at: undefined, expires_at: new Date(0) as never };
      },
      save: ({ access_token, refresh_token, expires_at }, account, previous) =>
        store.save({ access_token, refresh_token, expires_at }, account, previous),
    };
    for (const { name, run } of storeContract({
      open: () => encryptedTokenStore(columns, { keys: [keyA] }),
    }))
      test(name, run);
  });

  describe('over another encrypted store', () => {
    const inner = encryptedTokenStore(openTable().store, { keys: [keyA] });
    for (const { name, run } of storeContract({ open: () => encryptedTokenStore(inner, { keys: [keyB] }) }))
      test(name, run);
  });
});

describe('what the inner store gets', () => {
  test('is shaped like a token set, with times in clear and no secret', async () => {
    const record = await sealed();
    expect(record).toEqual({
      access_token: expect.stringMatching(/^axios-procore:sealed 1 a [\w-]{100,}$/),
      refresh_token: expect.stringMatching(/^axios-procore:sealed 1 [\w-]{43}$/),
      token_type: 'Bearer',
      expires_in: 5400,
      created_at: 1_700_000_000,
      expires_at: 1_700_005_400,
    });
    expect(JSON.stringify(record)).not.toContain('secret');
    const { access_token: text } = record;
    const bytes = Buffer.from(text.split(' ')[3]!, 'base64url');
    // Nonce, text of the same length, tag.
    expect(bytes).toHaveLength(12 + JSON.stringify(tokens).length + 16);
    expect(bytes.toString('latin1')).not.toContain('secret');
  });

  test('has only the fields that the set has', async () => {
    expect(Object.keys(await sealed({ access_token: 'a' }))).toEqual(['access_token']);
    expect(Object.keys(await sealed({ access_token: 'a', refresh_token: '', expires_at: 5 }))).toEqual([
      'access_token',
      'expires_at',
    ]);
  });

  test('is never taken for a token set, should the wrapper be forgotten one day', async () => {
    expect(readTokenSet(await sealed())).toMatchObject({
      kind: 'garbage',
      what: 'an object whose access_token holds white space or characters that no token has',
    });
    const { refresh_token } = await sealed();
    expect(readTokenSet({ refresh_token })).toMatchObject({ kind: 'garbage' });
  });

  test('tells by the fingerprint whether a refresh token is the same, within one account and key', async () => {
    const print = async (set: TokenSet, account?: string, key?: SealingKey) =>
      (await sealed(set, account, key)).refresh_token;
    const one = await print(tokens);
    expect(await print({ ...next, refresh_token: tokens.refresh_token! })).toBe(one);
    const others = [await print(next), await print(tokens, 'other'), await print(tokens, 'acme', keyB)];
    expect(new Set([one, ...others]).size).toBe(4);
  });

  test('is sealed with a nonce of its own, 10,000 times', async () => {
    const nonces = new Set<string>();
    const store: TokenStore = {
      load: () => undefined,
      save: ({ access_token: text }) =>
        void nonces.add(Buffer.from(text.split(' ')[3]!, 'base64url').subarray(0, 12).toString('hex')),
    };
    const encrypted = encryptedTokenStore(store, { keys: [keyA] });
    for (let n = 0; n < 10_000; n++) await encrypted.save(tokens, 'acme', undefined);
    expect(nonces.size).toBe(10_000);
  });
});

describe('a record is refused, and stays, that', () => {
  const refusedBy = async (record: unknown, account = 'acme', keys: SealingKey[] = [keyA]) => {
    const { rows, store } = openTable(overwrites);
    rows.set(account, record as TokenSet);
    const encrypted = encryptedTokenStore(store, { keys });
    const failures = await Promise.allSettled([
      encrypted.load(account),
      encrypted.save(next, account, undefined),
      encrypted.save(next, account, tokens),
    ]);
    expect(rows.get(account)).toBe(record);
    const reasons = failures.map((failure) =>
      failure.status === 'rejected' ? (failure.reason as Error) : undefined,
    );
    expect(reasons.map((reason) => reason?.constructor)).toEqual([Error, Error, Error]);
    expect(new Set(reasons.map((reason) => reason?.message)).size).toBe(1);
    expect(inspect(reasons)).not.toContain('secret');
    return reasons[0]!.message;
  };
  const opens = async (record: TokenSet, account = 'acme', keys: SealingKey[] = [keyA]) => {
    const { rows, store } = openTable();
    rows.set(account, record);
    return encryptedTokenStore(store, { keys }).load(account);
  };
  const altered =
    'encryptedTokenStore: the record of account "acme" cannot be opened: it was altered, cut off or written for another account, or "a" is another key than it was.';

  test('was altered in any byte: of the nonce, the text or the tag', async () => {
    const record = await sealed();
    const [mark, version, id, payload] = record.access_token.split(' ') as [string, string, string, string];
    const bytes = Buffer.from(payload, 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      const other = Buffer.from(bytes);
      other[at]! ^= 1 << (at % 8);
      const text = [mark, version, id, other.toString('base64url')].join(' ');
      await expect(opens({ ...record, access_token: text })).rejects.toThrow(altered);
    }
    const other = Buffer.from(bytes);
    other[20]! ^= 1;
    const text = [mark, version, id, other.toString('base64url')].join(' ');
    expect(await refusedBy({ ...record, access_token: text })).toBe(altered);
  });

  test('was altered in any character of its text', async () => {
    const record = await sealed();
    const text = record.access_token;
    for (let at = 0; at < text.length; at++) {
      for (const character of ['A', 'B', '-', '=', ' ', '\n', '\0', 'é']) {
        if (text[at] === character) continue;
        const access = text.slice(0, at) + character + text.slice(at + 1);
        await expect(opens({ ...record, access_token: access })).rejects.toThrow('cannot be opened');
      }
    }
  });

  test.each([
    ['cut off', (text: string) => text.slice(0, 255)],
    ['cut off by one character', (text: string) => text.slice(0, -1)],
    ['empty', (text: string) => text.slice(0, text.lastIndexOf(' ') + 1)],
    ['too short for nonce and tag', (text: string) => text.slice(0, text.lastIndexOf(' ') + 30)],
    ['longer', (text: string) => `${text}A`],
    ['padded', (text: string) => `${text}=`],
    ['followed by a line break', (text: string) => `${text}\n`],
    ['followed by more', (text: string) => `${text} more`],
    ['of another version', (text: string) => text.replace(' 1 ', ' 2 ')],
    ['without a key', (text: string) => text.replace(' a ', '  ')],
  ])('is %s', async (_what, change) => {
    const record = await sealed();
    expect(await refusedBy({ ...record, access_token: change(record.access_token) })).toMatch(
      /^encryptedTokenStore: the record of account "acme" cannot be opened: it was altered/,
    );
  });

  test('belongs to another account', async () => {
    const record = await sealed(tokens, 'other');
    expect(await refusedBy(record)).toBe(altered);
    expect(await opens(record, 'other')).toEqual(tokens);
  });

  test('names a key that is not known', async () => {
    expect(await refusedBy(await sealed(), 'acme', [keyB, keyC])).toBe(
      'encryptedTokenStore: the record of account "acme" cannot be opened: it is sealed with the key "a", and keys has "b", "c" only.',
    );
  });

  test('is sealed with another key of the same name', async () => {
    expect(await refusedBy(await sealed(), 'acme', [newKey('a')])).toBe(altered);
  });

  test('says that another key has sealed it', async () => {
    const record = await sealed();
    const other = { ...record, access_token: record.access_token.replace(' a ', ' b ') };
    expect(await refusedBy(other, 'acme', [keyA, { ...keyA, id: 'b' }])).toContain('cannot be opened');
  });

  test.each<[string, unknown]>([
    ['plain', tokens],
    ['a JSON text', JSON.stringify(tokens)],
    ['without tokens', { id: 7 }],
    ['a list', [tokens]],
    ['a number', 5],
    ['a plain refresh token', { access_token: null, refresh_token: 'secret' }],
  ])('is %s', async (_what, record) => {
    expect(await refusedBy(record)).toBe(
      'encryptedTokenStore: the record of account "acme" cannot be opened: it is not encrypted (acceptPlain: true takes records from before there was encryption).',
    );
  });

  test('has an account whose name reads like a part of the message', async () => {
    expect(await refusedBy(tokens, 'a"b\nc')).toContain('account "a\\"b\\nc" cannot be opened');
  });
});

test('only the sealed text counts: not what stands beside it, nor whether it is a column of a prototype', async () => {
  const record = { ...(await sealed()), refresh_token: 'x', expires_at: 1, extra: true };
  const store: TokenStore = { load: () => Object.create(record) as TokenSet, save: () => undefined };
  expect(await encryptedTokenStore(store, { keys: [keyA] }).load('acme')).toEqual(tokens);
});

describe('rotation', () => {
  test('the first key seals, all of them open, and the next save seals anew', async () => {
    const { rows, store } = openTable();
    await encryptedTokenStore(store, { keys: [keyA] }).save(tokens, 'acme', undefined);
    const rotated = encryptedTokenStore(store, { keys: [keyB, keyA] });
    expect(await rotated.load('acme')).toEqual(tokens);
    expect(rows.get('acme')!.access_token).toContain(' 1 a ');
    await rotated.save(next, 'acme', tokens);
    expect(rows.get('acme')!.access_token).toContain(' 1 b ');
    expect(await encryptedTokenStore(store, { keys: [keyB] }).load('acme')).toEqual(next);
    await expect(encryptedTokenStore(store, { keys: [keyA] }).load('acme')).rejects.toThrow(
      'sealed with the key "b"',
    );
  });

  test.each<[string, (key: Buffer) => Uint8Array | string]>([
    ['a Buffer', (key) => key],
    ['a Uint8Array', (key) => new Uint8Array(key)],
    ['base64', (key) => key.toString('base64')],
    ['base64url', (key) => key.toString('base64url')],
    ['base64 as a file ends', (key) => `${key.toString('base64')}\n`],
  ])('a key may be %s', async (_what, form) => {
    const bytes = Buffer.from('fb'.repeat(32), 'hex');
    const record = await sealed(tokens, 'acme', { id: 'k', key: bytes });
    const { rows, store } = openTable();
    rows.set('acme', record);
    expect(await encryptedTokenStore(store, { keys: [{ id: 'k', key: form(bytes) }] }).load('acme')).toEqual(
      tokens,
    );
  });

  test('a key is copied: the bytes may be overwritten', async () => {
    const { store } = openTable();
    const bytes = randomBytes(32);
    const encrypted = encryptedTokenStore(store, { keys: [{ id: 'k', key: bytes }] });
    await encrypted.save(tokens, 'acme', undefined);
    bytes.fill(0);
    expect(await encrypted.load('acme')).toEqual(tokens);
  });
});

describe('a store that compares goes on comparing', () => {
  test.each<[string, Parameters<typeof openTable>[0]]>([
    ['refresh tokens', (row, previous) => row.refresh_token !== previous?.refresh_token],
    ['access tokens', (row, previous) => row.access_token !== previous?.access_token],
    ['whole records', (row, previous) => JSON.stringify(row) !== JSON.stringify(previous)],
  ])('%s', async (_what, isConflict) => {
    const { rows, store } = openTable(isConflict);
    const [one, two] = [[keyA], [keyB, keyA]].map((keys) => encryptedTokenStore(store, { keys })) as [
      TokenStore,
      TokenStore,
    ];
    await one.save(tokens, 'acme', undefined);
    // Another process, another key first, and it has not loaded before.
    await two.save(next, 'acme', { ...tokens });
    expect(await two.load('acme')).toEqual(next);
    const before = structuredClone(rows.get('acme'));
    for (const wrong of [tokens, { access_token: 'x', refresh_token: 'y' }, undefined])
      await expect(two.save({ ...next, note: 'wrong' }, 'acme', wrong)).rejects.toThrow(TokenStoreConflict);
    expect(rows.get('acme')).toEqual(before);
    await two.save(tokens, 'acme', next);
    expect(await two.load('acme')).toEqual(tokens);
  });

  test('sets without refresh tokens are told apart by their access tokens', async () => {
    const { store } = openTable((row, previous) => row.access_token !== previous?.access_token);
    const encrypted = encryptedTokenStore(store, { keys: [keyA] });
    await encrypted.save({ access_token: '1' }, 'acme', undefined);
    await encrypted.save({ access_token: '2' }, 'acme', { access_token: '1' });
    await expect(encrypted.save({ access_token: '3' }, 'acme', { access_token: '1' })).rejects.toThrow(
      TokenStoreConflict,
    );
  });

  test('though it was changed between the look at it and the save', async () => {
    const { rows, store } = openTable();
    const encrypted = encryptedTokenStore(store, { keys: [keyA] });
    await encrypted.save(tokens, 'acme', undefined);
    const racing = encryptedTokenStore(
      {
        ...store,
        async load(account) {
          const seen = await store.load(account);
          await encrypted.save(next, account, tokens);
          return seen;
        },
      },
      { keys: [keyA] },
    );
    await expect(racing.save({ access_token: 'x', refresh_token: 'y' }, 'acme', tokens)).rejects.toThrow(
      TokenStoreConflict,
    );
    expect(rows.size).toBe(1);
    expect(await encrypted.load('acme')).toEqual(next);
  });

  test('though what it reads lags behind', async () => {
    const { rows, store } = openTable();
    const encrypted = encryptedTokenStore(store, { keys: [keyA] });
    await encrypted.save(tokens, 'acme', undefined);
    const old = structuredClone(rows.get('acme'));
    await encrypted.save(next, 'acme', tokens);
    const lagging = encryptedTokenStore({ ...store, load: () => old }, { keys: [keyA] });
    await lagging.save({ access_token: 'x', refresh_token: 'y' }, 'acme', next);
    expect(await encrypted.load('acme')).toEqual({ access_token: 'x', refresh_token: 'y' });
  });

  test('gets the previous set where it holds none', async () => {
    const seen: (TokenSet | undefined)[] = [];
    const store: TokenStore = {
      load: () => null,
      save: (_set, _account, previous) => void seen.push(previous),
    };
    const encrypted = encryptedTokenStore(store, { keys: [keyA] });
    await encrypted.save(next, 'acme', undefined);
    await encrypted.save(next, 'acme', tokens);
    expect(seen).toEqual([
      undefined,
      expect.objectContaining({ refresh_token: (await sealed()).refresh_token }),
    ]);
  });
});

describe('acceptPlain', () => {
  test('takes a plain record as it is; the next save seals it, and nothing else does', async () => {
    const { rows, store } = openTable((row, previous) => JSON.stringify(row) !== JSON.stringify(previous));
    rows.set('acme', tokens);
    const encrypted = encryptedTokenStore(store, { keys: [keyA], acceptPlain: true });
    expect(await encrypted.load('acme')).toEqual(tokens);
    expect(rows.get('acme')).toEqual(tokens);
    await encrypted.save(next, 'acme', { ...tokens, expires_at: 5 });
    expect(JSON.stringify(rows.get('acme'))).not.toContain('secret');
    expect(await encryptedTokenStore(store, { keys: [keyA] }).load('acme')).toEqual(next);
  });

  test('still refuses what was sealed and altered', async () => {
    const { rows, store } = openTable();
    const record = await sealed();
    const encrypted = encryptedTokenStore(store, { keys: [keyA], acceptPlain: true });
    for (const text of [record.access_token.slice(0, 255), record.access_token.replace(' 1 ', ' 9 ')]) {
      rows.set('acme', { ...record, access_token: text });
      await expect(encrypted.load('acme')).rejects.toThrow('cannot be opened: it was altered');
    }
  });

  test('hands on what is no token set at all, for the plugin to say so', async () => {
    const { rows, store } = openTable();
    rows.set('acme', JSON.stringify(tokens) as never);
    const encrypted = encryptedTokenStore(store, { keys: [keyA], acceptPlain: true });
    expect(await encrypted.load('acme')).toBe(JSON.stringify(tokens));
  });

  test('is off by default', async () => {
    const { rows, store } = openTable();
    rows.set('acme', tokens);
    for (const acceptPlain of [undefined, false])
      await expect(encryptedTokenStore(store, { keys: [keyA], acceptPlain }).load('acme')).rejects.toThrow(
        'it is not encrypted',
      );
  });
});

describe('lock and remove', () => {
  test('are those of the store, called on it', async () => {
    class Table implements TokenStore {
      #rows = new Map<string, TokenSet>();
      #locked: string[] = [];
      lockMs = 120_000;
      load(account: string) {
        return this.#rows.get(account);
      }
      save(set: TokenSet, account: string) {
        this.#rows.set(account, set);
      }
      lock<T>(
        account: string,
        critical: Parameters<NonNullable<TokenStore['lock']>>[1],
        signal: AbortSignal,
      ) {
        expect(signal).toBe(none);
        this.#locked.push(account);
        const record = { read: async () => 'record', write: async () => undefined };
        return critical(AbortSignal.abort(), record) as Promise<T>;
      }
      remove(account: string) {
        this.#rows.delete(account);
      }
      get locked() {
        return this.#locked;
      }
    }
    const table = new Table();
    const encrypted = encryptedTokenStore(table, { keys: [keyA] });
    await encrypted.save(tokens, 'acme', undefined);
    const seen = await encrypted.lock!(
      'acme',
      async (lost, record) => [lost?.aborted, await record?.read()],
      none,
    );
    expect([seen, table.locked]).toEqual([[true, 'record'], ['acme']]);
    await encrypted.remove!('acme');
    expect(await encrypted.load('acme')).toBeUndefined();
    expect([encrypted.lockMs, 'renewsLock' in encrypted]).toEqual([120_000, false]);
  });

  test('are there only where the store has them', () => {
    const { store } = openTable();
    expect(Object.keys(encryptedTokenStore(store, { keys: [keyA] }))).toEqual(['load', 'save']);
    expect(Object.keys(encryptedTokenStore(memoryTokenStore(), { keys: [keyA] }))).toEqual([
      'load',
      'save',
      'lock',
      'remove',
      'renewsLock',
      'readsAreFresh',
    ]);
  });

  test.each(['lock', 'remove'] as const)(
    'a %s that is no function is passed on, so that attachProcore refuses it',
    (name) => {
      for (const wrong of [null, false, true, 'x', {}]) {
        const store = { ...openTable().store, [name]: wrong };
        const options = { clientId: 'id', clientSecret: 'secret' };
        expect(() =>
          resolveOptions({ ...options, store: encryptedTokenStore(store, { keys: [keyA] }) }),
        ).toThrow(new RegExp(`"store\\.${name}" is .* it takes a function`));
      }
    },
  );

  test('a record that cannot be opened can be removed', async () => {
    const inner = memoryTokenStore();
    await encryptedTokenStore(inner, { keys: [keyA] }).save(tokens, 'acme', undefined);
    const encrypted = encryptedTokenStore(inner, { keys: [keyB] });
    await encrypted.remove!('acme');
    await encrypted.save(next, 'acme', undefined);
    expect(await encrypted.load('acme')).toEqual(next);
  });
});

test('failures of the store come through as they are', async () => {
  const down = new Error('connection refused');
  const { store } = openTable();
  const broken: TokenStore = { load: () => Promise.reject(down), save: () => Promise.reject(down) };
  const encrypted = encryptedTokenStore(broken, { keys: [keyA] });
  await expect(encrypted.load('acme')).rejects.toBe(down);
  await expect(encrypted.save(tokens, 'acme', undefined)).rejects.toBe(down);
  const readOnly = encryptedTokenStore({ ...store, save: broken.save }, { keys: [keyA] });
  await expect(readOnly.save(tokens, 'acme', undefined)).rejects.toBe(down);
});

describe('in the plugin', () => {
  async function attach(keys: SealingKey[], inner: TokenStore) {
    const { emulator, expired: old } = await startWithExpiredPair();
    onTestFinished(() => emulator.close());
    const api = axios.create({ baseURL: emulator.url, proxy: false });
    const { clientId, clientSecret, environment } = emulator;
    const store = encryptedTokenStore(inner, { keys });
    const procore = createAttach(systemEnv, {})(api, {
      clientId,
      clientSecret,
      environment,
      store,
      companyId: 42,
      maxWaitMs: 300,
    });
    return { emulator, old, procore, store, me: () => api.get('/rest/v1.0/projects') };
  }

  test('tokens are renewed and kept, and the table never sees one', async () => {
    const { rows, store: table } = openTable();
    const { emulator, old, procore, store, me } = await attach([keyA], table);
    const first = { ...old, note: 'mine' };
    await store.save(first, 'default', undefined);
    expect((await me()).status).toBe(200);
    await procore.renew();
    expect(emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
    const held = (await store.load('default'))!;
    expect(held).toMatchObject({ note: 'mine', access_token: await procore.getAccessToken() });
    const printed = JSON.stringify([...rows]);
    for (const token of [first, held].flatMap((set) => [set.access_token, set.refresh_token!]))
      expect(printed).not.toContain(token);
  });

  test('with a key that is not the right one nothing is redeemed and nothing overwritten', async () => {
    const { rows, store: table } = openTable(overwrites);
    const { emulator, old, procore, me } = await attach([keyB], table);
    rows.set('default', await sealed(old, 'default', keyA));
    const before = structuredClone(rows.get('default'));
    await expect(me()).rejects.toMatchObject({
      code: 'ERR_PROCORE_TOKEN_STORE_FAILED',
      cause: { message: expect.stringContaining('it is sealed with the key "a", and keys has "b" only') },
    });
    const brought = emulator.issue();
    await expect(procore.setTokens(brought)).rejects.toMatchObject({
      code: 'ERR_PROCORE_TOKEN_STORE_FAILED',
    });
    expect(await procore.getAccessToken()).toBe(brought.access_token);
    expect(emulator.counters.exchanges).toBe(0);
    expect(rows.get('default')).toEqual(before);
    // The way out, where the key is lost.
    rows.delete('default');
    await procore.idle();
    expect(rows.get('default')!.access_token).toContain(' 1 b ');
  });
});

describe('options', () => {
  const secret = randomBytes(32).toString('base64');
  const good = { id: 'a', key: secret };
  test.each<[string, unknown, string]>([
    ['no options', undefined, '"options" is missing; it takes { keys }.'],
    [
      'no keys',
      {},
      '"keys" is missing; it takes a list of at least one { id, key }; the first seals, all of them open.',
    ],
    ['an empty list', { keys: [] }, '"keys" is an array; it takes a list of at least one'],
    ['a key instead of a list', { keys: secret }, '"keys" is a string of length 44; it takes a list'],
    ['an object instead of a list', { keys: { a: secret } }, '"keys" is an object; it takes a list'],
    [
      'a key instead of an entry',
      { keys: [secret] },
      '"keys[0]" is a string of length 44; it takes { id, key }.',
    ],
    ['null', { keys: [good, null] }, '"keys[1]" is null; it takes { id, key }.'],
    [
      'no id',
      { keys: [{ key: secret }] },
      '"keys[0].id" is missing; it takes 1 to 32 letters, digits, ".", "_" or "-".',
    ],
    ['an empty id', { keys: [{ ...good, id: '' }] }, '"keys[0].id" is an empty string; it takes'],
    [
      'an id with a space',
      { keys: [{ ...good, id: 'a b' }] },
      '"keys[0].id" is a string of length 3; it takes',
    ],
    [
      'id and key swapped',
      { keys: [{ id: secret, key: 'a' }] },
      '"keys[0].id" is a string of length 44; it takes',
    ],
    [
      'the same id twice',
      { keys: [good, { ...good }] },
      '"keys[1].id" is a string of length 1; it takes a name that no other key has.',
    ],
    [
      'no key',
      { keys: [{ id: 'a', key: undefined }] },
      '"keys[0].key" is missing; it takes 32 bytes, as a Buffer or as base64 text.',
    ],
    ['an empty key', { keys: [{ id: 'a', key: '' }] }, '"keys[0].key" is an empty string; it takes'],
    ['a number as key', { keys: [{ id: 'a', key: 40_417 }] }, '"keys[0].key" is a number; it takes'],
    [
      'a password',
      { keys: [{ id: 'a', key: 'correct horse battery staple 32!' }] },
      '"keys[0].key" is a string of length 32; it takes',
    ],
    [
      'a short key',
      { keys: [{ id: 'a', key: Buffer.from(secret).subarray(0, 31) }] },
      '"keys[0].key" is an object; it takes',
    ],
    [
      'a long key',
      { keys: [{ id: 'a', key: secret + secret }] },
      '"keys[0].key" is a string of length 88; it takes',
    ],
    [
      'bytes as numbers',
      { keys: [{ id: 'a', key: [...Buffer.from(secret, 'base64')] }] },
      '"keys[0].key" is an array; it takes',
    ],
    [
      'acceptPlain: "yes"',
      { keys: [good], acceptPlain: 'yes' },
      '"acceptPlain" is a string of length 3; it takes true or false.',
    ],
  ])('%s: a TypeError that shows no key', (_what, options, message) => {
    const attempt = () => encryptedTokenStore(memoryTokenStore(), options as never);
    expect(attempt).toThrow(TypeError);
    expect(attempt).toThrow(`encryptedTokenStore: option ${message}`);
    try {
      attempt();
    } catch (error) {
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret);
    }
  });

  test('a key as the name of an option is not shown', () => {
    const attempt = () => encryptedTokenStore(memoryTokenStore(), { keys: [good], [secret]: true });
    expect(attempt).toThrow(
      new TypeError(
        'encryptedTokenStore: option of 44 characters does not exist; known are keys, acceptPlain.',
      ),
    );
  });

  test.each([undefined, null, {}, { load: () => undefined }, 'postgres://secret'])(
    'a store that is none: %o',
    (store) => {
      expect(() => encryptedTokenStore(store as never, { keys: [good] })).toThrow(
        /^encryptedTokenStore: store takes a token store, an object with load and save\.( .*\.)?$/,
      );
    },
  );
});

test('the store shows neither keys nor tokens when it is printed', async () => {
  const key = randomBytes(32);
  const encrypted = encryptedTokenStore(openTable().store, { keys: [{ id: 'k', key }] });
  await encrypted.save(tokens, 'acme', undefined);
  const printed = inspect(encrypted, { depth: 9, showHidden: true }) + JSON.stringify(encrypted);
  for (const form of ['base64', 'base64url', 'hex', 'latin1'] as const)
    expect(printed).not.toContain(key.toString(form));
  expect(printed).not.toContain('secret');
});
