import axios, { type InternalAxiosRequestConfig } from 'axios';
import { describe, expect, test } from 'vitest';
import type { TokenStore } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createHarness, createTestStore, names, type Harness } from '../support/harness.js';
import { settled, until } from '../support/manual-env.js';
import { axiosError } from '../support/versions.js';

const life = 5_400_000;
const me = '/rest/v1.0/me';
const rfis = '/rest/v1.0/projects/1/rfis';
const invalidToken = { 'www-authenticate': 'Bearer error="invalid_token"' };

interface Outcome {
  status?: number;
  code?: string;
  reason?: string;
  message: string;
  access_token?: string;
  data?: unknown;
}

function diskFull(): never {
  throw new Error('the disk is full');
}

/** What a promise came to, whichever way. */
function outcome(work: Promise<unknown>): Promise<Outcome> {
  return work.then(
    (value) => value as Outcome,
    (error: unknown) => error as Outcome,
  );
}

/** A store of another process on the same rows. */
function sameRows({ load, save }: TokenStore, more: Partial<TokenStore> = {}): TokenStore {
  return { load, save, ...more };
}

test('a machine that slept during a load asks the store again, and puts no token at risk with an answer time of nothing', async () => {
  await using h = await createHarness();
  let asleep = false;
  h.store.onLoad = () => {
    if (asleep) h.env.jump(600_000);
    asleep = false;
  };
  await h.instance.get(me);
  asleep = true;
  const held = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const renewed = outcome(h.procore.renew());
  await held.struck();
  expect(Math.min(...h.env.pending.filter((ms) => ms > 0))).toBeGreaterThan(20_000);
  await h.env.advance(50);
  held.release();
  // The time of renew() itself has ended while the machine slept, and that of the renewal has not.
  await h.env.drive(renewed);
  await h.procore.idle();
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, tokenRequests: 1 });
});

test('a machine that slept before a token is presented once more loses no answer: the next renewal presents it', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  // From a gateway: nothing has been redeemed.
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 502 } });
  const renewed = outcome(h.procore.renew());
  await until(() => h.env.pending.includes(500));
  h.env.jump(600_000);
  expect(await h.env.drive(renewed)).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED' });
  expect((await h.env.drive(outcome(h.procore.renew()))).access_token).toBeTruthy();
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, tokenRequests: 2, spentPresentations: 0 });
});

test('a token is not presented once more with hardly any time for the answer', async () => {
  await using h = await createHarness();
  const startedMs: number[] = [];
  const { procore } = h.attach({
    exchange: async () => {
      startedMs.push(h.env.now());
      await h.env.sleep(27_000);
      throw new Error('502');
    },
  });
  expect(await h.env.drive(outcome(procore.renew()))).toMatchObject({
    code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
  });
  // Of totalMs 5 s belong to the save, and a quarter to the last answer.
  expect(startedMs.at(-1)! - startedMs[0]!).toBeLessThan(62_500);
  expect(startedMs).toHaveLength(3);
});

test('a Retry-After that leaves no time for an answer ends the renewal: the token is not presented', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({
    on: 'token',
    do: { kind: 'answer', status: 503, headers: { 'retry-after': '84' } },
  });
  expect(await h.env.drive(outcome(h.procore.renew()))).toMatchObject({
    code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
  });
  await h.env.advance(90_000);
  expect(h.emulator.counters.tokenRequests).toBe(1);
});

test('setTokens with a pair that has been redeemed meanwhile (an old session) changes nothing', async () => {
  await using h = await createHarness();
  const old = { ...h.store.sets.get('default')! };
  const pair = await h.procore.renew();
  await h.procore.setTokens(old);
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.store.sets.get('default')).toEqual(pair);
  expect(h.emulator.counters).toMatchObject({ spentPresentations: 0, unauthorized: 0 });
});

test('setTokens with the pair that is being redeemed leaves the renewal alone', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const pair = { ...h.store.sets.get('default')! };
  h.env.jump(life);
  const held = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const call = h.instance.get(me);
  await held.struck();
  await h.procore.setTokens(pair);
  held.release();
  expect((await call).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

/** Two processes under one lock, each with a pair that it cannot save: in mode B the second one's, when it is used, kills the first one's. */
async function twoUnsaved(h: Harness) {
  let tail: Promise<unknown> = Promise.resolve();
  const lock: NonNullable<TokenStore['lock']> = (_account, critical) => {
    const run = tail.then(() => critical());
    tail = run.catch(() => undefined);
    return run;
  };
  const locked = { lock, renewsLock: true, readsAreFresh: true };
  const one = h.attachProcess({ store: sameRows(h.store, locked) });
  const two = h.attach({ store: sameRows(h.store, locked) });
  await one.instance.get(me);
  await two.instance.get(me);
  h.env.jump(life);
  h.store.onSave = diskFull;
  await h.env.drive(one.procore.renew());
  await h.env.drive(two.procore.renew());
  await two.instance.get(me);
  return { two, dead: one.procore.unsavedTokens()!, live: two.procore.unsavedTokens()! };
}

test('mode B, a store that cannot be written for a while: the live pair gives way to a dead one, and comes back', async () => {
  await using h = await createHarness({ emulator: { spentTokens: 'B' } });
  const { two, live } = await twoUnsaved(h);
  let oneSaved = false;
  h.store.onSave = ({ refresh_token: refresh }) => {
    if (refresh === live.refresh_token && !oneSaved) diskFull();
    oneSaved = true;
  };
  await h.env.advance(120_000);
  expect((await h.env.drive(outcome(two.instance.get(me)))).status).toBe(200);
  expect(h.emulator.isLive(h.store.sets.get('default')!.refresh_token!)).toBe(true);
});

describe('mode B, the store has got the dead pair of another process while the live one is in memory only', () => {
  async function stage(h: Harness) {
    const stored = { ...h.store.sets.get('default')! };
    const { two, dead, live } = await twoUnsaved(h);
    h.store.onSave = ({ refresh_token: refresh }) => {
      if (refresh !== dead.refresh_token) diskFull();
    };
    const inStore = () => h.store.sets.get('default')!.refresh_token!;
    while (inStore() === stored.refresh_token) await h.env.advance(250);
    expect(inStore()).toBe(dead.refresh_token);
    return { two, dead, live, inStore };
  }

  test('the renewal does not adopt the dead pair', async () => {
    await using h = await createHarness({ emulator: { spentTokens: 'B' } });
    const { two, inStore } = await stage(h);
    // A table without a column for the time of issue.
    const { created_at: _issued, ...columns } = h.store.sets.get('default')!;
    h.store.sets.set('default', columns);
    h.store.onSave = undefined;
    await two.procore.renew();
    expect((await h.env.drive(outcome(two.instance.get(me)))).status).toBe(200);
    expect(h.emulator.isLive(inStore())).toBe(true);
  });

  test('once the dead pair is refused, the live one is saved at once, and the dead token is not sent again', async () => {
    await using h = await createHarness({ emulator: { spentTokens: 'B' } });
    const { two, dead, live, inStore } = await stage(h);
    const copy = h.attachCopy({ store: createTestStore(dead) });
    h.store.onSave = undefined;
    await h.env.advance(60_000);
    expect(two.procore.status().unsaved).toBe(false);
    const { exchanges } = h.emulator.counters;
    expect((await two.instance.get(me)).status).toBe(200);
    expect(inStore()).toBe(live.refresh_token);
    await expect(copy.procore.renew()).rejects.toMatchObject({ reason: 'refresh-token-invalid' });
    expect(h.emulator.counters).toMatchObject({ exchanges, spentPresentations: 1 });
  });

  test('once the dead pair is refused, a live pair that has expired is renewed before it is used', async () => {
    await using h = await createHarness({ emulator: { spentTokens: 'B' } });
    const { two, inStore } = await stage(h);
    h.store.onSave = undefined;
    await h.env.advance(60_000);
    h.env.jump(life);
    const { exchanges, unauthorized } = h.emulator.counters;
    expect((await two.instance.get(me)).status).toBe(200);
    expect(h.emulator.counters).toMatchObject({ exchanges: exchanges + 1, unauthorized });
    expect(h.emulator.isLive(inStore())).toBe(true);
  });

  test('once the dead pair is refused, a live pair that cannot be saved yet is used, and an event says why', async () => {
    await using h = await createHarness({ emulator: { spentTokens: 'B' } });
    const { two, live, inStore } = await stage(h);
    h.store.onSave = undefined;
    await h.env.advance(60_000);
    h.store.onSave = diskFull;
    expect((await h.env.drive(two.instance.get(me))).status).toBe(200);
    expect(two.procore.unsavedTokens()).toEqual(live);
    const failures = h.told.filter(({ event }) => event === 'token-save-failed');
    expect(failures.at(-1)!.detail).toMatchObject({
      message: 'store.save() failed (Error): the disk is full',
    });
    h.store.onSave = undefined;
    await h.env.advance(60_000);
    expect(inStore()).toBe(live.refresh_token);
  });
});

test('an unsaved pair is held back even where the server has been seen to kill replaced tokens', async () => {
  await using h = await createHarness({ emulator: { spentTokens: 'B' } });
  await h.instance.get(me);
  const held = h.emulator.misbehave({ on: 'api', do: { kind: 'hold' } });
  const slow = h.instance.get(me);
  await held.struck();
  await h.procore.renew();
  await h.instance.get(me);
  held.release();
  await slow;
  const stored = h.store.sets.get('default')!;
  h.store.onSave = diskFull;
  await h.env.drive(h.procore.renew());
  await h.instance.get(me);
  expect(h.emulator.isLive(stored.refresh_token!)).toBe(true);
});

test('a save that timed out in one copy of the package does not land on the newer pair of another', async () => {
  await using h = await createHarness();
  const copy = h.attachCopy();
  await h.instance.get(me);
  await copy.instance.get(me);
  let release = () => {};
  let saves = 0;
  h.store.onSave = () => (saves++ === 0 ? new Promise<void>((resolve) => (release = resolve)) : undefined);
  await h.env.drive(h.procore.renew());
  await h.env.drive(copy.procore.renew());
  await h.env.drive(copy.procore.renew());
  release();
  await settled();
  await h.env.advance(120_000);
  expect(h.emulator.isLive(h.store.sets.get('default')!.refresh_token!)).toBe(true);
});

test('a save that never settles gives way after five minutes, so that later pairs are saved', async () => {
  await using h = await createHarness({ emulator: { spentTokens: 'B' } });
  let saves = 0;
  h.store.onSave = () => (saves++ === 0 ? new Promise<void>(() => {}) : undefined);
  const pair = await h.env.drive(h.procore.renew());
  await h.env.advance(6 * 60_000);
  expect(h.store.sets.get('default')).toEqual(pair);
  expect(h.procore.status().unsaved).toBe(false);
});

test('an exchange that outlives its time is not called beside itself, and its late pair is used', async () => {
  await using h = await createHarness();
  let underWay = 0;
  let most = 0;
  const { procore } = h.attachProcess({
    exchange: async (grant) => {
      most = Math.max(most, ++underWay);
      const form = new URLSearchParams({
        client_id: h.emulator.clientId,
        client_secret: h.emulator.clientSecret,
      });
      form.set('grant_type', grant.type);
      if (grant.type === 'refresh_token') form.set('refresh_token', grant.refresh_token);
      const { data } = await axios.post<never>(`${h.emulator.url}/oauth/token`, form, { proxy: false });
      await h.env.sleep(61_000);
      underWay--;
      return data;
    },
  });
  expect((await h.env.drive(outcome(procore.renew()))).access_token).toBeTruthy();
  expect(most).toBe(1);
});

test('a route that always answers 401, an unsaved pair and an old token that works: the 401 is returned at once', async () => {
  await using h = await createHarness({ emulator: { spentTokens: 'B' } });
  await h.instance.get(me);
  h.store.onSave = diskFull;
  const always = ({ path }: { path: string }) => path.endsWith('/rfis');
  h.emulator.misbehave({
    on: always,
    times: Infinity,
    do: { kind: 'answer', status: 401, headers: invalidToken },
  });
  const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const call = outcome(h.instance.get(rfis));
  await held.struck();
  await h.instance.get(me);
  held.release();
  let asked = 0;
  const now = h.env.now;
  h.env.now = () => {
    if (++asked > 200_000) throw new Error('busy loop');
    return now();
  };
  expect((await h.env.drive(call)).message).not.toContain('busy loop');
});

test('a drain holds calls for twice drainMs at most while the token endpoint hangs', async () => {
  await using h = await createHarness({ options: { renewal: { drain: true } } });
  await h.instance.get(me);
  h.env.jump(life - 240_000);
  h.emulator.misbehave({ on: 'token', times: 3, do: { kind: 'hang' } });
  await h.instance.get(me);
  await until(() => h.emulator.counters.tokenRequests === 1, 'the presentation');
  const waits: number[] = [];
  for (let call = 0; call < 4; call++) {
    const sentAtMs = h.env.now();
    await h.env.drive(h.instance.get(me), 250);
    waits.push(h.env.now() - sentAtMs);
  }
  expect(waits[0]).toBeLessThanOrEqual(10_250);
  expect(Math.max(...waits.slice(1))).toBeLessThanOrEqual(250);
});

test('renewals that failed do not count for the brake: a revoked token is renewed as soon as the store is back', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.emulator.revoke();
  h.store.onLoad = diskFull;
  for (let minute = 0; minute < 10; minute++) {
    await h.env.drive(outcome(h.instance.get(me)), 1_000);
    await h.env.advance(60_000);
  }
  h.store.onLoad = undefined;
  expect((await h.env.drive(outcome(h.instance.get(me)), 1_000)).status).toBe(200);
});

test('after the clock was set back by an hour, new tokens in the store are still found', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
  h.env.jump(life);
  await h.env.drive(outcome(h.instance.get(me)));
  h.env.jump(-3_600_000);
  h.store.sets.set('default', h.emulator.issue());
  await h.env.advance(10_000);
  expect((await h.env.drive(outcome(h.instance.get(me)))).status).toBe(200);
});

test('setTokens while the lock cannot be had: calls use the new tokens after storeTimeoutMs', async () => {
  await using h = await createHarness({ authorized: false });
  const store = sameRows(h.store, { lock: () => new Promise(() => {}), renewsLock: true });
  const { instance, procore } = h.attachProcess({ store });
  const setting = outcome(procore.setTokens(h.emulator.issue()));
  expect((await h.env.drive(outcome(instance.get(me)))).status).toBe(200);
  expect(await h.env.drive(setting)).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
  expect(procore.unsavedTokens()).toBeDefined();
});

test('after setTokens that could not save, calls run as the new user, not as the one before', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.store.onSave = diskFull;
  await h.env.drive(outcome(h.procore.setTokens(h.emulator.issue({ userId: 9 }))));
  expect((await h.instance.get(me)).data).toMatchObject({ id: 9 });
});

test('an attach with a corrected secret on the same store corrects it for the source that they share', async () => {
  await using h = await createHarness({ options: { clientSecret: 'wrong-secret' } });
  h.env.jump(life);
  expect(await outcome(h.instance.get(me))).toMatchObject({ code: 'ERR_PROCORE_CLIENT_REJECTED' });
  h.procore.detach();
  const { instance } = h.attach({ clientSecret: h.emulator.clientSecret });
  h.env.jump(61_000);
  expect((await outcome(instance.get(me))).status).toBe(200);
});

test('a 401 for an unknown reason is replayed all the same when the token was replaced meanwhile', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  let answer = () => {};
  const sentWith: unknown[] = [];
  const adapter = async (config: InternalAxiosRequestConfig) => {
    sentWith.push(config.headers.Authorization);
    const response = { status: 200, statusText: '', headers: {}, data: '{}', config };
    if (sentWith.length > 1) return response;
    await new Promise<void>((resolve) => (answer = resolve));
    const refused = { ...response, status: 401, data: '{"message":"Your session has ended"}' };
    throw axiosError('refused', 'ERR_BAD_REQUEST', config, {}, refused);
  };
  const slow = h.instance.get(me, { adapter });
  await until(() => sentWith.length === 1, 'the first attempt');
  await h.procore.renew();
  answer();
  expect((await slow).status).toBe(200);
  expect(sentWith).toHaveLength(2);
  expect(sentWith[0]).not.toBe(sentWith[1]);
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('a lock that is lost while the client secret is fetched: nothing is presented', async () => {
  await using h = await createHarness();
  const lost = new AbortController();
  const store = createTestStore(h.store.sets.get('default'));
  const lock: NonNullable<TokenStore['lock']> = (_account, critical) => critical(lost.signal);
  const { procore } = h.attachProcess({
    clientSecret: () => {
      lost.abort();
      return h.emulator.clientSecret;
    },
    store: Object.assign(store, { lock, lockMs: 100_000, readsAreFresh: true }),
  });
  await h.env.drive(outcome(procore.renew()));
  expect(h.emulator.counters.tokenRequests).toBe(0);
});

test("a lock that is lost while a note is written: the application's own exchange is not called", async () => {
  await using h = await createHarness();
  const lost = new AbortController();
  const record = { read: async () => undefined, write: async () => lost.abort() };
  const lock: NonNullable<TokenStore['lock']> = (_account, critical) => critical(lost.signal, record);
  let calls = 0;
  const { procore } = h.attachProcess({
    exchange: async () => {
      calls++;
      return h.emulator.issue();
    },
    store: sameRows(h.store, { lock, lockMs: 100_000, readsAreFresh: true }),
  });
  await h.env.drive(outcome(procore.renew()));
  expect(calls).toBe(0);
});

test('a lock that is lost while a lost answer is waited out ends the renewal at once', async () => {
  await using h = await createHarness();
  const lost = new AbortController();
  const lock: NonNullable<TokenStore['lock']> = (_account, critical) => critical(lost.signal);
  let calls = 0;
  const { procore } = h.attachProcess({
    exchange: async () => {
      calls++;
      throw new Error('connection reset');
    },
    store: sameRows(h.store, { lock, lockMs: 100_000, readsAreFresh: true }),
  });
  const renewed = outcome(procore.renew());
  await until(() => h.env.pending.includes(500), 'the wait for the second presentation');
  lost.abort();
  await h.env.advance(500);
  expect((await renewed).message).toContain('and the lock was lost');
  expect(calls).toBe(1);
});

test('renew() that is overtaken by setTokens gives the new tokens, without an exchange', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const renewed = outcome(h.procore.renew());
  await held.struck();
  const brought = h.emulator.issue();
  await h.procore.setTokens(brought);
  held.release();
  expect((await h.env.drive(renewed)).access_token).toBe(brought.access_token);
  await h.procore.idle();
  expect(h.emulator.isLive(h.store.sets.get('default')!.refresh_token!)).toBe(true);
  expect(names(h.told)).not.toContain('token-renewed');
});

test('a pair that arrives in the very moment of setTokens is there for whoever else holds the spent token', async () => {
  await using h = await createHarness();
  const pair = h.store.sets.get('default')!;
  const brought = h.emulator.issue();
  const one = h.attach({
    store: createTestStore(pair),
    async exchange(grant: { type: string; refresh_token?: string }) {
      const form = new URLSearchParams({
        client_id: h.emulator.clientId,
        client_secret: h.emulator.clientSecret,
      });
      form.set('grant_type', grant.type);
      form.set('refresh_token', grant.refresh_token!);
      const { data } = await axios.post<never>(`${h.emulator.url}/oauth/token`, form, { proxy: false });
      const moment = () => queueMicrotask(() => queueMicrotask(() => void one.procore.setTokens(brought)));
      // Read when the answer is judged.
      return Object.defineProperty(data, 'scope', { enumerable: true, get: () => void moment() });
    },
  });
  expect((await one.procore.renew()).access_token).toBe(brought.access_token);
  await h.procore.renew();
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

test('renew() joins the renewal that came after one that setTokens has overtaken', async () => {
  await using h = await createHarness();
  const overtaken = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const renewals = [h.procore.renew()];
  await overtaken.struck();
  const setting = h.procore.setTokens(h.emulator.issue());
  const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  renewals.push(h.procore.renew());
  await held.struck();
  renewals.push(h.procore.renew());
  overtaken.release();
  held.release();
  const [first, second, third] = await Promise.all(renewals);
  await setting;
  expect([first, third]).toEqual([second, second]);
  expect(h.emulator.counters.exchanges).toBe(2);
});

test('an older pair that is put back into the store is taken once the one in hand is dead', async () => {
  await using h = await createHarness();
  const older = h.emulator.issue();
  h.env.jump(60_000);
  h.store.sets.set('default', h.emulator.issue());
  await h.instance.get(me);
  h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
  expect(await h.env.drive(outcome(h.instance.get(me)))).toMatchObject({ reason: 'refresh-token-invalid' });
  h.store.sets.set('default', older);
  h.env.jump(1_000);
  expect((await h.env.drive(outcome(h.instance.get(me)))).status).toBe(200);
});

/** An exchange of the application's own that hands over what it was answered 61 s later. */
function lateExchange(h: Harness) {
  const late = { calls: 0, store: createTestStore(h.store.sets.get('default')) };
  const exchange = async (grant: { type: string; refresh_token?: string }) => {
    late.calls++;
    const form = new URLSearchParams({
      client_id: h.emulator.clientId,
      client_secret: h.emulator.clientSecret,
    });
    form.set('grant_type', grant.type);
    form.set('refresh_token', grant.refresh_token!);
    const { data } = await axios.post<never>(`${h.emulator.url}/oauth/token`, form, { proxy: false });
    await h.env.sleep(61_000);
    return data;
  };
  return Object.assign(late, {
    options: { exchange, renewal: { resendAfterLostAnswer: 0 }, store: late.store },
    isSaved: () => h.emulator.isLive(late.store.sets.get('default')!.refresh_token!),
  });
}

test('a pair that an exchange brings after its renewal has given up is saved at once, for the process may end', async () => {
  await using h = await createHarness();
  const late = lateExchange(h);
  const { procore } = h.attach(late.options);
  expect(await h.env.drive(outcome(procore.renew()))).toMatchObject({
    code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
  });
  await h.env.advance(1_500);
  await h.env.drive(procore.idle());
  expect(late.isSaved()).toBe(true);
  expect(late.calls).toBe(1);
});

test('a pair that an exchange brings at the moment when its renewal gives up for a lost lock is saved at once', async () => {
  await using h = await createHarness();
  const late = lateExchange(h);
  let releases = 0;
  const store = sameRows(late.store, {
    renewsLock: true,
    readsAreFresh: true,
    async lock(_account, critical) {
      const lost = new AbortController();
      setImmediate(() => lost.abort());
      try {
        return await critical(lost.signal);
      } finally {
        // The pair comes while the lock is given back.
        if (releases++ === 0) await h.env.sleep(2_000);
      }
    },
  });
  const { procore } = h.attach({ ...late.options, store });
  await h.env.drive(outcome(procore.renew()));
  await h.env.drive(procore.idle());
  expect(late.isSaved()).toBe(true);
  expect(late.calls).toBe(1);
});

test('a pair that an exchange brings after setTokens is neither saved nor used', async () => {
  await using h = await createHarness();
  const late = lateExchange(h);
  const { instance, procore } = h.attach(late.options);
  const renewed = outcome(procore.renew());
  await until(() => h.emulator.counters.exchanges === 1);
  const brought = h.emulator.issue({ userId: 9 });
  await h.env.drive(procore.setTokens(brought));
  await h.env.drive(renewed);
  await h.env.advance(120_000);
  expect((await instance.get(me)).data).toMatchObject({ id: 9 });
  expect(late.store.sets.get('default')!.refresh_token).toBe(brought.refresh_token);
  expect(late.calls).toBe(1);
});

test('a pair that an exchange brings between two presentations is taken once, also where the refresh token stays the same', async () => {
  await using h = await createHarness();
  let calls = 0;
  const exchange = async () => {
    calls++;
    const { access_token, expires_in } = h.emulator.issue();
    // After answerTimeoutMs, and before the token is presented once more.
    await h.env.sleep(60_250);
    return { access_token, expires_in };
  };
  const { procore } = h.attach({ exchange, store: createTestStore(h.store.sets.get('default')) });
  await h.env.drive(procore.renew());
  await h.env.drive(procore.idle());
  expect(calls).toBe(1);
});

test.each(['the same attach', 'another attach on the store'])(
  'one that comes while the store cannot be read is taken by the next renewal, however late (%s)',
  async (who) => {
    await using h = await createHarness();
    const late = lateExchange(h);
    const first = h.attach(late.options);
    expect(await h.env.drive(outcome(first.procore.renew()))).toMatchObject({
      code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
    });
    late.store.onLoad = diskFull;
    await h.env.advance(10 * 60_000);
    late.store.onLoad = undefined;
    const next = who === 'the same attach' ? first : h.attach(late.options);
    expect((await h.env.drive(outcome(next.procore.renew()))).access_token).toBeTruthy();
    expect(late.calls).toBe(1);
    expect(late.isSaved()).toBe(true);
  },
);

test('a drain leaves time for the renewal that it is for, however short totalMs is', async () => {
  await using h = await createHarness({ options: { renewal: { drain: true, totalMs: 4_000 } } });
  await h.instance.get(me);
  const slow = h.emulator.misbehave({ on: 'api', do: { kind: 'hold' } });
  const call = h.instance.get(me);
  await slow.struck();
  expect((await h.env.drive(outcome(h.procore.renew()))).access_token).toBeTruthy();
  slow.release();
  expect((await call).status).toBe(200);
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('a refresh token that was refused, and that a person brings once more, is presented again', async () => {
  await using h = await createHarness();
  const pair = h.store.sets.get('default')!;
  const body = { error: 'invalid_grant' };
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 400, body } });
  expect(await h.env.drive(caught(h.procore.renew()))).toMatchObject({ reason: 'refresh-token-invalid' });
  await h.procore.setTokens(pair);
  expect((await h.procore.renew()).refresh_token).not.toBe(pair.refresh_token);
});

test('a dead pair that could not be saved gives way, at the next call, to one that another process has saved', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.env.jump(life);
  h.store.onSave = diskFull;
  await h.env.drive(h.procore.renew());
  await h.instance.get(me);
  h.emulator.revokeGrant(h.procore.unsavedTokens()!.refresh_token!);
  h.env.jump(life);
  expect(await h.env.drive(outcome(h.instance.get(me)))).toMatchObject({ reason: 'refresh-token-invalid' });
  h.store.sets.set('default', h.emulator.issue());
  // No late save has its turn: the call alone finds it.
  h.env.jump(2_000);
  expect(await outcome(h.instance.get(me))).toMatchObject({ status: 200 });
  expect(h.procore.status().unsaved).toBe(false);
  expect(h.emulator.counters.spentPresentations).toBe(0);
});
