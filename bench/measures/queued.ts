/** What a call costs that waits in a queue, beside one that is sent at once. */
import type { QueuedCalls } from '../processes/queued-calls.js';
import type { QueuedFigures, QueuedRow } from '../report/queued.js';
import { startChild } from '../support/child.js';
import { inRounds, inTurn } from '../support/rounds.js';
import { median, spreadOf } from '../support/statistics.js';
import type { Run } from './measure.js';

type Trial = Parameters<QueuedCalls['take']>[0];
type Cost = Awaited<ReturnType<QueuedCalls['take']>>;

const ways = ['axios-rate-limit', 'axios-procore'] as const;
/** What bare axios holds for a call, and each way with and without a queue. */
const trials: readonly Omit<Trial, 'calls'>[] = [
  { how: 'bare axios', queued: false },
  ...ways.flatMap((how) => [
    { how, queued: false },
    { how, queued: true },
  ]),
];
const nameOf = ({ how, queued }: Omit<Trial, 'calls'>) => `${how}, ${queued ? 'queued' : 'sent'}`;

export async function measureQueued(counts: readonly number[], { rounds, say }: Run): Promise<QueuedFigures> {
  const taken = await inRounds(rounds, 30, async (round) => {
    say(`queued: round ${round}`);
    const child = startChild<QueuedCalls>('queued-calls', ['--expose-gc', '--max-old-space-size=6000']);
    // Once to let the engine compile what is called.
    for (const trial of trials) await child.ask('take', { ...trial, calls: 3_000 });
    const seen = new Map<number, Map<string, Cost>>();
    for (const calls of counts) {
      const costs = await inTurn(trials, (trial) => child.ask('take', { ...trial, calls }));
      seen.set(calls, new Map([...costs].map(([trial, cost]) => [nameOf(trial), cost])));
    }
    await child.end();
    return seen;
  });
  const rowOf = (how: (typeof ways)[number], calls: number): QueuedRow => {
    const costs = taken.map((seen) => ({
      queued: seen.get(calls)!.get(`${how}, queued`)!,
      sent: seen.get(calls)!.get(`${how}, sent`)!,
      bare: seen.get(calls)!.get('bare axios, sent')!,
    }));
    return {
      how,
      calls,
      rounds: costs.length,
      bytesBesideAxios: median(costs.map(({ queued, bare }) => queued.bytes - bare.bytes)),
      cpuMicroseconds: median(costs.map(({ queued }) => queued.cpuMicroseconds)),
      toUnqueued: spreadOf(costs.map(({ queued, sent }) => queued.cpuMicroseconds / sent.cpuMicroseconds)),
    };
  };
  return { rows: ways.flatMap((how) => counts.map((calls) => rowOf(how, calls))) };
}
