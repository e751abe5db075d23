import FormDataPackage from 'form-data';
import { describe, expect, test } from 'vitest';
import axios, { type AxiosRequestConfig, type AxiosResponse } from 'axios';
import type { TokenSet } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createHarness, createTestStore, names, type Harness } from '../support/harness.js';

const me = '/rest/v1.0/me';
const life = 5_400_000;
const options = { legacy: { takeOverRefresh: true } };
const inHand = (h: Harness) => h.store.sets.get('default')!;
const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
const sentBearers = (h: Harness) =>
  h.emulator.log.filter(({ kind }) => kind === 'api').map(({ accessToken }) => accessToken);

function fields(h: Harness, refreshToken: string): Record<string, string> {
  return {
    grant_type: 'refresh_token',
    client_id: h.emulator.clientId,
    client_secret: h.emulator.clientSecret,
    refresh_token: refreshToken,
  };
}

/** As older code does it. */
function refresh(
  h: Harness,
  refreshToken: string,
  config: AxiosRequestConfig = {},
  instance = h.instance,
): Promise<AxiosResponse<TokenSet>> {
  return instance.post('/oauth/token', new URLSearchParams(fields(h, refreshToken)).toString(), config);
}

/** A person has been through the browser, and the application exchanges the code. */
function authorize(h: Harness, userId = 1): Promise<AxiosResponse<TokenSet>> {
  const form = { grant_type: 'authorization_code', client_id: h.emulator.clientId, code: 'a-code' };
  h.emulator.misbehave({
    on: 'token',
    do: { kind: 'answer', status: 200, body: h.emulator.issue({ userId }) },
  });
  return h.instance.post('/oauth/token', new URLSearchParams(form));
}

const shapes: [name: string, send: (h: Harness, refreshToken: string) => Promise<AxiosResponse>][] = [
  ['URLSearchParams', (h, token) => h.instance.post('/oauth/token', new URLSearchParams(fields(h, token)))],
  ['a form text', (h, token) => refresh(h, token)],
  ['JSON', (h, token) => h.instance.post('/oauth/token', fields(h, token))],
  ['the query string', (h, token) => h.instance.post('/oauth/token', null, { params: fields(h, token) })],
  [
    'the URL itself',
    (h, token) => h.instance.post(`/oauth/token?${new URLSearchParams(fields(h, token)).toString()}`),
  ],
  [
    'a form of the package form-data',
    (h, token) => {
      const form = new FormDataPackage();
      for (const [name, value] of Object.entries(fields(h, token))) form.append(name, value);
      return h.instance.post('/oauth/token', form, { headers: form.getHeaders() });
    },
  ],
  [
    'bytes',
    (h, token) =>
      h.instance.post('/oauth/token', Buffer.from(new URLSearchParams(fields(h, token)).toString())),
  ],
];

describe.each(shapes)('a refresh in %s', (_name, send) => {
  test('is answered from the one renewal, in the shape of the token endpoint', async () => {
    await using h = await createHarness({ options });
    await h.instance.get(me);
    const old = inHand(h);
    h.env.jump(life + 1_000);
    const answers = await Promise.all([
      send(h, old.refresh_token!),
      send(h, old.refresh_token!),
      h.instance.get(me),
    ]);
    const now = inHand(h);
    expect(now.refresh_token).not.toBe(old.refresh_token);
    for (const { status, data } of answers.slice(0, 2)) {
      expect(status).toBe(200);
      expect(data).toEqual({
        access_token: now.access_token,
        refresh_token: now.refresh_token,
        token_type: 'Bearer',
        expires_in: life / 1000,
        created_at: Math.floor(h.env.now() / 1000),
      });
    }
    expect(h.emulator.counters).toMatchObject({ tokenRequests: 1, spentPresentations: 0, unauthorized: 0 });
    expect(names(h.told, /^warning/)).toEqual([]);
  });
});

test.each(['https://login.procore.com', 'https://api.procore.com', 'https://app.procore.com'])(
  'a refresh at %s is answered in production, and nothing goes there',
  async (origin) => {
    await using h = await createHarness({ options });
    const sent: unknown[] = [];
    const adapter = async ({ url }: AxiosRequestConfig) => {
      sent.push(url);
      throw new Error('nothing was to be sent');
    };
    const { instance } = h.attach({ environment: 'production' }, { adapter: adapter as never });
    const form = new URLSearchParams(fields(h, inHand(h).refresh_token!));
    const { data } = await instance.post<TokenSet>(`${origin}/oauth/token`, form);
    expect(data.access_token).toBe(inHand(h).access_token);
    expect(sent).toEqual([]);
  },
);

test('a refresh of a token that works is answered without a request, with the life that is left', async () => {
  await using h = await createHarness({ options });
  await h.instance.get(me);
  h.env.jump(1_000_000);
  const { data } = await refresh(h, inHand(h).refresh_token!);
  expect(data).toMatchObject({ access_token: inHand(h).access_token, expires_in: 4_400 });
  expect(h.emulator.counters.tokenRequests).toBe(0);
});

test('a token with less than a quarter of its life left is renewed on request, and the next request causes no second renewal', async () => {
  await using h = await createHarness({ options });
  await h.instance.get(me);
  h.env.jump(0.76 * life);
  const { data } = await refresh(h, inHand(h).refresh_token!);
  expect(data.expires_in).toBe(life / 1000);
  await refresh(h, data.refresh_token!);
  expect(h.emulator.counters.tokenRequests).toBe(1);
});

test('where the renewal fails for now, the answer is the token that still works', async () => {
  await using h = await createHarness({ options });
  await h.instance.get(me);
  h.env.jump(0.8 * life);
  h.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'answer', status: 404 } });
  const { data } = await refresh(h, inHand(h).refresh_token!);
  expect(data).toMatchObject({ access_token: inHand(h).access_token, expires_in: 1080 });
});

test('what the application keeps beside its tokens is not in the answer', async () => {
  await using h = await createHarness({ options });
  h.store.sets.set('default', { ...inHand(h), tenant: 'north', scope: 'all' });
  const { data } = await refresh(h, inHand(h).refresh_token!);
  expect(Object.keys(data).sort()).toEqual([
    'access_token',
    'created_at',
    'expires_in',
    'refresh_token',
    'scope',
    'token_type',
  ]);
});

test.each([
  ['arraybuffer', (data: unknown) => Buffer.from(data as ArrayBuffer).toString()],
  ['text', (data: unknown) => (typeof data === 'string' ? data : JSON.stringify(data))],
] as const)('the answer comes as %s where that was asked for', async (responseType, read) => {
  await using h = await createHarness({ options });
  const { data } = await refresh(h, inHand(h).refresh_token!, { responseType });
  expect(JSON.parse(read(data))).toMatchObject({ access_token: inHand(h).access_token });
});

test('the application’s interceptors and its validateStatus see the answer as any other', async () => {
  await using h = await createHarness({ options });
  h.instance.interceptors.response.use((response) => response.data as never);
  const data = (await refresh(h, inHand(h).refresh_token!)) as unknown as TokenSet;
  expect(data.access_token).toBe(inHand(h).access_token);
});

test('a token from long ago is answered with the current pair, also by another process that has never seen it', async () => {
  await using h = await createHarness({ options });
  const first = inHand(h).refresh_token!;
  for (let time = 0; time < 3; time++) await h.procore.renew();
  const { load, save } = h.store;
  const later = h.attachProcess({ store: { load, save } });
  const { data } = await refresh(h, first, {}, later.instance);
  expect(data.refresh_token).toBe(inHand(h).refresh_token);
  expect(h.emulator.counters).toMatchObject({ exchanges: 3, spentPresentations: 0 });
});

test('what a pair was redeemed for is remembered as fingerprints, and without takeOverRefresh not at all', async () => {
  await using h = await createHarness({ options });
  await h.procore.renew();
  expect(inHand(h)['redeemed_refresh_tokens']).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)]);
  await using plain = await createHarness();
  await plain.procore.renew();
  expect(inHand(plain)).not.toHaveProperty('redeemed_refresh_tokens');
});

describe('before there is any token', () => {
  test('a call goes out with the bearer that it brings', async () => {
    await using h = await createHarness({ options, authorized: false });
    const own = h.emulator.issue();
    expect((await h.instance.get(me, bearer(own.access_token))).status).toBe(200);
    expect(names(h.told)).toEqual([]);
  });

  test('a call with its own bearer that has ended delays no later drain', async () => {
    const renewal = { drain: true };
    await using h = await createHarness({ options: { ...options, renewal }, authorized: false });
    const own = h.emulator.issue();
    await h.instance.get(me, bearer(own.access_token));
    await h.procore.setTokens(own);
    const sinceMs = h.env.now();
    await h.procore.renew();
    expect(h.env.now()).toBe(sinceMs);
  });

  test('a call without a bearer fails as it does without the plugin', async () => {
    await using h = await createHarness({ options, authorized: false });
    expect(await caught(h.instance.get(me))).toMatchObject({
      code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED',
      reason: 'no-tokens',
    });
  });

  test('the 401 of such a call is the application’s own, and the token that it then presents is redeemed once and kept', async () => {
    await using h = await createHarness({ options, authorized: false });
    const own = h.emulator.issue();
    h.emulator.revoke(own.access_token);
    const error = await caught(h.instance.get(me, bearer(own.access_token)));
    expect(error.response!.status).toBe(401);
    const answers = await Promise.all([1, 2, 3].map(() => refresh(h, own.refresh_token!)));
    expect(new Set(answers.map(({ data }) => data.access_token))).toEqual(new Set([inHand(h).access_token]));
    expect((await h.instance.get(me, bearer(own.access_token))).status).toBe(200);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0, unauthorized: 1 });
  });

  test('two processes that come with the same token redeem it once', async () => {
    await using h = await createHarness({ options, authorized: false });
    const { refresh_token: own } = h.emulator.issue();
    let tail: Promise<unknown> = Promise.resolve();
    const { load, save } = h.store;
    const store = () => ({
      load,
      save,
      renewsLock: true,
      lock<T>(_account: string, critical: () => Promise<T>): Promise<T> {
        const turn = tail.then(critical);
        tail = turn.catch(() => undefined);
        return turn;
      },
    });
    const [one, two] = [h.attachProcess({ store: store() }), h.attachProcess({ store: store() })];
    const answers = await Promise.all([
      refresh(h, own!, {}, one.instance),
      refresh(h, own!, {}, two.instance),
    ]);
    expect(answers[0].data.refresh_token).toBe(answers[1].data.refresh_token);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
  });
});

describe('where a person is needed', () => {
  async function dead() {
    const h = await createHarness({ options });
    await h.instance.get(me);
    const spent = inHand(h).refresh_token!;
    h.emulator.revokeGrant(spent);
    await h.env.drive(caught(h.instance.get(me)));
    return { h, spent };
  }

  test('the refresh is answered with invalid_grant, as the token endpoint would, and no secret', async () => {
    const { h, spent } = await dead();
    await using _ = h;
    const error = await caught(refresh(h, spent));
    expect(error).toMatchObject({ isAxiosError: true, code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED' });
    expect(error.response).toMatchObject({ status: 400, data: { error: 'invalid_grant' } });
    expect(JSON.stringify(error.response!.data)).not.toContain(spent);
    const resolved = await refresh(h, spent, { validateStatus: () => true });
    expect(resolved).toMatchObject({ status: 400, data: { error: 'invalid_grant' } });
    expect(h.emulator.counters.tokenRequests).toBe(1);
  });

  test('the error speaks of what the application has: its own log-in, and no method of a handle', async () => {
    const { h, spent } = await dead();
    await using _ = h;
    const { message } = await caught(refresh(h, spent));
    expect(message).toContain("Send its user through the application's own log-in");
    expect(message).not.toMatch(/setTokens|exchangeCode/);
  });

  test('a new authorization that the application makes is kept, and calls work again', async () => {
    const { h } = await dead();
    await using _ = h;
    const { data } = await authorize(h);
    expect(inHand(h)).toMatchObject({ access_token: data.access_token, refresh_token: data.refresh_token });
    expect((await h.instance.get(me)).status).toBe(200);
    expect(sentBearers(h).at(-1)).toBeDefined();
  });

  test('a token that it brings from elsewhere is tried, and kept when it works', async () => {
    const { h } = await dead();
    await using _ = h;
    const fresh = h.emulator.issue();
    const { data } = await refresh(h, fresh.refresh_token!);
    expect(inHand(h).refresh_token).toBe(data.refresh_token);
    expect((await h.instance.get(me)).status).toBe(200);
  });

  test('a call goes out with the bearer that it brings', async () => {
    const { h } = await dead();
    await using _ = h;
    const fresh = h.emulator.issue();
    expect((await h.instance.get(me, bearer(fresh.access_token))).status).toBe(200);
  });
});

test('a renewal without a verdict is an error that says when to come back, and nothing is lost', async () => {
  await using h = await createHarness({ options });
  h.env.jump(life + 1_000);
  h.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'answer', status: 404 } });
  const { refresh_token: kept } = inHand(h);
  const error = await caught(refresh(h, kept!));
  expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED', status: 503 });
  expect(inHand(h).refresh_token).toBe(kept);
});

test('for a wrongly configured client the answer is invalid_client, as from the token endpoint', async () => {
  await using h = await createHarness({ options: { ...options, clientSecret: 'wrong' } });
  h.env.jump(life + 1_000);
  const error = await caught(refresh(h, inHand(h).refresh_token!));
  expect(error).toMatchObject({ code: 'ERR_PROCORE_CLIENT_REJECTED' });
  expect(error.response).toMatchObject({ status: 401, data: { error: 'invalid_client' } });
});

describe('a token that is nobody’s here', () => {
  test('of the same user: it is redeemed by the application’s own request, once, and kept', async () => {
    await using h = await createHarness({ options });
    await h.instance.get(me);
    const anew = h.emulator.issue();
    const answers = await Promise.all([1, 2].map(() => refresh(h, anew.refresh_token!)));
    expect(answers[0]!.data.refresh_token).toBe(answers[1]!.data.refresh_token);
    expect(inHand(h).refresh_token).toBe(answers[0]!.data.refresh_token);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
  });

  test('of another user: the answer is the application’s, and ours stay what they were', async () => {
    await using h = await createHarness({ options });
    await h.instance.get(me);
    const before = inHand(h);
    const { data } = await refresh(h, h.emulator.issue({ userId: 2 }).refresh_token!);
    expect(inHand(h)).toEqual(before);
    expect(names(h.told, /^warning/)).toEqual(['warning']);
    expect((await h.instance.get(me, bearer(data.access_token))).data).toMatchObject({ id: 2 });
  });

  test('the tokens for another user’s code are not kept while the account’s tokens work', async () => {
    await using h = await createHarness({ options });
    await h.instance.get(me);
    const before = inHand(h);
    await authorize(h, 2);
    expect(inHand(h)).toEqual(before);
  });

  test('that the server refuses: the application gets the refusal, and nothing changes', async () => {
    await using h = await createHarness({ options });
    await h.instance.get(me);
    const before = inHand(h);
    const error = await caught(refresh(h, 'never-issued'));
    expect(error.response).toMatchObject({ status: 400, data: { error: 'invalid_grant' } });
    expect(inHand(h)).toEqual(before);
    expect((await h.instance.get(me)).status).toBe(200);
  });
});

test('with several accounts, each refresh is answered from the account that has the token', async () => {
  const account = (config: AxiosRequestConfig) => config.headers?.['X-User'] as string | undefined;
  await using h = await createHarness({ options: { ...options, account } });
  const [ann, bob] = [h.emulator.issue({ userId: 1 }), h.emulator.issue({ userId: 2 })];
  h.store.sets.set('ann', ann).set('bob', bob);
  await h.instance.get(me, { headers: { 'X-User': 'ann' } });
  await h.instance.get(me, { headers: { 'X-User': 'bob' } });
  h.env.jump(life + 1_000);
  // A token request says nothing of the user.
  const answers = await Promise.all([refresh(h, bob.refresh_token!), refresh(h, ann.refresh_token!)]);
  expect(answers[0].data.access_token).toBe(h.store.sets.get('bob')!.access_token);
  expect(answers[1].data.access_token).toBe(h.store.sets.get('ann')!.access_token);
  expect(h.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
});

test('a call that the application leaves out of the plugin refreshes by itself', async () => {
  await using h = await createHarness({ options: { ...options, account: () => undefined } });
  const own = h.emulator.issue();
  const { data } = await refresh(h, own.refresh_token!);
  expect(data.refresh_token).not.toBe(own.refresh_token);
  expect(h.store.log).toEqual([]);
});

test('another app’s refresh on the same instance passes untouched', async () => {
  await using h = await createHarness({ options });
  h.emulator.misbehave({
    on: 'token',
    do: { kind: 'answer', status: 200, body: { access_token: 'theirs' } },
  });
  const form = new URLSearchParams({ ...fields(h, 'their-token'), client_id: 'their-app' });
  expect((await h.instance.post('/oauth/token', form)).data).toEqual({ access_token: 'theirs' });
  expect(h.store.log).toEqual([]);
});

test.each([
  ['auth', { auth: { username: 'their%2Dapp', password: 'x' } }],
  ['a header', { headers: { Authorization: `Basic ${Buffer.from('their%2Dapp:x').toString('base64')}` } }],
])(
  'another app’s refresh that names its client by %s, as in RFC 6749, is sent untouched',
  async (_how, config) => {
    await using h = await createHarness({ options });
    await h.instance.get(me);
    const before = inHand(h);
    const theirs = h.emulator.issue();
    h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body: theirs } });
    const { client_id: _id, client_secret: _secret, ...form } = fields(h, 'their-token');
    const { data } = await h.instance.post<TokenSet>('/oauth/token', new URLSearchParams(form), config);
    expect(data.access_token).toBe(theirs.access_token);
    expect(inHand(h)).toEqual(before);
  },
);

test('a refresh of the app itself that names its client by HTTP Basic is answered', async () => {
  await using h = await createHarness({ options });
  const { client_id: username, client_secret: password, ...form } = fields(h, inHand(h).refresh_token!);
  const { data } = await h.instance.post<TokenSet>('/oauth/token', new URLSearchParams(form), {
    auth: { username: username!, password: password! },
  });
  expect(data.access_token).toBe(inHand(h).access_token);
  expect(h.emulator.counters.tokenRequests).toBe(0);
});

test('client credentials are requested once, however often the application requests them', async () => {
  const store = createTestStore();
  await using h = await createHarness({ options: { ...options, grant: 'client_credentials', store } });
  const form = () =>
    new URLSearchParams({ ...fields(h, ''), grant_type: 'client_credentials', refresh_token: '' });
  const answers = await Promise.all([1, 2, 3].map(() => h.instance.post<TokenSet>('/oauth/token', form())));
  expect(new Set(answers.map(({ data }) => data.access_token)).size).toBe(1);
  expect(answers[0]!.data).not.toHaveProperty('refresh_token');
  expect((await h.instance.get(me, bearer(answers[0]!.data.access_token))).status).toBe(200);
  expect(h.emulator.counters.tokenRequests).toBe(1);
});

test('an abort ends the application’s wait, not the renewal', async () => {
  await using h = await createHarness({ options });
  await h.instance.get(me);
  h.env.jump(life + 1_000);
  const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const abort = new AbortController();
  const waiting = refresh(h, inHand(h).refresh_token!, { signal: abort.signal });
  await held.struck();
  abort.abort();
  expect(axios.isCancel(await waiting.catch((error: unknown) => error))).toBe(true);
  held.release();
  await h.procore.idle();
  expect(h.emulator.counters).toMatchObject({ exchanges: 1 });
  expect((await h.instance.get(me)).status).toBe(200);
});

test('a timeout of the application’s own is honoured', async () => {
  await using h = await createHarness({ options });
  h.env.jump(life + 1_000);
  const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const waiting = caught(refresh(h, inHand(h).refresh_token!, { timeout: 2_000 }));
  await held.struck();
  await h.env.advance(2_001);
  expect(await waiting).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED', status: 503 });
  held.release();
  await h.procore.idle();
});

test('a naive refresher on a 401 never has anything to do, and its own stale bearer does no harm', async () => {
  await using h = await createHarness({ options });
  let refreshes = 0;
  let access = inHand(h).access_token;
  h.instance.interceptors.request.use((config) => {
    config.headers['Authorization'] = `Bearer ${access}`;
    return config;
  });
  h.instance.interceptors.response.use(undefined, async (error: { config: AxiosRequestConfig }) => {
    refreshes++;
    access = (await refresh(h, inHand(h).refresh_token!)).data.access_token;
    return h.instance.request(error.config);
  });
  await h.instance.get(me);
  h.env.jump(life + 1_000);
  const answers = await Promise.all([1, 2, 3].map(() => h.instance.get(me)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(refreshes).toBe(0);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
});

test('the application’s own refresher, given as "exchange", is let through when it is the one who renews', async () => {
  const own: { harness?: Harness } = {};
  await using h = await createHarness({
    options: {
      ...options,
      exchange: async (grant) => {
        if (grant.type !== 'refresh_token') throw new Error('unexpected');
        return (await refresh(own.harness!, grant.refresh_token)).data;
      },
    },
  });
  own.harness = h;
  await h.instance.get(me);
  const old = inHand(h).refresh_token!;
  h.env.jump(life + 1_000);
  // Beside it, others who ask are answered from what it brings.
  const [call, asked] = await Promise.all([h.instance.get(me), refresh(h, old)]);
  expect(call.status).toBe(200);
  expect(asked.data.refresh_token).toBe(inHand(h).refresh_token);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});
