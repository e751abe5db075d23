import axios, { type AxiosRequestConfig } from 'axios';
import { expect, test } from 'vitest';
import { accountBySubject } from '../../src/options/account-by-subject.js';
import type { TokenSet } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createHarness, createTestStore, type Harness } from '../support/harness.js';
import { logIn, refresh, takingOver, userOf } from '../support/legacy.js';
import { until } from '../support/manual-env.js';
import { onFetch } from '../support/versions.js';

const me = '/rest/v1.0/me';
const life = 5_400_000;
const options = { ...takingOver, account: accountBySubject };
const as = ({ access_token }: TokenSet) => ({ headers: { Authorization: `Bearer ${access_token}` } });
const idOf = ({ data }: { data: unknown }) => (data as { id: number }).id;
const users = (h: Harness) => [...h.store.sets.keys()].sort();
const warned = (h: Harness) =>
  h.told.filter(({ event }) => event === 'warning').map(({ detail }) => detail['code']);

/** A store that can say whose tokens it holds, as the file store. */
function listing(): ReturnType<typeof createTestStore> {
  const store = createTestStore();
  return Object.assign(store, { accounts: async () => [...store.sets.keys()] });
}

test('calls of several users without any tokens here are what they are without the plugin', async () => {
  await using h = await createHarness({ options, authorized: false });
  const [ann, bob] = [h.emulator.issue({ userId: 1 }), h.emulator.issue({ userId: 2 })];
  const ids = [];
  for (const set of [ann, bob, ann]) ids.push(idOf(await h.instance.get(me, as(set))));
  expect(ids).toEqual([1, 2, 1]);
  expect(warned(h)).toEqual([]);
});

test('each user’s log-in is kept under the subject of its tokens, and each one’s calls use them', async () => {
  await using h = await createHarness({ options, authorized: false });
  const ann = (await logIn(h, 1)).data;
  const bob = (await logIn(h, 2)).data;
  expect(users(h)).toEqual(['1', '2']);
  h.env.jump(life + 1_000);
  const answers = await Promise.all([ann, bob, ann].map((set) => h.instance.get(me, as(set))));
  expect(answers.map(idOf)).toEqual([1, 2, 1]);
  expect(h.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0, unauthorized: 0 });
  expect(warned(h)).toEqual([]);
});

test('of users who log in at once, each is kept', async () => {
  await using h = await createHarness({ options, authorized: false });
  await h.env.drive(Promise.all([logIn(h, 1), logIn(h, 2)]));
  expect(users(h)).toEqual(['1', '2']);
  for (const [user, set] of h.store.sets) expect(idOf(await h.instance.get(me, as(set)))).toBe(Number(user));
});

test('what a user’s own refresh brings is kept under the subject, and the token is presented once', async () => {
  await using h = await createHarness({ options, authorized: false });
  const pairs = [h.emulator.issue({ userId: 1 }), h.emulator.issue({ userId: 2 })];
  const twice = [...pairs, ...pairs].map(({ refresh_token }) => userOf(refresh(h, refresh_token!)));
  expect(await h.env.drive(Promise.all(twice))).toEqual(['user 1', 'user 2', 'user 1', 'user 2']);
  expect(users(h)).toEqual(['1', '2']);
  const later = await Promise.all(pairs.map(({ refresh_token }) => userOf(refresh(h, refresh_token!))));
  expect(later).toEqual(['user 1', 'user 2']);
  expect(h.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
});

test('a refresh token from long ago is answered after a restart, by a store that can say whose tokens it holds', async () => {
  await using h = await createHarness({ options: { ...options, store: listing() }, authorized: false });
  const store = listing();
  const before = h.attachProcess({ store });
  const pairs = [h.emulator.issue({ userId: 1 }), h.emulator.issue({ userId: 2 })];
  for (const { refresh_token } of pairs) await refresh(h, refresh_token!, {}, before.instance);
  for (const user of ['1', '2']) await before.procore.renew(user);
  const after = h.attachProcess({ store });
  for (const [index, { refresh_token }] of pairs.entries())
    expect(await userOf(refresh(h, refresh_token!, {}, after.instance))).toBe(`user ${index + 1}`);
  expect(h.emulator.counters).toMatchObject({ exchanges: 4, spentPresentations: 0 });
});

test('two processes that come with the same token redeem it once', async () => {
  await using h = await createHarness({ options, authorized: false });
  const shared = listing();
  const tails = new Map<string, Promise<unknown>>();
  const process = () =>
    h.attachProcess({
      store: Object.assign(createTestStore(), {
        load: shared.load,
        save: shared.save,
        accounts: async () => [...shared.sets.keys()],
        renewsLock: true,
        lock<T>(account: string, critical: () => Promise<T>): Promise<T> {
          const turn = (tails.get(account) ?? Promise.resolve()).then(critical);
          tails.set(
            account,
            turn.catch(() => undefined),
          );
          return turn;
        },
      }),
    });
  const { refresh_token } = h.emulator.issue({ userId: 2 });
  const answers = [process(), process()].map(({ instance }) =>
    userOf(refresh(h, refresh_token!, {}, instance)),
  );
  expect(await h.env.drive(Promise.all(answers))).toEqual(['user 2', 'user 2']);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

test('tokens that were there before go on in their place, and are used for their user alone', async () => {
  await using h = await createHarness({ options });
  const ann = h.store.sets.get('default')!;
  const bob = (await logIn(h, 2)).data;
  h.env.jump(life + 1_000);
  expect(idOf(await h.instance.get(me, as(ann)))).toBe(1);
  expect(idOf(await h.instance.get(me, as(bob)))).toBe(2);
  expect(users(h)).toEqual(['2', 'default']);
  expect(h.store.sets.get('default')!.refresh_token).not.toBe(ann.refresh_token);
  await logIn(h, 1);
  expect(users(h)).toEqual(['2', 'default']);
});

test('a refresh token alone, put into the store by hand, is redeemed before it can be said whose it is', async () => {
  await using h = await createHarness({ options });
  const { refresh_token } = h.store.sets.get('default')!;
  h.store.sets.set('default', { refresh_token } as TokenSet);
  const [ann, bob] = [h.emulator.issue({ userId: 1 }), h.emulator.issue({ userId: 2 })];
  h.emulator.expire(ann.access_token);
  const answers = await Promise.all([ann, bob].map((set) => h.instance.get(me, as(set))));
  expect(answers.map(idOf)).toEqual([1, 2]);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
});

test('a call without a bearer is that of the tokens that were there before, until there are several users', async () => {
  await using h = await createHarness({ options });
  expect(idOf(await h.instance.get(me))).toBe(1);
  await logIn(h, 2);
  const sent = h.emulator.counters.apiRequests;
  const error = await caught(h.instance.get(me));
  expect(error).toMatchObject({ code: 'ERR_PROCORE_ACCOUNT_UNDECIDED', isAxiosError: true });
  expect(error.message).toContain('{ procore: { account: String(user.id) } }');
  expect(h.emulator.counters.apiRequests).toBe(sent);
  expect(idOf(await h.instance.get(me, { procore: { account: '2' } }))).toBe(2);
});

test('a call without a bearer is the only user’s where the store can say that there is no other, also before that user has called', async () => {
  const store = listing();
  await using h = await createHarness({ options: { ...options, store } });
  store.sets.set('1', h.emulator.issue({ userId: 1 }));
  expect(idOf(await h.instance.get(me))).toBe(1);
  store.sets.set('2', h.emulator.issue({ userId: 2 }));
  expect(await caught(h.instance.get(me))).toMatchObject({ code: 'ERR_PROCORE_ACCOUNT_UNDECIDED' });
});

test('where the store cannot list its accounts, a call without a bearer is not taken for the only user’s', async () => {
  await using h = await createHarness({ options, authorized: false });
  for (const id of [1, 2]) h.store.sets.set(String(id), h.emulator.issue({ userId: id }));
  expect(idOf(await h.instance.get(me, as(h.store.sets.get('1')!)))).toBe(1);
  expect(await caught(h.instance.get(me))).toMatchObject({ code: 'ERR_PROCORE_ACCOUNT_UNDECIDED' });
});

test('a store that does not tell accounts apart keeps the first user’s tokens, and the second’s calls go out as they came', async () => {
  const one: { set?: TokenSet } = {};
  const store = { load: () => one.set, save: (tokens: TokenSet) => void (one.set = tokens) };
  await using h = await createHarness({ options: { ...options, store }, authorized: false });
  const ann = (await logIn(h, 1)).data;
  const bob = (await logIn(h, 2)).data;
  expect(one.set!.refresh_token).toBe(ann.refresh_token);
  expect(idOf(await h.instance.get(me, as(bob)))).toBe(2);
  expect(idOf(await h.instance.get(me, as(ann)))).toBe(1);
  expect(warned(h)).toContain('legacy-refresh');
});

test('opaque tokens are one account’s: a second user’s are left to the application', async () => {
  await using h = await createHarness({ options, authorized: false });
  const opaque = (name: string) => ({ access_token: `a-${name}`, refresh_token: `r-${name}` });
  for (const name of ['ann', 'bob']) {
    h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body: opaque(name) } });
    const form = { grant_type: 'authorization_code', client_id: h.emulator.clientId, code: 'a-code' };
    await h.instance.post('/oauth/token', new URLSearchParams(form));
  }
  expect([...h.store.sets.values()].map(({ refresh_token }) => refresh_token)).toEqual(['r-ann']);
});

test('with client_credentials there is one account', async () => {
  await using h = await createHarness({
    options: { ...options, grant: 'client_credentials' },
    authorized: false,
  });
  const form = { grant_type: 'client_credentials', client_id: h.emulator.clientId };
  const { data } = await h.instance.post<TokenSet>('/oauth/token', new URLSearchParams(form));
  h.env.jump(life * 2);
  expect((await h.instance.get(me, as(data))).status).toBe(200);
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 2, unauthorized: 0 });
});

test('setTokens and exchangeCode without an account keep tokens under their subject', async () => {
  await using h = await createHarness({ options, authorized: false });
  await h.procore.setTokens(h.emulator.issue({ userId: 1 }));
  const body = h.emulator.issue({ userId: 2 });
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body } });
  await h.procore.exchangeCode({ code: 'a-code', redirectUri: 'https://app.example.com/callback' });
  expect(users(h)).toEqual(['1', '2']);
  expect(idOf(await h.instance.get(me, as(body)))).toBe(2);
  expect(await caught(h.procore.setTokens(null as never))).toBeInstanceOf(TypeError);
  expect(warned(h)).toEqual([]);
});

test.each<[string, (call: Promise<unknown>, controller: AbortController, h: Harness) => void, object]>([
  [
    'times out',
    (_call, _controller, h) => void h.env.advance(5_000),
    { code: onFetch ? 'ETIMEDOUT' : 'ECONNABORTED' },
  ],
  ['is aborted', (_call, controller) => controller.abort(), { __CANCEL__: true }],
])(
  'a call that %s while a slow store says whose tokens it holds ends as any other does',
  async (_what, end, expected) => {
    const store = Object.assign(createTestStore(), { accounts: () => new Promise<never>(() => undefined) });
    const legacy = { takeOverRefresh: true, timeoutBoundsCall: true };
    await using h = await createHarness({ options: { ...options, legacy, store }, authorized: false });
    const controller = new AbortController();
    const call = caught(h.instance.get(me, { timeout: 5_000, signal: controller.signal }));
    await until(() => h.env.sleeping > 0, 'the wait');
    end(call, controller, h);
    expect(await call).toMatchObject(expected);
    expect(h.emulator.counters.requests).toBe(0);
  },
);

test('a call whose CancelToken is cancelled while a slow store says whose tokens it holds is not sent', async () => {
  const store = createTestStore();
  const { load } = store;
  let asked = 0;
  store.load = (account) => {
    if (account !== 'default') return load(account);
    asked++;
    return new Promise(() => undefined);
  };
  await using h = await createHarness({ options: { ...options, store }, authorized: false });
  const bob = h.emulator.issue({ userId: 2 });
  await h.procore.setTokens(bob, '2');
  const { token, cancel } = axios.CancelToken.source();
  let sent = 0;
  // It listens to no CancelToken.
  const adapter = async (config: AxiosRequestConfig) => {
    sent++;
    return { status: 200, statusText: 'OK', data: {}, headers: {}, config };
  };
  const call = caught(h.instance.get(me, { ...as(bob), cancelToken: token, adapter: adapter as never }));
  await until(() => asked > 0, 'the load');
  cancel('the user left');
  expect(axios.isCancel(await call)).toBe(true);
  expect(sent).toBe(0);
});

test('the deadline of a call bounds its wait for the store as well, which says whose call it is', async () => {
  await using h = await createHarness({ options: { account: accountBySubject } });
  h.store.onLoad = () => new Promise(() => undefined);
  const startedAtMs = h.env.now();
  const call = h.instance.get(me, { procore: { deadlineMs: 500 } });
  expect(await h.env.drive(caught(call), 50)).toMatchObject({ code: 'ERR_PROCORE_DEADLINE' });
  expect(h.env.now() - startedAtMs).toBe(500);
  const settled = h.told.filter(({ event }) => event === 'request-settled');
  expect(settled).toMatchObject([{ detail: { code: 'ERR_PROCORE_DEADLINE', attempts: 0, waitedMs: 500 } }]);
});
