import type { AxiosRequestConfig } from 'axios';
import { expect, test } from 'vitest';
import type { TokenSet } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { takingOver } from '../support/legacy.js';

const me = '/rest/v1.0/me';
const life = 5_400_000;
const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
const as = (set: TokenSet) => bearer(set.access_token);
const idOf = ({ data }: { data: unknown }) => (data as { id: number }).id;
const inHand = (h: Harness) => h.store.sets.get('default')!;
const warned = (h: Harness) =>
  h.told.filter(({ event }) => event === 'warning').map(({ detail }) => detail['code']);
const opaque = (name: string): TokenSet => ({
  access_token: `a-${name}`,
  refresh_token: `r-${name}`,
  expires_in: 5400,
});
const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;

/** An attached instance whose calls all succeed, and what they were sent with. */
function recording(h: Harness, options = {}) {
  const sent: unknown[] = [];
  const adapter = async (config: AxiosRequestConfig) => {
    const headers = config.headers as Record<string, unknown>;
    sent.push(headers['Authorization'] ?? headers['authorization']);
    return { status: 200, statusText: 'OK', data: {}, headers: {}, config };
  };
  return { ...h.attach(options, { adapter: adapter as never }), sent };
}

const kinds = [
  ['with takeOverRefresh', takingOver],
  ['without', {}],
] as const;

test.each(kinds)(
  'a bearer of another user goes out as it came, and never with another’s token (%s)',
  async (_kind, options) => {
    await using h = await createHarness({ options });
    const [ann, bob] = [h.emulator.issue({ userId: 1 }), h.emulator.issue({ userId: 2 })];
    const ids = [];
    for (const set of [ann, bob, ann]) ids.push(idOf(await h.instance.get(me, as(set))));
    expect(ids).toEqual([1, 2, 1]);
    expect(warned(h)).toEqual(['another-user']);
    await h.instance.get(me, as(h.emulator.issue({ userId: 3 })));
    expect(warned(h)).toEqual(['another-user']);
  },
);

test.each(kinds)(
  'the first call of all is sent with its own bearer too, before the store has been read (%s)',
  async (_kind, options) => {
    await using h = await createHarness({ options });
    expect(idOf(await h.instance.get(me, as(h.emulator.issue({ userId: 2 }))))).toBe(2);
    expect(warned(h)).toEqual(['another-user']);
    expect(idOf(await h.instance.get(me))).toBe(1);
  },
);

test.each(kinds)(
  'an expired bearer of another user is neither replaced nor renewed, and the application gets its 401 (%s)',
  async (_kind, options) => {
    await using h = await createHarness({ options });
    const bob = h.emulator.issue({ userId: 2 });
    h.env.jump(life + 1_000);
    for (const _time of [1, 2])
      expect((await caught(h.instance.get(me, as(bob)))).response!.status).toBe(401);
    expect(h.emulator.counters).toMatchObject({ apiRequests: 2, tokenRequests: 0 });
  },
);

test.each(kinds)('a bearer of the same user is replaced, expired or not (%s)', async (_kind, options) => {
  await using h = await createHarness({ options });
  const old = h.emulator.issue({ userId: 1 });
  h.emulator.expire(old.access_token);
  expect(idOf(await h.instance.get(me, as(old)))).toBe(1);
  expect(idOf(await h.instance.get(me, as(h.emulator.issue({ userId: 1 }))))).toBe(1);
  expect(h.emulator.counters).toMatchObject({ unauthorized: 0 });
  expect(warned(h)).toEqual([]);
});

test('a subject is the same as a number and as a text', async () => {
  await using h = await createHarness();
  const { instance, sent } = recording(h);
  await instance.get(me, bearer(jwt({ sub: 1 })));
  await instance.get(me, bearer(jwt({ sub: '2' })));
  expect(sent).toEqual([`Bearer ${inHand(h).access_token}`, `Bearer ${jwt({ sub: '2' })}`]);
});

test.each([
  'opaque-token-of-somebody',
  'eyJhbGciOiJFUzUxMiJ9.eyJzdWIiOiIy',
  'a.b.c',
  'a b',
  jwt({}),
  jwt({ sub: '' }),
  jwt({ sub: null }),
])('a bearer that tells nothing and was never held here goes out as it came (%j)', async (token) => {
  await using h = await createHarness();
  const { instance, sent } = recording(h);
  await instance.get(me);
  await instance.get(me, bearer(token));
  expect(sent).toEqual([`Bearer ${inHand(h).access_token}`, `Bearer ${token}`]);
  expect(warned(h)).toEqual(['another-user']);
});

test.each(['', 'undefined', 'null', 'NaN', '[object Object]'])(
  'a placeholder bearer (%j) is ignored: the call is the default account’s',
  async (token) => {
    await using h = await createHarness();
    expect(idOf(await h.instance.get(me, bearer(token)))).toBe(1);
    expect(warned(h)).toEqual([]);
  },
);

test('another scheme, or credentials beside it, does not count as a bearer of another user', async () => {
  await using h = await createHarness();
  const headers = { Authorization: 'Bearer of-somebody' };
  expect(idOf(await h.instance.get(me, { headers: { Authorization: 'Basic YTpi' } }))).toBe(1);
  expect(idOf(await h.instance.get(me, { headers, auth: { username: 'a', password: 'b' } }))).toBe(1);
});

test('of opaque tokens, those that the account holds or has held since its user came are its own', async () => {
  await using h = await createHarness({ authorized: false });
  h.store.sets.set('default', opaque('1'));
  const { instance, procore, sent } = recording(h);
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body: opaque('2') } });
  await procore.renew();
  for (const name of ['a-1', 'a-2', 'a-3']) await instance.get(me, bearer(name));
  expect(sent).toEqual(['Bearer a-2', 'Bearer a-2', 'Bearer a-3']);
  await procore.setTokens(opaque('of-another'));
  for (const name of ['a-1', 'a-2', 'a-of-another']) await instance.get(me, bearer(name));
  expect(sent.slice(3)).toEqual(['Bearer a-1', 'Bearer a-2', 'Bearer a-of-another']);
});

test('in a new process the token that the store holds is known before anything is decided', async () => {
  await using h = await createHarness({ authorized: false });
  const expires_at = h.env.now() / 1000 - 60;
  h.store.sets.set('default', { ...opaque('1'), created_at: expires_at - 5400, expires_at });
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body: opaque('2') } });
  const { instance, sent } = recording(h);
  await Promise.all([instance.get(me, bearer('a-1')), instance.get(me, bearer('a-of-another'))]);
  expect(sent.sort()).toEqual(['Bearer a-2', 'Bearer a-of-another']);
});

test('where the store holds but a refresh token, it is redeemed before it can be said whose it is', async () => {
  await using h = await createHarness({ options: takingOver });
  const { refresh_token } = inHand(h);
  h.store.sets.set('default', { refresh_token } as TokenSet);
  const [ann, bob] = [h.emulator.issue({ userId: 1 }), h.emulator.issue({ userId: 2 })];
  h.emulator.expire(ann.access_token);
  const answers = await Promise.all([ann, bob].map((set) => h.instance.get(me, as(set))));
  expect(answers.map(idOf)).toEqual([1, 2]);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
});

test.each(kinds)(
  "an account without tokens leaves a call's bearer unchanged (%s)",
  async (_kind, options) => {
    await using h = await createHarness({ options, authorized: false });
    const [ann, bob] = [h.emulator.issue({ userId: 1 }), h.emulator.issue({ userId: 2 })];
    const ids = [];
    for (const set of [ann, bob, ann]) ids.push(idOf(await h.instance.get(me, as(set))));
    expect(ids).toEqual([1, 2, 1]);
    // With takeOverRefresh the application’s own authorization has yet to pass by.
    expect(warned(h)).toEqual(options === takingOver ? [] : ['another-user']);
  },
);

test.each(kinds)(
  'after setTokens nothing of the former user counts, whoever has called before (%s)',
  async (_kind, options) => {
    await using h = await createHarness({ options });
    const [ann, bob] = [inHand(h), h.emulator.issue({ userId: 2 })];
    await h.instance.get(me, as(ann));
    await h.procore.setTokens(bob);
    expect(idOf(await h.instance.get(me, as(bob)))).toBe(2);
    expect(idOf(await h.instance.get(me, as(ann)))).toBe(1);
    h.env.jump(life + 1_000);
    expect(idOf(await h.instance.get(me, as(bob)))).toBe(2);
    expect((await caught(h.instance.get(me, as(ann)))).response!.status).toBe(401);
  },
);

test('after revoke an opaque token of the former user is not replaced', async () => {
  await using h = await createHarness();
  const ann = inHand(h);
  await h.instance.get(me, as(ann));
  await h.procore.revoke();
  expect((await caught(h.instance.get(me, as(ann)))).response!.status).toBe(401);
  await h.procore.setTokens(opaque('of-another'));
  const { instance, sent } = recording(h);
  await instance.get(me, as(ann));
  expect(sent).toEqual([`Bearer ${ann.access_token}`]);
});

test('whose the tokens are is compared at the send, after all waiting', async () => {
  await using h = await createHarness();
  const [ann, bob] = [inHand(h), h.emulator.issue({ userId: 2 })];
  await h.instance.get(me);
  h.emulator.revoke(ann.access_token);
  h.env.jump(life - 5_000);
  const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const calls = [h.instance.get(me, as(ann)), h.instance.get(me, as(bob)), h.instance.get(me)];
  await held.struck();
  await h.procore.setTokens(bob);
  held.release();
  const [first, second, third] = await h.env.drive(Promise.allSettled(calls));
  expect(first).toMatchObject({ status: 'rejected', reason: { response: { status: 401 } } });
  expect(second).toMatchObject({ value: { data: { id: 2 } } });
  expect(third).toMatchObject({ value: { data: { id: 2 } } });
});

test('a replay after a 401 is not sent as another user whose tokens have come meanwhile', async () => {
  await using h = await createHarness();
  const [ann, bob] = [inHand(h), h.emulator.issue({ userId: 2 })];
  await h.instance.get(me);
  h.emulator.revoke(ann.access_token);
  const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const call = caught(h.instance.get(me, as(ann)));
  await held.struck();
  await h.procore.setTokens(bob);
  held.release();
  expect((await h.env.drive(call)).response!.status).toBe(401);
  expect(h.emulator.log.filter(({ kind, status }) => kind === 'api' && status === 200)).toHaveLength(1);
});

test.each([
  ['the option', { account: 'default' }, {}],
  ['a function', { account: () => 'default' }, {}],
  ['the call', {}, { procore: { account: 'default' } }],
])(
  'a call that names its account by %s is that account’s, whatever it brings',
  async (_who, options, config) => {
    await using h = await createHarness({ options });
    for (const token of [h.emulator.issue({ userId: 2 }).access_token, 'opaque'])
      expect(idOf(await h.instance.get(me, { ...bearer(token), ...config }))).toBe(1);
    expect(warned(h)).toEqual([]);
  },
);

test('with client_credentials a bearer of another user is left unchanged, too', async () => {
  await using h = await createHarness({ options: { grant: 'client_credentials' }, authorized: false });
  const own = idOf(await h.instance.get(me));
  const bob = h.emulator.issue({ userId: 77 });
  expect(idOf(await h.instance.get(me, as(bob)))).toBe(77);
  expect(idOf(await h.instance.get(me, bearer(await h.procore.getAccessToken())))).toBe(own);
});

test('setTokens without an account that brings another user warns, and its tokens are used', async () => {
  await using h = await createHarness();
  await h.procore.setTokens(h.emulator.issue({ userId: 1 }));
  expect(warned(h)).toEqual([]);
  // Also where nobody here has read the store yet.
  const later = h.attachProcess();
  await later.procore.setTokens(h.emulator.issue({ userId: 2 }));
  expect(warned(h)).toEqual(['account-changed-owner']);
  expect(idOf(await later.instance.get(me))).toBe(2);
});

test('exchangeCode for another user says so too, where two come at once for the second one', async () => {
  await using h = await createHarness({ authorized: false });
  const bring = (userId: number) => {
    const body = h.emulator.issue({ userId });
    h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body } });
    const code = `code-${userId}`;
    return h.procore.exchangeCode({ code, redirectUri: 'https://app.example.com/callback' });
  };
  await h.env.drive(Promise.all([bring(1), bring(2)]));
  expect(warned(h)).toEqual(['account-changed-owner']);
});

test('setTokens with an account may bring another user without a warning', async () => {
  await using h = await createHarness();
  await h.procore.setTokens(h.emulator.issue({ userId: 1 }), 'ann');
  await h.procore.setTokens(h.emulator.issue({ userId: 2 }), 'ann');
  expect(warned(h)).toEqual([]);
});

test('an account that is a number is told how it becomes a name, and never to be left out', async () => {
  await using h = await createHarness();
  const account = 17 as unknown as string;
  const redirectUri = 'https://app.example.com/callback';
  const said = [
    await caught(h.instance.get(me, { procore: { account } })),
    await caught(h.procore.setTokens(h.emulator.issue(), account)),
    await caught(h.procore.getAccessToken(account)),
    await caught(h.procore.exchangeCode({ code: 'a-code', redirectUri, account })),
    await caught(h.attach({ account: () => account }).instance.get(me)),
    await caught(Promise.resolve().then(() => h.attach({ account }))),
  ];
  for (const { name, message } of said) {
    expect(name).toBe('TypeError');
    expect(message).toContain('String(user.id)');
    expect(message).not.toMatch(/leave|default/);
  }
});
