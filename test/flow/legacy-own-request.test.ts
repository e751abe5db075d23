import { describe, expect, test } from 'vitest';
import axios, { type AxiosRequestConfig } from 'axios';
import { caught } from '../support/caught.js';
import type { TokenStore } from '../../src/store/store.js';
import { createHarness, names, type Harness } from '../support/harness.js';
import { logIn, refresh, refreshForm, takingOver } from '../support/legacy.js';

const me = '/rest/v1.0/me';
const life = 5_400_000;
const options = takingOver;
const inHand = (h: Harness) => h.store.sets.get('default')!;
const byHeader = (config: AxiosRequestConfig) => config.headers?.['X-User'] as string | undefined;

describe('a token that nobody here knows, redeemed by the application’s own request', () => {
  test('nothing hangs when another process puts it into the store meanwhile', async () => {
    await using h = await createHarness({ options });
    await h.instance.get(me);
    const anew = h.emulator.issue();
    const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
    const answer = refresh(h, anew.refresh_token!);
    await held.struck();
    h.store.sets.set('default', anew);
    await h.env.drive(h.procore.renew());
    held.release();
    const { data } = await h.env.drive(answer);
    expect(inHand(h).refresh_token).toBe(data.refresh_token);
    expect((await h.instance.get(me)).status).toBe(200);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
  });

  test('is not presented again after a restart', async () => {
    await using h = await createHarness({ options });
    await h.instance.get(me);
    const { refresh_token: anew } = h.emulator.issue();
    await refresh(h, anew!);
    const { load, save } = h.store;
    const later = h.attachProcess({ store: { load, save } });
    expect((await refresh(h, anew!, {}, later.instance)).data.refresh_token).toBe(inHand(h).refresh_token);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
  });

  test.each([{}, { validateStatus: () => true }])(
    'is not presented again once the server has refused it (%j)',
    async (config) => {
      await using h = await createHarness({ options });
      await h.instance.get(me);
      const ask = () =>
        refresh(h, 'never-issued', config).catch((error: { response: unknown }) => error.response);
      for (const _time of [1, 2, 3])
        expect(await ask()).toMatchObject({ status: 400, data: { error: 'invalid_grant' } });
      expect(h.emulator.counters.tokenRequests).toBe(1);
      expect((await h.instance.get(me)).status).toBe(200);
    },
  );
});

test('a request with a token that is being presented waits no longer than its own timeout, and the token is not presented twice', async () => {
  await using h = await createHarness({ options });
  await h.instance.get(me);
  const { refresh_token: anew } = h.emulator.issue();
  const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const first = refresh(h, anew!);
  await held.struck();
  const abort = new AbortController();
  const aborted = caught(refresh(h, anew!, { signal: abort.signal }));
  const late = caught(refresh(h, anew!, { timeout: 2_000 }));
  await h.env.advance(2_001);
  abort.abort();
  expect(await late).toMatchObject({
    code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
    status: 503,
    message: expect.stringMatching(/another request presents the refresh token/),
  });
  expect((await late).message).not.toContain(anew);
  expect(axios.isCancel(await aborted)).toBe(true);
  held.release();
  expect((await first).data.refresh_token).toBe(inHand(h).refresh_token);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, tokenRequests: 1 });
  // The look at the store some time after a log-in ends with it.
  h.procore.detach();
  expect(h.env.sleeping).toBe(0);
});

test('a token whose end the renewal has seen is not presented for the application either', async () => {
  await using h = await createHarness({ options });
  await h.instance.get(me);
  const spent = inHand(h).refresh_token!;
  h.emulator.revokeGrant(spent);
  await h.env.drive(caught(h.instance.get(me)));
  await h.procore.setTokens(h.emulator.issue({ userId: 2 }));
  expect((await caught(refresh(h, spent))).response).toMatchObject({ data: { error: 'invalid_grant' } });
  expect(h.emulator.counters.tokenRequests).toBe(1);
});

test('what a refresh without an account brought is found by the account that holds the token', async () => {
  await using h = await createHarness({ options: { ...options, account: byHeader } });
  const bob = h.emulator.issue({ userId: 2 });
  h.store.sets.set('bob', bob);
  // Nobody has called as Bob yet, and a token request says nothing of the user.
  const { data } = await refresh(h, bob.refresh_token!);
  expect((await h.env.drive(h.instance.get(me, { headers: { 'X-User': 'bob' } }))).status).toBe(200);
  h.env.jump(life + 1_000);
  expect((await h.env.drive(h.instance.get(me, { headers: { 'X-User': 'bob' } }))).status).toBe(200);
  expect(h.store.sets.get('bob')!.refresh_token).not.toBe(data.refresh_token);
  expect(h.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
});

test('the tokens of another app, whose client authenticates by HTTP Basic, are left to it', async () => {
  await using h = await createHarness({ options });
  await h.instance.get(me);
  const before = inHand(h);
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body: h.emulator.issue() } });
  const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'theirs' });
  await h.instance.post('/oauth/token', form, { auth: { username: 'their-app', password: 'secret' } });
  expect(inHand(h)).toEqual(before);
});

test('a pair remembers what it was redeemed for also where another attach used the account first', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const { refresh_token: first } = inHand(h);
  const second = h.attach(options);
  await second.instance.get(me);
  await h.procore.renew();
  const { load, save } = h.store;
  const later = h.attachProcess({ ...options, store: { load, save } });
  const { data } = await refresh(h, first!, {}, later.instance);
  expect(data.refresh_token).toBe(inHand(h).refresh_token);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

test('a token that is offered in the place of a dead pair is taken, though that pair was never saved', async () => {
  await using h = await createHarness({ options });
  await h.instance.get(me);
  h.store.onSave = () => {
    throw new Error('full');
  };
  await h.env.drive(h.procore.renew());
  h.emulator.revokeGrant(h.procore.unsavedTokens()!.refresh_token!);
  await h.env.drive(caught(h.procore.renew()));
  h.env.jump(life + 1_000);
  h.store.onSave = undefined;
  const { data } = await h.env.drive(refresh(h, h.emulator.issue().refresh_token!));
  expect(inHand(h).refresh_token).toBe(data.refresh_token);
  expect((await h.instance.get(me)).status).toBe(200);
});

test.each<[string, (h: Harness) => Promise<unknown>]>([
  ['a new authorization', (h) => logIn(h, 1)],
  ['a token that nobody here knows', (h) => refresh(h, h.emulator.issue().refresh_token!)],
])('what %s brought is saved before the application has it, and told of by nothing', async (_what, bring) => {
  await using h = await createHarness({ options });
  await h.instance.get(me);
  let save = () => {};
  const begun = new Promise<void>((resolve) => {
    h.store.onSave = () => (resolve(), new Promise<void>((done) => (save = done)));
  });
  let answered = false;
  const answer = bring(h).then(() => (answered = true));
  await begun;
  await h.env.advance(0);
  expect(answered).toBe(false);
  save();
  await answer;
  expect(names(h.told)).toEqual([]);
});

test('where the new pair cannot be saved, the application gets it nevertheless, and it is saved later', async () => {
  await using h = await createHarness({ options });
  await h.instance.get(me);
  h.store.onSave = () => {
    throw new Error('full');
  };
  const { data } = await h.env.drive(logIn(h, 1));
  expect(h.procore.unsavedTokens()).toMatchObject({ refresh_token: data.refresh_token });
  h.store.onSave = undefined;
  await h.env.drive(h.procore.idle());
  expect(inHand(h).refresh_token).toBe(data.refresh_token);
});

test('a token from before a new authorization of the same user is answered after a restart', async () => {
  await using h = await createHarness({ options });
  await h.instance.get(me);
  const { refresh_token: first } = inHand(h);
  await logIn(h, 1);
  const { load, save } = h.store;
  const later = h.attachProcess({ store: { load, save } });
  const { tokenRequests } = h.emulator.counters;
  expect((await refresh(h, first!, {}, later.instance)).data.refresh_token).toBe(inHand(h).refresh_token);
  expect(h.emulator.counters.tokenRequests).toBe(tokenRequests);
});

test('a token from before a new authorization is answered without a restart, also where the store keeps only the fields that it knows', async () => {
  await using h = await createHarness({ options });
  h.store.onSave = (tokens) => void delete tokens['redeemed_refresh_tokens'];
  await h.instance.get(me);
  const { refresh_token: first } = inHand(h);
  await logIn(h, 1);
  await h.procore.renew();
  const { tokenRequests } = h.emulator.counters;
  expect((await refresh(h, first!)).data.refresh_token).toBe(inHand(h).refresh_token);
  expect(h.emulator.counters.tokenRequests).toBe(tokenRequests);
});

describe('a token that nobody here knows', () => {
  test.each<[string, object, object]>([
    ['no answer', { do: { kind: 'drop' } }, {}],
    ['a 503', { do: { kind: 'answer', status: 503 } }, {}],
    ['a 503 that validateStatus accepts', { do: { kind: 'answer', status: 503 } }, { validateStatus: null }],
  ])('is not taken for dead after %s', async (_case, fault, config) => {
    await using h = await createHarness({ options });
    await h.instance.get(me);
    const { refresh_token: anew } = h.emulator.issue();
    h.emulator.misbehave({ on: 'token', ...fault } as never);
    const answer = await refresh(h, anew!, config).catch((error: unknown) => error);
    expect(answer).not.toMatchObject({ data: { access_token: expect.anything() } });
    expect(answer).not.toBeInstanceOf(TypeError);
    expect((await refresh(h, anew!)).data.refresh_token).toBe(inHand(h).refresh_token);
    expect(h.emulator.counters).toMatchObject({ tokenRequests: 2, exchanges: 1 });
  });

  test('is presented again after a refusal of a request without a client_id: it may belong to another client', async () => {
    await using h = await createHarness({ options });
    await h.instance.get(me);
    const refused = h.emulator.misbehave({
      on: 'token',
      times: 2,
      do: { kind: 'answer', status: 400, body: { error: 'invalid_grant' } },
    });
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'of-another-client' });
    for (const _time of [1, 2]) await caught(h.instance.post('/oauth/token', form));
    expect(refused.hits).toBe(2);
  });

  test('changes nothing where the server answers with the same token again', async () => {
    await using h = await createHarness({ options });
    await h.instance.get(me);
    const before = inHand(h);
    const body = { ...h.emulator.issue(), refresh_token: 'kept' };
    const answers = h.emulator.misbehave({
      on: 'token',
      times: 2,
      do: { kind: 'answer', status: 200, body },
    });
    for (const _time of [1, 2]) expect((await refresh(h, 'kept')).data).toEqual(body);
    expect([answers.hits, inHand(h)]).toEqual([2, before]);
  });
});

test('a refresh that does not say which client it is, is answered like any other', async () => {
  await using h = await createHarness({ options });
  const form = refreshForm(h, inHand(h).refresh_token!);
  form.delete('client_id');
  const { data } = await h.instance.post<{ access_token: string }>('/oauth/token', form);
  expect(data.access_token).toBe(inHand(h).access_token);
  expect(h.emulator.counters.tokenRequests).toBe(0);
});

test('tokens whose expiry is not known are answered without expires_in', async () => {
  await using h = await createHarness({ options, authorized: false });
  h.store.sets.set('default', { access_token: 'a-opaque', refresh_token: 'r-opaque' });
  const { data } = await refresh(h, 'r-opaque');
  expect(data).toMatchObject({ access_token: 'a-opaque', refresh_token: 'r-opaque' });
  expect(data).not.toHaveProperty('expires_in');
  expect(h.emulator.counters.tokenRequests).toBe(0);
});

test.each([
  ['client_credentials', ['refresh_token', 'authorization_code']],
  ['refresh_token', ['client_credentials']],
] as const)(
  'with the grant %s, requests with %j are sent, and their tokens are not saved',
  async (grant, others) => {
    await using h = await createHarness({ options: { ...options, grant } });
    const before = inHand(h);
    for (const grant_type of others) {
      const body = h.emulator.issue();
      h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body } });
      const form = { grant_type, client_id: h.emulator.clientId, refresh_token: 'r', code: 'c' };
      expect((await h.instance.post('/oauth/token', new URLSearchParams(form))).data).toEqual(body);
    }
    expect(inHand(h)).toBe(before);
    expect(names(h.told)).toEqual([]);
  },
);

describe('a store that is away while the application refreshes by itself', () => {
  const away = () => Promise.reject(new Error('down'));

  test('gets the new pair as soon as it is back, and not only when the token ages', async () => {
    await using h = await createHarness();
    await h.instance.get(me);
    h.store.onLoad = away;
    h.store.onSave = away;
    const { data } = await refresh(h, inHand(h).refresh_token!);
    await h.env.advance(2_000);
    expect(h.procore.unsavedTokens()).toMatchObject({ refresh_token: data.refresh_token });
    expect(h.procore.status().unsaved).toBe(true);
    h.store.onLoad = undefined;
    h.store.onSave = undefined;
    await h.env.advance(60_000);
    expect(inHand(h).refresh_token).toBe(data.refresh_token);
    expect(h.procore.unsavedTokens()).toBeUndefined();
    expect((await h.instance.get(me)).status).toBe(200);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
  });

  test('gets it also where its lock cannot be had', async () => {
    await using h = await createHarness();
    let isAway = false;
    const { load, save } = h.store;
    const lock: TokenStore['lock'] = (_account, critical) => (isAway ? away() : critical());
    const { instance, procore } = h.attachProcess({ store: { load, save, lock, renewsLock: true } });
    await instance.get(me);
    isAway = true;
    const { data } = await refresh(h, inHand(h).refresh_token!, {}, instance);
    await h.env.advance(2_000);
    expect(procore.unsavedTokens()).toMatchObject({ refresh_token: data.refresh_token });
    isAway = false;
    await h.env.advance(60_000);
    expect(inHand(h).refresh_token).toBe(data.refresh_token);
  });

  test('is asked before the pair is renewed: the application has it in its table, where another process may have renewed it', async () => {
    await using h = await createHarness();
    let isAway = false;
    const { load, save } = h.store;
    const { instance } = h.attachProcess({
      store: { load: (of) => (isAway ? away() : load(of)), save: (...of) => (isAway ? away() : save(...of)) },
    });
    await instance.get(me);
    isAway = true;
    const { data } = await refresh(h, inHand(h).refresh_token!, {}, instance);
    h.store.sets.set('default', data);
    await h.env.advance(2_000);
    const other = h.attachProcess({ store: { load, save } });
    const { refresh_token: renewed } = await h.env.drive(other.procore.renew());
    await other.instance.get(me);
    const call = instance.get(me);
    await h.env.advance(500);
    isAway = false;
    expect((await h.env.drive(call)).status).toBe(200);
    await h.env.advance(120_000);
    expect(inHand(h).refresh_token).toBe(renewed);
    expect(h.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
  });

  test('does not get it where a person has brought other tokens meanwhile', async () => {
    await using h = await createHarness();
    await h.instance.get(me);
    h.store.onLoad = away;
    h.store.onSave = away;
    await refresh(h, inHand(h).refresh_token!);
    await h.env.advance(2_000);
    h.store.onLoad = undefined;
    h.store.onSave = undefined;
    const tokens = h.emulator.issue();
    await h.env.drive(h.procore.setTokens(tokens));
    await h.env.advance(60_000);
    expect(inHand(h).refresh_token).toBe(tokens.refresh_token);
  });
});
