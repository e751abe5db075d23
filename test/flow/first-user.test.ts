import { expect, test } from 'vitest';
import { accountOfFirstUserOrSubject } from '../../src/options/account-by-subject.js';
import type { TokenSet } from '../../src/store/store.js';
import { bearerSent } from '../support/bearer-sent.js';
import { caught } from '../support/caught.js';
import { createHarness, createTestStore, type Harness } from '../support/harness.js';
import { until } from '../support/manual-env.js';
import { logIn, refresh, takingOver, userOf } from '../support/legacy.js';

const me = '/rest/v1.0/me';
const life = 5_400_000;
/** As under `axios-procore/register`. */
const options = { ...takingOver, account: accountOfFirstUserOrSubject };
const as = ({ access_token }: TokenSet) => ({ headers: { Authorization: `Bearer ${access_token}` } });
const idOf = ({ data }: { data: unknown }) => (data as { id: number }).id;
const users = (h: Harness) => [...h.store.sets.keys()].sort();
const warned = (h: Harness) =>
  h.told.filter(({ event }) => event === 'warning').map(({ detail }) => detail['code']);

test('the first user who logs in has the account that there was before, and every other one of their own', async () => {
  await using h = await createHarness({ options, authorized: false });
  const sets = [];
  for (const user of [5, 2, 3]) sets.push((await logIn(h, user)).data);
  expect(users(h)).toEqual(['2', '3', 'default']);
  await logIn(h, 5);
  expect(users(h)).toEqual(['2', '3', 'default']);
  h.env.jump(life + 1_000);
  const ids = [];
  for (const set of sets) ids.push(idOf(await h.instance.get(me, as(set))));
  expect(ids).toEqual([5, 2, 3]);
  expect(h.emulator.counters).toMatchObject({ exchanges: 3, spentPresentations: 0, unauthorized: 0 });
});

test('of users who log in at once, one is the first, and nobody’s tokens are lost', async () => {
  await using h = await createHarness({ options, authorized: false });
  const tails = new Map<string, Promise<unknown>>();
  const lock = <T>(account: string, critical: () => Promise<T>): Promise<T> => {
    const turn = (tails.get(account) ?? Promise.resolve()).then(critical);
    tails.set(
      account,
      turn.catch(() => undefined),
    );
    return turn;
  };
  const { load, save } = h.store;
  const processes = [1, 2, 3].map(() => h.attachProcess({ store: { load, save, lock, renewsLock: true } }));
  await h.env.drive(
    Promise.all(processes.map((one, index) => logIn({ ...h, instance: one.instance }, index + 1))),
  );
  expect(h.store.sets.size).toBe(3);
});

test('with a store of two functions, the only user is that of calls without a bearer, as before', async () => {
  await using h = await createHarness({ options, authorized: false });
  await logIn(h, 5);
  expect(idOf(await h.instance.get(me))).toBe(5);
  const { instance } = h.attachProcess();
  expect(idOf(await instance.get(me))).toBe(5);
});

test('tokens of setTokens and exchangeCode are kept for their user in the same way', async () => {
  await using h = await createHarness({ options, authorized: false });
  await h.procore.setTokens(h.emulator.issue({ userId: 5 }));
  await h.procore.setTokens(h.emulator.issue({ userId: 2 }));
  expect(users(h)).toEqual(['2', 'default']);
  expect(await h.procore.getAccessToken()).toBe(h.store.sets.get('default')!.access_token);
});

test('the tokens of a refresh by the first user, who is not known yet, are kept as the first account too', async () => {
  await using h = await createHarness({ options, authorized: false });
  const [five, two] = [h.emulator.issue({ userId: 5 }), h.emulator.issue({ userId: 2 })];
  expect(await userOf(refresh(h, five.refresh_token!))).toBe('user 5');
  expect(await userOf(refresh(h, two.refresh_token!))).toBe('user 2');
  expect(users(h)).toEqual(['2', 'default']);
  expect(await userOf(refresh(h, five.refresh_token!))).toBe('user 5');
  expect(h.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
});

test('where the first save fails, the tokens are in memory, and are saved beside those of whoever was first meanwhile', async () => {
  await using h = await createHarness({ options, authorized: false });
  h.store.onSave = () => {
    throw new Error('disk full');
  };
  const five = (await h.env.drive(logIn(h, 5))).data;
  expect(h.store.sets.size).toBe(0);
  expect(h.procore.unsavedTokens('5')).toMatchObject({ refresh_token: five.refresh_token });
  h.store.onSave = undefined;
  const other = h.attachProcess();
  await logIn({ ...h, instance: other.instance }, 2);
  await h.env.drive(h.procore.idle());
  expect(h.store.sets.get('default')!.access_token).not.toBe(five.access_token);
  expect(h.store.sets.get('5')).toMatchObject({ refresh_token: five.refresh_token });
  expect(idOf(await h.instance.get(me, as(five)))).toBe(5);
});

test.each(['rejected', 'without an answer'] as const)(
  'a first user whose tokens are written by a save that ends %s has one account and not two, and they are saved later',
  async (end) => {
    await using h = await createHarness({ options, authorized: false });
    let isBroken = true;
    h.store.onSave = (tokens, account) => {
      if (!isBroken) return undefined;
      h.store.sets.set(account, tokens);
      if (end === 'rejected') throw new Error('ENOSPC');
      return new Promise(() => undefined);
    };
    const five = (await h.env.drive(logIn(h, 5))).data;
    expect(users(h)).toEqual(['default']);
    expect(h.procore.unsavedTokens()).toMatchObject({ refresh_token: five.refresh_token });
    expect(h.told.map(({ event }) => event)).toContain('token-save-failed');
    isBroken = false;
    for (let minute = 0; minute < 7; minute++) await h.env.advance(60_000);
    await until(() => h.procore.unsavedTokens() === undefined, 'the late save');
    expect(users(h)).toEqual(['default']);
    expect(idOf(await h.instance.get(me, as(five)))).toBe(5);
  },
);

test('where the store cannot be read, nobody is taken for the first', async () => {
  await using h = await createHarness({ options });
  h.store.onLoad = (account) => {
    if (account === 'default') throw new Error('gone');
  };
  const before = h.store.sets.get('default');
  await h.env.drive(logIn(h, 2));
  expect(h.store.sets.get('default')).toBe(before);
  expect(h.store.sets.has('2')).toBe(true);
});

test('a first user whose token was dead before anybody could say whose it was leaves the place to the next', async () => {
  await using h = await createHarness({ options });
  const { refresh_token } = h.store.sets.get('default')!;
  h.emulator.revokeGrant(refresh_token!);
  h.store.sets.set('default', { refresh_token } as TokenSet);
  await h.env.drive(logIn(h, 5));
  expect(users(h)).toEqual(['default']);
  expect(idOf(await h.instance.get(me))).toBe(5);
});

test('a store that fails to list its accounts leaves a call without a bearer undecided, and no call hangs on it', async () => {
  const store = Object.assign(createTestStore(), { accounts: () => new Promise<never>(() => undefined) });
  await using h = await createHarness({ options: { ...options, store } });
  store.sets.set('default', h.emulator.issue({ userId: 5 }));
  const error = await h.env.drive(caught(h.instance.get(me)));
  expect(error).toMatchObject({ code: 'ERR_PROCORE_ACCOUNT_UNDECIDED' });
});

/** Tokens that tell nothing of their user, from a server that takes any. */
function opaqueLogIn(h: Harness, name: string) {
  const body = { access_token: `a-${name}`, refresh_token: `r-${name}`, expires_in: 5400 };
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body } });
  return h.instance.post(
    '/oauth/token',
    new URLSearchParams({ grant_type: 'authorization_code', code: name }),
  );
}
const sentAs = (h: Harness, access_token?: string) => bearerSent(h.instance, access_token);

test('users of opaque tokens are one account: each log-in takes the place of the one before, and nobody calls as another', async () => {
  await using h = await createHarness({ options, authorized: false });
  await opaqueLogIn(h, 'ann');
  expect(await sentAs(h)).toBe('Bearer a-ann');
  await opaqueLogIn(h, 'bob');
  expect(users(h)).toEqual(['default']);
  expect(await sentAs(h, 'a-bob')).toBe('Bearer a-bob');
  // Not renewed any more, and not replaced.
  expect(await sentAs(h, 'a-ann')).toBe('Bearer a-ann');
  expect(await sentAs(h)).toBe('Bearer a-bob');
  expect(warned(h)).toEqual(['another-user']);
});

test('an opaque log-in does not take the place of a user who is known', async () => {
  await using h = await createHarness({ options });
  await opaqueLogIn(h, 'bob');
  expect(idOf(await h.instance.get(me))).toBe(1);
  expect(await sentAs(h, 'a-bob')).toBe('Bearer a-bob');
});

test('an application’s own store that has something else by the name accounts is not asked for a list', async () => {
  const store = Object.assign(createTestStore(), { accounts: new Map() });
  await using h = await createHarness({ options: { ...options, store } });
  store.sets.set('default', h.emulator.issue({ userId: 5 }));
  expect(idOf(await h.instance.get(me))).toBe(5);
});

test('a user of whom nothing is held is told of once, and nobody is told to set what is set already', async () => {
  await using h = await createHarness({ options });
  const [two, three] = [h.emulator.issue({ userId: 2 }), h.emulator.issue({ userId: 3 })];
  await h.instance.get(me);
  for (const set of [two, three, two]) await h.instance.get(me, as(set));
  const messages = h.told.filter(({ event }) => event === 'warning').map(({ detail }) => detail['message']);
  expect(messages).toEqual([expect.stringContaining('of a user of whom no tokens are held here')]);
  expect(messages[0]).not.toContain('option "account"');
});

test('a user whose subject is the name of the first account has one of their own', async () => {
  await using h = await createHarness({ options });
  const claims = (sub: string) => Buffer.from(JSON.stringify({ sub })).toString('base64url');
  const set = { access_token: `e30.${claims('default')}.s`, refresh_token: 'r', expires_in: 5400 };
  await h.procore.setTokens(set);
  expect(users(h)).toEqual(['default', 'default (subject)']);
  expect(idOf(await h.instance.get(me, { procore: { account: 'default' } }))).toBe(1);
  expect(await sentAs(h, set.access_token)).toBe(`Bearer ${set.access_token}`);
});
