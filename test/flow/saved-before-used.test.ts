import { expect, test } from 'vitest';
import { TokenStoreConflict } from '../../src/store/store.js';
import { createHarness, names } from '../support/harness.js';
import { settled, until } from '../support/manual-env.js';

const life = 5_400_000;
const me = '/rest/v1.0/me';

/** A save that fails the first `times` times. */
function failingSave(times: number): { save: () => void; readonly tries: number } {
  let tries = 0;
  return {
    save() {
      if (++tries <= times) throw new Error('the disk is full');
    },
    get tries() {
      return tries;
    },
  };
}

test('a new pair is saved before its access token is used', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.env.jump(life);
  let finishSave = () => {};
  h.store.onSave = () => new Promise<void>((resolve) => (finishSave = resolve));
  const calls = Promise.all([h.instance.get(me), h.instance.get(me)]);
  await until(() => h.store.log.includes('save default'), 'the save');
  const later = h.instance.get(me);
  await h.env.advance(100);
  expect(h.emulator.counters.apiRequests).toBe(1);
  finishSave();
  await calls;
  await later;
  expect(h.emulator.counters).toMatchObject({ apiRequests: 4, exchanges: 1, unauthorized: 0 });
});

test('what is saved is the extra fields of the old set and the answer, with expires_at; previous is the set it replaces', async () => {
  await using h = await createHarness();
  const old = { ...h.store.sets.get('default')!, company: 'ACME', scope: 'old' };
  h.store.sets.set('default', old);
  let previous: unknown;
  h.store.onSave = (_tokens, _account, replaced) => void (previous = replaced);
  await h.procore.renew();
  const saved = h.store.sets.get('default')!;
  expect(saved).toMatchObject({ company: 'ACME', token_type: 'Bearer', expires_in: 5400 });
  expect(saved.access_token).not.toBe(old.access_token);
  expect(saved.expires_at).toBe(Math.floor((h.env.now() + life) / 1000));
  expect(saved).not.toHaveProperty('scope');
  expect(previous).toEqual(old);
});

test.each([1, 2, 3])('a save that fails %i times is repeated at once, and no call fails', async (times) => {
  await using h = await createHarness();
  const failing = failingSave(times);
  h.store.onSave = failing.save;
  const renewed = h.procore.renew();
  await h.env.drive(renewed);
  expect(failing.tries).toBe(times + 1);
  expect(names(h.told)).toEqual(['token-renewed']);
  expect(h.emulator.counters.exchanges).toBe(1);
});

test.each([4, 6, 9])(
  'a save that fails %i times: one exchange, calls go on with the old token, saved at the next',
  async (times) => {
    await using h = await createHarness({ emulator: { spentTokens: 'B' } });
    const before = h.store.sets.get('default')!;
    const failing = failingSave(times);
    h.store.onSave = failing.save;
    const renewed = h.procore.renew();
    await until(() => failing.tries === 1, 'the first save');
    await h.env.advance(2_000);
    const pair = await renewed;
    expect(h.procore.status().unsaved).toBe(true);
    expect(h.procore.unsavedTokens()).toEqual(pair);
    expect(names(h.told)).toEqual(['token-renewed', 'token-save-failed']);
    for (let call = 0; call < 5; call++) expect((await h.instance.get(me)).status).toBe(200);
    // Mode B: had the new token been used, the old one would be dead.
    expect(h.emulator.isLive(before.access_token)).toBe(true);
    while (failing.tries <= times) await h.env.advance(10_000);
    expect(h.store.sets.get('default')).toEqual(pair);
    expect(h.procore.status().unsaved).toBe(false);
    expect(h.procore.unsavedTokens()).toBeUndefined();
    expect(names(h.told)).toEqual(['token-renewed', 'token-save-failed', 'token-saved-late']);
    await h.instance.get(me);
    expect(h.emulator.isLive(before.access_token)).toBe(false);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
  },
);

test('while the save fails, the new token is used once a 401 refuses the old one', async () => {
  await using h = await createHarness();
  h.store.onSave = failingSave(100).save;
  const renewed = h.procore.renew();
  await h.env.drive(renewed);
  // Mode A: the old access token died at the refresh.
  expect((await h.instance.get(me)).status).toBe(200);
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 1 });
});

test('while the save fails, the new token is used once the old one has expired', async () => {
  await using h = await createHarness({ emulator: { spentTokens: 'B' } });
  await h.instance.get(me);
  h.env.jump(life);
  h.store.onSave = failingSave(100).save;
  const call = h.instance.get(me);
  expect((await h.env.drive(call)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
});

test('an unsaved pair is renewed from memory when its time comes, and the store then gets the newest', async () => {
  await using h = await createHarness({ emulator: { accessTokenLifetimeSeconds: 600, spentTokens: 'B' } });
  const failing = failingSave(Infinity);
  h.store.onSave = failing.save;
  const first = h.procore.renew();
  await h.env.drive(first);
  await h.env.advance(599_000);
  h.store.onSave = undefined;
  await h.instance.get(me);
  expect(h.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
  expect(h.procore.status().unsaved).toBe(false);
  expect(h.emulator.isLive(h.store.sets.get('default')!.refresh_token!)).toBe(true);
});

test('an unsaved pair whose renewal brings no other refresh token keeps its own, not the spent one in the store', async () => {
  await using h = await createHarness();
  h.store.onSave = failingSave(100).save;
  const first = await h.env.drive(h.procore.renew());
  h.store.onSave = undefined;
  const body = { access_token: 'opaque-1', token_type: 'Bearer', expires_in: 600 };
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body } });
  await h.procore.renew();
  expect(h.store.sets.get('default')).toMatchObject({
    access_token: 'opaque-1',
    refresh_token: first.refresh_token,
  });
});

test('a pair that was unsaved until the next renewal saved its successor is not said to be saved late', async () => {
  await using h = await createHarness();
  h.store.onSave = failingSave(100).save;
  await h.env.drive(h.procore.renew());
  h.store.onSave = undefined;
  await h.procore.renew();
  await h.env.advance(60_000);
  expect(names(h.told)).toEqual(['token-renewed', 'token-save-failed', 'token-renewed']);
});

test('saves never overlap, even when one hangs; the pair that hung is not lost', async () => {
  await using h = await createHarness({ emulator: { spentTokens: 'B' } });
  let saving = 0;
  let most = 0;
  let finish = () => {};
  let hang = true;
  h.store.onSave = async () => {
    most = Math.max(most, ++saving);
    if (hang) await new Promise<void>((resolve) => (finish = resolve));
    saving--;
  };
  const renewed = h.procore.renew();
  await until(() => saving === 1, 'the save');
  await h.env.advance(5_000);
  await renewed;
  await h.env.advance(60_000);
  expect(saving).toBe(1);
  hang = false;
  finish();
  await h.env.advance(60_000);
  expect(most).toBe(1);
  expect(h.procore.status().unsaved).toBe(false);
  expect(h.emulator.isLive(h.store.sets.get('default')!.refresh_token!)).toBe(true);
});

test('a late save yields to a newer pair that somebody else has brought meanwhile', async () => {
  await using h = await createHarness({ emulator: { spentTokens: 'B' } });
  const failing = failingSave(Infinity);
  h.store.onSave = failing.save;
  const renewed = h.procore.renew();
  await h.env.drive(renewed);
  // A person has authorized the account anew on another machine.
  h.env.jump(1_000);
  const theirs = h.emulator.issue();
  h.store.sets.set('default', theirs);
  h.store.onSave = undefined;
  await h.env.advance(60_000);
  expect(h.store.sets.get('default')).toBe(theirs);
  expect(h.procore.status().unsaved).toBe(false);
  expect(await h.procore.getAccessToken()).toBe(theirs.access_token);
  expect(names(h.told).at(-1)).toBe('token-adopted');
});

test('a late save that cannot read the store writes nothing: what is there may be newer', async () => {
  await using h = await createHarness({ emulator: { spentTokens: 'B' } });
  h.store.onSave = failingSave(Infinity).save;
  await h.env.drive(h.procore.renew());
  h.env.jump(1_000);
  const theirs = h.emulator.issue();
  h.store.sets.set('default', theirs);
  h.store.onSave = undefined;
  h.store.onLoad = () => {
    throw new Error('connection lost');
  };
  await h.env.advance(60_000);
  expect(h.store.sets.get('default')).toBe(theirs);
  h.store.onLoad = undefined;
  await h.env.advance(60_000);
  expect(await h.procore.getAccessToken()).toBe(theirs.access_token);
});

test('a store that compares and finds a newer pair wins by TokenStoreConflict', async () => {
  await using h = await createHarness();
  let theirs = h.store.sets.get('default')!;
  h.store.onSave = () => {
    if (h.store.sets.get('default') !== theirs) return;
    h.env.jump(1_000);
    theirs = h.emulator.issue();
    h.store.sets.set('default', theirs);
    throw new TokenStoreConflict();
  };
  const renewed = h.procore.renew();
  expect((await h.env.drive(renewed)).access_token).toBe(theirs.access_token);
  expect(h.store.sets.get('default')).toBe(theirs);
});

test('a store that cannot be read lets nothing be redeemed: calls go on, and the background tries again later', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.env.jump(life - 60_000);
  h.store.onLoad = () => {
    throw new Error('connection lost');
  };
  for (let call = 0; call < 5; call++) expect((await h.instance.get(me)).status).toBe(200);
  await h.procore.idle();
  expect(h.emulator.counters.tokenRequests).toBe(0);
  expect(names(h.told)).toEqual(['token-renewal-failed']);
  h.store.onLoad = undefined;
  await h.env.advance(6_000);
  await h.instance.get(me);
  await h.procore.idle();
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('with an expired token the store is tried while callers can wait, then it is a TokenStoreError', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.env.jump(life);
  let loads = 0;
  h.store.onLoad = () => {
    loads++;
    throw new Error('connection lost');
  };
  const failed = h.instance.get(me).catch((error: unknown) => error);
  expect(await h.env.drive(failed)).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED', status: 503 });
  expect(loads).toBeGreaterThan(5);
  h.store.onLoad = undefined;
  expect((await h.env.drive(h.instance.get(me))).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
});

test('a store that comes back while a call waits serves that call', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.env.jump(life);
  let loads = 0;
  h.store.onLoad = () => {
    if (++loads < 4) throw new Error('connection lost');
  };
  const call = h.instance.get(me);
  expect((await h.env.drive(call)).status).toBe(200);
});

test('idle() waits for a renewal and for late saves, but for these a minute at most', async () => {
  await using h = await createHarness({ emulator: { spentTokens: 'B' } });
  const failing = failingSave(Infinity);
  h.store.onSave = failing.save;
  const renewed = h.procore.renew();
  let idle = false;
  const waiting = h.procore.idle().then(() => (idle = true));
  await h.env.drive(renewed);
  await h.env.advance(30_000);
  expect(idle).toBe(false);
  await h.env.advance(40_000);
  await waiting;
  expect(idle).toBe(true);
});

test('idle() waits for setTokens, also for one that has overtaken another', async () => {
  await using h = await createHarness({ authorized: false });
  const finish: (() => void)[] = [];
  h.store.onSave = () => new Promise<void>((resolve) => void finish.push(resolve));
  const first = h.procore.setTokens(h.emulator.issue());
  await until(() => finish.length === 1, 'the first save');
  const second = h.procore.setTokens(h.emulator.issue());
  finish[0]!();
  await until(() => finish.length === 2, 'the second save');
  let idle = false;
  const waiting = h.procore.idle().then(() => (idle = true));
  await settled();
  expect(idle).toBe(false);
  finish[1]!();
  await Promise.all([first, second]);
  await waiting;
});

test('setTokens starts anew: a renewal under way is neither saved nor used', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.env.jump(life);
  const held = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const call = h.instance.get(me);
  await held.struck();
  const fresh = h.emulator.issue({ userId: 9 });
  await h.procore.setTokens(fresh);
  held.release();
  expect((await call).data).toMatchObject({ id: 9 });
  await h.procore.idle();
  await h.env.advance(100_000);
  expect(h.store.sets.get('default')?.refresh_token).toBe(fresh.refresh_token);
  expect(h.store.log.filter((entry) => entry.startsWith('save'))).toHaveLength(1);
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('setTokens while a save is repeated: the pair before is not saved any more', async () => {
  await using h = await createHarness();
  const tried: unknown[] = [];
  h.store.onSave = ({ refresh_token: refresh }) => {
    tried.push(refresh);
    if (tried.length === 1) throw new Error('the disk is full');
  };
  const renewed = h.procore.renew();
  await until(() => h.env.sleeping > 0 && tried.length === 1, 'the wait for the second try');
  const brought = h.emulator.issue();
  await h.procore.setTokens(brought);
  await renewed;
  expect(tried.slice(1)).toEqual([brought.refresh_token]);
});

test('setTokens that cannot save says so, keeps the tokens, uses them and saves them later', async () => {
  await using h = await createHarness({ authorized: false });
  const failing = failingSave(6);
  h.store.onSave = failing.save;
  const fresh = h.emulator.issue();
  const setting = h.procore.setTokens(fresh).catch((error: unknown) => error);
  expect(await h.env.drive(setting)).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
  expect(h.procore.unsavedTokens()).toMatchObject(fresh);
  expect((await h.instance.get(me)).status).toBe(200);
  await h.env.advance(60_000);
  expect(h.store.sets.get('default')).toMatchObject(fresh);
  expect(names(h.told)).toContain('token-saved-late');
});

test('setTokens that is overtaken by another one is not failed by its own save', async () => {
  await using h = await createHarness({ authorized: false });
  let fail = () => {};
  h.store.onSave = () =>
    new Promise((_resolve, reject) => (fail = () => reject(new Error('the disk is full'))));
  const first = h.procore.setTokens(h.emulator.issue());
  await until(() => h.store.log.includes('save default'), 'the first save');
  h.store.onSave = undefined;
  const brought = h.emulator.issue();
  const second = h.procore.setTokens(brought);
  fail();
  await Promise.all([first, second]);
  expect(h.store.sets.get('default')).toMatchObject(brought);
  expect(names(h.told)).toEqual([]);
});

test('setTokens refuses what is no token set', async () => {
  await using h = await createHarness();
  await expect(h.procore.setTokens({ refresh_token: 'r' } as never)).rejects.toThrow(TypeError);
  await expect(h.procore.setTokens('eyJ…' as never)).rejects.toThrow(/a string/);
});

test('a call that was refused while its token was being replaced goes on with the new pair, saved or not', async () => {
  await using h = await createHarness();
  await h.instance.get('/rest/v1.0/me');
  h.store.onSave = () => Promise.reject(new Error('disk full'));
  // The server has spent the grant, and with it the old access token; its answer is on the way.
  const held = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const renewal = h.procore.renew().catch(() => undefined);
  await held.struck();
  const refused = h.instance.get('/rest/v1.0/me');
  await until(() => h.emulator.counters.unauthorized === 1, 'the 401');
  held.release();
  expect((await h.env.drive(refused)).status).toBe(200);
  await h.env.drive(renewal);
  expect(h.procore.status().unsaved).toBe(true);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 1 });
});
