import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { root } from '../support/packed.js';

interface Counters {
  failed: number;
  exchanges: number;
  unauthorized: number;
  limited: number;
  spentPresentations: number;
  duplicateWrites: number;
}

describe('the bench in its short mode', () => {
  let counted: Record<'herd' | 'steady' | 'drain' | 'outage', Counters> & {
    processes: { processes: number; exchanges: number; spentPresentations: number; failed: number }[];
    oneLimit?: { rows: object[]; far: { calls: number; roundTrips: number } };
  };
  beforeAll(async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', join(root, 'bench/main.ts'), '--short'],
      { cwd: root, env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'scripts/tsconfig.run.json') } },
    );
    counted = JSON.parse(stdout) as typeof counted;
  });

  test('counts one exchange, no 401 and no failure for a herd that meets an expired token', () => {
    expect(counted.herd).toMatchObject({ answered: 300, failed: 0, exchanges: 1, unauthorized: 0 });
  });

  test('counts no failure and no spent refresh token under a steady load over expiries', () => {
    expect(counted.steady).toMatchObject({ failed: 0, spentPresentations: 0 });
    expect(counted.steady.exchanges).toBeGreaterThanOrEqual(1);
  });

  test('counts no 429, no failure and no second write where a limit makes calls wait', () => {
    expect(counted.drain).toMatchObject({ answered: 100, failed: 0, limited: 0, duplicateWrites: 0 });
  });

  test('counts no failure and no second write over an outage', () => {
    expect(counted.outage).toMatchObject({ answered: 40, failed: 0, duplicateWrites: 0 });
  });

  test('counts no 429 and no failure of processes that pace together, and a round trip to Redis for five calls at the most', ({
    skip,
  }) => {
    const { oneLimit } = counted;
    if (!oneLimit && process.env['AXIOS_PROCORE_REQUIRE_SERVERS'] !== '1') skip('no redis-server here');
    expect(oneLimit!.rows).toEqual([
      { calls: 60, answered: 60, failed: 0, limited: 0 },
      { calls: 30, answered: 30, failed: 0, limited: 0 },
    ]);
    expect(oneLimit!.far.roundTrips / oneLimit!.far.calls).toBeLessThanOrEqual(0.2);
  });

  test('counts one exchange for each expiry, however many processes share a store', () => {
    expect(counted.processes).toEqual([
      { processes: 1, expiries: 3, exchanges: 3, spentPresentations: 0, failed: 0 },
      { processes: 3, expiries: 3, exchanges: 3, spentPresentations: 0, failed: 0 },
    ]);
  });
});
