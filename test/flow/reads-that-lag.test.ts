import { expect, test } from 'vitest';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { drive } from '../support/drive.js';
import { createHarness } from '../support/harness.js';
import type { ManualEnv } from '../support/manual-env.js';
import { createWorld, type World } from '../support/token-world.js';

const life = 5_400_000;
const url = '/rest/v1.0/me';

/** One row under a real lock, whose reads show for a while what was there before. */
function lagging(
  env: ManualEnv,
  first: TokenSet | undefined,
  { lagMs = 300, ...more }: Partial<TokenStore> & { lagMs?: number } = {},
): TokenStore {
  let before: TokenSet | undefined;
  let row = first;
  let savedAtMs = -Infinity;
  let tail: Promise<unknown> = Promise.resolve();
  return {
    load: () => (env.now() - savedAtMs < lagMs ? before : row),
    save(tokens) {
      [before, row, savedAtMs] = [row, { ...tokens }, env.now()];
    },
    lock: (_account, critical) => {
      const run = tail.then(() => critical());
      tail = run.catch(() => undefined);
      return run;
    },
    renewsLock: true,
    ...more,
  };
}

test('three processes under a lock, with reads that lag: nobody presents a spent token, and nobody is declared dead', async () => {
  await using h = await createHarness();
  const store = lagging(h.env, h.store.sets.get('default'));
  const processes = [1, 2, 3].map(() => h.attachProcess({ store: { ...store } }));
  for (const { instance } of processes) await instance.get(url);
  h.env.jump(life);
  const slow = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const calls = Promise.all(processes.map(({ instance }) => instance.get(url)));
  await h.env.drive(slow.struck());
  await h.env.advance(200);
  slow.release();
  expect((await h.env.drive(calls)).map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

test('an invalid_grant under a lock is no verdict before a lagging read had its time', async () => {
  await using h = await createHarness();
  // Longer than it is read before a token is presented.
  const store = lagging(h.env, h.store.sets.get('default'), { lagMs: 3_000 });
  const [one, two] = [h.attachProcess({ store: { ...store } }), h.attachProcess({ store: { ...store } })];
  await one.instance.get(url);
  await two.instance.get(url);
  const theirs = await h.env.drive(one.procore.renew());
  expect((await h.env.drive(two.procore.renew(), 100)).access_token).toBe(theirs.access_token);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 1 });
});

/** Two processes that hold the same pair, in a world without a network. */
async function two(world: World, store: TokenStore) {
  const [one, other] = [world.start({ ...store }), world.start({ ...store })];
  for (const { instance } of [one, other]) await drive(world.env, instance.get(url));
  return [one, other] as const;
}

test.each([300, 1_500])(
  'a renewal in the background, right after another process has given the lock back, presents nothing spent (lag: %d ms)',
  async (lagMs) => {
    const world = createWorld({ mode: 'B' });
    const [one, other] = await two(world, lagging(world.env, world.issue(), { lagMs }));
    world.env.jump(life - 60_000);
    await drive(world.env, one.procore.renew());
    // The old token still works, and the renewal is for later calls.
    expect((await other.instance.get(url)).status).toBe(200);
    await world.env.advance(10_000);
    expect((await drive(world.env, other.instance.get(url))).status).toBe(200);
    expect(world.counters).toMatchObject({ exchanges: 1, spent: 0 });
  },
);

test.each([300, 1_500])(
  'a call whose token has expired, right after another process has given the lock back, presents nothing spent (lag: %d ms)',
  async (lagMs) => {
    const world = createWorld();
    const [one, other] = await two(world, lagging(world.env, world.issue(), { lagMs }));
    world.env.jump(life);
    expect((await drive(world.env, one.instance.get(url))).status).toBe(200);
    expect((await drive(world.env, other.instance.get(url))).status).toBe(200);
    expect(world.counters).toMatchObject({ exchanges: 1, spent: 0 });
  },
);

test('a process that finds an expired pair at its start, right after another one has renewed it, presents nothing spent', async () => {
  const world = createWorld();
  const store = lagging(world.env, world.issue());
  world.env.jump(life);
  const [one, other] = [world.start({ ...store }), world.start({ ...store })];
  expect((await drive(world.env, one.instance.get(url))).status).toBe(200);
  await drive(world.env, other.instance.get(url));
  expect(world.counters).toMatchObject({ exchanges: 1, spent: 0 });
});

test('a store whose reads are fresh under its lock is not read again before a token is presented', async () => {
  const world = createWorld();
  const { instance, procore } = world.start(lagging(world.env, world.issue(), { readsAreFresh: true }));
  await instance.get(url);
  world.env.jump(life);
  // Nobody moves the clock.
  expect((await procore.renew()).access_token).toBe('access-2');
  expect(world.counters.exchanges).toBe(1);
});

test('a renewal that may take a second only is looked for no longer than it can spare', async () => {
  await using h = await createHarness();
  const store = lagging(h.env, h.store.sets.get('default'));
  const { instance } = h.attachProcess({ store, renewal: { totalMs: 1_000 } });
  await instance.get(url);
  h.env.jump(life);
  expect((await h.env.drive(instance.get(url))).status).toBe(200);
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('a further look that fails stands in no renewal’s way', async () => {
  await using h = await createHarness();
  const store = lagging(h.env, h.store.sets.get('default'));
  let loads = 0;
  const load = (account: string) => {
    loads++;
    return loads > 1 && loads % 2 === 1
      ? Promise.reject(new Error('too many connections'))
      : store.load(account);
  };
  const { instance, procore } = h.attachProcess({ store: { ...store, load } });
  await instance.get(url);
  h.env.jump(life - 60_000);
  const startedAtMs = h.env.now();
  await h.env.drive(procore.renew());
  expect(h.env.now() - startedAtMs).toBeLessThan(2_500);
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('a lock that is only slow to come costs each renewal four seconds at the most', async () => {
  await using h = await createHarness();
  const store = lagging(h.env, h.store.sets.get('default'));
  const lock: TokenStore['lock'] = async (account, critical, signal) => {
    await h.env.sleep(20);
    return store.lock!(account, critical, signal);
  };
  const { procore } = h.attachProcess({ store: { ...store, lock } });
  const startedAtMs = h.env.now();
  await h.env.drive(procore.renew());
  expect(h.env.now() - startedAtMs).toBeLessThan(4_500);
});

test('the second looks of a renewal end when the application brings tokens of its own', async () => {
  const world = createWorld();
  const { instance, procore } = world.start(lagging(world.env, world.issue()));
  await drive(world.env, instance.get(url));
  world.env.jump(life);
  const call = instance.get(url);
  await world.env.advance(100);
  await procore.setTokens(world.issue());
  expect((await call).status).toBe(200);
  expect(world.counters.exchanges).toBe(0);
});

test('what is known to be dead fails at once: nothing is waited for that could not be presented anyway', async () => {
  const world = createWorld();
  const set = world.issue();
  const { instance } = world.start(lagging(world.env, { ...set, refresh_token: 'nobodys' }));
  await drive(world.env, instance.get(url));
  world.env.jump(life);
  await expect(drive(world.env, instance.get(url))).rejects.toMatchObject({
    code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED',
  });
  world.env.jump(2_000);
  await expect(instance.get(url)).rejects.toMatchObject({ code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED' });
  expect(world.counters.spent).toBe(1);
});

/** A row without a lock, of which `show` decides what each load shows. */
function showing(
  first: TokenSet,
  show: { next: (row: TokenSet) => TokenSet },
  more: Partial<TokenStore> = {},
) {
  // A table of four columns: neither when a pair was issued nor what it was issued for is kept.
  const read = ({ access_token, refresh_token, expires_in }: TokenSet) => ({
    access_token,
    refresh_token,
    expires_in,
  });
  const row = {
    set: first,
    plain: (): TokenStore => ({
      load: () => read(row.set),
      save: (tokens) => void (row.set = { ...tokens }),
    }),
    shown: (): TokenStore => ({
      ...row.plain(),
      load: () => read(show.next(row.set)),
      ...more,
    }),
  };
  return row;
}

test('a replica that shows the pair of two renewals ago for a while does not put the live one away', async () => {
  const world = createWorld();
  const show = { next: (row: TokenSet) => row };
  const row = showing(world.issue(), show);
  const [one, other] = [world.start(row.shown()), world.start(row.plain())];
  await drive(world.env, one.instance.get(url));
  await drive(world.env, other.procore.renew());
  const between = { ...row.set };
  await drive(world.env, other.procore.renew());
  await drive(world.env, one.instance.get(url));
  const live = { ...row.set };
  const untilMs = world.env.now() + 600;
  show.next = (now) => (world.env.now() < untilMs ? between : now);
  const renewed = await drive(world.env, one.procore.renew());
  expect(renewed.access_token).not.toBe(between.access_token);
  expect(world.counters.spent).toBe(0);
  expect([world.isLive(row.set), world.isLive(live)]).toEqual([true, false]);
});

test('a new pair that a store shows, hides and shows again is adopted, and not renewed in its turn', async () => {
  const world = createWorld();
  const show = { next: (row: TokenSet) => row };
  const row = showing(world.issue(), show);
  const [one, other] = [world.start(row.shown()), world.start(row.plain())];
  await drive(world.env, one.instance.get(url));
  const old = { ...row.set };
  await drive(world.env, other.procore.renew());
  let looks = 0;
  show.next = (now) => (++looks === 2 ? old : now);
  expect((await drive(world.env, one.procore.renew())).access_token).toBe(row.set.access_token);
  expect(world.counters).toMatchObject({ exchanges: 1, spent: 0 });
});

test('a store whose reads are fresh is looked at a second time at once', async () => {
  const world = createWorld();
  const show = { next: (row: TokenSet) => row };
  const row = showing(world.issue(), show, { readsAreFresh: true });
  const [one, other] = [world.start(row.shown()), world.start(row.plain())];
  await one.instance.get(url);
  await drive(world.env, other.procore.renew());
  // Nobody moves the clock.
  expect((await one.procore.renew()).access_token).toBe(row.set.access_token);
});

test('a second look ends when the application brings tokens of its own', async () => {
  const world = createWorld();
  const row = showing(world.issue(), { next: (now) => now });
  const [one, other] = [world.start(row.shown()), world.start(row.plain())];
  await drive(world.env, one.instance.get(url));
  await drive(world.env, other.procore.renew());
  world.env.jump(life);
  const call = one.instance.get(url);
  await world.env.advance(100);
  const brought = world.issue();
  await one.procore.setTokens(brought);
  expect((await call).status).toBe(200);
  expect(row.set.access_token).toBe(brought.access_token);
});

test.each(['late', 'in the renewal'])(
  'a pair that is saved %s does not give way to what a replica shows of two renewals ago',
  async (when) => {
    const world = createWorld();
    const show = { next: (row: TokenSet) => row };
    const isLate = when === 'late';
    const failing = { saves: 0 };
    const row = showing(world.issue(), show);
    const shown = row.shown();
    const store: TokenStore = {
      ...shown,
      save(tokens, account, previous) {
        if (failing.saves-- > 0) throw new Error('the database is away');
        return shown.save(tokens, account, previous);
      },
    };
    const other = world.start(row.plain());
    const one = world.start(store);
    await drive(world.env, one.instance.get(url));
    await drive(world.env, other.procore.renew());
    const between = { ...row.set };
    await drive(world.env, other.procore.renew());
    await drive(world.env, one.instance.get(url));
    world.env.jump(life);
    await drive(world.env, one.instance.get(url));
    await world.env.advance(10_000);
    failing.saves = isLate ? 4 : 0;
    const untilMs = () => (isLate ? failing.saves <= 0 : row.set !== undefined);
    const exchangesBefore = world.counters.exchanges;
    let staleUntilMs: number | undefined;
    show.next = (now) => {
      // From when the new pair is there, and for a while.
      if (world.counters.exchanges === exchangesBefore || !untilMs()) return now;
      staleUntilMs ??= world.env.now() + 600;
      return world.env.now() < staleUntilMs ? between : now;
    };
    const renewed = await drive(world.env, one.procore.renew());
    await world.env.advance(10_000);
    expect(one.procore.unsavedTokens()).toBeUndefined();
    expect(row.set.access_token).toBe(renewed.access_token);
    expect(world.isLive(row.set)).toBe(true);
    expect(world.counters.spent).toBe(0);
  },
);

test('a late save gives way to what a store goes on showing', async () => {
  const world = createWorld();
  const row = showing(world.issue(), { next: (now) => now });
  const shown = row.shown();
  let isAway = false;
  const one = world.start({
    ...shown,
    save(tokens, account, previous) {
      if (isAway) throw new Error('the database is away');
      return shown.save(tokens, account, previous);
    },
  });
  await drive(world.env, one.instance.get(url));
  isAway = true;
  await drive(world.env, one.procore.renew());
  const theirs = world.issue();
  row.set = theirs;
  isAway = false;
  await world.env.advance(10_000);
  expect(one.procore.unsavedTokens()).toBeUndefined();
  expect(row.set.access_token).toBe(theirs.access_token);
  world.env.jump(life);
  await drive(world.env, one.instance.get(url));
  expect(world.counters.spent).toBe(0);
});
