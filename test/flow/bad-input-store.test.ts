import { expect, test } from 'vitest';
import type { TokenSet } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { drive } from '../support/drive.js';
import { createHarness, type Harness } from '../support/harness.js';

const me = '/rest/v1.0/me';

/** The account can still renew: what the store holds, or what the plugin offers for rescue, is redeemable. */
function holdsWorkingPair(h: Harness): boolean {
  const pair = h.procore.unsavedTokens() ?? h.store.sets.get('default')!;
  return h.emulator.isLive(pair.refresh_token!);
}

function hang(): Promise<never> {
  return new Promise(() => {});
}

test.each<[what: string, load: () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('the database is down');
    },
  ],
  ['rejects', () => Promise.reject(new Error('the database is down'))],
  ['rejects with nothing', () => Promise.reject(undefined)],
  ['hangs', hang],
])(
  'a load that %s: nothing is redeemed, the call ends with a TokenStoreError, and works once the store does',
  async (_what, load) => {
    await using h = await createHarness();
    h.store.onLoad = load;
    const error = await drive(h.env, caught(h.instance.get(me)), 30_000);
    expect(error).toMatchObject({
      code: 'ERR_PROCORE_TOKEN_STORE_FAILED',
      kind: 'token-store-failed',
      status: 503,
    });
    expect(error.message).toMatch(/^GET \/rest\/v1\.0\/me: the token store failed.*Nothing was redeemed/);
    expect(h.emulator.counters.requests).toBe(0);
    expect(holdsWorkingPair(h)).toBe(true);
    h.store.onLoad = undefined;
    expect((await drive(h.env, h.instance.get(me))).status).toBe(200);
  },
);

test('a load that fails while the token in hand expires: the same, and the pair is kept', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.env.jump(5_401_000);
  h.store.onLoad = () => Promise.reject(new Error('the database is down'));
  const error = await drive(h.env, caught(h.instance.get(me)), 30_000);
  expect(error.code).toBe('ERR_PROCORE_TOKEN_STORE_FAILED');
  expect(h.emulator.counters.tokenRequests).toBe(0);
  h.store.onLoad = undefined;
  expect((await drive(h.env, h.instance.get(me))).status).toBe(200);
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('a load that fails and then succeeds while the call can still wait: the call succeeds', async () => {
  await using h = await createHarness();
  let tries = 0;
  h.store.onLoad = () => {
    if (++tries < 4) throw new Error('the database restarts');
  };
  expect((await drive(h.env, h.instance.get(me), 15_000)).status).toBe(200);
});

test.each<[what: string, value: unknown, says: RegExp]>([
  [
    'a JSON text',
    JSON.stringify({ access_token: 'a', refresh_token: 'r' }),
    /a string \(a JSON text must be parsed first\)/,
  ],
  ['an empty string', '', /a string/],
  ['a number', 5, /a number/],
  ['true', true, /a boolean/],
  ['an array', [{ access_token: 'a' }], /an array/],
  ['{}', {}, /neither access_token nor refresh_token/],
  ['a row wrapper', { tokens: { access_token: 'a' } }, /neither access_token nor refresh_token/],
  ['camel case', { accessToken: 'a', refreshToken: 'r' }, /neither access_token nor refresh_token/],
  ['tokens that are numbers', { access_token: 1, refresh_token: 2 }, /access_token is a number/],
  [
    'a refresh token that is an object',
    { access_token: 'a', refresh_token: {} },
    /refresh_token is an object/,
  ],
  [
    'an access token with a line break',
    { access_token: 'a\r\nX-Evil: 1', refresh_token: 'r' },
    /white space/,
  ],
  ['empty tokens', { access_token: '', refresh_token: '' }, /neither access_token nor refresh_token/],
])(
  'a load that returns %s: a TokenStoreError at once that says what it got and what it takes',
  async (_what, value, says) => {
    await using h = await createHarness();
    h.store.onLoad = () => value;
    const error = await caught(h.instance.get(me));
    expect(error.code).toBe('ERR_PROCORE_TOKEN_STORE_FAILED');
    expect(error.message).toMatch(says);
    expect(error.message).toMatch(/it takes a token set/);
    expect(h.emulator.counters.requests).toBe(0);
    expect(h.env.sleeping).toBe(0);
    h.store.onLoad = undefined;
    expect((await h.instance.get(me)).status).toBe(200);
  },
);

test.each([
  ['null', null],
  ['undefined', undefined],
])('a load that returns %s: the account must be authorized', async (_what, value) => {
  await using h = await createHarness({ authorized: false });
  h.store.onLoad = value === null ? () => Promise.resolve(null) : undefined;
  const error = await caught(h.instance.get(me));
  expect(error).toMatchObject({
    code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED',
    reason: 'no-tokens',
    status: 401,
  });
  expect(h.emulator.counters.requests).toBe(0);
});

test('a set without access_token is renewed at the first call', async () => {
  await using h = await createHarness();
  const { refresh_token } = h.store.sets.get('default')!;
  h.store.sets.set('default', { refresh_token } as TokenSet);
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
  expect(holdsWorkingPair(h)).toBe(true);
});

test('a set without refresh_token is used while it lives; then the account must be authorized', async () => {
  await using h = await createHarness();
  const { refresh_token: _gone, ...access } = h.store.sets.get('default')!;
  h.store.sets.set('default', access);
  expect((await h.instance.get(me)).status).toBe(200);
  h.env.jump(5_401_000);
  const error = await drive(h.env, caught(h.instance.get(me)));
  expect(error).toMatchObject({ code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED', reason: 'no-refresh-token' });
  expect(h.emulator.counters.tokenRequests).toBe(0);
});

/** Broken, but only on the surface: the refresh token is good. */
const brokenAccess: [what: string, of: (token: string) => string][] = [
  ['a JWT cut in half', (token) => token.slice(0, token.length / 2)],
  ['a JWT without signature', (token) => token.split('.').slice(0, 2).join('.')],
  ['an opaque token', () => 'opaque'],
  ['a JWT whose payload is null', () => `e30.${Buffer.from('null').toString('base64url')}.x`],
  ['a JWT whose exp is a text', () => `e30.${Buffer.from('{"exp":"soon"}').toString('base64url')}.x`],
  ['a JWT whose exp is negative', () => `e30.${Buffer.from('{"exp":-5}').toString('base64url')}.x`],
];

test.each(brokenAccess)('%s is used until a 401 says otherwise, then renewed', async (_what, of) => {
  await using h = await createHarness();
  const { access_token, refresh_token } = h.store.sets.get('default')!;
  h.store.sets.set('default', { access_token: of(access_token), refresh_token: refresh_token! });
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ apiRequests: 2, unauthorized: 1, exchanges: 1 });
  expect(holdsWorkingPair(h)).toBe(true);
});

const oddLives: [what: string, change: Record<string, unknown>, expiresInMs: number][] = [
  ['expires_in as a string', { expires_in: '5400' }, 5_400_000],
  ['expires_in as a float', { expires_in: 5400.5 }, 5_400_500],
  // Then the JWT tells.
  ['expires_in of zero', { expires_in: 0 }, 5_400_000],
  ['a negative expires_in', { expires_in: -5 }, 5_400_000],
  ['no expires_in', { expires_in: undefined }, 5_400_000],
  ['expires_in as garbage', { expires_in: 'soon' }, 5_400_000],
  ['expires_in as an object', { expires_in: {} }, 5_400_000],
  ['no created_at', { created_at: undefined }, 5_400_000],
  ['created_at as an ISO text', { created_at: '2027-01-15T08:00:00.000Z' }, 5_400_000],
  ['expires_at in seconds', { expires_at: 1_800_000_000 + 5_390 }, 5_390_000],
  ['expires_at in milliseconds', { expires_at: 1_800_000_000_000 + 5_390_000 }, 5_390_000],
  ['expires_at as an ISO text', { expires_at: '2027-01-15T09:29:50Z' }, 5_390_000],
  ['expires_at as a Date', { expires_at: new Date(1_800_005_390_000) }, 5_390_000],
  ['expires_at long before its JWT ends', { expires_at: 1_800_000_000 + 600 }, 5_400_000],
  ['expires_at as garbage', { expires_at: 'later' }, 5_400_000],
  ['expires_at as NaN', { expires_at: NaN }, 5_400_000],
  ['expires_at of zero', { expires_at: 0 }, 5_400_000],
];

test.each(oddLives)(
  'a loaded set with %s: its expiry is known, and it is renewed in time',
  async (_what, change, lifeMs) => {
    await using h = await createHarness();
    const issuedAtMs = h.env.now();
    h.store.sets.set('default', { ...h.store.sets.get('default')!, ...change });
    await h.instance.get(me);
    expect(h.procore.status().expiresAt).toEqual(new Date(issuedAtMs + lifeMs));
    h.env.jump(lifeMs - 1);
    expect((await drive(h.env, h.instance.get(me))).status).toBe(200);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
    expect(holdsWorkingPair(h)).toBe(true);
  },
);

test.each<[what: string, save: () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('the disk is full');
    },
  ],
  ['rejects', () => Promise.reject(new Error('the disk is full'))],
  ['hangs', hang],
])(
  'a save that %s for good: calls succeed, the pair is offered for rescue, and the failure is loud',
  async (_what, save) => {
    await using h = await createHarness();
    h.env.jump(5_401_000);
    h.store.onSave = save;
    expect((await drive(h.env, h.instance.get(me), 30_000)).status).toBe(200);
    expect(h.emulator.counters.exchanges).toBe(1);
    expect(h.procore.status().unsaved).toBe(true);
    expect(h.emulator.isLive(h.procore.unsavedTokens()!.refresh_token!)).toBe(true);
    expect(h.told.map(({ event }) => event)).toContain('token-save-failed');
  },
);

test.each<[what: string, returns: unknown]>([
  ['false', false],
  ['an error object', new Error('x')],
  ['a number', 0],
])(
  'what a save returns (%s) does not matter: it has saved when it has not rejected',
  async (_what, returns) => {
    await using h = await createHarness();
    h.env.jump(5_401_000);
    h.store.onSave = () => returns;
    await h.instance.get(me);
    expect(h.procore.status().unsaved).toBe(false);
  },
);

test('a store that hands out and keeps its own objects is not changed behind its back', async () => {
  await using h = await createHarness();
  const stored = Object.freeze({ ...h.store.sets.get('default')! });
  h.store.sets.set('default', stored);
  h.store.onSave = (tokens) => void Object.freeze(tokens);
  await h.instance.get(me);
  await h.procore.renew();
  await h.procore.renew();
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
});
