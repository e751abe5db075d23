import { describe, expect, test } from 'vitest';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { memoryTokenStore } from '../../src/store/memory.js';
import { TokenStoreConflict } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createHarness, createTestStore, names, type Harness, type TestStore } from '../support/harness.js';
import { until } from '../support/manual-env.js';

const me = '/rest/v1.0/me';
const life = 5_400_000;

/** A harness whose store can forget. */
async function createScene(setup: Parameters<typeof createHarness>[0] = {}) {
  const h = await createHarness(setup);
  h.store.remove = async (account) => {
    h.store.log.push(`remove ${account}`);
    h.store.sets.delete(account);
  };
  const pair = h.store.sets.get('default')!;
  return Object.assign(h, { pair });
}

const isLive = (h: Harness, set: TokenSet) => [
  h.emulator.isLive(set.access_token),
  h.emulator.isLive(set.refresh_token!),
];

/** Mutual exclusion as a server has it for several processes. */
function withLock(store: TestStore): TestStore {
  let tail: Promise<unknown> = Promise.resolve();
  return Object.assign(store, {
    renewsLock: true,
    readsAreFresh: true,
    lock: <T>(account: string, critical: () => Promise<T>): Promise<T> => {
      const run = tail.then(async () => {
        store.log.push(`lock ${account}`);
        try {
          return await critical();
        } finally {
          store.log.push(`release ${account}`);
        }
      });
      tail = run.catch(() => undefined);
      return run;
    },
  });
}

/** Another process on the same store. */
const processOf = (h: Harness, store: TestStore) => h.attachProcess({ store: { ...store } });

describe('revoke', () => {
  test('revokes the pair at the server, removes it from the store, and calls fail with no-tokens', async () => {
    await using h = await createScene();
    await h.instance.get(me);
    await h.procore.revoke();
    expect(isLive(h, h.pair)).toEqual([false, false]);
    expect(h.store.sets.size).toBe(0);
    const before = { ...h.emulator.counters };
    for (let i = 0; i < 3; i++)
      expect(await caught(h.instance.get(me))).toMatchObject({
        code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED',
        reason: 'no-tokens',
        status: 401,
      });
    await expect(h.procore.getAccessToken()).rejects.toMatchObject({ reason: 'no-tokens' });
    expect(h.emulator.counters.requests).toBe(before.requests);
    expect(h.emulator.counters.unauthorized).toBe(0);
    const { pacing: _pacing, ...ofTokens } = h.procore.status();
    expect(ofTokens).toEqual({
      account: 'default',
      state: 'reauthentication-required',
      renewing: false,
      unsaved: false,
    });
    // The application has done it, and need not be told.
    expect(names(h.told)).toEqual([]);
  });

  test('sends the credentials in a form, past the interceptors', async () => {
    await using h = await createScene();
    let ran = 0;
    h.instance.interceptors.request.use((config) => {
      ran++;
      return config;
    });
    const seen: { body: string; query: string; type: unknown }[] = [];
    h.emulator.misbehave({
      on({ path, body, query, headers }) {
        if (path === '/oauth/revoke') seen.push({ body, query, type: headers['content-type'] });
        return false;
      },
      do: { kind: 'drop' },
    });
    await h.procore.revoke();
    expect(seen.map(({ body }) => Object.fromEntries(new URLSearchParams(body)))).toEqual(
      [h.pair.refresh_token, h.pair.access_token].map((token) => ({
        token,
        client_id: h.emulator.clientId,
        client_secret: h.emulator.clientSecret,
      })),
    );
    for (const { query, type } of seen)
      expect([query, type]).toEqual(['', 'application/x-www-form-urlencoded']);
    expect(ran).toBe(0);
  });

  test('a pair whose access token has expired is revoked as well', async () => {
    await using h = await createScene();
    h.env.jump(life);
    await h.procore.revoke();
    expect(h.emulator.isLive(h.pair.refresh_token!)).toBe(false);
    expect(h.emulator.counters.exchanges).toBe(0);
  });

  test('a pair that the server keeps until its successor is used is revoked with the successor', async () => {
    await using h = await createScene({ emulator: { spentTokens: 'B' } });
    await h.instance.get(me);
    const next = await h.procore.renew();
    expect(isLive(h, h.pair)).toEqual([true, true]);
    await h.procore.revoke();
    expect([isLive(h, h.pair), isLive(h, next)]).toEqual([
      [false, false],
      [false, false],
    ]);
  });

  test('the tokens of another account are left alone', async () => {
    await using h = await createScene();
    const bob = h.emulator.issue({ userId: 2 });
    h.store.sets.set('bob', bob);
    await h.procore.revoke('bob');
    expect([h.store.sets.has('bob'), isLive(h, bob)]).toEqual([false, [false, false]]);
    expect((await h.instance.get(me)).status).toBe(200);
  });

  test('an account without tokens has nothing to revoke, and that is no failure', async () => {
    await using h = await createScene({ authorized: false });
    await h.procore.revoke();
    expect(h.emulator.counters.requests).toBe(0);
    expect(await caught(h.instance.get(me))).toMatchObject({ reason: 'no-tokens' });
  });

  test('new tokens end it: setTokens, and a store that another process has filled', async () => {
    await using h = await createScene();
    await h.procore.revoke();
    await h.procore.setTokens(h.emulator.issue());
    expect((await h.instance.get(me)).status).toBe(200);
    await h.procore.revoke();
    h.store.sets.set('default', h.emulator.issue());
    await h.env.advance(1_000);
    expect((await h.instance.get(me)).status).toBe(200);
  });

  test('new tokens end it on a store that compares, with and without remove', async () => {
    for (const remove of [true, false]) {
      await using h = await createScene();
      if (!remove) delete h.store.remove;
      h.store.onSave = (_tokens, account, previous) => {
        if (h.store.sets.get(account)?.refresh_token !== previous?.refresh_token)
          throw new TokenStoreConflict();
      };
      await h.procore.revoke();
      const next = h.emulator.issue({ userId: 2 });
      await h.procore.setTokens(next);
      expect(h.store.sets.get('default')).toMatchObject({ refresh_token: next.refresh_token });
      await h.procore.renew();
      expect(h.procore.status()).toMatchObject({ state: 'fresh', unsaved: false });
    }
  });
});

describe('a store without remove', () => {
  test('still holds the pair, which is not used any more: a look at the store per second, and no request', async () => {
    await using h = await createHarness();
    const pair = h.store.sets.get('default')!;
    await h.procore.revoke();
    expect(h.store.sets.get('default')).toBe(pair);
    const { requests } = h.emulator.counters;
    h.store.log.length = 0;
    for (let seconds = 0; seconds < 5; seconds++) {
      for (let calls = 0; calls < 10; calls++)
        expect(await caught(h.instance.get(me))).toMatchObject({ reason: 'no-tokens' });
      await h.env.advance(1_000);
    }
    expect(h.store.log.length).toBeLessThanOrEqual(5);
    expect(h.emulator.counters.requests).toBe(requests);
    expect(names(h.told)).toEqual([]);
  });

  test('the next process finds out from the server', async () => {
    await using h = await createHarness();
    await h.procore.revoke();
    const next = h.attachProcess();
    const error = await h.env.drive(caught(next.instance.get(me)));
    expect(error).toMatchObject({ reason: 'refresh-token-invalid' });
  });

  test('another copy in this process does not present the dead refresh token', async () => {
    await using h = await createHarness();
    const copy = h.attachCopy();
    await copy.instance.get(me);
    await h.procore.revoke();
    const { tokenRequests } = h.emulator.counters;
    const error = await h.env.drive(caught(copy.instance.get(me)));
    expect(error).toMatchObject({ reason: 'refresh-token-invalid' });
    expect(h.emulator.counters.tokenRequests).toBe(tokenRequests);
  });
});

describe('a revocation that fails changes nothing', () => {
  test.each<[string, object, string, number]>([
    [
      'a server that answers 500',
      { do: { kind: 'answer', status: 500 } },
      'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
      4,
    ],
    ['lost answers', { after: true, do: { kind: 'drop' } }, 'ERR_PROCORE_TOKEN_RENEWAL_FAILED', 4],
    [
      'a page that is not there',
      { do: { kind: 'answer', status: 404 } },
      'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
      1,
    ],
    [
      'a redirect',
      { do: { kind: 'redirect', location: 'https://evil.example.com/' } },
      'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
      1,
    ],
    [
      'a client refused with 403',
      { do: { kind: 'answer', status: 403, body: { error: 'unauthorized_client' } } },
      'ERR_PROCORE_CLIENT_REJECTED',
      1,
    ],
    [
      'a client refused with 401',
      { do: { kind: 'answer', status: 401, body: { error: 'invalid_client' } } },
      'ERR_PROCORE_CLIENT_REJECTED',
      1,
    ],
  ])('%s: %s', async (_case, fault, code, requests) => {
    await using h = await createScene();
    const broken = h.emulator.misbehave({ on: 'revoke', times: Infinity, ...fault } as never);
    const error = await h.env.drive(caught(h.procore.revoke()));
    expect(error).toMatchObject({ code, status: 503, account: 'default' });
    expect(error.message).toMatch(/are kept/);
    expect(broken.hits).toBe(requests);
    expect(h.store.log).not.toContain('remove default');
    expect(h.store.sets.get('default')).toBe(h.pair);
    broken.remove();
    await h.procore.revoke();
    expect(isLive(h, h.pair)).toEqual([false, false]);
    expect(h.store.sets.size).toBe(0);
    expect(h.env.sleeping).toBe(0);
  });

  test('calls go on at once with the tokens, and wait for nothing', async () => {
    await using h = await createScene();
    await h.instance.get(me);
    h.told.length = 0;
    h.emulator.misbehave({ on: 'revoke', do: { kind: 'answer', status: 404 } });
    await caught(h.procore.revoke());
    expect((await h.instance.get(me)).status).toBe(200);
    expect(names(h.told, /waiting/)).toEqual([]);
  });

  test('the tokens can be used and renewed after it', async () => {
    await using h = await createScene();
    h.emulator.misbehave({ on: 'revoke', times: Infinity, do: { kind: 'answer', status: 500 } });
    await h.env.drive(caught(h.procore.revoke()));
    expect((await h.instance.get(me)).status).toBe(200);
    expect((await h.procore.renew()).refresh_token).not.toBe(h.pair.refresh_token);
  });

  test.each([429, 503])('a %i is waited out', async (status) => {
    await using h = await createScene();
    h.emulator.misbehave({
      on: 'revoke',
      times: 2,
      do: { kind: 'answer', status, headers: { 'Retry-After': '5' } },
    });
    const startedAtMs = h.env.now();
    await h.env.drive(h.procore.revoke());
    expect(h.env.now() - startedAtMs).toBeGreaterThanOrEqual(10_000);
    expect(isLive(h, h.pair)).toEqual([false, false]);
  });

  test('an answer that was lost is asked for again, for revoking twice does no harm', async () => {
    await using h = await createScene();
    h.emulator.misbehave({ on: 'revoke', after: true, do: { kind: 'drop' } });
    await h.env.drive(h.procore.revoke());
    expect([h.store.sets.size, isLive(h, h.pair)]).toEqual([0, [false, false]]);
  });

  test('a server that wants more time than there is: retryAt says when', async () => {
    await using h = await createScene();
    h.emulator.misbehave({
      on: 'revoke',
      do: { kind: 'answer', status: 503, headers: { 'Retry-After': '120' } },
    });
    const error = await caught(h.procore.revoke());
    expect(error['retryAt']).toEqual(new Date(h.env.now() + 120_000));
  });

  test.each<[string, (store: TestStore) => void, RegExp]>([
    [
      'can not be read',
      (store) => (store.onLoad = () => Promise.reject(new Error('down'))),
      /load\(\) failed/,
    ],
    ['returns garbage', (store) => (store.onLoad = () => 'text'), /returned a string/],
    [
      'can not be locked',
      (store) => Object.assign(store, { lock: () => Promise.reject(new Error('no')), renewsLock: true }),
      /lock\(\) failed/,
    ],
    [
      'never gives the lock',
      (store) => Object.assign(store, { lock: () => new Promise(() => {}), renewsLock: true }),
      /gave no lock/,
    ],
  ])('a store that %s: nothing is revoked', async (_case, breakIt, message) => {
    await using h = await createScene();
    breakIt(h.store);
    const error = await h.env.drive(caught(h.procore.revoke()));
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/Nothing was revoked/);
    expect(h.emulator.counters.requests).toBe(0);
    expect(h.env.sleeping).toBe(0);
  });

  test('a store that can no longer be read may hold another pair than ours: nothing is revoked', async () => {
    await using h = await createScene();
    await h.instance.get(me);
    h.store.onLoad = () => Promise.reject(new Error('down'));
    expect((await h.env.drive(caught(h.procore.revoke()))).message).toMatch(/Nothing was revoked/);
    expect(h.emulator.counters.revokeRequests).toBe(0);
  });

  test('a lock that was lost before the request: nothing is revoked', async () => {
    await using h = await createScene();
    const lost = new AbortController();
    Object.assign(h.store, {
      lock: (_account: string, critical: (lost: AbortSignal) => Promise<unknown>) => critical(lost.signal),
      renewsLock: true,
    });
    h.store.onLoad = () => lost.abort();
    expect(await caught(h.procore.revoke())).toMatchObject({
      message: expect.stringMatching(/lock was lost/),
    });
    expect(h.emulator.counters.requests).toBe(0);
  });

  test('without clientSecret there is nothing to revoke with: a TypeError', async () => {
    await using h = await createScene();
    const { procore } = h.attachProcess({
      clientSecret: undefined as never,
      exchange: () => Promise.reject(new Error('no')),
    });
    const error = await caught(procore.revoke());
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/revoke needs the option "clientSecret"/);
  });
});

describe('a store that can not forget', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['fails', () => Promise.reject(new Error('read-only')), /store\.remove\(\) failed/],
    ['hangs', () => new Promise(() => {}), /store\.remove\(\) gave no answer in 5000 ms/],
  ])(
    'remove %s: the tokens are revoked and no longer used, and another revoke tries it again',
    async (_case, remove, why) => {
      await using h = await createScene();
      const working = h.store.remove;
      h.store.remove = remove as never;
      const error = await h.env.drive(caught(h.procore.revoke()));
      expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
      expect(error.message).toMatch(why);
      expect(isLive(h, h.pair)).toEqual([false, false]);
      const { requests } = h.emulator.counters;
      expect(await caught(h.instance.get(me))).toMatchObject({ reason: 'no-tokens' });
      h.store.remove = working!;
      // A removal that hung must not land on what comes later: five minutes at the most.
      await h.env.advance(300_000);
      await h.procore.revoke();
      expect(h.store.sets.size).toBe(0);
      expect(h.emulator.counters.requests).toBe(requests);
    },
  );

  test('that cannot be read again either, without a lock: no unseen row is removed, and another revoke removes it', async () => {
    await using h = await createScene();
    await h.instance.get(me);
    let loads = 0;
    h.store.onLoad = () => {
      if (++loads === 2) throw new Error('down');
    };
    const error = await caught(h.procore.revoke());
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
    expect(error.message).toMatch(/are revoked and no longer used.*load\(\) failed/);
    expect(h.store.log).not.toContain('remove default');
    expect(await caught(h.instance.get(me))).toMatchObject({ reason: 'no-tokens' });
    await h.procore.revoke();
    expect(h.store.sets.size).toBe(0);
    expect(h.emulator.counters.revokeRequests).toBe(2);
  });

  test('a removal that lands late does not take tokens that were brought meanwhile', async () => {
    await using h = await createScene();
    let land = () => {};
    h.store.remove = async (account) => {
      await new Promise<void>((resolve) => (land = resolve));
      h.store.sets.delete(account);
    };
    await h.env.drive(caught(h.procore.revoke()));
    const next = h.emulator.issue();
    const brought = caught(h.procore.setTokens(next));
    await h.env.advance(1_000);
    land();
    await h.env.drive(brought.catch(() => undefined));
    await h.env.drive(h.procore.idle());
    expect(h.store.sets.get('default')).toMatchObject({ refresh_token: next.refresh_token });
  });
});

describe('beside others', () => {
  test('a renewal under way is waited for, and its pair is revoked', async () => {
    await using h = await createScene();
    const slow = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
    const renewed = h.procore.renew();
    await slow.struck();
    const revoked = h.procore.revoke();
    await h.env.advance(0);
    expect(h.emulator.counters.revokeRequests).toBe(0);
    slow.release();
    const pair = await renewed;
    await revoked;
    expect(isLive(h, pair)).toEqual([false, false]);
    expect(h.store.sets.size).toBe(0);
    expect(names(h.told)).toEqual(['token-renewed']);
  });

  test('calls that come while it is under way wait for it, and none meets a 401', async () => {
    await using h = await createScene();
    await h.instance.get(me);
    const slow = h.emulator.misbehave({ on: 'revoke', after: true, do: { kind: 'hold' } });
    const revoked = h.procore.revoke();
    await slow.struck();
    const calls = Array.from({ length: 5 }, () => caught(h.instance.get(me)));
    await h.env.advance(0);
    slow.release();
    await revoked;
    for (const call of calls) expect(await call).toMatchObject({ reason: 'no-tokens' });
    expect(h.emulator.counters).toMatchObject({ unauthorized: 0, tokenRequests: 0 });
  });

  test('calls that were sent before finish first', async () => {
    await using h = await createScene();
    const slow = h.emulator.misbehave({ on: 'api', do: { kind: 'hold' } });
    const call = h.instance.get(me);
    await slow.struck();
    const revoked = h.procore.revoke();
    await h.env.advance(1_000);
    expect(h.emulator.counters.revokeRequests).toBe(0);
    slow.release();
    expect((await call).status).toBe(200);
    await revoked;
    expect(h.emulator.counters.unauthorized).toBe(0);
  });

  test('a call in flight that does not finish is no reason to keep a token: five seconds', async () => {
    await using h = await createScene();
    const hung = h.emulator.misbehave({ on: 'api', do: { kind: 'hold' } });
    const call = caught(h.instance.get(me));
    await hung.struck();
    await h.env.drive(h.procore.revoke());
    hung.release();
    expect(await call).toMatchObject({ reason: 'no-tokens' });
    expect(h.emulator.counters).toMatchObject({ unauthorized: 1, tokenRequests: 0 });
  });

  test('a 401 that comes after it teaches nothing about renewals: later ones drain nobody', async () => {
    await using h = await createScene();
    const hung = h.emulator.misbehave({ on: 'api', do: { kind: 'hold' } });
    const call = caught(h.instance.get(me));
    await hung.struck();
    await h.env.drive(h.procore.revoke());
    hung.release();
    await call;
    await h.procore.setTokens(h.emulator.issue());
    const flight = h.emulator.misbehave({ on: 'api', do: { kind: 'hold' } });
    const other = h.instance.get(me);
    await flight.struck();
    // With a drain this would wait for the call in flight.
    await h.procore.renew();
    flight.release();
    expect((await other).status).toBe(200);
  });

  test('a login host that is slow is not asked beyond totalMs, for which the lock is held', async () => {
    await using h = await createScene();
    const slow = h.emulator.misbehave({ on: 'revoke', times: 2, do: { kind: 'hold' } });
    const startedAtMs = h.env.now();
    const revoked = caught(h.procore.revoke());
    await slow.struck();
    // No answer in a minute: it is asked once more, and answers after another quarter.
    await h.env.advance(60_500);
    await slow.struck(2);
    await h.env.advance(15_000);
    slow.release();
    const error = await h.env.drive(revoked);
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED' });
    expect(error.message).toMatch(/there was no time left for an answer/);
    expect(h.env.now() - startedAtMs).toBeLessThanOrEqual(90_000);
    expect(h.emulator.counters.revokeRequests).toBe(2);
    expect(h.store.log).not.toContain('remove default');
  });

  test('a login host that does not answer holds no call whose token works for longer than ten seconds', async () => {
    await using h = await createScene();
    const hung = h.emulator.misbehave({ on: 'revoke', times: Infinity, do: { kind: 'hang' } });
    const revoked = caught(h.procore.revoke());
    await hung.struck();
    const startedAtMs = h.env.now();
    expect((await h.env.drive(h.instance.get(me))).status).toBe(200);
    expect(h.env.now() - startedAtMs).toBeLessThanOrEqual(10_000);
    await h.env.drive(revoked);
  });

  test('a call whose token has expired waits with the others', async () => {
    await using h = await createScene();
    h.env.jump(life);
    const slow = h.emulator.misbehave({ on: 'revoke', after: true, do: { kind: 'hold' } });
    const revoked = h.procore.revoke();
    await slow.struck();
    const call = caught(h.instance.get(me));
    await h.env.advance(0);
    slow.release();
    await revoked;
    expect(await call).toMatchObject({ reason: 'no-tokens' });
    expect(h.emulator.counters.tokenRequests).toBe(0);
  });

  test('two calls of revoke() at the same time make one revocation', async () => {
    await using h = await createScene();
    await Promise.all([h.procore.revoke(), h.procore.revoke()]);
    expect(h.emulator.counters.revokeRequests).toBe(2);
    expect(h.store.log.filter((line) => line.startsWith('remove'))).toHaveLength(1);
  });

  test('tokens brought while it waits count, and are neither revoked nor removed', async () => {
    await using h = await createScene();
    const slow = h.emulator.misbehave({ on: 'revoke', do: { kind: 'hold' } });
    const revoked = caught(h.procore.revoke());
    await slow.struck();
    const next = h.emulator.issue({ userId: 2 });
    await h.procore.setTokens(next);
    slow.release();
    expect(await revoked).toMatchObject({
      code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
      message: expect.stringMatching(/new tokens were brought.*they count/),
    });
    expect(h.store.log).not.toContain('remove default');
    expect(h.store.sets.get('default')).toMatchObject({ refresh_token: next.refresh_token });
    expect(isLive(h, next)).toEqual([true, true]);
    expect((await h.instance.get(me)).status).toBe(200);
  });

  test('tokens brought after the server has answered count as well', async () => {
    await using h = await createScene();
    let loads = 0;
    let answer = () => {};
    h.store.onLoad = () => {
      // The look at the store after the answer, where there is no lock.
      if (++loads === 3) return new Promise<void>((resolve) => (answer = resolve));
      return undefined;
    };
    const revoked = h.procore.revoke();
    await until(() => loads === 3, 'the last look at the store');
    const next = h.emulator.issue({ userId: 2 });
    const brought = h.procore.setTokens(next);
    answer();
    await Promise.all([revoked, brought]);
    expect(isLive(h, h.pair)).toEqual([false, false]);
    expect(h.store.sets.get('default')).toMatchObject({ refresh_token: next.refresh_token });
    expect((await h.instance.get(me)).status).toBe(200);
  });

  test('tokens that are brought again after a revocation are revoked by the next revoke()', async () => {
    await using h = await createScene();
    await h.procore.revoke();
    await h.procore.setTokens(h.pair);
    await h.procore.revoke();
    expect(h.emulator.counters.revokeRequests).toBe(4);
    expect(h.store.sets.size).toBe(0);
  });

  test.each<[string, (h: Harness, reached: () => Promise<void>) => Promise<unknown>]>([
    [
      'the first look at the store',
      async (h, reached) => {
        h.store.onLoad = reached;
      },
    ],
    [
      'the wait for the lock',
      async (h, reached) => {
        const { lock } = withLock(h.store);
        h.store.lock = async (...section) => {
          await reached();
          return lock!(...section);
        };
      },
    ],
    [
      'the look in the critical section',
      async (h, reached) => {
        await h.instance.get(me);
        h.store.onLoad = reached;
      },
    ],
    [
      'the drain',
      async (h, reached) => {
        const slow = h.emulator.misbehave({ on: 'api', do: { kind: 'hold' } });
        const call = h.instance.get(me);
        await slow.struck();
        h.store.onLoad = () => {
          void h.env
            .sleep(1_000)
            .then(reached)
            .then(() => slow.release());
        };
        return call;
      },
    ],
  ])('tokens brought in %s of a revocation count, and nothing is revoked', async (_stage, prepare) => {
    await using h = await createScene();
    const next = h.emulator.issue({ userId: 2 });
    let times = 0;
    let brought: Promise<void> | undefined;
    let goOn = () => {};
    const reached = () => {
      if (times++ > 0) return Promise.resolve();
      brought = h.procore.setTokens(next);
      return new Promise<void>((resolve) => (goOn = resolve));
    };
    const call = prepare(h, reached);
    await h.env.advance(0);
    const revoked = caught(h.procore.revoke());
    await h.env.advance(1_000);
    await until(() => brought !== undefined, 'that stage');
    goOn();
    expect(await h.env.drive(revoked)).toMatchObject({
      message: expect.stringMatching(/new tokens were brought/),
    });
    await h.env.drive(Promise.all([brought, call]));
    expect(h.emulator.counters.revokeRequests).toBe(0);
    expect(h.store.sets.get('default')).toMatchObject({ refresh_token: next.refresh_token });
    expect((await h.instance.get(me)).status).toBe(200);
  });

  test('a second revoke() after setTokens revokes the new tokens', async () => {
    await using h = await createScene();
    const slow = h.emulator.misbehave({ on: 'revoke', do: { kind: 'hold' } });
    const first = caught(h.procore.revoke());
    await slow.struck();
    const next = h.emulator.issue();
    const brought = h.procore.setTokens(next);
    const second = h.procore.revoke();
    slow.release();
    await Promise.all([first, brought, second]);
    expect(isLive(h, next)).toEqual([false, false]);
    expect(h.store.sets.size).toBe(0);
  });

  test('revoke and setTokens at the same moment: whatever happens to the old pair, the new one is used', async () => {
    await using h = await createScene();
    const next = h.emulator.issue({ userId: 2 });
    const revoked = h.procore.revoke().catch((error: unknown) => error);
    await h.procore.setTokens(next);
    await revoked;
    expect(isLive(h, next)).toEqual([true, true]);
    expect(h.store.sets.get('default')).toMatchObject({ refresh_token: next.refresh_token });
    expect((await h.instance.get(me)).status).toBe(200);
  });

  test('a pair that could not be saved is revoked too, and its late save stops', async () => {
    await using h = await createScene();
    h.store.onSave = () => {
      throw new Error('full');
    };
    const unsaved = await h.env.drive(h.procore.renew());
    h.store.onSave = undefined;
    await h.procore.revoke();
    expect(isLive(h, unsaved)).toEqual([false, false]);
    await h.env.advance(120_000);
    expect(h.store.sets.size).toBe(0);
    expect(h.procore.unsavedTokens()).toBeUndefined();
    expect(h.env.sleeping).toBe(0);
  });

  test('a pair that another copy in this process got for our refresh token is revoked too', async () => {
    await using h = await createScene();
    await h.instance.get(me);
    const own = createTestStore(h.pair);
    const copy = h.attachCopy({ store: own });
    const theirs = await copy.procore.renew();
    await h.procore.revoke();
    expect(isLive(h, theirs)).toEqual([false, false]);
  });

  test.each([
    ['our own pair', 0],
    ['a pair that is two ahead of ours', 1],
  ])('%s, which another copy is just renewing, is waited for', async (_which, ahead) => {
    await using h = await createScene();
    await h.instance.get(me);
    const copy = h.attachCopy({ store: createTestStore(h.pair) });
    for (let renewals = 0; renewals < ahead; renewals++) await copy.procore.renew();
    const slow = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
    const renewed = copy.procore.renew();
    await slow.struck();
    const revoked = h.procore.revoke();
    await h.env.advance(0);
    expect(h.emulator.counters.revokeRequests).toBe(0);
    slow.release();
    const theirs = await renewed;
    await revoked;
    expect(isLive(h, theirs)).toEqual([false, false]);
  });

  test('a renewal that can not get on, because its store is down, is not waited for without end', async () => {
    await using h = await createScene();
    await h.instance.get(me);
    h.env.jump(life);
    h.store.onLoad = () => Promise.reject(new Error('down'));
    // There is always a call that waits.
    let over = false;
    const traffic = (async () => {
      while (!over) await Promise.all([h.env.sleep(1_000), h.instance.get(me).catch(() => undefined)]);
    })();
    const more = (async () => {
      await h.env.sleep(7_000);
      while (!over) await Promise.all([h.env.sleep(1_000), h.instance.get(me).catch(() => undefined)]);
    })();
    const error = await h.env.drive(caught(h.procore.revoke()), 1_000);
    expect(['ERR_PROCORE_TOKEN_RENEWAL_FAILED', 'ERR_PROCORE_TOKEN_STORE_FAILED']).toContain(error.code);
    expect(error.message).toMatch(/Nothing was revoked/);
    over = true;
    await h.env.drive(Promise.all([traffic, more]));
    // Nor is it made up for behind the back of who was told so.
    h.store.onLoad = undefined;
    expect((await h.env.drive(h.instance.get(me))).status).toBe(200);
    await h.env.drive(h.procore.idle());
    expect(h.emulator.counters.revokeRequests).toBe(0);
  });

  test('idle() waits for a revocation, and detach() does not stop it', async () => {
    await using h = await createScene();
    const slow = h.emulator.misbehave({ on: 'revoke', do: { kind: 'hold' } });
    const revoked = h.procore.revoke();
    await slow.struck();
    h.procore.detach();
    let idle = false;
    const waiting = h.procore.idle().then(() => (idle = true));
    await h.env.advance(0);
    expect(idle).toBe(false);
    slow.release();
    await Promise.all([revoked, waiting]);
    expect(h.store.sets.size).toBe(0);
  });

  test('idle() resolves although the revocation fails', async () => {
    await using h = await createScene();
    h.emulator.misbehave({ on: 'revoke', do: { kind: 'answer', status: 404 } });
    const revoked = caught(h.procore.revoke());
    await h.procore.idle();
    expect(await revoked).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED' });
  });
});

describe('with another process', () => {
  test('under a lock: load, requests and removal happen in one', async () => {
    await using h = await createScene();
    const store = withLock(h.store);
    await processOf(h, store).procore.revoke();
    expect(h.store.log).toEqual([
      'load default',
      'lock default',
      'load default',
      'remove default',
      'release default',
    ]);
  });

  test('that is just renewing under the lock: its new pair is revoked', async () => {
    await using h = await createScene();
    const store = withLock(h.store);
    const [one, other] = [processOf(h, store), processOf(h, store)];
    await one.instance.get(me);
    const slow = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
    const renewed = other.procore.renew();
    await slow.struck();
    const revoked = one.procore.revoke();
    await h.env.advance(0);
    slow.release();
    const pair = await renewed;
    await revoked;
    expect(isLive(h, pair)).toEqual([false, false]);
    expect(h.store.sets.size).toBe(0);
  });

  test('that renews meanwhile without a lock: its new pair is revoked as well', async () => {
    await using h = await createScene();
    const [one, other] = [processOf(h, h.store), processOf(h, h.store)];
    await one.instance.get(me);
    const slow = h.emulator.misbehave({ on: 'revoke', do: { kind: 'hold' } });
    const revoked = one.procore.revoke();
    await slow.struck();
    const pair = await other.procore.renew();
    slow.release();
    await revoked;
    expect(isLive(h, pair)).toEqual([false, false]);
    expect(h.store.sets.size).toBe(0);
  });

  test('that saves a pair after the lock was lost: the pair is revoked as well', async () => {
    await using h = await createScene();
    const lost = new AbortController();
    Object.assign(h.store, {
      lock: (_account: string, critical: (lost: AbortSignal) => Promise<unknown>) => critical(lost.signal),
      renewsLock: true,
    });
    const slow = h.emulator.misbehave({ on: 'revoke', do: { kind: 'hold' } });
    const revoked = h.procore.revoke();
    await slow.struck();
    lost.abort();
    const theirs = h.emulator.issue();
    h.store.sets.set('default', theirs);
    slow.release();
    await revoked;
    expect([isLive(h, h.pair), isLive(h, theirs)].flat()).toEqual([false, false, false, false]);
    expect(h.store.sets.size).toBe(0);
  });

  test('the other one learns of it from the server or the store, and puts nothing back', async () => {
    await using h = await createScene();
    const store = withLock(h.store);
    const [one, other] = [processOf(h, store), processOf(h, store)];
    await other.instance.get(me);
    await one.procore.revoke();
    const error = await h.env.drive(caught(other.instance.get(me)));
    expect(error).toMatchObject({ code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED' });
    await h.env.drive(other.procore.idle());
    expect(h.store.sets.size).toBe(0);
    await h.procore.setTokens(h.emulator.issue());
    await h.env.advance(1_000);
    expect((await other.instance.get(me)).status).toBe(200);
  });

  test('the store of a lagging replica does not bring the pair back', async () => {
    await using h = await createScene();
    await h.instance.get(me);
    await h.procore.revoke();
    h.store.sets.set('default', h.pair);
    await h.env.advance(1_000);
    const { requests } = h.emulator.counters;
    expect(await caught(h.instance.get(me))).toMatchObject({ reason: 'no-tokens' });
    expect(h.emulator.counters.requests).toBe(requests);
  });
});

describe('client_credentials', () => {
  const stores: [string, () => TokenStore | undefined][] = [
    ['without a store', () => undefined],
    ['with a memory store', () => memoryTokenStore()],
    [
      'with a store that cannot forget',
      () => {
        const { load, save } = createTestStore();
        return { load, save };
      },
    ],
  ];
  test.each(stores)(
    '%s: the access token is revoked, and the next call requests another',
    async (_case, create) => {
      await using h = await createHarness({ authorized: false });
      const store = create();
      const { instance, procore } = h.attachProcess({
        grant: 'client_credentials',
        ...(store ? { store } : { store: undefined as never }),
      });
      await instance.get(me);
      const token = await procore.getAccessToken();
      await procore.revoke();
      expect(h.emulator.isLive(token)).toBe(false);
      expect(procore.status().state).toBe('not-loaded');
      expect((await instance.get(me)).status).toBe(200);
      expect(await procore.getAccessToken()).not.toBe(token);
      expect(h.emulator.counters).toMatchObject({ exchanges: 2, revokeRequests: 1, unauthorized: 0 });
    },
  );
});

test('nothing is left behind', async () => {
  await using h = await createScene();
  await h.procore.revoke();
  await until(() => h.env.sleeping === 0, 'no wait to be left');
});
