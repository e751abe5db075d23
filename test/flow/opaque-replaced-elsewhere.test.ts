import { expect, test } from 'vitest';
import { accountBySubject } from '../../src/options/account-by-subject.js';
import type { ProcoreOptions } from '../../src/options/options.js';
import type { TokenSet } from '../../src/store/store.js';
import { bearerSent } from '../support/bearer-sent.js';
import { createHarness, createTestStore, names } from '../support/harness.js';

/** A server whose tokens tell nothing of their users: the third pair after `a-1` is `a-4`, `r-4`. */
async function createScene(options: Partial<ProcoreOptions> = {}) {
  let number = 1;
  const presented: string[] = [];
  const own: Partial<ProcoreOptions> = {
    clientSecret: undefined,
    exchange: async (grant) => {
      if (grant.type === 'refresh_token') presented.push(grant.refresh_token);
      number++;
      return { access_token: `a-${number}`, refresh_token: `r-${number}`, expires_in: 5400 };
    },
    ...options,
  };
  const h = await createHarness({ options: own, authorized: false });
  h.store.sets.set('default', { access_token: 'a-1', refresh_token: 'r-1', expires_in: 5400 });
  return { ...h, presented, start: () => h.attachProcess(own), [Symbol.asyncDispose]: h.close };
}

test.each([
  ['one account', {}],
  ['takeOverRefresh', { legacy: { takeOverRefresh: true } }],
  ['accountBySubject', { legacy: { takeOverRefresh: true }, account: accountBySubject }],
])(
  'a bearer that another process replaced before this one was started is of the account, with %s',
  async (_name, options) => {
    await using h = await createScene(options);
    await h.procore.renew();
    await h.procore.renew();
    const { instance } = h.start();
    for (const token of ['a-3', 'a-2', 'a-1']) expect(await bearerSent(instance, token)).toBe('Bearer a-3');
    expect(await bearerSent(instance, 'a-0')).toBe('Bearer a-0');
    expect(names(h.told, /warning/)).toEqual(['warning']);
  },
);

test('an opaque bearer that another process has got and replaced is known while this process holds an older pair', async () => {
  await using h = await createScene();
  const { instance } = h.start();
  expect(await bearerSent(instance, 'a-1')).toBe('Bearer a-1');
  await h.procore.renew();
  await h.procore.renew();
  expect(await bearerSent(instance, 'a-2')).toBe('Bearer a-3');
  expect(await bearerSent(instance, 'a-1')).toBe('Bearer a-3');
  expect(names(h.told)).toEqual(['token-renewed', 'token-renewed', 'token-adopted']);
  expect(h.presented).toEqual(['r-1', 'r-2']);
});

test('a refresh token that another process has got is answered, and not presented', async () => {
  await using h = await createScene({ legacy: { takeOverRefresh: true } });
  const { instance } = h.start();
  await bearerSent(instance, 'a-1');
  await h.procore.renew();
  await h.procore.renew();
  const form = { grant_type: 'refresh_token', refresh_token: 'r-2', client_id: h.emulator.clientId };
  const { data } = await instance.post<TokenSet>('/oauth/token', new URLSearchParams(form));
  expect(data).toMatchObject({ access_token: 'a-3', refresh_token: 'r-3' });
  expect(h.emulator.counters.tokenRequests).toBe(0);
});

test('a stranger’s bearer costs one look into the store a second', async () => {
  await using h = await createScene();
  await h.procore.getAccessToken();
  h.store.log.length = 0;
  for (let i = 0; i < 5; i++) expect(await bearerSent(h.instance, 'stranger')).toBe('Bearer stranger');
  expect(h.store.log).toEqual(['load default']);
  h.env.jump(1_001);
  await bearerSent(h.instance, 'stranger');
  expect(h.store.log).toEqual(['load default', 'load default']);
});

test('tokens of another user that were merged into the set of the one before inherit none of that user’s bearers', async () => {
  await using h = await createScene();
  await h.procore.renew();
  const before = h.store.sets.get('default')!;
  await h.procore.setTokens({ ...before, access_token: 'a-bob', refresh_token: 'r-bob' });
  const { instance } = h.start();
  expect(await bearerSent(instance, 'a-bob')).toBe('Bearer a-bob');
  for (const token of ['a-1', 'a-2']) expect(await bearerSent(instance, token)).toBe(`Bearer ${token}`);
});

test('tokens that name their user need no list, and none is kept', async () => {
  await using h = await createHarness();
  await h.procore.renew();
  expect(h.store.sets.get('default')).not.toHaveProperty('replaced_access_tokens');
});

test('while the store hangs, such a call waits for maxWaitMs at most, and goes out as it came', async () => {
  const store = createTestStore({ access_token: 'a-1', refresh_token: 'r-1', expires_in: 5400 });
  await using h = await createHarness({ options: { store, maxWaitMs: 2_000 } });
  await h.procore.getAccessToken();
  store.onLoad = () => new Promise(() => undefined);
  expect(await h.env.drive(bearerSent(h.instance, 'stranger'))).toBe('Bearer stranger');
});
