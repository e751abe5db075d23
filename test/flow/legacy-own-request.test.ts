import { describe, expect, test } from 'vitest';
import axios, { type AxiosRequestConfig } from 'axios';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { refresh, takingOver } from '../support/legacy.js';

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
    await h.procore.renew();
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

test('who comes with a token that is being presented waits no longer than it wants to, and presents it no second time', async () => {
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
