import { describe, expect, test } from 'vitest';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { createHarness, type Harness } from '../support/harness.js';
import { holdNextSave } from '../support/late-landing.js';
import { asRelease010 } from '../support/release-0-1-0.js';

const me = '/rest/v1.0/me';
const lifeMs = 5_400_000;

type Keeps = Parameters<typeof asRelease010>[1]['keeps'];

/** A process of release 0.1.0 and one of this release on one row of user 1. */
async function createScene(keeps: Keeps, isLocked: boolean) {
  const h = await createHarness({ authorized: false, emulator: { familyRevocation: true } });
  let tail: Promise<unknown> = Promise.resolve();
  const lock: NonNullable<TokenStore['lock']> = (_account, critical) => {
    const run = tail.then(() => critical());
    tail = run.catch(() => undefined);
    return run;
  };
  const store = (): TokenStore => ({
    load: (account) => h.store.load(account),
    save: (tokens, account, previous) => h.store.save(tokens, account, previous),
    ...(isLocked && { lock, renewsLock: true }),
  });
  h.store.sets.set('default', { ...h.emulator.issue({ userId: 1 }), sync_cursor: 7 });
  const older = h.attachProcess({ store: asRelease010(store(), { keeps }) });
  const newer = h.attachProcess({ store: store() });
  const scene = { h, older, newer, stored: () => h.store.sets.get('default')! };
  await expectUser(scene, 1);
  return scene;
}

type Scene = Awaited<ReturnType<typeof createScene>>;

async function expectUser({ h, older, newer }: Scene, userId: number): Promise<void> {
  for (const { instance } of [newer, older])
    expect((await h.env.drive(instance.get(me))).data).toMatchObject({ id: userId });
}

/** Both act as this user for some lives, each renewing in turn; no spent token is presented, and none is lost. */
async function expectLives(scene: Scene, userId: number): Promise<void> {
  const { h, older, newer, stored } = scene;
  for (let lives = 0; lives < 4; lives++) {
    h.env.jump(lifeMs);
    const first = lives % 2 ? newer : older;
    expect((await h.env.drive(first.instance.get(me))).data).toMatchObject({ id: userId });
    await expectUser(scene, userId);
    expect(h.emulator.isLive(stored().refresh_token!)).toBe(true);
    for (const { procore } of [older, newer]) expect(procore.unsavedTokens()).toBeUndefined();
  }
  expect(stored()).toMatchObject({ sync_cursor: 7 });
  expect(h.emulator.counters).toMatchObject({ spentPresentations: 0 });
}

const logIn = ({ procore }: Scene['older'], tokens: TokenSet) => procore.setTokens(tokens);

describe.each([
  ['all', false],
  ['all', true],
  ['columns', false],
  ['columns', true],
] as const)(
  'a process of release 0.1.0 that keeps %s beside one of this release, with a lock: %s',
  (keeps, isLocked) => {
    test('adopts its pairs, and has its own adopted', async () => {
      const scene = await createScene(keeps, isLocked);
      await using _ = scene.h as Harness & AsyncDisposable;
      await expectLives(scene, 1);
    });

    test.each([
      ['older', 1],
      ['older', 2],
      ['newer', 1],
      ['newer', 2],
    ] as const)('a log-in that the %s of them is given, of user %i, stays', async (which, userId) => {
      const scene = await createScene(keeps, isLocked);
      await using h = scene.h as Harness & AsyncDisposable;
      const other = which === 'older' ? scene.newer : scene.older;
      await h.env.drive(other.procore.renew());
      h.env.jump(10_000);
      const tokens = h.emulator.issue({ userId });
      await logIn(scene[which], tokens);
      await h.env.advance(60_000);
      expect(scene.stored().refresh_token).toBe(tokens.refresh_token);
      expect((await h.env.drive(other.procore.renew())).refresh_token).toBe(tokens.refresh_token);
      await expectUser(scene, userId);
      await expectLives(scene, userId);
    });
  },
);

test.each([
  ['all', 1],
  ['all', 2],
  ['columns', 1],
  ['columns', 2],
] as const)(
  'a save of a process of release 0.1.0 that keeps %s, which lands on a log-in of user %i, leaves the log-in to the process that has it',
  async (keeps, userId) => {
    const scene = await createScene(keeps, false);
    await using h = scene.h as Harness & AsyncDisposable;
    const { older, newer } = scene;
    const { reached, land } = holdNextSave(h.store);
    const renewal = older.procore.renew();
    await reached;
    const tokens = h.emulator.issue({ userId });
    await logIn(newer, tokens);
    land();
    await renewal;
    const idOf = async () => (await h.env.drive(newer.instance.get(me))).data as unknown;
    expect(await idOf()).toMatchObject({ id: userId });
    await h.env.advance(12_000);
    expect(await idOf()).toMatchObject({ id: userId });
    await h.env.drive(older.procore.renew());
    // What the older release has saved does not say that it came of an older authorization: the row is a log-in by user 1 to everybody.
    await expectLives(scene, 1);
  },
);
