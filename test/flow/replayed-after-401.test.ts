import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { createHarness, names } from '../support/harness.js';
import { until } from '../support/manual-env.js';

const life = 5_400_000;
const me = '/rest/v1.0/me';
const rfis = '/rest/v1.0/projects/1/rfis';

test('a call whose 401 arrives after another call’s renewal is replayed with the current token, without an exchange', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const held = h.emulator.misbehave({ on: 'api', do: { kind: 'hold' } });
  const slow = h.instance.get(me);
  await held.struck();
  // Mode A: the renewal kills the token that the slow call was sent with.
  await h.procore.renew();
  await h.instance.get(me);
  held.release();
  expect((await slow).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 1 });
});

test('a token that the server has revoked is renewed once, and every call is replayed, whatever its method', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.emulator.revoke();
  const answers = await Promise.all([
    ...Array.from({ length: 20 }, () => h.instance.get(me)),
    ...Array.from({ length: 20 }, (_, number) => h.instance.post(rfis, { subject: `RFI ${number}` })),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([
    ...Array<number>(20).fill(200),
    ...Array<number>(20).fill(201),
  ]);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0, duplicateWrites: 0 });
  expect(h.emulator.counters.unauthorized).toBeLessThanOrEqual(40);
  expect((await h.instance.get<unknown[]>(rfis)).data).toHaveLength(20);
});

test('a call whose token another process has replaced is replayed once more when the new one is revoked meanwhile', async () => {
  await using h = await createHarness();
  const { load, save } = h.store;
  const other = h.attachProcess({ store: { load, save } });
  await h.instance.get(me);
  await other.procore.renew();
  // The other process's pair was found in the store: no renewal has been spent on the call yet.
  const stop = h.procore.on('request-retried', () => {
    h.emulator.revoke();
    stop();
  });
  const created = h.env.drive(h.instance.post(rfis, { subject: 'Twice unlucky' }));
  expect((await created).status).toBe(201);
  expect(h.emulator.counters).toMatchObject({ exchanges: 2, unauthorized: 2, spentPresentations: 0 });
});

test('the reason may stand in WWW-Authenticate alone: an empty 401 is understood', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.emulator.revoke();
  await h.instance.get(me);
  const refusal = h.emulator.log.find(({ status }) => status === 401);
  expect(refusal).toMatchObject({ refusal: 'revoked' });
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 1 });
});

test.each([
  ['the body speaks of the token', { body: { errors: 'The access token is invalid' } }],
  [
    'the v2 envelope does',
    { body: { error: { code: 'UNAUTHORIZED', details: [{ reason_code: 'INVALID_TOKEN' }] } } },
  ],
])('a 401 renews when %s', async (_case, answer) => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 401, ...answer } });
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('a 401 for another reason is returned as it is', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({
    on: 'api',
    do: { kind: 'answer', status: 401, body: { message: 'You may not see this tool' } },
  });
  await expect(h.instance.get(me)).rejects.toMatchObject({
    response: { status: 401, data: { message: 'You may not see this tool' } },
  });
  expect(h.emulator.counters.tokenRequests).toBe(0);
});

test('a 401 without a reason renews a token that has had no other answer, and no other', async () => {
  await using h = await createHarness();
  const bare = { kind: 'answer', status: 401, body: '' } as const;
  h.emulator.misbehave({ on: 'api', do: bare });
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters.exchanges).toBe(1);
  h.emulator.misbehave({ on: 'api', do: bare });
  await expect(h.instance.get(me)).rejects.toMatchObject({ response: { status: 401 } });
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('500 calls within four seconds to a route that always answers 401: one exchange, and the 401 is returned', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const always = ({ path }: { path: string }) => path.endsWith('/rfis');
  const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
  h.emulator.misbehave({ on: always, times: Infinity, do: { kind: 'answer', status: 401, headers } });
  for (let burst = 0; burst < 10; burst++) {
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => h.instance.get(rfis)));
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { response: { status: 401 } } });
    expect((await h.instance.get(me)).status).toBe(200);
    h.env.jump(390);
  }
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

test('the brake opens after 5 s, then after 10, then after 20; an accepted replay releases it', async () => {
  await using h = await createHarness();
  const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
  const always = ({ path }: { path: string }) => path.endsWith('/rfis');
  const fault = h.emulator.misbehave({
    on: always,
    times: Infinity,
    do: { kind: 'answer', status: 401, headers },
  });
  const exchangesAfter = async (ms: number) => {
    h.env.jump(ms);
    await h.instance.get(rfis).catch(() => undefined);
    return h.emulator.counters.exchanges;
  };
  expect(await exchangesAfter(0)).toBe(1);
  expect(await exchangesAfter(4_999)).toBe(1);
  expect(await exchangesAfter(1)).toBe(2);
  expect(await exchangesAfter(9_999)).toBe(2);
  expect(await exchangesAfter(1)).toBe(3);
  expect(await exchangesAfter(19_999)).toBe(3);
  fault.remove();
  h.env.jump(1);
  h.emulator.revoke();
  await h.instance.get(me);
  expect(h.emulator.counters.exchanges).toBe(4);
  // Released: the next revocation is renewed at once.
  h.emulator.revoke();
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters.exchanges).toBe(5);
});

test('a 401 whose renewal finds the grant dead is a ReauthenticationRequiredError with the real answer', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
  const failed = h.instance.get(me).catch((error: unknown) => error);
  const error = (await h.env.drive(failed)) as { response: { headers: object; status: number } };
  expect(error).toMatchObject({
    code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED',
    status: 401,
    response: { status: 401 },
  });
  expect(error.response.headers).toHaveProperty('www-authenticate');
  // Known to be revoked, and nothing will replace it: no further 401 is provoked.
  await expect(h.instance.get(me)).rejects.toMatchObject({ code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED' });
  expect(h.emulator.counters).toMatchObject({ unauthorized: 1, tokenRequests: 1 });
});

test('mode A: siblings of the first renewal are replayed; from the second on none of them sees a 401', async () => {
  await using h = await createHarness();
  await h.instance.get(me);

  async function renewUnderLoad(): Promise<number> {
    const before = h.emulator.counters.unauthorized;
    h.env.jump(life - 60_000);
    const slow = h.emulator.misbehave({ on: 'api', times: 10, do: { kind: 'hold' } });
    const calls = Array.from({ length: 10 }, () => h.instance.get(me));
    await slow.struck(10);
    // The first of them has started the renewal in the background.
    const exchanges = h.emulator.counters.exchanges;
    await h.env.advance(0);
    const late = Array.from({ length: 5 }, () => h.instance.get(me));
    if (exchanges === 0) await until(() => h.emulator.counters.exchanges === 1, 'the first exchange');
    slow.release();
    const answers = await Promise.all([...calls, ...late]);
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    await h.procore.idle();
    return h.emulator.counters.unauthorized - before;
  }

  expect(await renewUnderLoad()).toBe(10);
  for (let renewal = 2; renewal <= 4; renewal++) expect(await renewUnderLoad()).toBe(0);
  expect(h.emulator.counters).toMatchObject({ exchanges: 4, spentPresentations: 0 });
});

test('draining waits drainMs at most, and drain: false not at all', async () => {
  await using h = await createHarness({ options: { renewal: { drain: true, drainMs: 2_000 } } });
  await h.instance.get(me);
  const slow = h.emulator.misbehave({ on: 'api', do: { kind: 'hold' } });
  const stuck = h.instance.get(me);
  await slow.struck();
  const renewed = h.procore.renew();
  await h.env.advance(1_999);
  expect(h.emulator.counters.tokenRequests).toBe(0);
  const waiting = h.instance.get(me);
  await h.env.advance(1);
  await renewed;
  expect((await waiting).status).toBe(200);
  slow.release();
  expect((await stuck).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 1 });
});

test('a drain that takes longer than a call may wait does not fail the call: the old token still works', async () => {
  await using h = await createHarness({
    options: { renewal: { drain: true, timeoutMs: 1_000 } },
    emulator: { spentTokens: 'B' },
  });
  await h.instance.get(me);
  const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const renewed = h.procore.renew();
  await held.struck();
  const call = h.instance.get(me);
  await h.env.advance(1_000);
  expect((await call).status).toBe(200);
  held.release();
  await renewed;
  expect(h.emulator.counters.unauthorized).toBe(0);
});

test('a 401 of an auth: false call, of the token endpoint and of another host is left alone', async () => {
  await using h = await createHarness();
  await expect(h.instance.get(me, { procore: { auth: false } })).rejects.toMatchObject({
    response: { status: 401 },
  });
  await expect(
    h.instance.post('/oauth/token', 'grant_type=client_credentials&client_id=x&client_secret=y'),
  ).rejects.toMatchObject({
    response: { status: 401, data: { error: 'invalid_client' } },
  });
  expect(h.emulator.counters.exchanges).toBe(0);
  expect(names(h.told)).toEqual([]);
});

test('a call whose token is refused waits no longer for its renewal because the process was stopped for hours before', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const eightHoursMs = 8 * 60 * 60_000;
  Object.assign(h.env, { asleepMs: () => eightHoursMs });
  h.emulator.expire(h.store.sets.get('default')!.access_token);
  const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const call = caught(h.instance.get(me));
  await held.struck();
  await h.env.advance(15_000);
  expect(await call).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED' });
  held.release();
  await h.env.drive(h.procore.idle());
});
