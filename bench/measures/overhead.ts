/**
 * What a call costs that has nothing to wait for: token fresh, no limit near, nothing fails. Each contender calls in a process of its own,
 * so that none pays for what the engine has learnt from another; they take turns, so that what else the machine does strikes all alike.
 */
import { contenders } from '../contenders/index.js';
import type { PlainServer } from '../processes/plain-server.js';
import type { StraightCalls } from '../processes/straight-calls.js';
import type { Overhead, OverheadFigures } from '../report/overhead.js';
import { startChild, type Child } from '../support/child.js';
import { median, shuffled, spreadOf } from '../support/statistics.js';
import type { Run } from './measure.js';

type Cost = Awaited<ReturnType<StraightCalls['run']>>;
/** What each contender's calls cost in one turn. */
type Turn = Map<string, Cost>;

const lanesOf = { sequential: 1, at50: 50 } as const;
type Load = keyof typeof lanesOf;
const loads = Object.keys(lanesOf) as Load[];

export async function measureOverhead({ rounds, say }: Run): Promise<OverheadFigures> {
  const server = startChild<PlainServer>('plain-server');
  const origin = await server.ask('listen');
  const onStub = contenders.filter(({ isAxios }) => isAxios).map(({ name }) => name);
  const overHttp = contenders.map(({ name }) => name);
  const seen = { stub: [] as Record<Load, Turn[]>[], http: [] as Record<Load, Turn[]>[] };
  for (let round = 1; round <= rounds; round++) {
    say(`overhead: round ${round} of ${rounds}`);
    // Calls enough for the engine to have compiled what they run through, and turns long enough for it to be in the caches again.
    seen.stub.push(await takeRound(onStub, undefined, { ms: 20, turns: 10, warmUp: 10_000 }));
    seen.http.push(await takeRound(overHttp, origin, { ms: 100, turns: 5, warmUp: 10_000 }));
  }
  await server.end();
  const figures = (names: readonly string[], of: readonly Record<Load, Turn[]>[]) => ({
    sequential: overheads(
      names,
      of.map(({ sequential }) => sequential),
    ),
    at50: overheads(
      names,
      of.map(({ at50 }) => at50),
    ),
  });
  return { stub: figures(onStub, seen.stub), http: figures(overHttp, seen.http) };
}

/** A round: new processes, warmed up, then turns in an order that is drawn for each. */
async function takeRound(
  names: readonly string[],
  origin: string | undefined,
  { ms, turns: count, warmUp }: { ms: number; turns: number; warmUp: number },
): Promise<Record<Load, Turn[]>> {
  const children = new Map<string, Child<StraightCalls>>();
  await Promise.all(
    names.map(async (name) => {
      const child = startChild<StraightCalls>('straight-calls');
      children.set(name, child);
      await child.ask('connect', { name, origin });
    }),
  );
  await Promise.all([...children.values()].map((child) => child.ask('warmUp', { calls: warmUp, lanes: 50 })));
  for (const child of children.values()) await child.ask('run', { ms, lanes: 1 });
  const turns: Record<Load, Turn[]> = { sequential: [], at50: [] };
  for (let turn = 0; turn < count; turn++) {
    for (const load of shuffled(loads)) {
      const costs: Turn = new Map();
      for (const name of shuffled(names))
        costs.set(name, await children.get(name)!.ask('run', { ms, lanes: lanesOf[load] }));
      turns[load].push(costs);
    }
  }
  await Promise.all([...children.values()].map((child) => child.end()));
  return turns;
}

/** Ratios are taken within a turn; a round counts with the median of its turns. */
function overheads(names: readonly string[], rounds: readonly (readonly Turn[])[]): Overhead[] {
  return names.map((contender) => {
    const perRound = (value: (turn: Turn) => number) => rounds.map((turns) => median(turns.map(value)));
    const ratioTo = (other: string, of: 'microseconds' | 'cpuMicroseconds') =>
      spreadOf(perRound((turn) => turn.get(contender)![of] / turn.get(other)![of]));
    return {
      contender,
      microseconds: median(perRound((turn) => turn.get(contender)!.microseconds)),
      cpuMicroseconds: median(perRound((turn) => turn.get(contender)!.cpuMicroseconds)),
      toBare: ratioTo('bare axios', 'microseconds'),
      toBearer: ratioTo('hand-written bearer', 'microseconds'),
      cpuToBare: ratioTo('bare axios', 'cpuMicroseconds'),
      cpuToBearer: ratioTo('hand-written bearer', 'cpuMicroseconds'),
    };
  });
}
