/** Processes that share one user's tokens, when the access token ends. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileTokenStore } from 'axios-procore/stores/file';
import type { EmulatorProcess } from '../processes/emulator.js';
import type { FleetMember } from '../processes/fleet-member.js';
import type { FleetRow, ProcessesFigures } from '../report/processes.js';
import { startChild, type Child } from '../support/child.js';
import { median } from '../support/statistics.js';
import type { Run } from './measure.js';

const expiries = 3;

export async function measureProcesses(
  sizes: readonly number[],
  calls: number,
  { say }: Run,
): Promise<ProcessesFigures> {
  const emulator = startChild<EmulatorProcess>('emulator');
  const rows: FleetRow[] = [];
  for (const size of sizes) {
    say(`processes: ${size}`);
    rows.push(await takeFleet(emulator, size, calls));
  }
  await emulator.end();
  return { rows };
}

async function takeFleet(emulator: Child<EmulatorProcess>, size: number, calls: number): Promise<FleetRow> {
  const directory = await mkdtemp(join(tmpdir(), 'axios-procore-bench-'));
  const place = await emulator.ask('start', {});
  const tokens = await emulator.ask('issue', { expired: true });
  await fileTokenStore({ directory }).save(tokens, 'default', undefined);
  const limit = { maxRequests: 1_000_000_000, perMilliseconds: 1000 };
  const members = Array.from({ length: size }, () => startChild<FleetMember>('fleet-member'));
  await Promise.all(members.map((member) => member.ask('connect', { directory, ...place, tokens, limit })));
  const times: number[] = [];
  let failed = 0;
  for (let expiry = 0; expiry < expiries; expiry++) {
    // The first pair has expired before anybody asks.
    if (expiry) await emulator.ask('expire');
    const startedAt = performance.now();
    const taken = await Promise.all(members.map((member) => member.ask('burst', { calls })));
    times.push(performance.now() - startedAt);
    failed += taken.reduce((sum, one) => sum + one.failed, 0);
  }
  const { exchanges, spentPresentations, unauthorized } = await emulator.ask('counters');
  await Promise.all(members.map((member) => member.end()));
  await rm(directory, { recursive: true });
  return {
    processes: size,
    calls: size * calls * expiries,
    expiries,
    exchanges,
    spentPresentations,
    unauthorized,
    failed,
    ms: median(times),
  };
}
