import { expect, test } from 'vitest';
import type { TokenSet } from '../../src/store/store.js';
import { createHarness, type Harness } from '../support/harness.js';
import { until } from '../support/manual-env.js';

const me = '/rest/v1.0/me';
const lifeMs = 5_400_000;

/** The accounts a and b of users 1 and 2 in one store. */
async function createScene() {
  const h = await createHarness({ options: { account: 'a' }, authorized: false });
  h.store.sets.set('a', h.emulator.issue({ userId: 1 }));
  h.store.sets.set('b', h.emulator.issue({ userId: 2 }));
  return { ...h, [Symbol.asyncDispose]: h.close };
}

/** The next loads of a's row give these instead, whatever is stored then. */
function nextLoads(h: Harness, ...rows: (() => TokenSet | undefined)[]): void {
  h.store.onLoad = (account) => (account === 'a' ? rows.shift()?.() : undefined);
}
const rowOf = (h: Harness, account: string) => () => h.store.sets.get(account);

async function userOfCall(h: Harness, account = 'a'): Promise<unknown> {
  return (await h.instance.get(me, { procore: { account } })).data.id;
}

/** Everything that was saved for a, and what a's row is. */
function watchSaves(h: Harness): TokenSet[] {
  const saved: TokenSet[] = [];
  h.store.onSave = (tokens, account) => void (account === 'a' && saved.push(tokens));
  return saved;
}

function ownerChanges(h: Harness): unknown[] {
  return h.told.filter(({ detail }) => detail['code'] === 'account-changed-owner');
}

/** Each brings a renewal or a look of account a about. */
const occasions: [string, (h: Harness) => Promise<void>][] = [
  ['at expiry', async (h) => h.env.advance(lifeMs)],
  ['while the token is aging', async (h) => h.env.advance(lifeMs - 200_000)],
  ['at a 401', async (h) => h.emulator.expire(h.store.sets.get('a')!.access_token)],
  ['at renew()', async (h) => void (await h.procore.renew('a'))],
];

test.each(occasions)("another user's row that comes once is not used %s", async (_, occasion) => {
  await using h = await createScene();
  expect(await userOfCall(h)).toBe(1);
  const saved = watchSaves(h);
  const theirs = h.store.sets.get('b')!;
  nextLoads(h, rowOf(h, 'b'));
  await occasion(h);
  expect(await userOfCall(h)).toBe(1);
  await h.procore.idle();
  expect(await userOfCall(h)).toBe(1);
  expect(saved).toHaveLength(1);
  expect(saved.every(({ refresh_token }) => refresh_token !== theirs.refresh_token)).toBe(true);
  expect(ownerChanges(h)).toEqual([]);
  expect(h.emulator.isLive(theirs.refresh_token!)).toBe(true);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

test("another user's row that comes once is not used after invalid_grant", async () => {
  await using h = await createScene();
  expect(await userOfCall(h)).toBe(1);
  const before = h.store.sets.get('a')!;
  await h.attachProcess({ account: 'a' }).procore.renew();
  nextLoads(h, () => before, rowOf(h, 'b'));
  await h.env.drive(h.procore.renew('a'));
  expect(await userOfCall(h)).toBe(1);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 1 });
  expect(ownerChanges(h)).toEqual([]);
});

test("another user's row that comes once is not used by the first call of an account", async () => {
  await using h = await createScene();
  nextLoads(h, rowOf(h, 'b'));
  expect(await userOfCall(h)).toBe(1);
});

test("another user's row that comes once, at a late save, does not take the place of the pair that waits", async () => {
  await using h = await createScene();
  expect(await userOfCall(h)).toBe(1);
  h.store.onSave = () => Promise.reject(new Error('disk full'));
  const renewing = h.procore.renew('a');
  const pair = await h.env.drive(renewing);
  nextLoads(h, rowOf(h, 'b'));
  h.store.onSave = undefined;
  await h.env.advance(120_000);
  await until(() => h.procore.unsavedTokens('a') === undefined, 'the late save');
  expect(h.store.sets.get('a')).toMatchObject({ refresh_token: pair.refresh_token });
});

test("another user's row that stays is used, told once, and so is the way back", async () => {
  await using h = await createScene();
  expect(await userOfCall(h)).toBe(1);
  const ours = h.store.sets.get('a')!;
  await h.env.advance(1_000);
  h.store.sets.set('a', h.emulator.issue({ userId: 3 }));
  await h.env.drive(h.procore.renew('a'));
  expect(await userOfCall(h)).toBe(3);
  expect(ownerChanges(h)).toHaveLength(1);
  h.store.sets.set('a', ours);
  await h.env.drive(h.procore.renew('a'));
  expect(await userOfCall(h)).toBe(1);
  expect(ownerChanges(h)).toHaveLength(2);
  expect(h.emulator.counters).toMatchObject({ exchanges: 0 });
});

test('tokens that another account holds are refused for as long as they come, and told once', async () => {
  await using h = await createScene();
  expect(await userOfCall(h)).toBe(1);
  expect(await userOfCall(h, 'b')).toBe(2);
  const saved = watchSaves(h);
  h.store.onLoad = (account) => (account === 'a' ? h.store.sets.get('b') : undefined);
  await expect(h.procore.renew('a')).rejects.toMatchObject({
    code: 'ERR_PROCORE_TOKEN_STORE_FAILED',
    message: expect.stringContaining('the tokens that account "b" holds'),
  });
  expect(await userOfCall(h)).toBe(1);
  await expect(h.procore.renew('a')).rejects.toThrow();
  expect(h.told.filter(({ detail }) => detail['code'] === 'store-contract')).toHaveLength(1);
  h.store.onLoad = undefined;
  await h.procore.renew('a');
  expect(await userOfCall(h)).toBe(1);
  expect(saved).toHaveLength(1);
});

/** A server whose tokens tell nothing of their users, and accounts a and b whose tokens begin so. */
async function createOpaqueScene() {
  let number = 0;
  const presented: string[] = [];
  const h = await createHarness({
    authorized: false,
    options: {
      account: 'a',
      clientSecret: undefined,
      exchange: async (grant) => {
        const token = grant.type === 'refresh_token' ? grant.refresh_token : '';
        presented.push(token);
        const user = token.charAt(0);
        return {
          access_token: `${user}-access-${++number}`,
          refresh_token: `${user}-${number}`,
          expires_in: 5400,
        };
      },
    },
  });
  for (const user of ['a', 'b'])
    h.store.sets.set(user, {
      access_token: `${user}-access-0`,
      refresh_token: `${user}-0`,
      expires_in: 5400,
    });
  const bearerOf = async (account: string) => {
    const adapter = async (config: { headers: object }) => ({
      status: 200,
      statusText: '',
      headers: {},
      config,
      data: { headers: { ...config.headers } },
    });
    const answer = await h.instance.get(me, { procore: { account }, adapter: adapter as never });
    return String((answer.data as { headers: Record<string, unknown> }).headers['Authorization']);
  };
  return { ...h, presented, bearerOf, [Symbol.asyncDispose]: h.close };
}

test.each([1, 2, 3])(
  'opaque tokens that another account holds and the store gives %i times for this one are not used',
  async (times) => {
    await using h = await createOpaqueScene();
    expect(await h.bearerOf('a')).toBe('Bearer a-access-0');
    expect(await h.bearerOf('b')).toBe('Bearer b-access-0');
    nextLoads(h, ...Array.from({ length: times }, () => rowOf(h, 'b')));
    await h.procore.renew('a').catch(() => undefined);
    h.store.onLoad = undefined;
    await h.procore.renew('a');
    expect(await h.bearerOf('a')).toMatch(/^Bearer a-/);
    expect(h.store.sets.get('a')).toMatchObject({ refresh_token: expect.stringMatching(/^a-/) });
    expect(h.presented.filter((token) => token.startsWith('b'))).toEqual([]);
  },
);

test('opaque tokens that a neighbour has redeemed here, which come once, do not lead to what they were redeemed for', async () => {
  await using h = await createOpaqueScene();
  expect(await h.bearerOf('b')).toBe('Bearer b-access-0');
  const before = h.store.sets.get('b');
  await h.procore.renew('b');
  nextLoads(h, () => before);
  expect(await h.bearerOf('a')).toBe('Bearer a-access-0');
  nextLoads(h, () => before);
  await h.procore.renew('a');
  expect(await h.bearerOf('a')).toMatch(/^Bearer a-/);
  expect(h.store.sets.get('a')).toMatchObject({ refresh_token: expect.stringMatching(/^a-/) });
});

test('opaque tokens of a neighbour that come once at the first use of an account are not used', async () => {
  await using h = await createOpaqueScene();
  nextLoads(h, rowOf(h, 'b'));
  expect(await h.bearerOf('a')).toBe('Bearer a-access-0');
  expect(await h.bearerOf('b')).toBe('Bearer b-access-0');
});

test('the pair of the user before that takes the place of a dead log-in is told of', async () => {
  await using h = await createHarness({ authorized: false });
  h.store.sets.set('default', h.emulator.issue({ userId: 1 }));
  const two = h.attachProcess({ store: { load: h.store.load, save: h.store.save } });
  for (const { instance } of [h, two]) expect((await instance.get(me)).data.id).toBe(1);
  const ofUserOne = await two.procore.renew();
  await h.procore.setTokens(h.emulator.issue({ userId: 2 }), 'default');
  const brought = h.store.sets.get('default')!;
  h.store.sets.set('default', ofUserOne);
  h.emulator.revokeGrant(brought.refresh_token!);
  expect(ownerChanges(h)).toEqual([]);
  h.emulator.expire(brought.access_token);
  await expect(h.env.drive(h.instance.get(me))).rejects.toMatchObject({ reason: 'refresh-token-invalid' });
  await h.env.advance(2_000);
  expect((await h.env.drive(h.instance.get(me))).data.id).toBe(1);
  expect(ownerChanges(h)).toEqual([
    {
      event: 'warning',
      detail: expect.objectContaining({ message: expect.stringContaining('store.load()') }),
    },
  ]);
});
