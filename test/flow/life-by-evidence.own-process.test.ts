import { describe, expect, test, vi } from 'vitest';
import type { TokenSet } from '../../src/store/store.js';
import { drive } from '../support/drive.js';
import { createRow, createWorld, type World } from '../support/token-world.js';

const url = '/rest/v1.0/me';
const lifeMs = 5_400_000;
const endOf = (set: TokenSet) => (set.created_at! + Number(set.expires_in)) * 1000;
const asColumn = (value: unknown) => value as number;

/** What tables make of the moments in a set, as it is read. */
const columns: [what: string, read: (set: TokenSet) => TokenSet][] = [
  [
    'created_at a Date that was made with the row',
    (set) => ({ ...set, expires_at: undefined, created_at: asColumn(new Date(1_700_000_000_000)) }),
  ],
  [
    'created_at a number that was made with the row',
    (set) => ({ ...set, expires_at: undefined, created_at: 1_700_000_000 }),
  ],
  [
    'expires_at as new Date(seconds)',
    (set) => ({ ...set, expires_at: asColumn(new Date(endOf(set) / 1000)) }),
  ],
  [
    'expires_at as a text without zone, read ten hours east',
    (set) => ({ ...set, expires_at: asColumn(new Date(endOf(set) - 36_000_000).toISOString()) }),
  ],
  ['expires_at of the last write', (set) => ({ ...set, expires_at: set.created_at! })],
  [
    'expires_at alone, and of the last write',
    ({ access_token, refresh_token, created_at }) => ({
      access_token,
      refresh_token: refresh_token!,
      expires_at: created_at!,
    }),
  ],
  [
    'expires_at alone, as new Date(seconds)',
    ({ access_token, refresh_token, ...set }) => ({
      access_token,
      refresh_token: refresh_token!,
      expires_at: asColumn(new Date(endOf(set as TokenSet) / 1000)),
    }),
  ],
  ['expires_at in microseconds', (set) => ({ ...set, created_at: undefined, expires_at: endOf(set) * 1000 })],
  [
    'expires_at in ten seconds from every read',
    ({ expires_in: _, created_at: __, ...set }) => ({ ...set, expires_at: 1_800_000_010 }),
  ],
];
const modes = ['A', 'B'] as const;
const tokens = [true, false];
const cases = columns.flatMap(([what, read]) =>
  modes.flatMap((mode) =>
    tokens.flatMap((jwt) => (['with', 'without'] as const).map((lock) => ({ what, read, mode, jwt, lock }))),
  ),
);

/** A hundred calls of two processes in turn, in six seconds. */
async function call100(world: World, instances: ReturnType<World['start']>[]): Promise<void> {
  for (let n = 0; n < 100; n++) {
    const { status } = await drive(world.env, instances[n % instances.length]!.instance.get(url));
    expect(status).toBe(200);
    world.env.jump(60);
  }
  await drive(world.env, Promise.all(instances.map(({ procore }) => procore.idle())));
}

test.each(cases)(
  'two processes $lock lock, mode $mode, JWT $jwt, $what: a hundred calls are no hundred renewals',
  async ({ read, mode, jwt, lock }) => {
    const world = createWorld({ mode, jwt });
    const row = createRow(world.issue(), { read });
    const store = () => (lock === 'with' ? row.locked() : row.plain());
    const two = [world.start(store()), world.start(store())];
    await call100(world, two);
    expect(world.counters.exchanges).toBeLessThanOrEqual(3);
    expect(world.counters.unauthorized).toBeLessThanOrEqual(3);
    expect(world.isLive(row.set)).toBe(true);
  },
);

test.each(columns.flatMap(([what, read]) => tokens.map((jwt) => ({ what, read, jwt }))))(
  'ten processes one after the other, each with one call, JWT $jwt, $what: each finds the pair "expired", and tries it',
  async ({ read, jwt }) => {
    const world = createWorld({ jwt });
    const row = createRow(world.issue(), { read });
    for (let n = 0; n < 10; n++) await call1(world, row.plain());
    expect(world.counters).toMatchObject({ unauthorized: 0, spent: 0 });
    expect(world.counters.exchanges).toBeLessThanOrEqual(1);
  },
);

async function call1(world: World, store: ReturnType<ReturnType<typeof createRow>['plain']>) {
  const { instance, procore } = world.start(store);
  expect((await drive(world.env, instance.get(url))).status).toBe(200);
  await drive(world.env, procore.idle());
}

describe('a column that better evidence contradicts is warned of once', () => {
  test.each<[string, boolean, (set: TokenSet) => TokenSet, RegExp]>([
    [
      'expires_at ten hours early, with a JWT',
      true,
      (set) => ({ ...set, expires_at: endOf(set) / 1000 - 36_000 }),
      /expires_at .* 36000 s earlier than the exp of its JWT/,
    ],
    [
      'expires_at ten hours late, with a JWT',
      true,
      (set) => ({ ...set, expires_at: endOf(set) / 1000 + 36_000 }),
      /expires_at .* 36000 s later than the exp of its JWT/,
    ],
    [
      'expires_at ten hours early, beside created_at and expires_in',
      false,
      (set) => ({ ...set, expires_at: endOf(set) / 1000 - 36_000 }),
      /expires_at .* 36000 s earlier than created_at \+ expires_in/,
    ],
    [
      'created_at a day early, with a JWT',
      true,
      (set) => ({ ...set, created_at: set.created_at! - 86_400 }),
      /created_at .* 86400 s earlier than the exp of its JWT/,
    ],
    [
      'expires_at alone in the past, and a call that is accepted',
      false,
      ({ access_token, refresh_token }) => ({
        access_token,
        refresh_token: refresh_token!,
        expires_at: 1_799_999_000,
      }),
      /expires_at .* 1000 s earlier than a call that the API has accepted/,
    ],
  ])('%s', async (_what, jwt, read, says) => {
    const world = createWorld({ jwt });
    const row = createRow(world.issue(), { read });
    const { instance } = world.start(row.plain());
    for (let n = 0; n < 5; n++) expect((await instance.get(url)).status).toBe(200);
    expect(world.counters).toMatchObject({ exchanges: 0, unauthorized: 0 });
    const warnings = world.said.filter((line) => line.includes('store-contract'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(says);
    expect(warnings[0]).toContain('Whole sets, unchanged');
    expect(world.said.join()).not.toContain(row.set.access_token);
  });

  test.each([true, false])(
    'a set that the plugin itself has saved causes no warning (JWT %s)',
    async (jwt) => {
      const world = createWorld({ jwt });
      const row = createRow(world.issue());
      const [one, two] = [world.start(row.plain()), world.start(row.plain())];
      for (let round = 0; round < 3; round++) {
        for (const { instance } of [one, two]) await drive(world.env, instance.get(url));
        world.env.jump(lifeMs);
      }
      expect(world.said.filter((line) => line.includes('store-contract'))).toEqual([]);
    },
  );
});

test('an expired JWT is renewed before it is sent, however long its columns say that it lives', async () => {
  const world = createWorld({ jwt: true });
  const row = createRow(world.issue(), { read: (set) => ({ ...set, expires_at: 4_000_000_000 }) });
  world.env.jump(lifeMs + 1_000);
  await call1(world, row.plain());
  expect(world.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
  expect(world.said.join()).toContain('later than the exp of its JWT');
});

test('a pair without a JWT that has ended by all that its columns say is renewed before it is sent', async () => {
  const world = createWorld();
  const set = world.issue();
  const row = createRow({ ...set, expires_at: endOf(set) / 1000 });
  world.env.jump(lifeMs + 1_000);
  await call1(world, row.plain());
  expect(world.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
});

test('a pair that only its column calls expired, rightly, costs one 401 and is renewed', async () => {
  const world = createWorld();
  const { access_token, refresh_token, ...set } = world.issue();
  const row = createRow({
    access_token,
    refresh_token: refresh_token!,
    expires_at: endOf(set as TokenSet) / 1000,
  });
  world.env.jump(lifeMs + 1_000);
  await call1(world, row.plain());
  expect(world.counters).toMatchObject({ exchanges: 1, unauthorized: 1, calls: 2 });
});

test.each([0.001, 1, 2, 4])(
  'answers that say a life of %d s, of tokens that live on, lead to one renewal a second at the most',
  async (answeredLife) => {
    const world = createWorld({ answeredLife });
    const { instance, procore } = world.start(createRow(world.issue()).plain());
    await procore.renew();
    const startMs = world.env.now();
    for (let n = 0; n < 100; n++) {
      expect((await drive(world.env, instance.get(url))).status).toBe(200);
      world.env.jump(100);
    }
    await drive(world.env, procore.idle());
    expect(world.counters.exchanges).toBeLessThanOrEqual(1 + (world.env.now() - startMs) / 1_000);
    expect(world.counters).toMatchObject({ unauthorized: 0 });
  },
);

test.each([1, 2, 4, 10, 30])('tokens that live for %d s work: each call is answered', async (lifeSeconds) => {
  const world = createWorld({ lifeSeconds });
  const row = createRow(world.issue());
  const { instance, procore } = world.start(row.plain());
  const startMs = world.env.now();
  for (let n = 0; n < 100; n++) {
    expect((await drive(world.env, instance.get(url))).status).toBe(200);
    world.env.jump(500);
  }
  await drive(world.env, procore.idle());
  const seconds = (world.env.now() - startMs) / 1000;
  expect(world.counters.exchanges).toBeLessThanOrEqual(seconds / (0.8 * lifeSeconds) + 1);
  expect(world.counters.spent).toBe(0);
  if (lifeSeconds >= 10) expect(world.counters.unauthorized).toBe(0);
});

test('a 401 is answered with a renewal at once, a moment after the last one', async () => {
  const world = createWorld();
  const { instance, procore } = world.start(createRow(world.issue()).plain());
  await procore.renew();
  world.expire();
  expect((await drive(world.env, instance.get(url))).status).toBe(200);
  expect(world.counters).toMatchObject({ exchanges: 2, unauthorized: 1 });
});

test('a pair that only its column dates, and that is let lie beyond its end, is renewed before it is sent', async () => {
  const world = createWorld();
  const { access_token, refresh_token, ...set } = world.issue();
  const expires_at = endOf(set as TokenSet) / 1000;
  const { instance } = world.start(
    createRow({ access_token, refresh_token: refresh_token!, expires_at }).plain(),
  );
  await drive(world.env, instance.get(url));
  world.env.jump(lifeMs);
  await drive(world.env, instance.get(url));
  expect(world.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
});

test('a warning that throws where it is told leaves the pair that was redeemed for saved and used', async ({
  onTestFinished,
}) => {
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {
    throw new Error('no warnings here');
  });
  onTestFinished(() => warning.mockRestore());
  const world = createWorld({ jwt: true });
  const row = createRow(world.issue(), { read: (set) => ({ ...set, expires_at: 4_000_000_000 }) });
  world.env.jump(lifeMs + 1_000);
  const { instance, procore } = world.start(row.plain(), { logger: undefined });
  for (let n = 0; n < 10; n++) expect((await drive(world.env, instance.get(url))).status).toBe(200);
  expect(warning).toHaveBeenCalled();
  expect(world.counters).toMatchObject({ exchanges: 1, unauthorized: 0, spent: 0 });
  expect(world.isLive(row.set)).toBe(true);
  expect(procore.status().unsaved).toBe(false);
});

test.each([
  ['an answer that never expires', { expires_in: 9_223_372_036_854_775_807 }, {}],
  ['a stored expires_at of no calendar', {}, { expires_at: 9e15 }],
  ['a stored expires_at before all calendars', {}, { expires_at: -9e18 }],
  ['a stored created_at of no calendar', {}, { created_at: 8.64e15, expires_at: undefined as never }],
])('%s makes no renewal more, and no event that throws', async (_what, answer, stored) => {
  const world = createWorld({ answeredLife: (answer as { expires_in?: number }).expires_in ?? 5_400 });
  const row = createRow(world.issue(), { read: (set) => ({ ...set, ...stored }) });
  const two = [world.start(row.plain()), world.start(row.plain())];
  await drive(world.env, two[0]!.procore.renew());
  await call100(world, two);
  expect(world.counters.exchanges).toBeLessThanOrEqual(2);
  expect(world.isLive(row.set)).toBe(true);
});
