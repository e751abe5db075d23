import { expect, test } from 'vitest';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { issuerField } from '../../src/token/pair/issuer.js';
import { historyFields } from '../../src/token/pair/token-history.js';
import { createHarness, type Harness } from '../support/harness.js';

const me = '/rest/v1.0/me';

/** A store object of its own over a table with a row for each account, as one attach of several in a process has it. */
function storeOver(rows: Map<string, TokenSet>, rowOf = (account: string) => account) {
  const wrong = { row: undefined as string | undefined };
  const saved: TokenSet[] = [];
  const store: TokenStore = {
    load: (account) => rows.get(wrong.row ?? rowOf(account)),
    save(tokens, account) {
      saved.push(tokens);
      rows.set(rowOf(account), tokens);
    },
  };
  return { store, saved, wrong };
}

type Attached = ReturnType<Harness['attach']>;
const userOf = async (h: Harness, { instance }: Attached) => (await h.env.drive(instance.get(me))).data.id;
const offences = ({ told }: Harness) => told.filter(({ detail }) => detail['code'] === 'store-contract');

/** The accounts a and b, of users 1 and 2, each by a store object of its own. */
async function createScene(how: 'attach' | 'attachCopy' = 'attach') {
  const h = await createHarness({ authorized: false });
  const rows = new Map<string, TokenSet>(
    ['a', 'b'].map((name, n) => [name, h.emulator.issue({ userId: n + 1 })] as const),
  );
  const [ofA, ofB] = [storeOver(rows), storeOver(rows)];
  const a = h.attach({ account: 'a', store: ofA.store });
  const b = h[how]({ account: 'b', store: ofB.store });
  return { h, rows, a, b, ofA, ofB };
}

test.each(['attach', 'attachCopy'] as const)(
  'tokens that an account of another store of the process holds are refused for as long as they come: %s',
  async (how) => {
    const { h, rows, a, b, ofA } = await createScene(how);
    await using _ = h as Harness & AsyncDisposable;
    expect([await userOf(h, a), await userOf(h, b)]).toEqual([1, 2]);
    ofA.wrong.row = 'b';
    for (let times = 0; times < 2; times++)
      await expect(h.env.drive(a.procore.renew())).rejects.toMatchObject({
        code: 'ERR_PROCORE_TOKEN_STORE_FAILED',
        message: expect.stringContaining('the tokens that account "b" of another store holds'),
      });
    expect(await userOf(h, a)).toBe(1);
    expect(offences(h)).toHaveLength(1);
    expect(ofA.saved).toEqual([]);
    // Also once the token has ended: rather no call than one as somebody else.
    h.env.jump(5_400_000);
    await h.env.drive(b.procore.renew());
    await expect(h.env.drive(a.instance.get(me))).rejects.toMatchObject({
      code: 'ERR_PROCORE_TOKEN_STORE_FAILED',
    });
    ofA.wrong.row = undefined;
    expect([await userOf(h, a), await userOf(h, b)]).toEqual([1, 2]);
    expect(h.emulator.isLive(rows.get('b')!.refresh_token!)).toBe(true);
    expect(h.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
  },
);

test('a pair that an account of another store has redeemed, and a cache still gives, is refused as well', async () => {
  const { h, rows, a, b, ofA } = await createScene();
  await using _ = h as Harness & AsyncDisposable;
  expect([await userOf(h, a), await userOf(h, b)]).toEqual([1, 2]);
  rows.set('before', rows.get('b')!);
  await b.procore.renew();
  ofA.wrong.row = 'before';
  await expect(h.env.drive(a.procore.renew())).rejects.toThrow(
    'the tokens that account "b" of another store holds',
  );
});

test('tokens that tell nothing of their user are refused as well where an account of another store holds them', async () => {
  await using h = await createHarness({ authorized: false });
  const opaque = (name: string): TokenSet => ({
    access_token: `${name}-access`,
    refresh_token: `${name}-refresh`,
    expires_in: 5400,
  });
  const rows = new Map(['a', 'b'].map((name) => [name, opaque(name)]));
  const [ofA, ofB] = [storeOver(rows), storeOver(rows)];
  const a = h.attach({ account: 'a', store: ofA.store });
  const b = h.attach({ account: 'b', store: ofB.store });
  expect(await a.procore.getAccessToken()).toBe('a-access');
  expect(await b.procore.getAccessToken()).toBe('b-access');
  ofA.wrong.row = 'b';
  await expect(h.env.drive(a.procore.renew())).rejects.toThrow('"b" of another store');
  expect(await a.procore.getAccessToken()).toBe('a-access');
  expect(ofA.saved).toEqual([]);
});

/** Two names for one row, each by a store object of its own. */
async function createOneRow(drops: readonly string[] = []) {
  const h = await createHarness({ authorized: false });
  const rows = new Map<string, TokenSet>();
  const only = storeOver(rows, () => 'row').store;
  const storeObject = (): TokenStore => ({
    load: (account) => only.load(account),
    save(tokens, account, previous) {
      const kept = Object.entries(tokens).filter(([name]) => !drops.includes(name));
      return only.save(Object.fromEntries(kept) as TokenSet, account, previous);
    },
  });
  rows.set('row', h.emulator.issue({ userId: 1 }));
  const attach = (account: string) => h.attach({ account, store: storeObject() });
  return { h, rows, attach };
}

const added = [...historyFields, issuerField];

test.each([
  ['whole sets', []],
  ['tokens only', added],
])(
  'two store objects over one row may use it by two names, also when another user follows: %s',
  async (_, drops) => {
    const { h, rows, attach } = await createOneRow(drops);
    await using _h = h as Harness & AsyncDisposable;
    const [reports, sync] = [attach('reports'), attach('sync')];
    expect([await userOf(h, reports), await userOf(h, sync)]).toEqual([1, 1]);
    await sync.procore.renew();
    h.env.jump(10_000);
    await h.env.drive(reports.procore.renew());
    expect(await userOf(h, reports)).toBe(1);
    h.env.jump(10_000);
    await sync.procore.setTokens(h.emulator.issue({ userId: 2 }));
    await h.env.drive(reports.procore.renew());
    expect([await userOf(h, reports), await userOf(h, sync)]).toEqual([2, 2]);
    // By way of another process, of which nobody here has heard.
    h.env.jump(10_000);
    rows.set('row', h.emulator.issue({ userId: 3 }));
    for (const { procore } of [sync, reports]) await h.env.drive(procore.renew());
    expect([await userOf(h, reports), await userOf(h, sync)]).toEqual([3, 3]);
    expect(offences(h)).toEqual([]);
    expect(h.emulator.counters.spentPresentations).toBe(0);
  },
);

test('a log-in by a store object that has just been made, under another name, is no pair of somebody else', async () => {
  const { h, attach } = await createOneRow(added);
  await using _ = h as Harness & AsyncDisposable;
  const reports = attach('reports');
  expect(await userOf(h, reports)).toBe(1);
  await attach('log-in').procore.setTokens(h.emulator.issue({ userId: 2 }));
  await h.env.drive(reports.procore.renew());
  expect(await userOf(h, reports)).toBe(2);
  expect(offences(h)).toEqual([]);
});

test('nobody is held to be somebody else by an account of the same name, or of a store that is in use no more', async () => {
  const { h, rows, a } = await createScene();
  await using _ = h as Harness & AsyncDisposable;
  expect(await userOf(h, a)).toBe(1);
  rows.set('c', rows.get('b')!);
  const before = h.attach({ account: 'c', store: storeOver(rows).store });
  expect(await userOf(h, before)).toBe(2);
  // Another test of the application, say: with a store of its own, and the same tokens.
  const table = new Map<string, TokenSet>([['d', h.emulator.issue({ userId: 3 })]]);
  const later = h.attach({ account: 'd', store: storeOver(table).store });
  expect(await userOf(h, later)).toBe(3);
  table.set('d', rows.get('c')!);
  await h.env.drive(later.procore.renew());
  expect(await userOf(h, later)).toBe(2);
  // Two store objects, and one account whose user has changed.
  const same = new Map<string, TokenSet>([['e', h.emulator.issue({ userId: 4 })]]);
  const [one, two] = [1, 2].map(() => h.attach({ account: 'e', store: storeOver(same).store }));
  expect(await userOf(h, one!)).toBe(4);
  same.set('e', h.emulator.issue({ userId: 5 }));
  expect(await userOf(h, two!)).toBe(5);
  await h.env.drive(one!.procore.renew());
  expect(await userOf(h, one!)).toBe(5);
  expect(offences(h)).toEqual([]);
});
