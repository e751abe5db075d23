import { describe, expect, test } from 'vitest';
import type { ProcoreOptions } from '../../src/options/options.js';
import { caught } from '../support/caught.js';
import { createHarness, names, type Harness } from '../support/harness.js';
import { until } from '../support/manual-env.js';
import { refusing } from '../support/versions.js';

const me = '/rest/v1.0/me';
const redirectUri = 'https://app.example.com/callback';
const oob = 'urn:ietf:wg:oauth:2.0:oob';
const life = 5_400_000;

/** A code as the browser brings it. */
function codeOf(h: Harness, userId = 1, uri = redirectUri): string {
  return h.emulator.authorize(h.procore.authorizationUrl({ redirectUri: uri, state: 's' }), { userId }).code!;
}

const idOf = async (call: Promise<{ data: unknown }>) => ((await call).data as { id: number }).id;

describe('authorizationUrl', () => {
  test('leads to the login host with what RFC 6749 asks for, whatever is in it', async () => {
    await using h = await createHarness();
    const state = 'a b&c=ü"';
    const url = new URL(h.procore.authorizationUrl({ redirectUri: `${redirectUri}?tab=1&x=2`, state }));
    expect([url.origin, url.pathname]).toEqual([h.emulator.url, '/oauth/authorize']);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: h.emulator.clientId,
      redirect_uri: `${redirectUri}?tab=1&x=2`,
      state,
    });
    expect(h.emulator.counters.requests).toBe(0);
  });

  test.each(['https://app.example.com/', 'http://127.0.0.1:4000/cb', 'com.example.app:/oauth', oob])(
    'takes %s as a redirect URI',
    async (uri) => {
      await using h = await createHarness();
      const url = h.procore.authorizationUrl({ redirectUri: uri, state: 's' });
      expect(new URL(url).searchParams.get('redirect_uri')).toBe(uri);
    },
  );

  test.each<[string, unknown, RegExp]>([
    ['no argument', undefined, /got nothing; it takes \{ redirectUri, state \}/],
    ['no state', { redirectUri }, /got nothing as "state"; it takes a non-empty string: make a random text/],
    ['an empty state', { redirectUri, state: '' }, /an empty string as "state"/],
    ['a blank state', { redirectUri, state: ' ' }, /as "state"/],
    ['a number as state', { redirectUri, state: 5 }, /a number as "state"/],
    ['no redirect URI', { state: 's' }, /got nothing as "redirectUri"; it takes the absolute URL/],
    ['a path', { redirectUri: '/callback', state: 's' }, /a string as "redirectUri"/],
    ['a fragment', { redirectUri: `${redirectUri}#x`, state: 's' }, /without a fragment/],
    ['white space around it', { redirectUri: ` ${redirectUri}`, state: 's' }, /as "redirectUri"/],
  ])('%s: a TypeError that says what it takes', async (_case, request, message) => {
    await using h = await createHarness();
    let error: unknown;
    try {
      h.procore.authorizationUrl(request as never);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toMatch(/^axios-procore: authorizationUrl got/);
  });

  test('a client_credentials attach has no user to send anywhere', async () => {
    await using h = await createHarness();
    const { procore } = h.attach({ grant: 'client_credentials' });
    const request = { redirectUri, state: 's' };
    expect(() => procore.authorizationUrl(request)).toThrow(
      /authorizationUrl is for the grant refresh_token/,
    );
    await expect(procore.exchangeCode({ code: 'c', redirectUri })).rejects.toThrow(TypeError);
  });
});

describe('exchangeCode', () => {
  test('a code becomes tokens that are saved before they are used, and resolves with them', async () => {
    await using h = await createHarness({ authorized: false });
    h.store.onSave = () => expect(h.emulator.counters.apiRequests).toBe(0);
    const set = await h.procore.exchangeCode({ code: codeOf(h, 2), redirectUri });
    expect(h.store.sets.get('default')).toEqual(set);
    expect(set.expires_at).toBe(h.env.now() / 1_000 + 5_400);
    expect(await idOf(h.instance.get(me))).toBe(2);
    expect(h.emulator.counters).toMatchObject({ tokenRequests: 1, exchanges: 1, unauthorized: 0 });
    expect(h.procore.status()).toMatchObject({ state: 'fresh', unsaved: false });
  });

  test('the life of a token for a code counts from when the request was sent', async () => {
    await using h = await createHarness({ authorized: false });
    const slow = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
    const sentAtMs = h.env.now();
    const exchanged = h.procore.exchangeCode({ code: codeOf(h), redirectUri });
    await slow.struck();
    h.env.jump(20_000);
    slow.release();
    expect((await exchanged).expires_at).toBe(sentAtMs / 1_000 + 5_400);
  });

  test('the exchange of an out-of-band code saves and uses the tokens too', async () => {
    await using h = await createHarness({ authorized: false });
    await h.procore.exchangeCode({ code: codeOf(h, 3, oob), redirectUri: oob });
    expect(await idOf(h.instance.get(me))).toBe(3);
  });

  test('each user has an account, and none has the tokens of another', async () => {
    await using h = await createHarness({ authorized: false });
    const accounts = ['ann', 'bob'];
    await Promise.all(
      accounts.map((account, index) =>
        h.procore.exchangeCode({ code: codeOf(h, index + 1), redirectUri, account }),
      ),
    );
    for (const [index, account] of accounts.entries())
      expect(await idOf(h.instance.get(me, { procore: { account } }))).toBe(index + 1);
    expect(h.store.sets.has('default')).toBe(false);
    await expect(h.instance.get(me)).rejects.toMatchObject({ reason: 'no-tokens' });
  });

  test('the need to re-authenticate is over, at once and for calls that wait', async () => {
    await using h = await createHarness();
    h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
    const failed = await h.env.drive(caught(h.instance.get(me)));
    expect(failed).toMatchObject({ reason: 'refresh-token-invalid' });
    expect(h.procore.status().state).toBe('reauthentication-required');
    await h.procore.exchangeCode({ code: codeOf(h), redirectUri });
    expect((await h.instance.get(me)).status).toBe(200);
    expect(h.procore.status().state).toBe('fresh');
  });

  test('a call that waits for a renewal goes on with the new tokens', async () => {
    await using h = await createHarness();
    h.env.jump(life);
    const stuck = h.emulator.misbehave({
      on: ({ body }) => body.includes('grant_type=refresh_token'),
      do: { kind: 'hang' },
    });
    const call = h.instance.get(me);
    await stuck.struck();
    await h.procore.exchangeCode({ code: codeOf(h, 2), redirectUri });
    expect(await idOf(call)).toBe(2);
    // The look at the store some time after a log-in ends with it.
    h.procore.detach();
    expect(h.env.sleeping).toBe(0);
  });

  test("the pair of a renewal that is answered after the code does not replace the code's tokens", async () => {
    await using h = await createHarness();
    const slow = h.emulator.misbehave({
      on: ({ body }) => body.includes('grant_type=refresh_token'),
      after: true,
      do: { kind: 'hold' },
    });
    const renewed = h.procore.renew();
    await slow.struck();
    const set = await h.procore.exchangeCode({ code: codeOf(h, 2), redirectUri });
    slow.release();
    expect(await renewed).toEqual(set);
    await h.procore.idle();
    expect(h.store.sets.get('default')).toEqual(set);
    expect(await idOf(h.instance.get(me))).toBe(2);
    expect(names(h.told, /^token|^reauth/)).toEqual([]);
  });

  test('calls go on with the old tokens while the code is being exchanged, and after it has failed', async () => {
    await using h = await createHarness();
    const slow = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
    const code = codeOf(h, 2);
    const exchanged = caught(h.procore.exchangeCode({ code, redirectUri: `${redirectUri}?other` }));
    await slow.struck();
    expect(await idOf(h.instance.get(me))).toBe(1);
    slow.release();
    expect(await exchanged).toMatchObject({ reason: 'code-invalid' });
    expect(await idOf(h.instance.get(me))).toBe(1);
    expect(h.procore.status().state).toBe('fresh');
  });

  test.each<[string, (h: Harness) => Promise<string> | string]>([
    [
      'used',
      async (h) => {
        const code = codeOf(h);
        await h.attachProcess().procore.exchangeCode({ code, redirectUri });
        return code;
      },
    ],
    [
      'expired',
      (h) => {
        const code = codeOf(h);
        h.env.jump(600_000);
        return code;
      },
    ],
    ['made up', () => 'made-up-code'],
    ['of another redirect URI', (h) => codeOf(h, 1, `${redirectUri}?x`)],
  ])(
    'a code that is %s ends with a clear error, and the person must authorize again',
    async (_case, prepare) => {
      await using h = await createHarness();
      const code = await prepare(h);
      const error = await caught(h.procore.exchangeCode({ code, redirectUri }));
      expect(error).toMatchObject({
        code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED',
        reason: 'code-invalid',
        status: 401,
        account: 'default',
      });
      expect(error.message).toMatch(
        /used or expired, or was asked for with another redirectUri.*through the browser/,
      );
      expect(error.message).not.toContain(code);
      expect(names(h.told)).toEqual([]);
    },
  );

  test('a code is presented once: who asks twice at a time gets the same tokens, who asks later no request', async () => {
    await using h = await createHarness({ authorized: false, emulator: { familyRevocation: true } });
    const code = codeOf(h, 2);
    const [first, second] = await Promise.all([
      h.procore.exchangeCode({ code, redirectUri }),
      h.procore.exchangeCode({ code, redirectUri }),
    ]);
    expect(second).toEqual(first);
    const again = [
      h.procore.exchangeCode({ code, redirectUri }),
      h.procore.exchangeCode({ code, redirectUri, account: 'bob' }),
      h.attachCopy().procore.exchangeCode({ code, redirectUri }),
    ];
    for (const late of again)
      expect(await caught(late)).toMatchObject({
        reason: 'code-invalid',
        message: expect.stringMatching(/presented before/),
      });
    expect(h.emulator.counters.tokenRequests).toBe(1);
    expect(await idOf(h.instance.get(me))).toBe(2);
  });

  test('two accounts with one code at a time: one request, and the code is good for one of them', async () => {
    await using h = await createHarness({ authorized: false, emulator: { familyRevocation: true } });
    const code = codeOf(h);
    const outcomes = await Promise.allSettled(
      ['ann', 'bob'].map((account) => h.procore.exchangeCode({ code, redirectUri, account })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(h.emulator.counters.tokenRequests).toBe(1);
  });

  test.each<[string, object]>([
    ['a dropped answer', { after: true, do: { kind: 'drop' } }],
    ['a request that was dropped', { do: { kind: 'drop' } }],
    ['a cut answer', { after: true, do: { kind: 'cut' } }],
    ['a 500', { do: { kind: 'answer', status: 500 } }],
    ['a 502', { do: { kind: 'answer', status: 502 } }],
    ['a 504 of a gateway', { after: true, do: { kind: 'answer', status: 504, body: '<html>' } }],
    ['a 200 that is no token set', { do: { kind: 'answer', status: 200, body: '<html>' } }],
    ['no answer in a minute', { do: { kind: 'hang' } }],
  ])('%s: the code is not sent again, and the error says that it is lost', async (_case, fault) => {
    await using h = await createHarness();
    h.emulator.misbehave({ on: 'token', times: Infinity, ...fault } as never);
    const error = await h.env.drive(caught(h.procore.exchangeCode({ code: codeOf(h), redirectUri })));
    expect(error).toMatchObject({
      code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED',
      reason: 'code-response-lost',
      status: 401,
    });
    expect(h.emulator.counters.tokenRequests).toBe(1);
    // Nothing has happened to the tokens in hand.
    expect((await h.instance.get(me)).status).toBe(200);
  });

  test.each([429, 503])(
    'after a %i the code is sent again when the server says so: it has not been used',
    async (status) => {
      await using h = await createHarness({ authorized: false });
      h.emulator.misbehave({
        on: 'token',
        times: 2,
        do: { kind: 'answer', status, headers: { 'Retry-After': '7' } },
      });
      const startedAtMs = h.env.now();
      await h.env.drive(h.procore.exchangeCode({ code: codeOf(h, 2), redirectUri }));
      expect(h.env.now() - startedAtMs).toBeGreaterThanOrEqual(14_000);
      expect(h.emulator.counters.tokenRequests).toBe(3);
      expect(await idOf(h.instance.get(me))).toBe(2);
    },
  );

  test('a server wait that is longer than totalMs is an error with retryAt, and the code still works then', async () => {
    await using h = await createHarness({ authorized: false });
    const code = codeOf(h, 2);
    h.emulator.misbehave({
      on: 'token',
      do: { kind: 'answer', status: 503, headers: { 'Retry-After': '120' } },
    });
    const error = await caught(h.procore.exchangeCode({ code, redirectUri }));
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED', status: 503 });
    expect(error['retryAt']).toEqual(new Date(h.env.now() + 120_000));
    expect(error.message).toMatch(/Nothing says that the code was used/);
    h.env.jump(120_000);
    await h.procore.exchangeCode({ code, redirectUri });
    expect(await idOf(h.instance.get(me))).toBe(2);
  });

  test('no connection: tried again for as long as totalMs says, and the code still works afterwards', async () => {
    await using h = await createHarness({ authorized: false });
    const { procore } = h.attach({
      environment: { loginUrl: refusing, apiUrl: h.emulator.url },
      clientSecret: () => h.emulator.clientSecret,
    });
    const code = codeOf(h);
    const startedAtMs = h.env.now();
    const error = await h.env.drive(caught(procore.exchangeCode({ code, redirectUri })));
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED', status: 503 });
    expect(error.message).toContain(`asked for a token, no connection to ${refusing} was made (`);
    const tookMs = h.env.now() - startedAtMs;
    expect(tookMs).toBeGreaterThan(50_000);
    expect(tookMs).toBeLessThanOrEqual(90_000);
    await h.procore.exchangeCode({ code, redirectUri });
    expect((await h.instance.get(me)).status).toBe(200);
    expect(h.env.sleeping).toBe(0);
  });

  test('a wrong client is a ClientRejectedError, and the code still works with the right one', async () => {
    await using h = await createHarness({ authorized: false });
    const code = codeOf(h);
    const wrong = h.attach({ clientSecret: 'wrong' });
    const error = await caught(wrong.procore.exchangeCode({ code, redirectUri }));
    expect(error).toMatchObject({ code: 'ERR_PROCORE_CLIENT_REJECTED', status: 503 });
    await h.procore.exchangeCode({ code, redirectUri });
    expect((await h.instance.get(me)).status).toBe(200);
  });

  test('a redirect of the login host is not followed', async () => {
    await using h = await createHarness({ authorized: false });
    h.emulator.misbehave({ on: 'token', do: { kind: 'redirect', location: `${h.emulator.url}/x` } });
    const error = await caught(h.procore.exchangeCode({ code: codeOf(h), redirectUri }));
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED' });
    expect(error.message).toMatch(/a redirect to .*check loginUrl/);
    expect(h.emulator.counters.requests).toBe(1);
  });

  test('a failed save is a TokenStoreError, and the tokens are used nevertheless and saved later', async () => {
    await using h = await createHarness({ authorized: false });
    const working = h.store.onSave;
    h.store.onSave = () => {
      throw new Error('no room');
    };
    const error = await h.env.drive(caught(h.procore.exchangeCode({ code: codeOf(h, 2), redirectUri })));
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
    expect(await idOf(h.instance.get(me))).toBe(2);
    const unsaved = h.procore.unsavedTokens();
    expect(unsaved).toBeDefined();
    h.store.onSave = working;
    await h.env.drive(h.procore.idle());
    expect(h.store.sets.get('default')).toEqual(unsaved);
    expect(names(h.told)).toEqual(['token-save-failed', 'token-saved-late']);
  });

  test('what was asked for goes on when the instance is detached, and idle waits for it', async () => {
    await using h = await createHarness({ authorized: false });
    const slow = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
    const exchanged = h.procore.exchangeCode({ code: codeOf(h), redirectUri });
    await slow.struck();
    h.procore.detach();
    let idle = false;
    const waiting = h.procore.idle().then(() => (idle = true));
    await h.env.advance(0);
    expect(idle).toBe(false);
    slow.release();
    await Promise.all([exchanged, waiting]);
    expect(h.store.sets.get('default')).toEqual(await exchanged);
  });

  test("the exchange of a code takes the application's agents and none of its interceptors", async () => {
    await using h = await createHarness({ authorized: false });
    let ran = 0;
    h.instance.interceptors.request.use((config) => {
      ran++;
      return config;
    });
    h.instance.defaults.baseURL = 'https://nowhere.example.com';
    await h.procore.exchangeCode({ code: codeOf(h), redirectUri });
    expect(ran).toBe(0);
    expect(h.emulator.log[0]).toMatchObject({ grantType: 'authorization_code', outcome: 'issued' });
  });

  test('the save happens under the lock, and an answer without refresh token is taken as it is', async () => {
    await using h = await createHarness({ authorized: false });
    const order: string[] = [];
    const { procore } = h.attachProcess({
      store: {
        load: h.store.load,
        async save(...saved) {
          order.push('save');
          await h.store.save(...saved);
        },
        async lock(_account, critical) {
          order.push('lock');
          const value = await critical();
          order.push('release');
          return value;
        },
        renewsLock: true,
      },
    });
    h.emulator.misbehave({
      on: 'token',
      do: {
        kind: 'answer',
        status: 200,
        body: { access_token: h.emulator.issue().access_token, refresh_token: null },
      },
    });
    const set = await procore.exchangeCode({ code: 'c0de', redirectUri });
    expect(order).toEqual(['lock', 'save', 'release']);
    expect(set).not.toHaveProperty('refresh_token');
    expect(h.store.sets.get('default')).toEqual(set);
  });

  test.each<[string, unknown, RegExp]>([
    ['no argument', undefined, /it takes \{ code, redirectUri, account \}/],
    ['no code', { redirectUri }, /got nothing as "code"; it takes a non-empty string: it is the parameter/],
    ['two codes', { code: ['a', 'b'], redirectUri }, /got an array as "code"/],
    ['no redirect URI', { code: 'secret-code' }, /as "redirectUri"/],
    ['an empty account', { code: 'secret-code', redirectUri, account: '' }, /an empty string as "account"/],
  ])('%s: rejects with a TypeError, and nothing is sent', async (_case, request, message) => {
    await using h = await createHarness();
    const error = await caught(h.procore.exchangeCode(request as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('secret-code');
    expect(h.emulator.counters.requests).toBe(0);
  });

  test('with exchange and no clientSecret, the application exchanges the code by itself', async () => {
    await using h = await createHarness();
    const options: Partial<ProcoreOptions> = {
      clientSecret: undefined,
      exchange: () => Promise.reject(new Error('not asked')),
    };
    const { procore } = h.attachProcess(options);
    const error = await caught(procore.exchangeCode({ code: 'c', redirectUri }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/exchange the code yourself and hand the tokens to setTokens\(\)/);
    expect(procore.authorizationUrl({ redirectUri, state: 's' })).toContain('client_id=');
  });
});

test('a revocation that begins while a code is being exchanged revokes the tokens of that code', async () => {
  await using h = await createHarness();
  const old = h.store.sets.get('default')!;
  const slow = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const exchanged = h.procore.exchangeCode({ code: codeOf(h, 2), redirectUri });
  await slow.struck();
  const revoked = h.procore.revoke();
  await h.env.advance(0);
  expect(h.emulator.counters.revokeRequests).toBe(0);
  slow.release();
  const set = await exchanged;
  await revoked;
  expect(h.emulator.isLive(set.refresh_token!)).toBe(false);
  expect(await caught(h.instance.get(me))).toMatchObject({ reason: 'no-tokens' });
  // The tokens before were replaced, not revoked: setTokens does the same.
  expect(h.emulator.isLive(old.refresh_token!)).toBe(true);
  await until(() => h.env.sleeping === 0, 'no wait to be left');
});

describe('a revocation that waits for a code that was presented before it', () => {
  async function scene(redirect: string) {
    const h = await createHarness();
    const slow = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
    const exchanged = h.procore
      .exchangeCode({ code: codeOf(h, 2), redirectUri: redirect })
      .catch(() => undefined);
    await slow.struck();
    return { h, slow, exchanged, revoked: h.procore.revoke().catch((error: unknown) => error) };
  }

  test('leaves alone what is brought meanwhile, by setTokens or by another code, where that code fails', async () => {
    for (const bring of [
      (h: Harness) => h.procore.setTokens(h.emulator.issue({ userId: 3 })),
      (h: Harness) => h.procore.exchangeCode({ code: codeOf(h, 3), redirectUri }),
    ]) {
      const { h, slow, exchanged, revoked } = await scene(`${redirectUri}?other`);
      await using _ = h;
      await bring(h);
      slow.release();
      await exchanged;
      expect(await revoked).toMatchObject({
        code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
        message: expect.stringMatching(/new tokens were brought.*they count/),
      });
      expect(h.emulator.counters.revokeRequests).toBe(0);
      expect(await idOf(h.instance.get(me))).toBe(3);
    }
  });

  test('revokes the tokens of that code where they come last', async () => {
    const { h, slow, exchanged, revoked } = await scene(redirectUri);
    await using _ = h;
    await h.procore.exchangeCode({ code: codeOf(h, 3), redirectUri });
    slow.release();
    const set = await exchanged;
    expect(await revoked).toBeUndefined();
    expect(h.emulator.isLive(set!.refresh_token!)).toBe(false);
    expect(await caught(h.instance.get(me))).toMatchObject({ reason: 'no-tokens' });
  });

  test('revokes them also where they could not be saved', async () => {
    const { h, slow, exchanged, revoked } = await scene(redirectUri);
    await using _ = h;
    h.store.onSave = () => {
      throw new Error('full');
    };
    slow.release();
    await h.env.drive(Promise.all([exchanged, revoked]));
    // Theirs, and those that the store still holds.
    expect(h.emulator.counters.revokeRequests).toBe(4);
    expect(h.procore.unsavedTokens()).toBeUndefined();
    expect(await revoked).toBeUndefined();
  });
});
