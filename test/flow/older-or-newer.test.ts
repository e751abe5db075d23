import { expect, test } from 'vitest';
import type { TokenSet } from '../../src/store/store.js';
import { drive } from '../support/drive.js';
import { createRow, createWorld } from '../support/token-world.js';

const url = '/rest/v1.0/me';
const undated = ({ created_at: _, ...set }: TokenSet): TokenSet => set;

test.each([-5_000, -30_000, 5_000])(
  'a pair of a login server whose clock is %d ms ahead is adopted, and no spent token presented',
  async (aheadMs) => {
    let createdAheadMs = 0;
    const world = createWorld({ createdAheadMs: () => createdAheadMs });
    const row = createRow(world.issue());
    const [one, two] = [world.start(row.plain()), world.start(row.plain())];
    for (const { instance } of [one, two]) await drive(world.env, instance.get(url));
    createdAheadMs = aheadMs;
    await drive(world.env, one.procore.renew());
    expect((await drive(world.env, two.instance.get(url))).status).toBe(200);
    expect(world.counters).toMatchObject({ exchanges: 1, spent: 0 });
  },
);

test.each([true, false])(
  'one load that shows the pair of two renewals ago does not put the live one away (dated: %s)',
  async (dated) => {
    const world = createWorld();
    const read = dated ? (set: TokenSet) => set : undated;
    const row = createRow(world.issue(), { read });
    let stale: TokenSet | undefined;
    const lagging = {
      ...row.plain(),
      load: () => {
        const shown = stale ? read(stale) : row.plain().load('default');
        stale = undefined;
        return shown;
      },
    };
    const [one, two] = [world.start(lagging), world.start(row.plain())];
    await drive(world.env, one.instance.get(url));
    await drive(world.env, two.instance.get(url));
    await drive(world.env, two.procore.renew());
    const between = { ...row.set };
    await drive(world.env, two.procore.renew());
    await drive(world.env, one.instance.get(url));
    stale = between;
    await drive(world.env, one.procore.renew());
    expect((await drive(world.env, one.instance.get(url))).status).toBe(200);
    expect(world.counters.spent).toBe(0);
    expect(world.isLive(row.set)).toBe(true);
  },
);

test.each([
  ['without created_at', undefined],
  ['with created_at as text', '2026-01-01 00:00:00'],
])(
  'a wrong adoption, of a stale read that a store %s gives twice, is undone before a person is asked',
  async (_how, createdAt) => {
    const world = createWorld();
    // A table of four columns: of the line of renewals nothing is kept.
    const read = ({ access_token, refresh_token, expires_in }: TokenSet) => ({
      access_token,
      refresh_token,
      expires_in,
      ...(createdAt === undefined ? {} : { created_at: createdAt }),
    });
    const row = createRow(world.issue(), { read });
    let stale: TokenSet | undefined;
    const lagging = {
      ...row.plain(),
      load: () => (stale ? (read(stale) as unknown as TokenSet) : row.plain().load('default')),
    };
    const [one, two] = [world.start(lagging), world.start(row.plain())];
    await drive(world.env, one.instance.get(url));
    await drive(world.env, two.procore.renew());
    const between = { ...row.set };
    await drive(world.env, two.procore.renew());
    await drive(world.env, one.instance.get(url));
    stale = between;
    const adopted = await drive(world.env, one.procore.renew());
    expect(adopted.access_token).toBe(between.access_token);
    stale = undefined;
    expect((await drive(world.env, one.instance.get(url))).status).toBe(200);
    expect(world.said.filter((line) => /authorized anew/.test(line))).toEqual([]);
    expect(world.counters).toMatchObject({ exchanges: 2, spent: 1 });
    expect(world.isLive(row.set)).toBe(true);
  },
);
