import { expect, test } from 'vitest';
import { createHarness, createTestStore, names } from '../support/harness.js';
import { until } from '../support/manual-env.js';
import { refresh } from '../support/legacy.js';
import { refusing } from '../support/versions.js';

const life = 5_400_000;
const me = '/rest/v1.0/me';
const dead = { code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED', status: 401 };

test('a dead refresh token and 1,000 calls: one exchange in all, and every call says why', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
  h.env.jump(life);
  const outcomes = Promise.allSettled(Array.from({ length: 1_000 }, () => h.instance.get(me)));
  for (const outcome of await h.env.drive(outcomes)) {
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: { ...dead, reason: 'refresh-token-invalid' },
    });
  }
  await expect(h.instance.get(me)).rejects.toMatchObject(dead);
  await h.env.advance(60_000);
  await expect(h.instance.get(me)).rejects.toMatchObject(dead);
  await expect(h.procore.renew()).rejects.toMatchObject(dead);
  expect(h.emulator.counters).toMatchObject({ tokenRequests: 1, unauthorized: 0 });
  expect(names(h.told)).toEqual(['reauthentication-required']);
  expect(h.procore.status().state).toBe('reauthentication-required');
  // A stored set is never deleted.
  expect(h.store.sets.has('default')).toBe(true);
});

test('a dead refresh token is told early, while calls go on with the access token that still works', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const { refresh_token: refresh, access_token: access } = h.store.sets.get('default')!;
  h.emulator.misbehave({
    on: 'token',
    times: Infinity,
    do: { kind: 'answer', status: 400, body: { error: 'invalid_grant' } },
  });
  h.env.jump(life - 60_000);
  expect((await h.instance.get(me)).status).toBe(200);
  await h.env.drive(h.procore.idle());
  expect(names(h.told)).toEqual(['reauthentication-required']);
  for (let call = 0; call < 10; call++) expect((await h.instance.get(me)).status).toBe(200);
  await h.env.advance(5_000);
  expect((await h.instance.get(me)).status).toBe(200);
  await h.procore.idle();
  expect(h.emulator.counters.tokenRequests).toBe(1);
  expect([refresh, access].every((token) => h.emulator.isLive(token!))).toBe(true);
});

test('the verdict is soft: the store is read again at most once a second, and calls recover when it holds another pair', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
  h.env.jump(life);
  const first = h.instance.get(me).catch(() => undefined);
  await h.env.drive(first);
  h.env.jump(1_000);
  await expect(h.instance.get(me)).rejects.toMatchObject(dead);
  const loads = h.store.log.length;
  for (let call = 0; call < 50; call++) await expect(h.instance.get(me)).rejects.toMatchObject(dead);
  expect(h.store.log).toHaveLength(loads);
  h.store.sets.set('default', h.emulator.issue());
  await expect(h.instance.get(me)).rejects.toMatchObject(dead);
  h.env.jump(1_000);
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters.tokenRequests).toBe(1);
});

test('setTokens clears the need to re-authenticate at once', async () => {
  await using h = await createHarness();
  h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
  const failed = h.procore.renew().catch((error: unknown) => error);
  expect(await h.env.drive(failed)).toMatchObject(dead);
  await h.procore.setTokens(h.emulator.issue());
  expect((await h.instance.get(me)).status).toBe(200);
  expect((await h.procore.renew()).access_token).toBe(await h.procore.getAccessToken());
});

test.each([
  ['no tokens at all', undefined, 'no-tokens'],
  ['an expired set without refresh token', { access_token: 'a', expires_at: 1 }, 'no-refresh-token'],
])('%s: re-authentication is required, and the reason says %s', async (_case, set, reason) => {
  await using h = await createHarness({ authorized: false });
  if (set) h.store.sets.set('default', set);
  await expect(h.instance.get(me)).rejects.toMatchObject({ ...dead, reason });
  expect(h.emulator.counters.requests).toBe(0);
  h.store.sets.set('default', h.emulator.issue());
  h.env.jump(1_000);
  expect((await h.instance.get(me)).status).toBe(200);
});

test('reauthentication-required is emitted again after the store had ended the first one', async () => {
  await using h = await createHarness({ authorized: false });
  await expect(h.instance.get(me)).rejects.toMatchObject(dead);
  h.store.sets.set('default', h.emulator.issue());
  h.env.jump(1_000);
  expect((await h.instance.get(me)).status).toBe(200);
  h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
  h.env.jump(life);
  const failed = h.instance.get(me).catch((error: unknown) => error);
  expect(await h.env.drive(failed)).toMatchObject(dead);
  expect(names(h.told)).toEqual(['reauthentication-required', 'reauthentication-required']);
});

test('mode B: a lost answer is asked for again with the same token, and nothing is lost', async () => {
  await using h = await createHarness({ emulator: { spentTokens: 'B' } });
  await h.instance.get(me);
  h.env.jump(life);
  h.emulator.misbehave({ on: 'token', after: true, times: 2, do: { kind: 'drop' } });
  const call = h.instance.get(me);
  await until(() => h.env.pending.includes(500), 'the first wait');
  await h.env.advance(499);
  expect(h.emulator.counters.tokenRequests).toBe(1);
  await h.env.advance(1);
  await until(() => h.env.pending.includes(1_000), 'the second wait');
  await h.env.advance(999);
  expect(h.emulator.counters.tokenRequests).toBe(2);
  await h.env.advance(1);
  expect((await call).status).toBe(200);
  expect(h.emulator.isLive(h.store.sets.get('default')!.refresh_token!)).toBe(true);
});

test('mode A: after a lost answer the reason is refresh-response-lost, found out by one more presentation', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.env.jump(life);
  h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'drop' } });
  const call = h.instance.get(me).catch((error: unknown) => error);
  expect(await h.env.drive(call)).toMatchObject({ ...dead, reason: 'refresh-response-lost' });
  await h.env.advance(60_000);
  await expect(h.instance.get(me)).rejects.toMatchObject({ reason: 'refresh-response-lost' });
  expect(h.emulator.counters.tokenRequests).toBe(2);
});

test('answers lost one after another: presented four times in all, then undecided, and the token is kept', async () => {
  await using h = await createHarness({ emulator: { spentTokens: 'B' } });
  const { refresh_token: refresh } = h.store.sets.get('default')!;
  h.emulator.misbehave({ on: 'token', times: 4, do: { kind: 'drop' } });
  const renewed = h.procore.renew().catch((error: unknown) => error);
  expect(await h.env.drive(renewed)).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED' });
  expect(h.emulator.counters.tokenRequests).toBe(4);
  expect(h.store.sets.get('default')?.refresh_token).toBe(refresh);
  // The next renewal presents the same token, and this time it succeeds.
  expect((await h.procore.renew()).refresh_token).not.toBe(refresh);
  expect(h.emulator.counters.tokenRequests).toBe(5);
});

test('a loss remembered from an earlier renewal still gives the reason', async () => {
  await using h = await createHarness({ options: { renewal: { resendAfterLostAnswer: 0 } } });
  h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'drop' } });
  await expect(h.procore.renew()).rejects.toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED' });
  const renewed = h.procore.renew().catch((error: unknown) => error);
  expect(await h.env.drive(renewed)).toMatchObject({ reason: 'refresh-response-lost' });
});

test('a loss that happens while the application brings other tokens gives the reason to whoever still has the lost one', async () => {
  await using h = await createHarness();
  const copy = h.attachCopy({ store: createTestStore(h.store.sets.get('default')) });
  const held = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const renewed = h.procore.renew();
  await held.struck();
  await h.procore.setTokens(h.emulator.issue());
  held.release();
  await renewed;
  const failed = copy.procore.renew().catch((error: unknown) => error);
  expect(await h.env.drive(failed)).toMatchObject({ reason: 'refresh-response-lost' });
});

test.each([
  ['429 with Retry-After', { status: 429, headers: { 'retry-after': '3' } }, 3_000],
  ['503 with Retry-After', { status: 503, headers: { 'retry-after': '2' } }, 2_000],
  ['503 without', { status: 503 }, 500],
])(
  '%s has not spent the token: it is presented again after the wait that was asked for',
  async (_case, answer, waitMs) => {
    await using h = await createHarness();
    h.emulator.misbehave({ on: 'token', do: { kind: 'answer', ...answer } });
    const renewed = h.procore.renew();
    await until(() => h.emulator.counters.tokenRequests === 1, 'the first presentation');
    await h.env.advance(waitMs - 1);
    expect(h.emulator.counters.tokenRequests).toBe(1);
    await h.env.advance(1);
    await renewed;
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0, tokenRequests: 2 });
  },
);

test('a Retry-After beyond totalMs ends the renewal at once, and the next automatic one keeps to it', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.env.jump(life);
  h.emulator.misbehave({
    on: 'token',
    do: { kind: 'answer', status: 503, headers: { 'retry-after': '600' } },
  });
  await expect(h.instance.get(me)).rejects.toMatchObject({
    code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
    retryAt: new Date(h.env.now() + 600_000),
  });
  await h.env.advance(599_000);
  await expect(h.instance.get(me)).rejects.toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED' });
  expect(h.emulator.counters.tokenRequests).toBe(1);
  await h.env.advance(1_000);
  expect((await h.instance.get(me)).status).toBe(200);
});

test('a token endpoint that refuses connections is tried while a call waits, and not in the background', async () => {
  await using h = await createHarness();
  const nobody = { loginUrl: refusing, apiUrl: h.emulator.url };
  const { instance, procore } = h.attachProcess({ environment: nobody });
  await instance.get(me);
  h.env.jump(life - 60_000);
  await instance.get(me);
  await procore.idle();
  expect(names(h.told)).toEqual(['token-renewal-failed']);
  h.env.jump(60_000);
  const call = instance.get(me).catch((error: unknown) => error);
  const startedAtMs = h.env.now();
  expect(await h.env.drive(call)).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED' });
  expect(h.env.now() - startedAtMs).toBeGreaterThanOrEqual(15_000);
  expect(h.emulator.isLive(h.store.sets.get('default')!.refresh_token!)).toBe(true);
});

test('a client that is set up wrongly is a ClientRejectedError, remembered for a minute, and the token is kept', async () => {
  await using h = await createHarness({ options: { clientSecret: 'wrong-secret' } });
  h.env.jump(life);
  for (let call = 0; call < 20; call++) {
    await expect(h.instance.get(me)).rejects.toMatchObject({
      code: 'ERR_PROCORE_CLIENT_REJECTED',
      status: 503,
    });
  }
  await expect(h.procore.renew()).rejects.toMatchObject({ code: 'ERR_PROCORE_CLIENT_REJECTED' });
  expect(h.emulator.counters.tokenRequests).toBe(1);
  h.env.jump(60_000);
  await expect(h.instance.get(me)).rejects.toMatchObject({ code: 'ERR_PROCORE_CLIENT_REJECTED' });
  expect(h.emulator.counters.tokenRequests).toBe(2);
  expect(h.emulator.isLive(h.store.sets.get('default')!.refresh_token!)).toBe(true);
});

test('an answer without refresh_token keeps the presented one, which is then not spent', async () => {
  await using h = await createHarness();
  const { refresh_token: refresh } = h.store.sets.get('default')!;
  const answer = { access_token: 'opaque-1', token_type: 'Bearer', expires_in: 600 };
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body: answer } });
  await h.procore.renew();
  expect(h.store.sets.get('default')).toMatchObject({
    access_token: 'opaque-1',
    refresh_token: refresh,
    expires_in: 600,
  });
  // It is presented again, and not taken for spent.
  expect((await h.procore.renew()).refresh_token).not.toBe(refresh);
  expect(h.emulator.counters.spentPresentations).toBe(0);
});

test('an answer that keeps the refresh token ends the doubt that a lost one has left', async () => {
  await using h = await createHarness();
  const { refresh_token: refresh } = h.store.sets.get('default')!;
  const body = { access_token: 'opaque-1', token_type: 'Bearer', expires_in: 600 };
  h.emulator.misbehave({ on: 'token', do: { kind: 'drop' } });
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body } });
  await h.env.drive(h.procore.renew());
  h.emulator.revokeGrant(refresh!);
  const failed = h.procore.renew().catch((error: unknown) => error);
  expect(await h.env.drive(failed)).toMatchObject({ reason: 'refresh-token-invalid' });
});

test('family revocation: a race between two processes without a lock may cost the pair, and then says so', async () => {
  await using h = await createHarness({ emulator: { familyRevocation: true } });
  const process2 = h.attachProcess();
  await h.instance.get(me);
  await process2.instance.get(me);
  let finishSave = () => {};
  h.store.onSave = () => new Promise<void>((resolve) => (finishSave = resolve));
  h.env.jump(life);
  const winner = h.instance.get(me).catch((error: unknown) => error);
  await until(() => h.emulator.counters.exchanges === 1, 'the exchange');
  const loser = process2.instance.get(me).catch((error: unknown) => error);
  await until(() => h.emulator.counters.spentPresentations === 1, 'the spent presentation');
  finishSave();
  h.store.onSave = undefined;
  const outcomes = await h.env.drive(Promise.all([winner, loser]));
  for (const outcome of outcomes) expect(outcome).toMatchObject({ ...dead, reason: 'refresh-token-invalid' });
  expect(h.emulator.counters.spentPresentations).toBeLessThanOrEqual(3);
});

test('an invalid_grant while the store cannot be read is no verdict on the account, and the token is not sent again', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const winner = h.attachProcess();
  h.env.jump(life);
  const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const call = h.instance.get(me).catch((error: unknown) => error);
  await held.struck();
  await winner.instance.get(me);
  h.store.onLoad = () => {
    throw new Error('connection lost');
  };
  held.release();
  expect(await h.env.drive(call)).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
  h.store.onLoad = undefined;
  expect((await h.env.drive(h.instance.get(me))).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ tokenRequests: 2, spentPresentations: 1, exchanges: 1 });
  expect(names(h.told)).not.toContain('reauthentication-required');
});

test('a token that the application redeems by itself during the last look at the store, before it is presented, is not presented', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const { refresh_token: spent } = h.store.sets.get('default')!;
  const { store } = h;
  let loads = 0;
  store.onLoad = async () => {
    loads++;
    // So long that the store is read once more.
    if (loads === 1) await h.env.sleep(1_500);
    if (loads === 2) await refresh(h, spent!);
  };
  await h.env.drive(h.procore.renew());
  expect(loads).toBeGreaterThan(2);
  await h.env.drive(h.procore.idle());
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
  expect(h.emulator.isLive(store.sets.get('default')!.refresh_token!)).toBe(true);
});
