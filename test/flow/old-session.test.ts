import { expect, test } from 'vitest';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createHarness, names, type Harness } from '../support/harness.js';
import { refresh } from '../support/legacy.js';
import { until } from '../support/manual-env.js';

const me = '/rest/v1.0/me';
const life = 5_400_000;

/** A lock for the processes of one test. */
function createLock(): Pick<TokenStore, 'lock' | 'renewsLock' | 'readsAreFresh'> {
  let tail: Promise<unknown> = Promise.resolve();
  const lock: NonNullable<TokenStore['lock']> = (_account, critical) => {
    const run = tail.then(() => critical());
    tail = run.catch(() => undefined);
    return run;
  };
  return { lock, renewsLock: true, readsAreFresh: true };
}

/** A server whose tokens tell nothing of their users, and which takes each refresh token once. */
function opaqueServer() {
  let number = 0;
  const spent = new Set<string>();
  const presentedTwice: string[] = [];
  const issue = (): TokenSet => {
    number++;
    return { access_token: `access-${number}`, refresh_token: `refresh-${number}`, expires_in: 5400 };
  };
  return {
    issue,
    presentedTwice,
    options: {
      clientSecret: undefined,
      exchange: async (grant: { type: string; refresh_token?: string }) => {
        if (spent.has(grant.refresh_token!)) presentedTwice.push(grant.refresh_token!);
        spent.add(grant.refresh_token!);
        return issue();
      },
    },
  };
}

interface Scene {
  h: Harness;
  session: TokenSet;
  /** Another worker on the same rows. */
  worker(): ReturnType<Harness['attachProcess']>;
  stored(): TokenSet | undefined;
  spentPresentations(): number;
}

/** The kinds of store and of tokens that there are. */
const kinds = [
  ['JWTs, a lock', { isOpaque: false, hasLock: true, columns: false }],
  ['JWTs, no lock', { isOpaque: false, hasLock: false, columns: false }],
  ['opaque tokens, a lock', { isOpaque: true, hasLock: true, columns: false }],
  ['opaque tokens, no lock', { isOpaque: true, hasLock: false, columns: false }],
  ['opaque tokens, a lock, a table of two columns', { isOpaque: true, hasLock: true, columns: true }],
  ['JWTs, no lock, a table of two columns', { isOpaque: false, hasLock: false, columns: true }],
] as const;

type Kind = (typeof kinds)[number][1];

async function createScene({ isOpaque, hasLock, columns }: Kind): Promise<Scene & AsyncDisposable> {
  const server = opaqueServer();
  const h = await createHarness({
    authorized: false,
    emulator: { spentTokens: 'B' },
    options: isOpaque ? server.options : {},
  });
  const locking = hasLock ? createLock() : {};
  const stored = () => h.store.sets.get('default');
  const load = async (account: string) => {
    const set = await h.store.load(account);
    if (!set || !columns) return set;
    return { access_token: set.access_token, refresh_token: set.refresh_token };
  };
  const store: TokenStore = { load, save: (...saving) => h.store.save(...saving), ...locking };
  const session = isOpaque ? server.issue() : h.emulator.issue();
  h.store.sets.set('default', session);
  return {
    h,
    session: { ...session },
    worker: () => h.attachProcess({ store: { ...store } }),
    stored,
    spentPresentations: () =>
      isOpaque ? server.presentedTwice.length : h.emulator.counters.spentPresentations,
    [Symbol.asyncDispose]: h.close,
  };
}

test.each(kinds)(
  'an old session that this worker still holds does not take the place of the pair that another has renewed it to: %s',
  async (_, kind) => {
    await using scene = await createScene(kind);
    const [first, second] = [scene.worker(), scene.worker()];
    expect(await second.procore.getAccessToken()).toBe(scene.session.access_token);
    const renewed = await first.procore.renew();
    await second.procore.setTokens({ ...scene.session });
    expect(scene.stored()).toMatchObject({ refresh_token: renewed.refresh_token });
    expect(await second.procore.getAccessToken()).toBe(renewed.access_token);
    scene.h.env.jump(life);
    await scene.h.env.drive(second.procore.getAccessToken());
    await scene.h.env.drive(first.procore.getAccessToken());
    expect(scene.spentPresentations()).toBe(0);
  },
);

test.each(kinds)(
  'an old session that this worker has held changes nothing, with what another has saved since: %s',
  async (_, kind) => {
    await using scene = await createScene(kind);
    const [first, second] = [scene.worker(), scene.worker()];
    await second.procore.getAccessToken();
    await first.procore.renew();
    scene.h.env.jump(1_000);
    // Adopts it, and no more: the renewal of the other is a moment old.
    await second.procore.setTokens({ ...scene.session });
    const renewed = await first.procore.renew();
    await second.procore.setTokens({ ...scene.session });
    expect(scene.stored()).toMatchObject({ refresh_token: renewed.refresh_token });
    scene.h.env.jump(life);
    await scene.h.env.drive(second.procore.getAccessToken());
    expect(scene.spentPresentations()).toBe(0);
  },
);

const remembering = kinds.filter(([, { isOpaque, columns }]) => isOpaque && !columns);
test.each(remembering)(
  'a worker that has just been started knows an old session by the line of the stored pair: %s',
  async (_, kind) => {
    await using scene = await createScene(kind);
    const first = scene.worker();
    await first.procore.renew();
    const renewed = await first.procore.renew();
    const second = scene.worker();
    await second.procore.setTokens({ ...scene.session });
    expect(scene.stored()).toMatchObject({ refresh_token: renewed.refresh_token });
    expect(await second.procore.getAccessToken()).toBe(renewed.access_token);
  },
);

const dated = kinds.filter(([, { isOpaque }]) => !isOpaque);
test.each(dated)(
  'a worker that has just been started knows an old session by its age, where the stored pair is the same user’s: %s',
  async (_, kind) => {
    await using scene = await createScene(kind);
    const first = scene.worker();
    await first.procore.getAccessToken();
    scene.h.env.jump(life - 60_000);
    const renewed = await first.procore.renew();
    const second = scene.worker();
    await second.procore.setTokens({ ...scene.session });
    expect(scene.stored()).toMatchObject({ refresh_token: renewed.refresh_token });
    expect(await second.procore.getAccessToken()).toBe(renewed.access_token);
  },
);

test('under takeOverRefresh the line of a JWT is remembered, too, however young the session is', async () => {
  await using h = await createHarness({ options: { legacy: { takeOverRefresh: true } } });
  const session = { ...h.store.sets.get('default')! };
  const renewed = await h.attachProcess().procore.renew();
  const second = h.attachProcess();
  await second.procore.setTokens(session);
  expect(h.store.sets.get('default')).toMatchObject({ refresh_token: renewed.refresh_token });
});

test('an old session that comes while another process renews its pair waits for the lock, and finds the new pair', async () => {
  await using scene = await createScene({ isOpaque: false, hasLock: true, columns: false });
  const [first, second] = [scene.worker(), scene.worker()];
  await second.procore.getAccessToken();
  const held = scene.h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const renewing = first.procore.renew();
  await held.struck();
  const bringing = second.procore.setTokens({ ...scene.session });
  held.release();
  const renewed = await renewing;
  await bringing;
  expect(scene.stored()).toMatchObject({ refresh_token: renewed.refresh_token });
  expect(await second.procore.getAccessToken()).toBe(renewed.access_token);
});

test('an old session that comes while the lock cannot be had changes nothing, then and later', async () => {
  await using scene = await createScene({ isOpaque: false, hasLock: true, columns: false });
  const [first, second] = [scene.worker(), scene.worker()];
  await second.procore.getAccessToken();
  const held = scene.h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const renewing = first.procore.renew();
  await held.struck();
  const bringing = second.procore.setTokens({ ...scene.session });
  await scene.h.env.advance(5_000);
  await bringing;
  expect(second.procore.status().unsaved).toBe(false);
  held.release();
  const renewed = await renewing;
  await scene.h.env.advance(60_000);
  expect(scene.stored()).toMatchObject({ refresh_token: renewed.refresh_token });
});

test('what a person has newly brought wins in the worker that holds the old pair, and in one that has just been started', async () => {
  await using scene = await createScene({ isOpaque: false, hasLock: true, columns: false });
  const [first, second] = [scene.worker(), scene.worker()];
  await second.procore.getAccessToken();
  scene.h.env.jump(life);
  await scene.h.env.drive(first.procore.renew());
  for (const { procore } of [second, scene.worker()]) {
    const tokens = scene.h.emulator.issue();
    await procore.setTokens(tokens);
    expect(scene.stored()).toMatchObject({ refresh_token: tokens.refresh_token });
    expect(await procore.getAccessToken()).toBe(tokens.access_token);
  }
});

test('the session of another user than the stored pair’s is a log-in: one user follows another', async () => {
  await using scene = await createScene({ isOpaque: false, hasLock: true, columns: false });
  const [first, second] = [scene.worker(), scene.worker()];
  await second.procore.getAccessToken();
  await first.procore.setTokens(scene.h.emulator.issue({ userId: 9 }));
  await second.procore.setTokens({ ...scene.session });
  expect(scene.stored()).toMatchObject({ refresh_token: scene.session.refresh_token });
  expect((await second.instance.get(me)).data).toMatchObject({ id: 1 });
});

test('tokens that are held are written again where the store has lost them', async () => {
  await using scene = await createScene({ isOpaque: false, hasLock: true, columns: false });
  const { procore } = scene.worker();
  await procore.getAccessToken();
  scene.h.store.sets.clear();
  await scene.h.env.drive(procore.setTokens({ ...scene.session }));
  expect(scene.stored()).toMatchObject({ refresh_token: scene.session.refresh_token });
});

test('tokens that are held, and that the store has lost and cannot take back, are said to be unsaved, and saved later', async () => {
  await using scene = await createScene({ isOpaque: false, hasLock: true, columns: false });
  const { procore } = scene.worker();
  await procore.getAccessToken();
  scene.h.store.sets.clear();
  scene.h.store.onSave = () => Promise.reject(new Error('disk full'));
  const bringing = caught(procore.setTokens({ ...scene.session }));
  await scene.h.env.advance(5_000);
  expect(await bringing).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
  scene.h.store.onSave = undefined;
  await scene.h.env.advance(60_000);
  await until(() => procore.unsavedTokens() === undefined, 'the late save');
  expect(scene.stored()).toMatchObject({ refresh_token: scene.session.refresh_token });
});

test('a fresh look at fields that the application has changed in the tokens in hand is taken, and saved', async () => {
  await using scene = await createScene({ isOpaque: false, hasLock: true, columns: false });
  const { procore } = scene.worker();
  await procore.getAccessToken();
  await procore.setTokens({ ...scene.session, plan: 'gold' });
  expect(scene.stored()).toMatchObject({ refresh_token: scene.session.refresh_token, plan: 'gold' });
});

test('the pair of an old session causes no warning, and the stored pair is adopted', async () => {
  await using scene = await createScene({ isOpaque: false, hasLock: true, columns: false });
  const [first, second] = [scene.worker(), scene.worker()];
  await second.procore.getAccessToken();
  await first.procore.renew();
  scene.h.told.length = 0;
  await second.procore.setTokens({ ...scene.session });
  expect(names(scene.h.told)).toEqual(['token-adopted']);
});

test('a pair of an old session that is in memory only is not redeemed where the store shows what it was renewed to', async () => {
  await using scene = await createScene({ isOpaque: true, hasLock: true, columns: false });
  await scene.worker().procore.renew();
  const renewed = scene.stored()!;
  const second = scene.worker();
  let isDown = true;
  const down = () => (isDown ? Promise.reject(new Error('down')) : undefined);
  Object.assign(scene.h.store, { onLoad: down, onSave: down });
  await scene.h.env.drive(caught(second.procore.setTokens({ ...scene.session })));
  isDown = false;
  scene.h.env.jump(life);
  await scene.h.env.drive(second.procore.getAccessToken());
  expect(scene.spentPresentations()).toBe(0);
  expect(renewed.refresh_token).not.toBe(scene.session.refresh_token);
});

test('a pair that the application has redeemed by itself, and brings before anything was loaded, is not presented, and what it was redeemed for is kept', async () => {
  await using h = await createHarness();
  const first = { ...h.store.sets.get('default')! };
  const { data } = await refresh(h, first.refresh_token!);
  const away = () => Promise.reject(new Error('down'));
  Object.assign(h.store, { onLoad: away, onSave: away });
  await h.env.drive(caught(h.procore.setTokens(first)));
  expect(h.procore.unsavedTokens()?.refresh_token).toBe(data.refresh_token);
  Object.assign(h.store, { onLoad: undefined, onSave: undefined });
  expect((await h.env.drive(h.instance.get(me))).status).toBe(200);
  await h.env.advance(60_000);
  expect(h.store.sets.get('default')?.refresh_token).toBe(data.refresh_token);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});
