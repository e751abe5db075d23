import { expect, test } from 'vitest';
import type { AxiosRequestConfig } from 'axios';
import { subjectOf } from '../../src/wire/jwt.js';
import { caught } from '../support/caught.js';
import { createHarness, names, type Harness } from '../support/harness.js';
import { logIn, refresh, takingOver, userOf } from '../support/legacy.js';

const me = '/rest/v1.0/me';
const life = 5_400_000;
const options = takingOver;
const inHand = (h: Harness) => h.store.sets.get('default')!;
const opaque = (name: string) => ({
  access_token: `a-${name}`,
  refresh_token: `r-${name}`,
  expires_in: 5400,
});
const byHeader = (config: AxiosRequestConfig) => config.headers?.['X-User'] as string | undefined;

/** Ann's tokens have been in use, and are dead. */
async function dead() {
  const h = await createHarness({ options });
  await h.instance.get(me);
  const ann = inHand(h);
  h.emulator.revokeGrant(ann.refresh_token!);
  await h.env.drive(caught(h.instance.get(me)));
  return { h, ann };
}

test('a token that one account has redeemed is answered from that account, whichever was used first', async () => {
  await using h = await createHarness({ options: { ...options, account: byHeader } });
  const [ann, bob] = [h.emulator.issue({ userId: 1 }), h.emulator.issue({ userId: 2 })];
  h.store.sets.set('ann', ann).set('bob', bob);
  for (const user of ['ann', 'bob']) await h.instance.get(me, { headers: { 'X-User': user } });
  await h.procore.renew('bob');
  await h.procore.renew('ann');
  expect(await userOf(refresh(h, bob.refresh_token!))).toBe('user 2');
  expect(await userOf(refresh(h, ann.refresh_token!))).toBe('user 1');
  expect(h.emulator.counters.spentPresentations).toBe(0);
});

test('where the tokens of another user were brought, who comes with one from before gets its own', async () => {
  await using h = await createHarness({ options });
  await h.instance.get(me);
  const ann = inHand(h);
  await h.procore.setTokens(h.emulator.issue({ userId: 2 }));
  expect(await userOf(refresh(h, ann.refresh_token!))).toBe('user 1');
  expect(subjectOf(inHand(h).access_token)).toBe('2');
});

test('where another user’s opaque tokens were brought, a request with an earlier token gets its own answer', async () => {
  await using h = await createHarness({ options, authorized: false });
  h.store.sets.set('default', opaque('ann'));
  await h.procore.getAccessToken();
  await h.procore.setTokens(opaque('bob'));
  expect(await userOf(refresh(h, 'r-ann'))).toBe('invalid_grant');
});

test('where another user’s tokens were merged into the set of the user before, a request with an earlier token gets its own answer', async () => {
  await using h = await createHarness({ options });
  const ann = inHand(h);
  await h.procore.renew();
  await h.procore.setTokens({ ...inHand(h), ...h.emulator.issue({ userId: 2 }) });
  expect(await userOf(refresh(h, ann.refresh_token!))).toBe('user 1');
});

test('revoked tokens are not answered with those of the user who came afterwards', async () => {
  await using h = await createHarness({ options });
  await h.instance.get(me);
  const ann = inHand(h);
  await h.procore.revoke();
  await h.procore.setTokens(h.emulator.issue({ userId: 2 }));
  expect(await userOf(refresh(h, ann.refresh_token!))).toBe('invalid_grant');
});

test('dead tokens are not answered with those that another user brought in their place', async () => {
  const { h, ann } = await dead();
  await using _ = h;
  expect(await userOf(refresh(h, h.emulator.issue({ userId: 2 }).refresh_token!))).toBe('user 2');
  expect(await userOf(refresh(h, ann.refresh_token!))).toBe('invalid_grant');
});

test('a token of the same user from before a new authorization is still answered', async () => {
  const { h, ann } = await dead();
  await using _ = h;
  await logIn(h, 1);
  expect(await userOf(refresh(h, ann.refresh_token!))).toBe('user 1');
});

test('tokens of another user that come while a refresh is being answered are not its answer', async () => {
  await using h = await createHarness({ options });
  await h.instance.get(me);
  h.env.jump(0.8 * life);
  const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const answer = userOf(refresh(h, inHand(h).refresh_token!));
  await held.struck();
  await h.procore.setTokens(h.emulator.issue({ userId: 2 }));
  held.release();
  expect(await h.env.drive(answer)).not.toBe('user 2');
});

test('a token that is brought where nothing works is not answered with what another user has just put into the store', async () => {
  await using h = await createHarness({ options, authorized: false });
  await caught(h.instance.get(me));
  h.env.jump(2_000);
  let loads = 0;
  h.store.onLoad = () => {
    if (++loads === 2) h.store.sets.set('default', h.emulator.issue({ userId: 1 }));
  };
  const bob = h.emulator.issue({ userId: 2 });
  expect(await h.env.drive(userOf(refresh(h, bob.refresh_token!)))).toBe('user 2');
  expect(subjectOf(inHand(h).access_token)).toBe('1');
});

test('who logs in while another user’s renewal is undecided does not take the place of a live pair', async () => {
  await using h = await createHarness({ options });
  await h.instance.get(me);
  const ann = inHand(h);
  h.env.jump(life + 1_000);
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 404 } });
  await h.env.drive(caught(h.instance.get(me)));
  await logIn(h, 2);
  expect(inHand(h).refresh_token).toBe(ann.refresh_token);
});

test('a user who logs in while the store cannot be read does not take the place of a live pair', async () => {
  await using h = await createHarness({ options });
  const ann = inHand(h);
  h.store.onLoad = () => Promise.reject(new Error('down'));
  expect((await h.env.drive(logIn(h, 2))).status).toBe(200);
  expect(names(h.told, /^warning/)).toEqual(['warning']);
  h.store.onLoad = undefined;
  await h.env.advance(120_000);
  expect(inHand(h).refresh_token).toBe(ann.refresh_token);
});

test('a user who logs in does not take the place of a live pair that another process has saved over dead tokens', async () => {
  const { h } = await dead();
  await using _ = h;
  const anew = h.emulator.issue();
  h.store.sets.set('default', anew);
  await h.env.advance(1_000);
  await logIn(h, 2);
  expect(inHand(h)).toEqual(anew);
});

test('where tokens do not tell whose they are, a new authorization is kept, and what an unknown token brought is not', async () => {
  await using h = await createHarness({ options, authorized: false });
  h.store.sets.set('default', opaque('ann'));
  await h.procore.getAccessToken();
  const answer = (name: string) =>
    h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body: opaque(name) } });
  answer('unknown');
  expect((await refresh(h, 'r-of-somebody')).data).toEqual(opaque('unknown'));
  expect([inHand(h).refresh_token, names(h.told, /^warning/)]).toEqual(['r-ann', ['warning']]);
  answer('anew');
  const form = { grant_type: 'authorization_code', client_id: h.emulator.clientId, code: 'a-code' };
  await h.instance.post('/oauth/token', new URLSearchParams(form));
  expect(inHand(h).refresh_token).toBe('r-anew');
});

test('of two users who log in at once, the first is kept, and the second is told of', async () => {
  await using h = await createHarness({ options, authorized: false });
  await h.env.drive(Promise.all([logIn(h, 1), logIn(h, 2)]));
  expect(subjectOf(inHand(h).access_token)).toBe('1');
  expect(names(h.told, /^warning/)).toEqual(['warning']);
  expect(h.store.log.filter((entry) => entry.startsWith('save'))).toEqual(['save default']);
});

test('where the tokens are dead, the user who logs in first is kept, also when the one whose they were logs in at once', async () => {
  const { h } = await dead();
  await using _ = h;
  const form = { grant_type: 'authorization_code', client_id: h.emulator.clientId, code: 'a-code' };
  const logInAtOnce = (userId: number) => {
    const data = h.emulator.issue({ userId });
    const adapter = async (config: AxiosRequestConfig) => ({ status: 200, headers: {}, data, config });
    return h.instance.post('/oauth/token', new URLSearchParams(form), { adapter: adapter as never });
  };
  await h.env.drive(Promise.all([logInAtOnce(2), logInAtOnce(1)]));
  expect(subjectOf(inHand(h).access_token)).toBe('2');
  expect(names(h.told, /^warning/)).toEqual(['warning']);
  expect((await h.instance.get(me)).status).toBe(200);
});

test('a token that is offered where the tokens are dead is redeemed, also while the store shows the pair before them', async () => {
  await using h = await createHarness({ options });
  await h.instance.get(me);
  const before = inHand(h);
  await h.procore.renew();
  h.emulator.revokeGrant(inHand(h).refresh_token!);
  // A replica that lags, or a backup that was put back.
  h.store.sets.set('default', before);
  await h.env.drive(caught(h.instance.get(me)));
  const bob = h.emulator.issue({ userId: 2 });
  expect(await h.env.drive(userOf(refresh(h, bob.refresh_token!)))).toBe('user 2');
  expect(subjectOf(inHand(h).access_token)).toBe('2');
});

test('of two users who come with a token at once where nothing works, a dead one says nothing of the other', async () => {
  for (const scene of [dead, async () => ({ h: await createHarness({ options, authorized: false }) })]) {
    const { h } = await scene();
    await using _ = h;
    const bob = h.emulator.issue({ userId: 2 });
    const answers = ['of-long-ago', bob.refresh_token!].map((token) => userOf(refresh(h, token)));
    expect(await h.env.drive(Promise.all(answers))).toEqual(['invalid_grant', 'user 2']);
    expect(subjectOf(inHand(h).access_token)).toBe('2');
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
  }
});

test('tokens of another user that a renewal for a refresh finds in the store are not its answer', async () => {
  await using h = await createHarness({ options });
  await h.instance.get(me);
  const ann = inHand(h);
  h.env.jump(0.8 * life);
  h.store.sets.set('default', h.emulator.issue({ userId: 2 }));
  expect(await h.env.drive(userOf(refresh(h, ann.refresh_token!)))).toBe('user 1');
  expect(subjectOf(inHand(h).access_token)).toBe('2');
});
