import { expect, test } from 'vitest';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { historyFields } from '../../src/token/pair/token-history.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { holdNextSave } from '../support/late-landing.js';
import { until } from '../support/manual-env.js';

const me = '/rest/v1.0/me';
/** A process may still save what it decided by a load of so long ago. */
const lookMs = 10_000;

/** Two processes on one row without lock, of which the second holds the pair that was there first. */
async function createScene(lock?: TokenStore['lock']) {
  const h = await createHarness({ authorized: false });
  h.store.sets.set('default', { ...h.emulator.issue({ userId: 1 }), sync_cursor: 7 });
  const store = (): TokenStore => ({
    load: (account) => h.store.load(account),
    save: (tokens, account, previous) => h.store.save(tokens, account, previous),
    ...(lock && { lock, renewsLock: true }),
  });
  const [one, two] = [h.attachProcess({ store: store() }), h.attachProcess({ store: store() })];
  for (const { instance } of [one, two]) expect((await instance.get(me)).status).toBe(200);
  return { h, one, two, stored: () => h.store.sets.get('default')! };
}

type Scene = Awaited<ReturnType<typeof createScene>>;

/** A log-in that a save under way of the other process lands on. */
async function overwritten({ h, one, two }: Scene, bring: () => Promise<unknown>): Promise<void> {
  const { reached, land } = holdNextSave(h.store);
  const renewal = two.procore.renew();
  await reached;
  await bring();
  expect(one.procore.unsavedTokens()).toBeUndefined();
  land();
  await renewal;
}

const loads = (h: Harness) => h.store.log.filter((entry) => entry.startsWith('load')).length;

test.each([
  ['the same user', 1, 'setTokens'],
  ['another user', 2, 'setTokens'],
  ['the same user', 1, 'exchangeCode'],
  ['another user', 2, 'exchangeCode'],
] as const)(
  'a log-in of %s that a save under way elsewhere has landed on is saved again, without a renewal (%#)',
  async (_, userId, way) => {
    const scene = await createScene();
    await using h = scene.h as Harness & AsyncDisposable;
    const { one, two, stored } = scene;
    let tokens: TokenSet | undefined;
    await overwritten(scene, async () => {
      if (way === 'setTokens') await one.procore.setTokens((tokens = h.emulator.issue({ userId })));
      else {
        const redirectUri = 'https://app.example.com/callback';
        const url = one.procore.authorizationUrl({ redirectUri, state: 'state' });
        const code = h.emulator.authorize(url, { userId }).code!;
        tokens = await one.procore.exchangeCode({ code, redirectUri });
      }
    });
    expect(stored().refresh_token).not.toBe(tokens!.refresh_token);
    await h.env.advance(lookMs);
    await h.env.advance(2_000);
    await until(() => stored().refresh_token === tokens!.refresh_token, 'the save');
    expect(stored()).toMatchObject({ sync_cursor: 7 });
    await until(() => one.procore.unsavedTokens() === undefined, 'it to be known as saved');
    expect(h.told.map(({ event }) => event)).toContain('token-saved-late');
    // The one whose save has landed on it learns of it by its next look.
    expect((await h.env.drive(two.procore.renew())).refresh_token).toBe(tokens!.refresh_token);
    for (const { instance } of [one, two])
      expect((await h.env.drive(instance.get(me))).data).toMatchObject({ id: userId });
    expect(h.emulator.counters.spentPresentations).toBe(0);
  },
);

test.each([
  ['the same user', 1],
  ['another user', 2],
])(
  'a log-in of %s that the slow save of an earlier log-in elsewhere has landed on is saved again, and both processes use it',
  async (_, userId) => {
    const scene = await createScene();
    await using h = scene.h as Harness & AsyncDisposable;
    const { one, two, stored } = scene;
    const earlier = h.emulator.issue({ userId: 1 });
    const { reached, land } = holdNextSave(h.store);
    const slow = two.procore.setTokens(earlier);
    await reached;
    await h.env.advance(2_000);
    const later = h.emulator.issue({ userId });
    await one.procore.setTokens(later);
    land();
    await slow;
    expect(stored().refresh_token).toBe(earlier.refresh_token);
    await h.env.advance(lookMs + 2_000);
    await until(() => stored().refresh_token === later.refresh_token, 'the save');
    await h.env.advance(lookMs + 60_000);
    expect(stored().refresh_token).toBe(later.refresh_token);
    expect((await h.env.drive(two.procore.renew())).refresh_token).toBe(later.refresh_token);
    for (const { instance } of [one, two])
      expect((await h.env.drive(instance.get(me))).data).toMatchObject({ id: userId });
    expect(h.emulator.counters.spentPresentations).toBe(0);
  },
);

test('of two log-ins of one second in two processes the one that was saved last stays', async () => {
  const scene = await createScene();
  await using h = scene.h as Harness & AsyncDisposable;
  const { one, two, stored } = scene;
  const [first, second] = [h.emulator.issue(), h.emulator.issue()];
  const { reached, land } = holdNextSave(h.store);
  const slow = two.procore.setTokens(first);
  await reached;
  await one.procore.setTokens(second);
  land();
  await slow;
  await h.env.advance(lookMs + 62_000);
  expect(stored().refresh_token).toBe(first.refresh_token);
  expect(h.told.filter(({ event }) => event === 'warning')).toEqual([]);
});

test('a log-in that turns out dead is not saved over the living pair of another process', async () => {
  const scene = await createScene();
  await using h = scene.h as Harness & AsyncDisposable;
  const { one, two, stored } = scene;
  await overwritten(scene, async () => {
    await one.procore.setTokens({ access_token: 'nobodys', refresh_token: 'nobodys' });
    const error = await h.env.drive(caught(one.instance.get(me)));
    expect(error.code).toBe('ERR_PROCORE_REAUTHENTICATION_REQUIRED');
  });
  expect(h.emulator.isLive(stored().refresh_token!)).toBe(true);
  await h.env.advance(lookMs + 2_000);
  expect(h.emulator.isLive(stored().refresh_token!)).toBe(true);
  for (const { instance } of [one, two]) expect((await h.env.drive(instance.get(me))).status).toBe(200);
});

test('a later log-in elsewhere stays where the store keeps no line of authorizations', async () => {
  const scene = await createScene();
  await using h = scene.h as Harness & AsyncDisposable;
  const { one, two, stored } = scene;
  h.store.onLoad = () =>
    Object.fromEntries(Object.entries(stored()).filter(([name]) => !historyFields.has(name)));
  await one.procore.setTokens(h.emulator.issue({ userId: 2 }));
  await h.env.advance(3_000);
  const later = h.emulator.issue({ userId: 1 });
  await two.procore.setTokens(later);
  await h.env.advance(lookMs + 2_000);
  expect(stored().refresh_token).toBe(later.refresh_token);
});

test('a log-in that is brought once more, as with every request, is looked for all the same', async () => {
  const scene = await createScene();
  await using h = scene.h as Harness & AsyncDisposable;
  const tokens = h.emulator.issue();
  await overwritten(scene, async () => {
    await scene.one.procore.setTokens(tokens);
    await h.env.advance(500);
    await scene.one.procore.setTokens(tokens);
  });
  expect(scene.stored().refresh_token).not.toBe(tokens.refresh_token);
  await h.env.advance(lookMs + 2_000);
  await until(() => scene.stored().refresh_token === tokens.refresh_token, 'the save');
});

test('what the store shows of the time before the log-in is a read that lags: nothing is saved again', async () => {
  const scene = await createScene();
  await using h = scene.h as Harness & AsyncDisposable;
  const { one, two, stored } = scene;
  await two.procore.renew();
  await h.env.drive(one.procore.renew());
  const before = stored();
  await one.procore.setTokens(h.emulator.issue());
  await two.procore.renew();
  h.env.jump(6_000);
  const renewed = await two.procore.renew();
  expect(stored().refresh_token).toBe(renewed.refresh_token);
  h.store.onLoad = () => before;
  await h.env.advance(lookMs + 60_000);
  expect(stored().refresh_token).toBe(renewed.refresh_token);
  h.store.onLoad = undefined;
  expect((await h.env.drive(one.procore.renew())).refresh_token).toBe(renewed.refresh_token);
});

test.each<[string, (scene: Scene) => unknown]>([
  ['the row is gone', ({ h }) => h.store.sets.delete('default')],
  ['another process has renewed the log-in', async ({ two }) => two.procore.renew()],
  [
    'another person has logged in after it',
    ({ h, two }) => two.procore.setTokens(h.emulator.issue({ userId: 3 })),
  ],
  [
    'another account of the user before is shown once',
    ({ h }) => {
      const row = h.emulator.issue({ userId: 1 });
      h.store.onLoad = () => {
        h.store.onLoad = undefined;
        return row;
      };
    },
  ],
  ['the store cannot be read', ({ h }) => void (h.store.onLoad = () => Promise.reject(new Error('down')))],
])('nothing is saved again where %s', async (_, happens) => {
  const scene = await createScene();
  await using h = scene.h as Harness & AsyncDisposable;
  await scene.one.procore.setTokens(h.emulator.issue({ userId: 2 }));
  await h.env.advance(1_000);
  await happens(scene);
  const saved: TokenSet[] = [];
  h.store.onSave = (tokens) => void saved.push(tokens);
  await h.env.advance(lookMs + 60_000);
  expect(saved).toEqual([]);
  expect(h.told.filter(({ event }) => event === 'token-save-failed')).toEqual([]);
  expect(h.env.sleeping).toBe(0);
});

test('the store is looked at once, and not at all after a new log-in, a log-out, or the last detach()', async () => {
  const scene = await createScene();
  await using h = scene.h as Harness & AsyncDisposable;
  const { procore } = scene.one;
  await procore.setTokens(h.emulator.issue());
  await h.env.advance(5_000);
  await procore.setTokens(h.emulator.issue());
  let before = loads(h);
  await h.env.advance(lookMs - 1);
  expect(loads(h)).toBe(before);
  await h.env.advance(120_000);
  expect(loads(h)).toBe(before + 1);

  await procore.setTokens(h.emulator.issue());
  // Nothing is known to be unsaved: a process that is to end need not wait for the look.
  await procore.idle();
  expect(h.env.sleeping).toBe(1);
  await procore.revoke();
  expect(h.env.sleeping).toBe(0);

  await procore.setTokens(h.emulator.issue());
  procore.detach();
  before = loads(h);
  await h.env.advance(120_000);
  expect(h.env.sleeping).toBe(0);
  expect(loads(h)).toBe(before);
});

test('the last detach() ends the look of the latest of several log-ins', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  for (let times = 0; times < 2; times++) await h.procore.setTokens(h.emulator.issue());
  await h.env.advance(1);
  expect(h.env.sleeping).toBe(1);
  h.procore.detach();
  await h.env.advance(1);
  expect(h.env.sleeping).toBe(0);
});

test('a store with a lock is not looked at', async () => {
  const scene = await createScene((_account, critical) => critical());
  await using h = scene.h as Harness & AsyncDisposable;
  await scene.one.procore.setTokens(h.emulator.issue());
  expect(h.env.sleeping).toBe(0);
});
