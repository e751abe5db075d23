import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { TokenStoreConflict, type TokenSet, type TokenStore } from '../../src/store/store.js';
import { encryptedTokenStore } from '../../src/store/encrypted.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { holdNextSave } from '../support/late-landing.js';
import { until } from '../support/manual-env.js';

const me = '/rest/v1.0/me';
const life = 5_400_000;
const key = { id: 'k1', key: randomBytes(32) };

type Kind = 'no lock' | 'no lock, a store that compares' | 'a lock' | 'a lock, encrypted';
const kinds: Kind[] = ['no lock', 'no lock, a store that compares', 'a lock', 'a lock, encrypted'];

/** Two processes on one row, of which the second holds the pair that was there first. */
async function createScene(kind: Kind, setup: Parameters<typeof createHarness>[0] = {}) {
  const h = await createHarness({ authorized: false, ...setup });
  let tail: Promise<unknown> = Promise.resolve();
  const plain: TokenStore = {
    load: (account) => h.store.load(account),
    async save(tokens, account, previous) {
      const holds = h.store.sets.get(account)?.refresh_token;
      const expected = [undefined, previous?.refresh_token, tokens.refresh_token];
      if (kind.endsWith('compares') && !expected.includes(holds)) throw new TokenStoreConflict();
      await h.store.save(tokens, account, previous);
    },
  };
  const locked: TokenStore = {
    ...plain,
    renewsLock: true,
    readsAreFresh: true,
    lock: (_account, critical) => {
      const run = tail.then(() => critical());
      tail = run.catch(() => undefined);
      return run;
    },
  };
  const store = (): TokenStore => {
    if (kind === 'a lock, encrypted') return encryptedTokenStore(locked, { keys: [key] });
    return kind === 'a lock' ? { ...locked } : { ...plain };
  };
  await store().save({ ...h.emulator.issue(), sync_cursor: 7 }, 'default', undefined);
  const [one, two] = [h.attachProcess({ store: store() }), h.attachProcess({ store: store() })];
  for (const { instance } of [one, two]) expect((await instance.get(me)).status).toBe(200);
  return { h, one, two, stored: async () => store().load('default') as Promise<TokenSet> };
}

type Scene = Awaited<ReturnType<typeof createScene>>;

/** Both processes act by the log-in from now on, also after many lives, and nobody presents a spent token. */
async function expectLogIn({ h, one, two, stored }: Scene, brought: TokenSet, userId = 1): Promise<void> {
  const isBrought = async () => (await stored()).refresh_token === brought.refresh_token;
  if (!(await isBrought())) await h.env.drive(one.procore.renew());
  for (let lives = 0; lives < 3; lives++) {
    // A process looks into the store when it renews.
    h.env.jump(life);
    for (const { instance } of lives % 2 ? [one, two] : [two, one])
      expect((await h.env.drive(instance.get(me))).data).toMatchObject({ id: userId });
    const { refresh_token: held } = await stored();
    expect(one.procore.status()).toMatchObject({ unsaved: false });
    expect(h.emulator.isLive(held!)).toBe(true);
  }
  expect(h.emulator.counters.spentPresentations).toBe(0);
}

/** Holds the answer of the next token request. */
async function renewing({ h, two }: Scene) {
  const held = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const over = two.procore.renew();
  await held.struck();
  return { release: held.release, over };
}

const users: [string, number][] = [
  ['the same user', 1],
  ['another user', 2],
];
const cases = kinds.flatMap((kind) => users.map(([whose, id]) => [whose, kind, id] as const));

test.each(cases.filter(([, kind]) => kind.startsWith('no lock')))(
  'a log-in of %s that is saved while another process renews the old pair stays: %s',
  async (_, kind, userId) => {
    const scene = await createScene(kind);
    await using h = scene.h as Harness & AsyncDisposable;
    const renewal = await renewing(scene);
    const tokens = h.emulator.issue({ userId });
    await scene.one.procore.setTokens(tokens);
    h.env.jump(10_000);
    renewal.release();
    expect((await h.env.drive(renewal.over)).refresh_token).toBe(tokens.refresh_token);
    expect(await scene.stored()).toMatchObject({ refresh_token: tokens.refresh_token });
    await expectLogIn(scene, tokens, userId);
  },
);

test.each(cases.filter(([, kind]) => kind.startsWith('a lock')))(
  'a log-in of %s that waits for the lock of a renewal in vain is saved in the place of what that renewal saves: %s',
  async (_, kind, userId) => {
    const scene = await createScene(kind);
    await using h = scene.h as Harness & AsyncDisposable;
    const renewal = await renewing(scene);
    const tokens = h.emulator.issue({ userId });
    const bringing = caught(scene.one.procore.setTokens(tokens));
    await h.env.advance(6_000);
    expect(await bringing).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
    expect(scene.one.procore.unsavedTokens()).toMatchObject({ refresh_token: tokens.refresh_token });
    renewal.release();
    await renewal.over;
    await h.env.advance(60_000);
    await until(() => scene.one.procore.unsavedTokens() === undefined, 'the late save');
    expect(await scene.stored()).toMatchObject({ refresh_token: tokens.refresh_token, sync_cursor: 7 });
    await expectLogIn(scene, tokens, userId);
  },
);

test.each(cases)(
  'a log-in of %s that was issued long before the pair that another process holds wins at its next renewal: %s',
  async (_, kind, userId) => {
    const scene = await createScene(kind);
    await using h = scene.h as Harness & AsyncDisposable;
    const tokens = h.emulator.issue({ userId });
    // A person takes a while between the consent and the click that brings the tokens here.
    h.env.jump(120_000);
    await scene.two.procore.renew();
    await scene.one.procore.setTokens(tokens);
    await h.env.advance(10_000);
    expect((await h.env.drive(scene.two.procore.renew())).refresh_token).toBe(tokens.refresh_token);
    await expectLogIn(scene, tokens, userId);
  },
);

test.each(users)(
  'a log-in of %s that a save under way of the old line lands on is not given up for it',
  async (_, userId) => {
    const scene = await createScene('no lock');
    await using h = scene.h as Harness & AsyncDisposable;
    const { reached, land } = holdNextSave(h.store);
    const renewal = scene.two.procore.renew();
    await reached;
    const tokens = h.emulator.issue({ userId });
    await scene.one.procore.setTokens(tokens);
    land();
    await renewal;
    // Whatever the process that was overwritten does next: it comes across the row of the old line, and takes it for that.
    h.env.jump(life);
    await h.env.drive(scene.one.instance.get(me));
    expect(h.emulator.counters.spentPresentations).toBe(0);
    await expectLogIn(scene, tokens, userId);
  },
);

test.each([
  ['renewed', false],
  ['renewed twice', true],
])(
  'a process that could not read the store when it was handed a log-in saves it in the place of a pair of older authorization that was %s',
  async (_, isTwice) => {
    const scene = await createScene('no lock');
    await using h = scene.h as Harness & AsyncDisposable;
    const store: TokenStore = { load: h.store.load, save: h.store.save };
    const cold = h.attachProcess({
      store: {
        load: () => (isDown ? Promise.reject(new Error('down')) : store.load('default')),
        save: (...saving) => (isDown ? Promise.reject(new Error('down')) : store.save(...saving)),
      },
    });
    let isDown = true;
    const tokens = h.emulator.issue();
    const bringing = caught(cold.procore.setTokens(tokens));
    await h.env.advance(10_000);
    expect(await bringing).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
    for (let times = isTwice ? 2 : 1; times > 0; times--) {
      await h.env.drive(scene.two.procore.renew());
      h.env.jump(10_000);
    }
    isDown = false;
    await h.env.advance(120_000);
    await until(() => cold.procore.unsavedTokens() === undefined, 'the late save');
    expect(await scene.stored()).toMatchObject({ refresh_token: tokens.refresh_token });
    await expectLogIn({ ...scene, one: cold }, tokens);
  },
);

test('the second of two log-ins wins, in whatever order they are saved', async () => {
  const scene = await createScene('no lock');
  await using h = scene.h as Harness & AsyncDisposable;
  h.store.onSave = () => Promise.reject(new Error('disk full'));
  const bringing = caught(scene.one.procore.setTokens(h.emulator.issue()));
  await h.env.advance(5_000);
  await bringing;
  h.store.onSave = undefined;
  const second = h.emulator.issue();
  await scene.two.procore.setTokens(second);
  h.env.jump(10_000);
  // A renewal of the second one is no older than it.
  await scene.two.procore.renew();
  await h.env.advance(120_000);
  await until(() => scene.one.procore.unsavedTokens() === undefined, 'the late save');
  expect(await scene.one.procore.getAccessToken()).toBe((await scene.stored()).access_token);
  expect(await scene.two.procore.getAccessToken()).toBe((await scene.stored()).access_token);
});

test('a pair that a person brings once more, after another log-in, wins again', async () => {
  const scene = await createScene('no lock');
  await using h = scene.h as Harness & AsyncDisposable;
  const [first, second] = [h.emulator.issue(), h.emulator.issue()];
  for (const tokens of [first, second, first]) await scene.one.procore.setTokens(tokens);
  h.env.jump(10_000);
  expect((await scene.two.procore.renew()).refresh_token).toBe(first.refresh_token);
  await expectLogIn(scene, first);
});

test('a worker that has just been started knows the session of a log-in by what its pair was renewed to', async () => {
  const scene = await createScene('a lock');
  await using h = scene.h as Harness & AsyncDisposable;
  const session = h.emulator.issue();
  await scene.one.procore.setTokens(session);
  h.env.jump(10_000);
  const renewed = await scene.one.procore.renew();
  const { procore } = h.attachProcess({ store: { load: h.store.load, save: h.store.save } });
  await procore.setTokens({ ...session });
  expect(await scene.stored()).toMatchObject({ refresh_token: renewed.refresh_token });
});

test('tokens that the application writes into the row by itself, merged into what is there, count as a log-in', async () => {
  const scene = await createScene('no lock');
  await using h = scene.h as Harness & AsyncDisposable;
  await scene.one.procore.setTokens(h.emulator.issue());
  await scene.two.procore.renew();
  const own = h.emulator.issue();
  h.store.sets.set('default', { ...(await scene.stored()), ...own });
  h.env.jump(10_000);
  for (const { procore } of [scene.one, scene.two])
    expect((await h.env.drive(procore.renew())).refresh_token).toBe(own.refresh_token);
});

test('a table that refuses a field that it does not know gets sets without the line of authorizations', async () => {
  const scene = await createScene('no lock');
  await using h = scene.h as Harness & AsyncDisposable;
  const refused: unknown[] = [];
  h.store.onSave = (tokens) => {
    const unknown = Object.keys(tokens).find((name) => name === 'authorization_line');
    if (!unknown) return;
    refused.push(tokens);
    throw new Error(`table procore_tokens has no column named ${unknown}`);
  };
  const renewed = await scene.two.procore.renew();
  expect(await scene.stored()).toMatchObject({ refresh_token: renewed.refresh_token });
  h.env.jump(10_000);
  await scene.two.procore.renew();
  expect(refused).toHaveLength(1);
  expect(h.told.filter(({ event }) => event === 'token-save-failed')).toEqual([]);
});

test('a store that takes texts and numbers only, as a hash of Redis, keeps each new pair', async () => {
  const scene = await createScene('no lock');
  await using h = scene.h as Harness & AsyncDisposable;
  h.store.onSave = (tokens) => {
    if (Object.values(tokens).some((value) => typeof value === 'object'))
      throw new TypeError('"arguments[5]" must be of type "string | Buffer", got object instead.');
  };
  for (let renewals = 0; renewals < 3; renewals++) {
    const renewed = await scene.two.procore.renew();
    expect(await scene.stored()).toMatchObject({ refresh_token: renewed.refresh_token });
    h.env.jump(10_000);
  }
  expect(h.told.filter(({ event }) => event === 'token-save-failed')).toEqual([]);
});
