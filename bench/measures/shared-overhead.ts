/** What a call costs whose process paces together with others, while the limit is far. */
import type { PlainServer } from '../processes/plain-server.js';
import type { StraightCalls } from '../processes/straight-calls.js';
import type { OneLimitFigures } from '../report/one-limit.js';
import { startChild } from '../support/child.js';
import { inRounds } from '../support/rounds.js';
import { median, shuffled, spreadOf } from '../support/statistics.js';
import type { Run } from './measure.js';

const ways = ['apart', 'together'] as const;
const lanesOf = { sequential: 1, at50: 50 } as const;
const loads = ['sequential', 'at50'] as const;
const turnMs = 100;

type Cost = Awaited<ReturnType<StraightCalls['run']>>;
/** What the calls of both ways cost in one turn. */
type Turn = Record<(typeof ways)[number], Cost>;

export async function measureSharedOverhead(
  redisUrl: string,
  { rounds, say }: Run,
): Promise<OneLimitFigures['overhead']> {
  const server = startChild<PlainServer>('plain-server');
  const origin = await server.ask('listen');
  const taken = await inRounds(rounds, 30, (round) => {
    say(`shared overhead: round ${round}`);
    return takeRound(origin, redisUrl);
  });
  await server.end();
  return loads.map((load) => {
    const perRound = (value: (turn: Turn) => number) => taken.map((turns) => median(turns[load].map(value)));
    return {
      load,
      rounds: taken.length,
      microseconds: median(perRound(({ together }) => together.microseconds)),
      cpuMicroseconds: median(perRound(({ together }) => together.cpuMicroseconds)),
      toApart: spreadOf(perRound(({ apart, together }) => together.microseconds / apart.microseconds)),
      cpuToApart: spreadOf(
        perRound(({ apart, together }) => together.cpuMicroseconds / apart.cpuMicroseconds),
      ),
    };
  });
}

async function takeRound(origin: string, redisUrl: string): Promise<Record<(typeof loads)[number], Turn[]>> {
  const children = {
    apart: startChild<StraightCalls>('straight-calls'),
    together: startChild<StraightCalls>('straight-calls'),
  };
  const each = (act: (way: (typeof ways)[number]) => Promise<unknown>) => Promise.all(ways.map(act));
  await each((way) =>
    children[way].ask('connect', {
      name: 'axios-procore',
      origin,
      redisUrl: way === 'together' ? redisUrl : undefined,
    }),
  );
  await each((way) => children[way].ask('warmUp', { calls: 10_000, lanes: 50 }));
  for (const way of ways) await children[way].ask('run', { ms: turnMs, lanes: 1 });
  const turns: Record<(typeof loads)[number], Turn[]> = { sequential: [], at50: [] };
  for (let turn = 0; turn < 10; turn++) {
    for (const load of shuffled(loads)) {
      const costs: Partial<Turn> = {};
      for (const way of shuffled(ways))
        costs[way] = await children[way].ask('run', { ms: turnMs, lanes: lanesOf[load] });
      turns[load].push(costs as Turn);
    }
  }
  await each((way) => children[way].end());
  return turns;
}
