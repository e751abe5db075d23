import { expect, test } from 'vitest';
import {
  ReauthenticationRequiredError,
  TokenRenewalError,
  TokenStoreError,
} from '../../../../src/failure/errors.js';
import { resolveOptions } from '../../../../src/options/checks.js';
import type { TokenSet, TokenStore } from '../../../../src/store/store.js';
import { createLoginGate } from '../../../../src/token/endpoint/login-gate.js';
import { createGrantRegistry } from '../../../../src/token/grant/registry.js';
import { createKeeper } from '../../../../src/token/loading/keeper.js';
import { fingerprint } from '../../../../src/token/pair/fingerprint.js';
import { AccountSource } from '../../../../src/token/account-source.js';
import type { TokenSource, ClientDeps } from '../../../../src/token/source.js';
import { createManualEnv, settled } from '../../../support/manual-env.js';

const fresh: TokenSet = { access_token: 'a', refresh_token: 'r' };

interface Load {
  answer(set: TokenSet | undefined): void;
  fail(): void;
}

/** One account of a store whose loads a test answers by hand. */
function setUp({
  account = 'default',
  exchange,
}: { account?: string; exchange?: () => Promise<never> } = {}) {
  const env = createManualEnv();
  const loads: Load[] = [];
  const told: string[] = [];
  const saved: TokenSet[] = [];
  const store: TokenStore = {
    load: () =>
      new Promise((resolve, reject) => {
        loads.push({ answer: resolve, fail: () => reject(new Error('down')) });
      }),
    save: (set) => void saved.push(set),
  };
  const registry = createGrantRegistry({});
  const grants = registry.of(store, { client: '["l","c"]', isPrivate: false, replaces: undefined });
  const deps: ClientDeps = {
    env,
    clientAndGrant: '["l","c","refresh_token"]',
    grant: 'refresh_token',
    grants,
    keeperOf: (at, name, row, held) =>
      createKeeper({ store: at, account: name, env, storeTimeoutMs: 5_000, saves: new Map(), row, held }),
    isBeside: () => false,
    restingWith: () => undefined,
    server: { invalidatesOld: false, foundInvalidating: () => undefined, ask: () => undefined },
    untilDetached: new Set(),
    loginGate: () => createLoginGate(env),
    settings: resolveOptions({ clientId: 'id', clientSecret: 'secret', store }).renewal,
    maxWaitMs: 60_000,
    serverOffsetMs: () => 0,
    emit: (event) => told.push(event),
    warnOnce() {},
  };
  const own = { account, store, inContext: <T>(work: () => T) => work(), before: undefined };
  const never = () => Promise.reject(new Error('nothing is to be redeemed'));
  const source: TokenSource = new AccountSource(
    deps,
    { ...own, used: () => source },
    { order: 1, exchange: exchange ?? never, takesOver: false },
  );
  const acquire = (maxMs = 15_000, signal?: AbortSignal) => source.acquire({ maxMs, signal });
  return { env, grants, loads, saved, told, source, acquire };
}

test('calls of an account that holds nothing share one load, and no renewal is started for a pair that works', async () => {
  const { source, loads, acquire } = setUp();
  const calls = Promise.all([acquire(), acquire(), acquire()]);
  await settled();
  expect(source.status().renewing).toBe(false);
  expect(source.underWay()).toBeDefined();
  loads[0]!.answer(fresh);
  for (const acquired of await calls)
    expect(acquired).toMatchObject({ kind: 'lease', lease: { held: { accessToken: 'a' } } });
  expect(loads).toHaveLength(1);
  await settled();
  expect(source.underWay()).toBeUndefined();
});

test('a row that comes for another account than "default" is asked for twice before it is used', async () => {
  const { loads, acquire } = setUp({ account: 'one' });
  const call = acquire();
  await settled();
  loads[0]!.answer({ access_token: 'of-another-request', refresh_token: 'x' });
  await settled();
  loads[1]!.answer(fresh);
  await settled();
  loads[2]!.answer(fresh);
  expect(await call).toMatchObject({ kind: 'lease', lease: { held: { accessToken: 'a' } } });
});

test('the answer of a load that new tokens have overtaken is not used, and those who bring them look anew', async () => {
  const { source, loads, acquire } = setUp();
  const call = acquire();
  await settled();
  const brought = source.setTokens({ access_token: 'b', refresh_token: 's' });
  loads[0]!.answer(fresh);
  await settled();
  for (let at = 1; at < loads.length; at++) {
    loads[at]!.answer(fresh);
    await settled();
  }
  await brought;
  expect(await call).toMatchObject({ kind: 'lease', lease: { held: { accessToken: 'b' } } });
  expect(loads.length).toBeGreaterThan(1);
});

test('a call leaves a store that never answers when its patience ends, and the store’s failure is told', async () => {
  const { env, told, acquire } = setUp();
  const call = acquire(1_000);
  await env.advance(1_001);
  const acquired = await call;
  expect(acquired.kind === 'failed' && acquired.error).toBeInstanceOf(TokenRenewalError);
  expect(told).toEqual([]);
  await env.advance(20_000);
  expect(told).toContain('token-renewal-failed');
});

test('a call that is aborted leaves the load at once, and the next call uses what it has brought', async () => {
  const { loads, acquire } = setUp();
  const abort = new AbortController();
  const call = acquire(15_000, abort.signal);
  await settled();
  abort.abort();
  expect(await call).toEqual({ kind: 'aborted' });
  const next = acquire();
  await settled();
  loads[0]!.answer(fresh);
  expect((await next).kind).toBe('lease');
  expect(loads).toHaveLength(1);
});

test('a store that has failed is asked again while calls wait, and not before the wait that a renewal makes', async () => {
  const { env, loads, acquire } = setUp();
  const calls = Promise.all([acquire(), acquire()]);
  await settled();
  loads[0]!.fail();
  await settled();
  expect(loads).toHaveLength(1);
  await env.advance(100);
  loads[1]!.answer(fresh);
  for (const acquired of await calls) expect(acquired.kind).toBe('lease');
});

test('an unusable row fails all calls that wait for it, and is told once', async () => {
  const { loads, told, acquire } = setUp();
  const calls = Promise.all([acquire(), acquire()]);
  await settled();
  loads[0]!.answer('garbage' as unknown as TokenSet);
  for (const acquired of await calls)
    expect(acquired.kind === 'failed' && acquired.error).toBeInstanceOf(TokenStoreError);
  expect(loads).toHaveLength(1);
  expect(told).toEqual(['token-renewal-failed']);
});

test('a store that holds nothing is asked once, and all calls are told that a person is needed', async () => {
  const { loads, told, acquire } = setUp();
  const calls = Promise.all([acquire(), acquire()]);
  await settled();
  loads[0]!.answer(undefined);
  for (const acquired of await calls)
    expect(acquired.kind === 'failed' && acquired.error).toBeInstanceOf(ReauthenticationRequiredError);
  expect(await acquire()).toMatchObject({ kind: 'failed' });
  expect(loads).toHaveLength(1);
  expect(told).toEqual(['reauthentication-required']);
});

test('an account whose row is being loaded is not at rest', async () => {
  const { source, loads, acquire } = setUp();
  const call = acquire();
  await settled();
  expect(source.mayBeLetGo()).toBe(false);
  loads[0]!.answer(fresh);
  await call;
  await settled();
  expect(source.mayBeLetGo()).toBe(true);
});

test('a pair that is loaded after its refresh token was redeemed elsewhere is renewed', async () => {
  const { source, loads, acquire } = setUp();
  const call = acquire();
  await settled();
  source.redeemedElsewhere('r');
  loads[0]!.answer(fresh);
  expect((await call).kind).toBe('lease');
  await settled();
  expect(source.status().renewing).toBe(true);
});

test('a store that takes the place of another during a load gets what that load has brought', async () => {
  const { source, loads, acquire } = setUp();
  const saved: TokenSet[] = [];
  const call = acquire();
  await settled();
  source.moveTo({ load: () => undefined, save: (set) => void saved.push(set) });
  loads[0]!.answer(fresh);
  expect((await call).kind).toBe('lease');
  await settled();
  expect(saved).toMatchObject([fresh]);
});

const renewedTo: TokenSet = { access_token: 'b', refresh_token: 's' };

/** What the application has redeemed the token for by itself. */
function redeem({ grants, source }: ReturnType<typeof setUp>, refreshToken: string) {
  grants.record(fingerprint(refreshToken), { kind: 'renewed', tokens: renewedTo, expiresAtMs: undefined });
  source.redeemedElsewhere(refreshToken);
}

test('a pair whose refresh token was redeemed elsewhere during its load gives way to its successor, also where the call has gone', async () => {
  const account = setUp();
  const { source, loads, acquire } = account;
  const abort = new AbortController();
  const call = acquire(15_000, abort.signal);
  await settled();
  abort.abort();
  expect(await call).toEqual({ kind: 'aborted' });
  redeem(account, 'r');
  loads[0]!.answer(fresh);
  await settled();
  for (let at = 1; at < loads.length; at++) {
    loads[at]!.answer(fresh);
    await settled();
  }
  expect(source.holder.set).toMatchObject(renewedTo);
});

test('a pair whose refresh token was redeemed elsewhere during a look gives way to its successor', async () => {
  const account = setUp();
  const { source, loads } = account;
  const look = source.look({ maxMs: 15_000, signal: undefined });
  await settled();
  redeem(account, 'r');
  loads[0]!.answer(fresh);
  await look;
  await settled();
  for (let at = 1; at < loads.length; at++) {
    loads[at]!.answer(fresh);
    await settled();
  }
  expect(source.holder.set).toMatchObject(renewedTo);
});

test('a load that goes on after its call has gone is under way', async () => {
  const { source, loads, acquire } = setUp();
  const abort = new AbortController();
  const call = acquire(15_000, abort.signal);
  await settled();
  abort.abort();
  await call;
  await settled();
  expect(source.underWay()).toBeDefined();
  loads[0]!.answer(fresh);
  await settled();
  expect(source.underWay()).toBeUndefined();
});

test('that a store held nothing is not said of another that has taken its place meanwhile', async () => {
  const { source, loads, told, acquire } = setUp();
  const call = acquire();
  await settled();
  source.moveTo({ load: () => fresh, save() {} });
  loads[0]!.answer(undefined);
  expect(await call).toMatchObject({ kind: 'lease', lease: { held: { accessToken: 'a' } } });
  expect(told).not.toContain('reauthentication-required');
});

test.each(['a call', 'a look'])(
  'a pair that is loaded for %s after its refresh token was redeemed gives way to its successor, which is saved',
  async (by) => {
    const account = setUp();
    const { source, loads, saved, acquire } = account;
    redeem(account, 'r');
    const loaded = by === 'a call' ? acquire() : source.look({ maxMs: 15_000, signal: undefined });
    for (let at = 0; at < 8; at++) {
      await settled();
      loads[at]?.answer(fresh);
    }
    await loaded;
    await settled();
    expect(source.holder.set).toMatchObject(renewedTo);
    expect(saved).toMatchObject([renewedTo]);
  },
);

test('a renewal that loads a pair whose refresh token was redeemed in this process takes its successor, which is saved', async () => {
  const account = setUp();
  const { env, source, loads, saved, acquire } = account;
  const none = acquire();
  await settled();
  loads[0]!.answer(undefined);
  expect(await none).toMatchObject({ kind: 'failed', error: { reason: 'no-tokens' } });
  // It loads by itself where something is held against the next renewal.
  env.jump(1_000);
  redeem(account, 'r');
  const call = acquire();
  for (let at = 1; at < 9; at++) {
    await settled();
    loads[at]?.answer(fresh);
  }
  expect(await call).toMatchObject({ kind: 'lease' });
  await settled();
  expect(source.holder.set).toMatchObject(renewedTo);
  expect(saved).toMatchObject([renewedTo]);
});

test('a store that has taken the place of one that held nothing a moment ago is asked at once', async () => {
  const { source, loads } = setUp();
  const look = source.look({ maxMs: 15_000, signal: undefined });
  await settled();
  loads[0]!.answer(undefined);
  await look;
  await settled();
  source.moveTo({ load: () => fresh, save() {} });
  await settled();
  await source.look({ maxMs: 15_000, signal: undefined });
  expect(source.holder.set).toMatchObject(fresh);
});
