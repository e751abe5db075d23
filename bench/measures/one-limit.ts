/** Processes under one limit: by Redis together, and each by its own answers. */
import type { LimitRow, OneLimitFigures } from '../report/one-limit.js';
import type { Child } from '../support/child.js';
import { startFleet } from '../support/fleet.js';
import { onRedis } from '../support/redis.js';
import type { SharingMember } from '../processes/sharing-member.js';
import type { Run } from './measure.js';
import { measureSharedOverhead } from './shared-overhead.js';

export interface Size {
  readonly processes: number;
  readonly calls: number;
  readonly limit: { readonly limit: number; readonly windowSeconds: number };
}

export async function measureOneLimit(run: Run): Promise<OneLimitFigures> {
  const size = { processes: 8, calls: 400, limit: { limit: 25, windowSeconds: 2 } };
  return onRedis(async (redisUrl) => {
    run.say('one limit: cold and warm scope, and without');
    // At the same time, because nearly all of it is waiting.
    const [together, apart] = await Promise.all([takeTogether(redisUrl, size), takeApart(redisUrl, size)]);
    run.say('one limit: far away');
    const far = await takeFar(redisUrl, { processes: 4, calls: 4_000 });
    return { ...size, rows: [apart, ...together], far, overhead: await measureSharedOverhead(redisUrl, run) };
  });
}

/** With nothing in Redis, and then by new processes that find what the others have left. */
export async function takeTogether(redisUrl: string, size: Size): Promise<LimitRow[]> {
  const fleet = await startFleet(
    { redisUrl, name: 'together', size: size.processes },
    { limit: size.limit },
    { isPacedTogether: true },
  );
  const counted = async (
    members: readonly Child<SharingMember>[],
    how: string,
    calls: number,
  ): Promise<LimitRow> => {
    const before = await fleet.emulator.ask('counters');
    const row = await takeCalls(members, calls);
    const { limited } = await fleet.emulator.ask('counters');
    return { how, ...row, limited: limited - before.limited };
  };
  const cold = await counted(fleet.members, 'together, cold scope', size.calls);
  const warm = await counted(await fleet.more(size.processes), 'together, warm scope', size.calls / 2);
  await fleet.end();
  return [cold, warm];
}

async function takeApart(redisUrl: string, size: Size): Promise<LimitRow> {
  const fleet = await startFleet(
    { redisUrl, name: 'apart', size: size.processes },
    { limit: size.limit },
    { isPacedTogether: false },
  );
  const row = await takeCalls(fleet.members, size.calls);
  const { limited } = await fleet.emulator.ask('counters');
  await fleet.end();
  return { how: 'each by its own answers', ...row, limited };
}

async function takeCalls(members: readonly Child<SharingMember>[], calls: number) {
  const startedAt = performance.now();
  const each = calls / members.length;
  const taken = await Promise.all(members.map((member) => member.ask('burst', { calls: each })));
  return {
    calls,
    answered: taken.reduce((sum, { answered }) => sum + answered, 0),
    failed: taken.reduce((sum, { failed }) => sum + failed, 0),
    ms: performance.now() - startedAt,
  };
}

/** So many calls in all while far more than half of the limit is left. */
export async function takeFar(
  redisUrl: string,
  { processes, calls }: { processes: number; calls: number },
): Promise<OneLimitFigures['far']> {
  const fleet = await startFleet(
    { redisUrl, name: 'far', size: processes },
    { limit: { limit: 100 * calls, windowSeconds: 3_600 } },
    { isPacedTogether: true },
  );
  const each = calls / processes;
  await Promise.all(fleet.members.map((member) => member.ask('load', { lanes: 5, calls: each })));
  const asked = await Promise.all(fleet.members.map((member) => member.ask('questions')));
  await fleet.end();
  return { processes, calls, roundTrips: asked.reduce((sum, count) => sum + count, 0) };
}
