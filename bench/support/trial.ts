import type { Caller } from '../processes/caller.js';
import type { EmulatorProcess } from '../processes/emulator.js';
import type { Calls } from './calls.js';
import { startChild, type Child } from './child.js';
import { median, quantile } from './statistics.js';

type Counters = ReturnType<EmulatorProcess['counters']>;
export type EmulatorOptions = Parameters<EmulatorProcess['start']>[0];

/** One contender's calls on a new emulator, and what the emulator has counted. */
export interface Trial {
  readonly calls: Calls;
  readonly counters: Counters;
}

/** Lets a contender make its calls, in a new process on a new emulator. */
export async function tryOut(
  emulator: Child<EmulatorProcess>,
  name: string,
  options: EmulatorOptions & { expired?: boolean },
  act: (caller: Child<Caller>) => Promise<Calls>,
): Promise<Trial> {
  const { expired = false, ...given } = options;
  const caller = startChild<Caller>('caller');
  // The caller's process starts meanwhile: an outage begins with the emulator.
  await caller.ask('ready');
  const place = await emulator.ask('start', given);
  const tokens = await emulator.ask('issue', { expired });
  const { limit = 1_000_000_000, windowSeconds = 1 } = given.limit ?? {};
  await caller.ask('connect', {
    name,
    ...place,
    tokens,
    limit: { maxRequests: limit, perMilliseconds: windowSeconds * 1000 },
  });
  const calls = await act(caller);
  const counters = await emulator.ask('counters');
  await caller.end();
  return { calls, counters };
}

/** What became of the same trial of one contender in several rounds. */
export interface Outcome extends Counters {
  readonly contender: string;
  readonly rounds: number;
  readonly answered: number;
  readonly failed: number;
  readonly failures: Readonly<Record<string, number>>;
  /** The median of the rounds. */
  readonly ms: number;
  readonly cpuMicrosecondsPerCall: number;
  /** Of all calls of all rounds; absent where none was answered. */
  readonly latencyMs?: { readonly p50: number; readonly p99: number; readonly p999: number };
}

/** Times are medians of the rounds; counts are those of the round with most failures, of several the one with most exchanges. */
export function outcomeOf(contender: string, trials: readonly Trial[]): Outcome {
  const [worst] = [...trials].sort(
    (a, b) => b.calls.failed - a.calls.failed || b.counters.exchanges - a.counters.exchanges,
  );
  const { answered, failed, failures } = worst!.calls;
  const latencies = trials.flatMap(({ calls }) => calls.latenciesMs);
  return {
    contender,
    rounds: trials.length,
    answered,
    failed,
    failures,
    ...worst!.counters,
    ms: median(trials.map(({ calls }) => calls.ms)),
    cpuMicrosecondsPerCall: median(trials.map(({ calls }) => calls.cpuMicrosecondsPerCall)),
    ...(latencies.length && {
      latencyMs: {
        p50: median(latencies),
        p99: quantile(latencies, 0.99),
        p999: quantile(latencies, 0.999),
      },
    }),
  };
}
