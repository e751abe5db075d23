import { describe, expect, test } from 'vitest';
import { encryptedTokenStore } from '../../../src/store/encrypted.js';
import { isMemoryTokenStore, memoryTokenStore } from '../../../src/store/memory.js';
import { isTokenStoreConflict, TokenStoreConflict, type TokenSet } from '../../../src/store/store.js';
import { settled } from '../../support/manual-env.js';

const tokens: TokenSet = { access_token: 'a1', refresh_token: 'r1' };
const { signal } = new AbortController();

describe('tokens in memory', () => {
  test('are none before the first save', async () => {
    expect(await memoryTokenStore().load('acme')).toBeUndefined();
  });

  test('are kept by account', async () => {
    const store = memoryTokenStore();
    await store.save({ access_token: 'a' }, 'one', undefined);
    await store.save({ access_token: 'b' }, 'two', undefined);
    expect(await store.load('one')).toEqual({ access_token: 'a' });
    expect(await store.load('two')).toEqual({ access_token: 'b' });
    await store.remove!('one');
    expect(await store.load('one')).toBeUndefined();
    expect(await store.load('two')).toEqual({ access_token: 'b' });
  });

  test('that were removed are not brought back by a save that was to replace them', async () => {
    const store = memoryTokenStore(tokens);
    await store.remove!('acme');
    const save = async () => store.save({ access_token: 'a2', refresh_token: 'r2' }, 'acme', tokens);
    await expect(save()).rejects.toThrow(TokenStoreConflict);
    expect(await store.load('acme')).toBeUndefined();
    await store.save(tokens, 'acme', undefined);
    expect(await store.load('acme')).toEqual(tokens);
  });

  test('are copies, in and out', async () => {
    const initial = { ...tokens };
    const store = memoryTokenStore(initial);
    initial.access_token = 'changed';
    const loaded = (await store.load('acme'))!;
    expect(loaded).toEqual(tokens);
    loaded.access_token = 'changed';
    expect(await store.load('acme')).toEqual(tokens);
    const saved = { ...tokens };
    await store.save(saved, 'acme', undefined);
    saved.access_token = 'changed';
    expect(await store.load('acme')).toEqual(tokens);
  });

  test('given at the start belong to the account that comes first, and to no other', async () => {
    const store = memoryTokenStore(tokens);
    expect(await store.load('acme')).toEqual(tokens);
    expect(await store.load('other')).toBeUndefined();
    expect(await store.load('acme')).toEqual(tokens);
  });

  test('given at the start never turn up as those of another account, though the first one saves before it loads', async () => {
    const store = memoryTokenStore(tokens);
    await store.save({ access_token: 'new' }, 'acme', undefined);
    expect(await store.load('other')).toBeUndefined();
    expect(await store.load('acme')).toEqual({ access_token: 'new' });
  });

  test('given at the start are gone after they were removed', async () => {
    const store = memoryTokenStore(tokens);
    await store.remove!('acme');
    expect(await store.load('acme')).toBeUndefined();
    expect(await store.load('other')).toBeUndefined();
  });

  test('given to one store are not in another', async () => {
    expect(await memoryTokenStore(tokens).load('acme')).toEqual(tokens);
    expect(await memoryTokenStore().load('acme')).toBeUndefined();
  });
});

describe('the lock of a memory store', () => {
  test('lets one in at a time, in order, by account', async () => {
    const store = memoryTokenStore();
    const log: string[] = [];
    const ends: (() => void)[] = [];
    const enter = (account: string, name: string) =>
      store.lock!(
        account,
        async () => {
          log.push(`+${name}`);
          await new Promise<void>((resolve) => ends.push(resolve));
          log.push(`-${name}`);
          return name;
        },
        signal,
      );
    const runs = [enter('one', 'a'), enter('one', 'b'), enter('two', 'c')];
    await settled();
    expect(log).toEqual(['+a', '+c']);
    ends[0]!();
    await settled();
    expect(log).toEqual(['+a', '+c', '-a', '+b']);
    ends[1]!();
    ends[2]!();
    expect(await Promise.all(runs)).toEqual(['a', 'b', 'c']);
  });

  test('is free again after a section that failed', async () => {
    const store = memoryTokenStore();
    await expect(store.lock!('a', () => Promise.reject(new Error('x')), signal)).rejects.toThrow('x');
    expect(await store.lock!('a', async () => 5, signal)).toBe(5);
  });

  test('says that it stays held: attach accepts it', () => {
    expect(memoryTokenStore().renewsLock).toBe(true);
  });
});

describe('a conflict', () => {
  test('is known by its code, whichever copy of the package raised it', () => {
    expect(isTokenStoreConflict(new TokenStoreConflict())).toBe(true);
    expect(isTokenStoreConflict({ code: 'ERR_PROCORE_TOKEN_STORE_CONFLICT' })).toBe(true);
  });

  test.each([undefined, null, 'ERR_PROCORE_TOKEN_STORE_CONFLICT', new Error('x'), { code: 'x' }, {}])(
    'is not %o',
    (error) => {
      expect(isTokenStoreConflict(error)).toBe(false);
    },
  );

  test('is an error with a name and a message', () => {
    expect(new TokenStoreConflict()).toMatchObject({
      name: 'TokenStoreConflict',
      code: 'ERR_PROCORE_TOKEN_STORE_CONFLICT',
      message: expect.stringContaining('another token set'),
    });
    expect(new TokenStoreConflict('mine').message).toBe('mine');
  });
});

test('a memory store is known as one, also behind encryption, and a store of the application’s own is not', () => {
  const options = { keys: [{ id: '1', key: Buffer.alloc(32, 7).toString('base64') }] };
  const own = { load: () => undefined, save: () => undefined };
  expect(isMemoryTokenStore(memoryTokenStore())).toBe(true);
  expect(isMemoryTokenStore(encryptedTokenStore(memoryTokenStore(), options))).toBe(true);
  expect(isMemoryTokenStore(encryptedTokenStore(own, options))).toBe(false);
});
