import { describe, expect, test } from 'vitest';
import { TokenStoreConflict, type TokenSet, type TokenStore } from '../../../../src/store/store.js';
import { createKeeper, type Keeper } from '../../../../src/token/loading/keeper.js';
import { unknownRow } from '../../../../src/token/loading/store-row.js';
import { createManualEnv, settled, type ManualEnv } from '../../../support/manual-env.js';

const tokens: TokenSet = { access_token: 'a', refresh_token: 'r' };

/** A keeper of the account `acme`, of which nothing is known yet. */
function keeperOf(store: TokenStore, env: ManualEnv, storeTimeoutMs: number): Keeper {
  return createKeeper({
    store,
    account: 'acme',
    env,
    storeTimeoutMs,
    saves: new Map(),
    row: unknownRow(),
    held: [],
  });
}

function setUp(store: { load?: unknown; save?: unknown }) {
  const env = createManualEnv();
  const whole = { load: () => null, save: () => {}, ...store } as TokenStore;
  return { env, keeper: keeperOf(whole, env, 5_000) };
}

/** A store whose saves end when the test says so. */
function slowStore() {
  const log: string[] = [];
  const ends: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  let inside = 0;
  let most = 0;
  const save = async (set: TokenSet) => {
    log.push(set.access_token);
    most = Math.max(most, ++inside);
    await new Promise<void>((resolve, reject) => ends.push({ resolve, reject })).finally(() => inside--);
  };
  return { save, log, ends, most: () => most };
}
const set = (name: string): TokenSet => ({ access_token: name });

describe('a load', () => {
  test.each([undefined, null])('of %s finds no tokens', async (value) => {
    const { keeper } = setUp({ load: () => value });
    expect(await keeper.load()).toEqual({ kind: 'loaded', set: undefined });
  });

  test('reads what came once: a getter in it that throws later stops nothing', async () => {
    let reads = 0;
    const extra = {
      get region() {
        if (++reads > 1) throw new Error('detached record');
        return 'us';
      },
    };
    const { keeper } = setUp({ load: () => ({ ...tokens, extra }) });
    expect(await keeper.load()).toEqual({ kind: 'loaded', set: { ...tokens, extra: { region: 'us' } } });
  });

  test('asks for the account, on the store', async () => {
    const seen: unknown[] = [];
    const store = {
      load(this: unknown, ...args: unknown[]) {
        seen.push(this, ...args);
        return Promise.resolve(tokens);
      },
      save() {},
    };
    expect(await keeperOf(store as TokenStore, createManualEnv(), 5).load()).toEqual({
      kind: 'loaded',
      set: tokens,
    });
    expect(seen).toEqual([store, 'acme']);
  });

  test('gives a copy, not the object of the application', async () => {
    const own = { ...tokens };
    const { keeper } = setUp({ load: () => own });
    const loaded = await keeper.load();
    own.access_token = 'changed';
    expect(loaded).toEqual({ kind: 'loaded', set: tokens });
  });

  test.each<[string, () => unknown, unknown, string]>([
    ['rejects', () => Promise.reject(new Error('down')), new Error('down'), '(Error): down'],
    [
      'throws',
      () => {
        throw new Error('down');
      },
      new Error('down'),
      '(Error): down',
    ],
    [
      'rejects with what failed below',
      () => Promise.reject(new Error('a row', { cause: { code: 'EACCES' } })),
      new Error('a row', { cause: { code: 'EACCES' } }),
      '(EACCES): a row',
    ],
    ['rejects with nothing', () => Promise.reject(undefined), undefined, '(undefined)'],
  ])('that %s has failed, with its cause', async (_what, load, cause, word) => {
    const { keeper, env } = setUp({ load });
    expect(await keeper.load()).toEqual({
      kind: 'failed',
      why: `store.load() failed ${word}`,
      cause,
      garbage: false,
    });
    expect(env.sleeping).toBe(0);
  });

  test('that hangs has failed after its bound; the next one asks anew', async () => {
    let calls = 0;
    const { keeper, env } = setUp({ load: () => (calls++ === 0 ? new Promise(() => {}) : tokens) });
    const hanging = keeper.load();
    await env.advance(4_999);
    expect(env.sleeping).toBe(1);
    await env.advance(1);
    expect(await hanging).toEqual({
      kind: 'failed',
      why: 'store.load() gave no answer in 5000 ms',
      garbage: false,
    });
    expect(await keeper.load()).toEqual({ kind: 'loaded', set: tokens });
    expect(env.sleeping).toBe(0);
  });

  test.each([
    [''],
    ['{}'],
    [5],
    [true],
    [[]],
    [{}],
    [{ access_token: 'very secret' }],
    [{ access_token: 5 }],
  ])('of garbage says what it got and what it takes (%o)', async (value) => {
    const { keeper } = setUp({ load: () => value });
    const loaded = await keeper.load();
    expect(loaded).toMatchObject({ kind: 'failed', garbage: true });
    const { why } = loaded as { why: string };
    expect(why).toMatch(/^store\.load\(\) returned an? .*; it takes a token set/);
    expect(why).not.toContain('secret');
  });
});

describe('a save', () => {
  test('hands over the set, the account and what it replaces, as copies', async () => {
    const seen: unknown[][] = [];
    const { keeper } = setUp({
      save: (...args: TokenSet[]) => {
        seen.push(structuredClone(args));
        for (const arg of args) if (typeof arg === 'object') arg.access_token = 'spoilt';
      },
    });
    const [own, previous] = [{ ...tokens }, { access_token: 'old' }];
    expect(await keeper.save(own, previous)).toEqual({ kind: 'saved' });
    expect(await keeper.save(own, undefined)).toEqual({ kind: 'saved' });
    expect(seen).toEqual([
      [tokens, 'acme', { access_token: 'old' }],
      [tokens, 'acme', undefined],
    ]);
    expect([own, previous]).toEqual([tokens, { access_token: 'old' }]);
  });

  test.each<[string, () => unknown]>([
    ['rejects', () => Promise.reject(new Error('full'))],
    [
      'throws',
      () => {
        throw new Error('full');
      },
    ],
  ])('that %s has failed, with its cause', async (_what, save) => {
    const { keeper } = setUp({ save });
    expect(await keeper.save(tokens, undefined)).toEqual({
      kind: 'failed',
      why: 'store.save() failed (Error): full',
      cause: new Error('full'),
    });
  });

  test.each([
    ['its own class', new TokenStoreConflict()],
    ['that of another copy of the package', { code: 'ERR_PROCORE_TOKEN_STORE_CONFLICT' }],
  ])('that rejects with a conflict of %s is a conflict', async (_what, error) => {
    const { keeper } = setUp({ save: () => Promise.reject(error) });
    expect(await keeper.save(tokens, undefined)).toEqual({ kind: 'conflict' });
  });

  test.each([new Error('TokenStoreConflict'), { code: 'CONFLICT' }, null, 'conflict'])(
    'that rejects with anything else is a failure (%o)',
    async (error) => {
      const { keeper } = setUp({ save: () => Promise.reject(error) });
      expect(await keeper.save(tokens, undefined)).toMatchObject({ kind: 'failed', cause: error });
    },
  );

  test('that hangs has failed after its bound', async () => {
    const { keeper, env } = setUp({ save: () => new Promise(() => {}) });
    const hanging = keeper.save(tokens, undefined);
    await env.advance(5_000);
    expect(await hanging).toEqual({ kind: 'failed', why: 'store.save() gave no answer in 5000 ms' });
    // It may still land: later saves keep away from it for a while.
    expect(env.pending).toEqual([5 * 60_000]);
  });
});

test('a save that hung, and lands while the pair is saved once more, is no failure of that', async () => {
  const store = slowStore();
  const { keeper, env } = setUp(store);
  const hanging = keeper.save(tokens, undefined);
  await env.advance(5_000);
  expect(await hanging).toMatchObject({ kind: 'failed' });
  await env.advance(5 * 60_000);
  const again = keeper.save(tokens, undefined);
  await settled();
  for (const { resolve } of store.ends) {
    resolve();
    await settled();
  }
  expect(await again).toEqual({ kind: 'saved' });
});

describe('saves never overlap', () => {
  test('though they are asked for at once', async () => {
    const store = slowStore();
    const { keeper } = setUp(store);
    const saves = ['a', 'b', 'c', 'd'].map((name) => keeper.save(set(name), undefined));
    for (let n = 0; n < 4; n++) {
      await settled();
      expect(store.log).toHaveLength(n + 1);
      store.ends[n]!.resolve();
    }
    expect(await Promise.all(saves)).toEqual(Array(4).fill({ kind: 'saved' }));
    expect(store.log).toEqual(['a', 'b', 'c', 'd']);
    expect(store.most()).toBe(1);
  });

  test('though one hangs: those behind fail within their bound without having begun', async () => {
    const store = slowStore();
    const { keeper, env } = setUp(store);
    const saves = ['a', 'b', 'c'].map((name) => keeper.save(set(name), undefined));
    await env.advance(5_000);
    expect(await Promise.all(saves)).toEqual([
      { kind: 'failed', why: 'store.save() gave no answer in 5000 ms' },
      { kind: 'failed', why: 'an earlier store.save() has not settled yet' },
      { kind: 'failed', why: 'an earlier store.save() has not settled yet' },
    ]);
    const later = keeper.save(set('d'), undefined);
    await env.advance(5_000);
    expect(await later).toMatchObject({ kind: 'failed' });
    expect(store.log).toEqual(['a']);
    expect(env.pending).toEqual([5 * 60_000 - 5_000]);
  });

  test('though two are slow: who waits for both fails within one bound', async () => {
    const store = slowStore();
    const { keeper, env } = setUp(store);
    const [first, second, third] = ['a', 'b', 'c'].map((name) => keeper.save(set(name), undefined));
    await env.advance(4_000);
    store.ends[0]!.resolve();
    await env.advance(1_000);
    expect(await third).toEqual({ kind: 'failed', why: 'an earlier store.save() has not settled yet' });
    store.ends[1]!.resolve();
    expect(await Promise.all([first, second])).toEqual([{ kind: 'saved' }, { kind: 'saved' }]);
    expect(store.log).toEqual(['a', 'b']);
  });

  test.each(['resolves', 'rejects'])('and go on when the one that hung %s', async (how) => {
    const store = slowStore();
    const { keeper, env } = setUp(store);
    const hung = keeper.save(set('a'), undefined);
    await env.advance(5_000);
    await hung;
    const next = keeper.save(set('b'), undefined);
    await env.advance(1_000);
    expect(store.log).toEqual(['a']);
    if (how === 'resolves') store.ends[0]!.resolve();
    else store.ends[0]!.reject(new Error('late'));
    await settled();
    expect(store.log).toEqual(['a', 'b']);
    store.ends[1]!.resolve();
    expect(await next).toEqual({ kind: 'saved' });
    expect(store.most()).toBe(1);
  });
});

describe('a store without a place for the fields that the package adds', () => {
  const added = {
    authorization_line: { pair: 'x', id: 'y', replaced: [] },
    issued_by: ['https://login.procore.com', 'x'],
    replaced_access_tokens: ['x', 'y'],
  };
  const whole: TokenSet = { ...tokens, expires_in: 5_400, note: 'mine', ...added };
  const plain: TokenSet = { ...tokens, expires_in: 5_400, note: 'mine' };

  test.each<[string, (name: string) => Error]>([
    ['names the column that a table lacks', (name) => new Error(`no column named "${name}"`)],
    // As node-redis does for the fields of a hash.
    ['takes texts and numbers only', () => new TypeError('"arguments[5]" must be of type "string | Buffer"')],
  ])('that %s gets the set without them, at once and from then on', async (_, refusal) => {
    const asked: TokenSet[] = [];
    const { keeper } = setUp({
      save(set: TokenSet) {
        asked.push(set);
        const name = Object.keys(set).find((one) => one in added);
        if (name !== undefined) throw refusal(name);
      },
    });
    expect(await keeper.save(whole, undefined)).toEqual({ kind: 'saved' });
    expect(await keeper.save(whole, plain)).toEqual({ kind: 'saved' });
    expect(asked).toEqual([whole, plain, plain]);
  });

  test('is not asked twice for an error that speaks of something else, or is no refusal of a value', async () => {
    for (const error of [
      new Error('down'),
      new TypeError('fetch failed', { cause: new Error('reset') }),
      new TokenStoreConflict('not of authorization_line'),
    ]) {
      let asked = 0;
      const { keeper } = setUp({
        save() {
          asked++;
          throw error;
        },
      });
      expect((await keeper.save(whole, undefined)).kind).not.toBe('saved');
      expect(asked).toBe(1);
    }
  });

  test('and refuses them only after the save was given up never gets that set over a later one', async () => {
    const store = slowStore();
    const { keeper, env } = setUp(store);
    const hung = keeper.save({ ...set('a'), ...added }, undefined);
    await env.advance(5_000);
    expect((await hung).kind).toBe('failed');
    await env.advance(5 * 60_000);
    const later = keeper.save({ ...set('b'), ...added }, undefined);
    await settled();
    store.ends[1]!.resolve();
    expect(await later).toEqual({ kind: 'saved' });
    store.ends[0]!.reject(new Error('no column named "authorization_line"'));
    await settled();
    expect(store.log).toEqual(['a', 'b']);
  });

  test('is asked once for a set that has none of them', async () => {
    let asked = 0;
    const { keeper } = setUp({
      save() {
        asked++;
        throw new TypeError('no');
      },
    });
    expect((await keeper.save(plain, undefined)).kind).toBe('failed');
    expect(asked).toBe(1);
  });
});
