/** Processes that share a user's tokens in Redis, on a server that ends the old token at a renewal, and one that is stopped in the middle of one. */
import { setTimeout as pause } from 'node:timers/promises';
import type { RenewalsRow, SharedTokensFigures } from '../report/shared-tokens.js';
import { startFleet } from '../support/fleet.js';
import { onRedis } from '../support/redis.js';
import type { Run } from './measure.js';

export async function measureSharedTokens({ say }: Run): Promise<SharedTokensFigures> {
  return onRedis(async (redisUrl) => {
    say('shared tokens: renewals under load');
    const rows: RenewalsRow[] = [];
    for (const drain of [false, undefined, true])
      rows.push(await takeRenewals(redisUrl, { processes: 4, renewals: 5, drain }));
    say('shared tokens: a process that is stopped');
    return { rows, stopped: await takeStopped(redisUrl, { processes: 4, tokenMs: 1_000 }) };
  });
}

async function takeRenewals(
  redisUrl: string,
  { processes, renewals, drain }: { processes: number; renewals: number; drain: boolean | undefined },
): Promise<RenewalsRow> {
  const fleet = await startFleet(
    { redisUrl, name: `drain-${drain}`, size: processes },
    { apiMs: 20, tokenMs: 50 },
    { isPacedTogether: true, drain },
  );
  const unauthorized = async () => (await fleet.emulator.ask('counters')).unauthorized;
  const loads = fleet.members.map((member) => member.ask('load', { lanes: 5, ms: 1_000 * (renewals + 1) }));
  const bursts: number[] = [];
  for (let renewal = 0; renewal < renewals; renewal++) {
    await pause(500);
    const before = await unauthorized();
    await fleet.members[renewal % processes]!.ask('renew');
    await pause(300);
    bursts.push((await unauthorized()) - before);
  }
  const taken = await Promise.all(loads);
  const { exchanges } = await fleet.emulator.ask('counters');
  await fleet.end();
  return {
    drain: drain ?? 'learn',
    processes,
    calls: taken.reduce((sum, { answered }) => sum + answered, 0),
    failed: taken.reduce((sum, { failed }) => sum + failed, 0),
    exchanges,
    bursts,
  };
}

/** The holder of the lock is stopped when its token request has arrived; the server takes its time for each. */
async function takeStopped(
  redisUrl: string,
  { processes, tokenMs }: { processes: number; tokenMs: number },
): Promise<SharedTokensFigures['stopped']> {
  const fleet = await startFleet(
    { redisUrl, name: 'stopped', size: processes },
    { tokenMs, spentTokens: 'B', expired: true },
    { isPacedTogether: true },
  );
  const [holder, ...others] = fleet.members;
  const held = holder!.ask('burst', { calls: 1 });
  while ((await fleet.emulator.ask('counters')).tokenRequests === 0) await pause(10);
  holder!.signal('SIGSTOP');
  const taken = await Promise.all(others.map((other) => other.ask('burst', { calls: 5 })));
  holder!.signal('SIGCONT');
  const thawed = await held;
  await fleet.end();
  return {
    processes,
    tokenMs,
    slowestMs: Math.max(...taken.flatMap(({ latenciesMs }) => latenciesMs)),
    failed: taken.reduce((sum, { failed }) => sum + failed, thawed.failed),
  };
}
