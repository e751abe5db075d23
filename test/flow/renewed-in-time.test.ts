import axios from 'axios';
import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { createHarness, names } from '../support/harness.js';
import { until } from '../support/manual-env.js';

const life = 5_400_000;
const me = '/rest/v1.0/me';

test('a fresh token is used as it is: no exchange, one load', async () => {
  await using h = await createHarness();
  for (let call = 0; call < 5; call++) await h.instance.get(me);
  expect(h.emulator.counters.tokenRequests).toBe(0);
  expect(h.store.log).toEqual(['load default']);
});

test('an aging token is renewed in the background while calls go on with it', async () => {
  await using h = await createHarness({ emulator: { spentTokens: 'B' } });
  await h.instance.get(me);
  const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  h.env.jump(life - 5 * 60_000);
  for (let call = 0; call < 20; call++) await h.instance.get(me);
  await held.struck();
  expect(h.procore.status()).toMatchObject({ state: 'aging', renewing: true });
  expect(h.emulator.counters.exchanges).toBe(0);
  held.release();
  await h.procore.idle();
  expect(h.procore.status()).toMatchObject({ state: 'fresh', renewing: false, unsaved: false });
  await h.instance.get(me);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
  // The first call loaded the store (and waited for that); none of the others waited.
  expect(names(h.told, /request-waiting/)).toHaveLength(1);
});

test('the token is not renewed a moment before the ahead time', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.env.jump(life - 5 * 60_000 - 1_000);
  await h.instance.get(me);
  expect(h.procore.status()).toMatchObject({ state: 'fresh', renewing: false });
  h.env.jump(2_000);
  await h.instance.get(me);
  expect(h.procore.status().renewing).toBe(true);
  await h.procore.idle();
});

test('chance renews up to 20 % earlier, so that a fleet does not renew at once', async () => {
  await using h = await createHarness();
  h.env.chance = 0.999;
  await h.instance.get(me);
  h.env.jump(life - 5 * 60_000 * 1.19);
  await h.instance.get(me);
  await h.procore.idle();
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('with background: false a call waits for the renewal of an aging token', async () => {
  await using h = await createHarness({ options: { renewal: { background: false } } });
  await h.instance.get(me);
  h.env.jump(life - 60_000);
  await h.instance.get(me);
  expect(h.emulator.log.map(({ kind }) => kind)).toEqual(['api', 'token', 'api']);
  expect(h.emulator.counters.unauthorized).toBe(0);
});

test('with background: false a failed renewal leaves the call the token that still works', async () => {
  await using h = await createHarness({ options: { renewal: { background: false } } });
  await h.instance.get(me);
  h.env.jump(life - 60_000);
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 404 } });
  expect((await h.instance.get(me)).status).toBe(200);
  // The next one is not due for five seconds: nobody waits for it.
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters.tokenRequests).toBe(1);
});

test('an expired token makes every call wait for one renewal', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.env.jump(life + 1_000);
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => h.instance.get(me)));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0, spentPresentations: 0 });
});

test('a token counts as expired shortly before it is, because a request takes time', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.env.jump(life - 9_000);
  await h.instance.get(me);
  expect(h.emulator.log.map(({ kind }) => kind)).toEqual(['api', 'token', 'api']);
});

test('the life of a new token counts from the moment its request was sent', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const held = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  h.env.jump(life);
  const call = h.instance.get(me);
  await held.struck();
  const sentAtMs = h.env.now();
  await h.env.advance(10_000);
  held.release();
  await call;
  expect(h.procore.status().expiresAt?.getTime()).toBe(sentAtMs + life);
  expect(h.store.sets.get('default')?.expires_at).toBe((sentAtMs + life) / 1000);
});

test('a set that has just been issued is used once by every call that waited, whatever its life', async () => {
  await using h = await createHarness({ emulator: { accessTokenLifetimeSeconds: 5400 } });
  await h.instance.get(me);
  h.env.jump(life);
  const held = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const calls = Promise.all([h.instance.get(me), h.instance.get(me)]);
  await held.struck();
  // The answer takes almost as long as the token lives: it arrives aging, or expired by our margin.
  await h.env.advance(14_000);
  h.env.jump(life - 14_000 - 5_000);
  held.release();
  await calls;
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
});

test.each([-600_000, 600_000])(
  'a loaded set without expires_at is read by the clock of the server (%i ms ahead)',
  async (skewMs) => {
    await using h = await createHarness({ skewMs });
    await h.instance.get(me);
    await h.instance.get(me);
    expect(h.procore.status().expiresAt?.getTime()).toBe(h.env.now() + life);
    h.env.jump(life - 60_000);
    await h.instance.get(me);
    await h.procore.idle();
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
  },
);

test('getAccessToken gives a token that works now', async () => {
  await using h = await createHarness();
  expect(h.emulator.isLive(await h.procore.getAccessToken())).toBe(true);
  h.env.jump(life);
  const token = await h.procore.getAccessToken();
  expect(h.emulator.isLive(token)).toBe(true);
  expect(token).toBe(h.store.sets.get('default')?.access_token);
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('renew() renews a fresh token, and joins a renewal under way', async () => {
  await using h = await createHarness();
  const [first, second] = await Promise.all([h.procore.renew(), h.procore.renew()]);
  expect(first.access_token).toBe(second.access_token);
  expect(h.store.sets.get('default')).toEqual(first);
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('a background renewal that fails rejects no call, and emits token-renewal-failed', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.env.jump(life - 60_000);
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 404, body: '<html>' } });
  expect((await h.instance.get(me)).status).toBe(200);
  await h.procore.idle();
  expect(names(h.told)).toEqual(['token-renewal-failed']);
  expect(h.told.find(({ event }) => event === 'token-renewal-failed')?.detail).toMatchObject({
    code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
    retryAt: new Date(h.env.now() + 5_000),
  });
});

test('after renewals without a verdict the next automatic one waits 5 s, doubling; renew() does not wait', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.env.jump(life);
  h.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'answer', status: 404 } });
  const failure = { code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED' };
  await expect(h.instance.get(me)).rejects.toMatchObject({
    ...failure,
    retryAt: new Date(h.env.now() + 5_000),
  });
  await expect(h.instance.get(me)).rejects.toMatchObject(failure);
  expect(h.emulator.counters.tokenRequests).toBe(1);
  await h.env.advance(5_000);
  await expect(h.instance.get(me)).rejects.toMatchObject({
    ...failure,
    retryAt: new Date(h.env.now() + 10_000),
  });
  expect(h.emulator.counters.tokenRequests).toBe(2);
  await expect(h.procore.renew()).rejects.toMatchObject(failure);
  expect(h.emulator.counters.tokenRequests).toBe(3);
});

test('a renewal that succeeds ends the doubling: the next failure counts as the first', async () => {
  await using h = await createHarness();
  const failing = () => {
    h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 404 } });
    return h.procore.renew().catch((error: unknown) => error);
  };
  expect(await failing()).toMatchObject({ retryAt: new Date(h.env.now() + 5_000) });
  await h.procore.renew();
  expect(await failing()).toMatchObject({ retryAt: new Date(h.env.now() + 5_000) });
});

test('a token endpoint that hangs holds a waiter for timeoutMs only, and its late answer is saved and used', async () => {
  await using h = await createHarness({ options: { renewal: { timeoutMs: 3_000 } } });
  await h.instance.get(me);
  h.env.jump(life);
  const held = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const calls = Array.from({ length: 5 }, () => h.instance.get(me));
  const outcomes = Promise.allSettled(calls);
  await held.struck();
  await h.env.advance(3_000);
  for (const outcome of await outcomes) {
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: { code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED', status: 503 },
    });
  }
  await h.env.advance(20_000);
  held.release();
  await h.procore.idle();
  expect(h.emulator.isLive(h.store.sets.get('default')!.refresh_token!)).toBe(true);
  await h.instance.get(me);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, tokenRequests: 1, unauthorized: 0 });
});

test('one waiter that aborts leaves the renewal to the others', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.env.jump(life);
  const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const abort = new AbortController();
  const leaving = h.instance.get(me, { signal: abort.signal });
  const staying = h.instance.get(me);
  await held.struck();
  abort.abort();
  expect(axios.isCancel(await caught(leaving))).toBe(true);
  held.release();
  expect((await staying).status).toBe(200);
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('client_credentials asks again, without a store and without a refresh token', async () => {
  await using h = await createHarness({
    authorized: false,
    options: { grant: 'client_credentials', store: undefined as never },
  });
  await Promise.all(Array.from({ length: 50 }, () => h.instance.get(me)));
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
  h.env.jump(life);
  await Promise.all(Array.from({ length: 50 }, () => h.instance.get(me)));
  expect(h.emulator.counters).toMatchObject({ exchanges: 2, unauthorized: 0 });
  expect(h.emulator.log.filter(({ kind }) => kind === 'token').map(({ grantType }) => grantType)).toEqual([
    'client_credentials',
    'client_credentials',
  ]);
});

test('a client_credentials token is shared by all attaches of one store', async () => {
  await using h = await createHarness({ authorized: false, options: { grant: 'client_credentials' } });
  const other = h.attachCopy({ grant: 'client_credentials' });
  await Promise.all([h.instance.get(me), other.instance.get(me)]);
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('several accounts on one instance live their own lives', async () => {
  await using h = await createHarness({ authorized: false, options: { account: undefined as never } });
  const accounts = ['anna', 'ben', 'carla'];
  accounts.forEach((account, index) => h.store.sets.set(account, h.emulator.issue({ userId: index + 1 })));
  const ids = async () =>
    Promise.all(
      accounts.map(
        async (account) => (await h.instance.get<{ id: number }>(me, { procore: { account } })).data.id,
      ),
    );
  expect(await ids()).toEqual([1, 2, 3]);
  h.env.jump(life);
  expect(await ids()).toEqual([1, 2, 3]);
  expect(h.emulator.counters).toMatchObject({ exchanges: 3, unauthorized: 0 });
  expect(h.procore.status('ben')).toMatchObject({ account: 'ben', state: 'fresh' });
});

test('an application can make the token request itself, by the option exchange', async () => {
  await using h = await createHarness({ options: { clientSecret: undefined as never } }).catch(() =>
    createHarness(),
  );
  const seen: unknown[] = [];
  const { instance } = h.attachProcess({
    clientSecret: undefined as never,
    exchange: async (grant, { account, signal }) => {
      seen.push([grant.type, account, signal.aborted]);
      const form = new URLSearchParams({
        grant_type: grant.type,
        client_id: h.emulator.clientId,
        client_secret: h.emulator.clientSecret,
      });
      if (grant.type === 'refresh_token') form.set('refresh_token', grant.refresh_token);
      const answer = await fetch(`${h.emulator.url}/oauth/token`, { method: 'POST', body: form });
      return (await answer.json()) as never;
    },
  });
  h.env.jump(life);
  await instance.get(me);
  expect(seen).toEqual([['refresh_token', 'default', false]]);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
});

test('nothing is left behind: no timer, no wait', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.env.jump(life);
  await Promise.all(Array.from({ length: 10 }, () => h.instance.get(me)));
  await h.procore.idle();
  await until(() => h.env.sleeping === 0, 'the waits to end');
});
