import { expect, test } from 'vitest';
import type { TokenSet } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';

const me = '/rest/v1.0/me';
const bearer = (set: TokenSet) => ({ headers: { Authorization: `Bearer ${set.access_token}` } });
const idOf = ({ data }: { data: unknown }) => (data as { id: number }).id;

test('an account callback chooses whose tokens a call uses; a call can choose for itself', async () => {
  await using h = await createHarness({
    options: { account: (config) => (config.params as { user?: string } | undefined)?.user ?? 'default' },
  });
  h.store.sets.set('bob', h.emulator.issue({ userId: 2 }));
  expect(idOf(await h.instance.get(me))).toBe(1);
  expect(idOf(await h.instance.get(me, { params: { user: 'bob' } }))).toBe(2);
  expect(idOf(await h.instance.get(me, { procore: { account: 'bob' } }))).toBe(2);
});

test('an account callback that returns undefined leaves the call alone: no token, no company, no renewal, no retry', async () => {
  await using h = await createHarness({ options: { account: () => undefined } });
  const error = await caught(h.instance.get(me));
  expect(error.response!.status).toBe(401);
  h.emulator.misbehave({ on: 'api', beforeTokenCheck: true, do: { kind: 'answer', status: 503 } });
  expect((await caught(h.instance.get(me))).response!.status).toBe(503);
  const mine = h.emulator.issue({ userId: 3 });
  expect(idOf(await h.instance.get(me, bearer(mine)))).toBe(3);
  expect(h.emulator.counters).toMatchObject({ apiRequests: 3, tokenRequests: 0 });
  expect(h.emulator.log.every(({ companyId }) => companyId === undefined)).toBe(true);
  expect(h.store.log).toEqual([]);
});

test.each([
  ['an empty string', ''],
  ['spaces', ' '],
  ['a number', 7],
  ['a promise', Promise.resolve('a')],
  ['an object', {}],
])(
  'an account callback that returns %s is a TypeError that names the option, and nothing is sent',
  async (_what, value) => {
    await using h = await createHarness({ options: { account: () => value as never } });
    const error = await caught(h.instance.get(me));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/"account".*it takes/);
    expect(h.emulator.counters.requests).toBe(0);
  },
);

test('an account callback that throws rejects the call with its error', async () => {
  const broken = new Error('no user in this context');
  await using h = await createHarness({
    options: {
      account: () => {
        throw broken;
      },
    },
  });
  expect(await caught(h.instance.get(me))).toBe(broken);
});

test('accounts renew each on their own', async () => {
  await using h = await createHarness();
  h.store.sets.set('bob', h.emulator.issue({ userId: 2 }));
  h.emulator.revoke();
  const [ann, bob] = await Promise.all([
    h.instance.get(me),
    h.instance.get(me, { procore: { account: 'bob' } }),
  ]);
  expect([idOf(ann), idOf(bob)]).toEqual([1, 2]);
  expect(h.emulator.counters.exchanges).toBe(2);
});
