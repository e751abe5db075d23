import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { expect, test } from 'vitest';
import { accountBySubject } from '../../src/options/account-by-subject.js';
import type { TokenSet } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createHarness, createTestStore, type Harness } from '../support/harness.js';
import { logIn, refresh, takingOver, userOf } from '../support/legacy.js';
import { until } from '../support/manual-env.js';
import { below } from '../support/versions.js';

const me = '/rest/v1.0/me';
const inHand = (h: Harness) => h.store.sets.get('default')!;
const as = ({ access_token }: TokenSet) => ({ headers: { Authorization: `Bearer ${access_token}` } });
const idOf = ({ data }: { data: unknown }) => (data as { id: number }).id;

function fields(h: Harness, token: string): Record<string, string> {
  return { token, client_id: h.emulator.clientId, client_secret: h.emulator.clientSecret };
}

/** The application's own log-out. */
function revoke(h: Harness, token: string, config: AxiosRequestConfig = {}): Promise<AxiosResponse> {
  return h.instance.post('/oauth/revoke', new URLSearchParams(fields(h, token)), config);
}

/** A harness whose store can forget. */
async function createScene(setup: Parameters<typeof createHarness>[0] = {}) {
  const h = await createHarness(setup);
  h.store.remove = async (account) => {
    h.store.log.push(`remove ${account}`);
    h.store.sets.delete(account);
  };
  return h;
}

/** As a server answers that takes another content type than the emulator. */
const answering =
  (status: number, data: unknown = '{}'): NonNullable<AxiosRequestConfig['adapter']> =>
  async (config) => ({ status, statusText: '', data, headers: {}, config });

for (const kind of ['access_token', 'refresh_token'] as const)
  test(`after the application has revoked the ${kind} that is held, the next log-in is taken, whoever it is`, async () => {
    await using h = await createScene({ options: takingOver });
    await h.instance.get(me);
    expect((await revoke(h, inHand(h)[kind] as string)).status).toBe(200);
    expect(h.store.sets.size).toBe(0);
    expect(h.procore.status().state).toBe('reauthentication-required');
    const requests = h.emulator.counters.requests;
    expect(await caught(h.instance.get(me))).toMatchObject({ reason: 'no-tokens' });
    expect(h.emulator.counters.requests).toBe(requests);
    const bob = (await logIn(h, 2)).data;
    expect(inHand(h)).toMatchObject({ refresh_token: bob.refresh_token });
    expect(idOf(await h.instance.get(me))).toBe(2);
    expect(h.emulator.counters).toMatchObject({ spentPresentations: 0, unauthorized: 0 });
  });

test('a revocation by the application is noticed without takeOverRefresh too, with the same effect as revoke()', async () => {
  await using h = await createScene();
  await h.instance.get(me);
  await revoke(h, inHand(h).refresh_token!);
  expect(await caught(h.instance.get(me))).toMatchObject({ reason: 'no-tokens' });
  expect(h.store.log.filter((line) => line.startsWith('remove'))).toEqual(['remove default']);
  expect(h.emulator.counters.unauthorized).toBe(0);
});

test('a revocation right after a restart is noticed, when the tokens are in the store only', async () => {
  await using h = await createScene({ options: takingOver });
  await revoke(h, inHand(h).access_token);
  expect(h.store.sets.size).toBe(0);
});

const shapes: [string, (h: Harness, token: string) => AxiosRequestConfig][] = [
  ['JSON', (h, token) => ({ data: fields(h, token) })],
  ['a JSON text', (h, token) => ({ data: JSON.stringify(fields(h, token)) })],
  ['a form text', (h, token) => ({ data: new URLSearchParams(fields(h, token)).toString() })],
  ['bytes', (h, token) => ({ data: Buffer.from(new URLSearchParams(fields(h, token)).toString()) })],
  ['the query string', (h, token) => ({ params: fields(h, token) })],
  [
    'a form, with the client in the header',
    (h, token) => ({
      data: new URLSearchParams({ token, token_type_hint: 'access_token' }),
      auth: { username: h.emulator.clientId, password: h.emulator.clientSecret },
    }),
  ],
];

test.each(shapes)('a revocation is noticed when its fields are in %s', async (_name, shape) => {
  await using h = await createScene({ options: takingOver });
  await h.instance.get(me);
  const config = shape(h, inHand(h).refresh_token!);
  await h.instance.request({ method: 'post', url: '/oauth/revoke', adapter: answering(200), ...config });
  expect(h.store.sets.size).toBe(0);
});

test.each<[string, number, unknown]>([
  ['403', 403, { error: 'unauthorized_client' }],
  ['401', 401, { error: 'invalid_client' }],
  ['503', 503, ''],
  ['a redirect', 302, ''],
  ['200 with an error in it', 200, '{"error":"invalid_client"}'],
])('a revocation that is answered with %s changes nothing', async (_name, status, data) => {
  await using h = await createScene({ options: takingOver });
  await h.instance.get(me);
  const set = inHand(h);
  await revoke(h, set.refresh_token!, { adapter: answering(status, data), validateStatus: () => true });
  expect(inHand(h)).toBe(set);
  expect(idOf(await h.instance.get(me))).toBe(1);
});

test('a revocation whose request fails changes nothing, and the application gets the error', async () => {
  await using h = await createScene({ options: takingOver });
  await h.instance.get(me);
  const adapter = () => Promise.reject(new Error('cut'));
  expect((await caught(revoke(h, inHand(h).access_token, { adapter }))).message).toBe('cut');
  expect(idOf(await h.instance.get(me))).toBe(1);
});

test('a revocation for another client leaves the tokens alone', async () => {
  await using h = await createScene({ options: takingOver });
  await h.instance.get(me);
  const data = new URLSearchParams({ token: inHand(h).refresh_token!, client_id: 'another' });
  await h.instance.post('/oauth/revoke', data, { adapter: answering(200) });
  expect(idOf(await h.instance.get(me))).toBe(1);
});

test('an application that has refreshed, and revokes its old tokens then, keeps the new ones', async () => {
  await using h = await createScene({ options: takingOver });
  await h.instance.get(me);
  const old = inHand(h);
  h.env.jump(5_000_000);
  const answer = (await h.env.drive(refresh(h, old.refresh_token!))).data;
  expect(answer.access_token).not.toBe(old.access_token);
  for (const token of [old.access_token, old.refresh_token!])
    await revoke(h, token, { adapter: answering(200) });
  expect(inHand(h)).toMatchObject({ refresh_token: answer.refresh_token });
  expect(idOf(await h.instance.get(me))).toBe(1);
  expect(h.emulator.counters.unauthorized).toBe(0);
});

test('a pair that could not be saved stays when the one before it is revoked', async () => {
  await using h = await createScene({ options: takingOver });
  await h.instance.get(me);
  const old = inHand(h);
  h.store.onSave = () => {
    throw new Error('disk full');
  };
  const renewed = await h.env.drive(h.procore.renew());
  await h.env.drive(revoke(h, old.refresh_token!, { adapter: answering(200) }));
  expect(h.procore.unsavedTokens()).toMatchObject({ refresh_token: renewed.refresh_token });
});

test('the revocation of an unknown token is sent, and the account keeps its tokens', async () => {
  await using h = await createScene({ options: takingOver });
  await h.instance.get(me);
  const bob = h.emulator.issue({ userId: 2 });
  await revoke(h, bob.refresh_token!);
  await revoke(h, 'opaque');
  expect(idOf(await h.instance.get(me))).toBe(1);
});

test('where another process has renewed meanwhile, its pair stays and is used', async () => {
  await using h = await createScene({ options: takingOver });
  await h.instance.get(me);
  const old = inHand(h);
  const other = h.attachProcess();
  await other.procore.renew();
  const sets = inHand(h);
  await revoke(h, old.access_token, { adapter: answering(200) });
  expect(inHand(h)).toBe(sets);
  expect(idOf(await h.instance.get(me))).toBe(1);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
});

test('a pair that another process has brought, and that is revoked here, is forgotten', async () => {
  await using h = await createScene({ options: takingOver });
  await h.instance.get(me);
  const other = h.attachProcess();
  const { refresh_token } = await other.procore.renew();
  await revoke(h, refresh_token!);
  expect(h.store.sets.size).toBe(0);
  expect(await caught(h.instance.get(me))).toMatchObject({ reason: 'no-tokens' });
});

test('where accounts are the users, the one who logs out is forgotten and nobody else', async () => {
  await using h = await createScene({
    options: { ...takingOver, account: accountBySubject },
    authorized: false,
  });
  const [ann, bob] = [(await logIn(h, 1)).data, (await logIn(h, 2)).data];
  await revoke(h, ann.access_token);
  expect([...h.store.sets.keys()]).toEqual(['2']);
  expect(idOf(await h.instance.get(me, as(bob)))).toBe(2);
  await logIn(h, 1);
  expect([...h.store.sets.keys()].sort()).toEqual(['1', '2']);
});

test('with accountBySubject, a user whose tokens are in the store only is forgotten too, if the store can list its accounts', async () => {
  await using h = await createScene({
    options: { ...takingOver, account: accountBySubject },
    authorized: false,
  });
  const store = Object.assign(createTestStore(), { accounts: async () => [...store.sets.keys()] });
  store.remove = async (account) => void store.sets.delete(account);
  for (const id of [1, 2]) store.sets.set(String(id), h.emulator.issue({ userId: id }));
  const { instance } = h.attachProcess({ store });
  const token = store.sets.get('2')!.refresh_token!;
  await instance.post('/oauth/revoke', new URLSearchParams(fields(h, token)));
  expect([...store.sets.keys()]).toEqual(['1']);
});

test('the answer of a revocation waits for a store that hangs no longer than its own timeout', async () => {
  await using h = await createScene({ options: takingOver });
  await h.instance.get(me);
  h.store.onLoad = () => new Promise(() => undefined);
  const { status } = await h.env.drive(revoke(h, inHand(h).refresh_token!, { timeout: 2_000 }));
  expect(status).toBe(200);
});

test('a store that cannot be read keeps no dead pair in use, and the application has its answer', async () => {
  await using h = await createScene({ options: takingOver });
  await h.instance.get(me);
  const { refresh_token } = inHand(h);
  h.store.onLoad = () => {
    throw new Error('gone');
  };
  await h.env.drive(revoke(h, refresh_token!));
  h.store.onLoad = undefined;
  expect(await caught(h.instance.get(me))).toMatchObject({ reason: 'no-tokens' });
  expect(await userOf(refresh(h, refresh_token!))).toBe('invalid_grant');
  expect(h.emulator.counters).toMatchObject({ unauthorized: 0, tokenRequests: 0 });
});

test('tokens that come while the note of a revocation waits for its turn are kept', async () => {
  await using h = await createScene({ options: takingOver });
  await h.instance.get(me);
  const { refresh_token: old } = inHand(h);
  const bob = h.emulator.issue({ userId: 2 });
  let letLoad = () => {};
  const gate = new Promise<void>((resolve) => (letLoad = resolve));
  h.store.onLoad = () => gate.then(() => undefined);
  const renewing = h.procore.renew().catch(() => undefined);
  const revoking = revoke(h, old!, { adapter: answering(200) });
  await h.env.advance(0);
  const bringing = h.procore.setTokens(bob);
  letLoad();
  await h.env.drive(Promise.all([renewing, revoking, bringing]));
  expect(inHand(h)).toMatchObject({ refresh_token: bob.refresh_token });
  expect(idOf(await h.instance.get(me))).toBe(2);
});

test('a service account asks for a new token after its own was revoked', async () => {
  await using h = await createScene({
    options: { ...takingOver, grant: 'client_credentials' },
    authorized: false,
  });
  await h.instance.get(me);
  const { access_token } = inHand(h);
  await revoke(h, access_token);
  expect((await h.instance.get(me)).status).toBe(200);
  expect(inHand(h).access_token).not.toBe(access_token);
  expect(h.emulator.counters.unauthorized).toBe(0);
});

test('without the lock of the store nothing is removed from it: another process may just have saved new tokens there', async () => {
  await using h = await createScene({ options: takingOver });
  await h.instance.get(me);
  const bob = h.emulator.issue({ userId: 2 });
  const { refresh_token: revoked } = inHand(h);
  h.store.lock = () => Promise.reject(new Error('the lock is away'));
  // Between the look into the store and a removal.
  h.store.onLoad = () => {
    const seen = { ...inHand(h) };
    h.store.sets.set('default', bob);
    h.store.onLoad = undefined;
    return seen;
  };
  await revoke(h, revoked!);
  expect(inHand(h)).toMatchObject({ refresh_token: bob.refresh_token });
  h.store.lock = undefined;
  h.env.jump(2_000);
  expect(idOf(await h.instance.get(me))).toBe(2);
  expect(h.emulator.counters).toMatchObject({ spentPresentations: 0 });
});

// axios 0.21 knows no `signal`: the call has its answer there.
const canceled = below('0.22') ? { status: 200 } : { __CANCEL__: true };

test.each<[string, (h: Harness, controller: AbortController) => unknown, object]>([
  ['its time is over: with the answer', (h) => h.env.advance(5_000), { status: 200 }],
  ['it is aborted: as axios ends it', (_h, controller) => controller.abort(), canceled],
])('however long the store takes, the log-out ends when %s', async (_what, end, expected) => {
  await using h = await createScene({ options: takingOver });
  await h.instance.get(me);
  h.store.onLoad = () => new Promise(() => undefined);
  const controller = new AbortController();
  const given = { timeout: '5000' as never, signal: controller.signal, adapter: answering(200) };
  const revoking = revoke(h, inHand(h).refresh_token!, given).catch((error: unknown) => error);
  await until(() => h.env.sleeping > 0, 'the wait for the store');
  await end(h, controller);
  expect(await revoking).toMatchObject(expected);
});
