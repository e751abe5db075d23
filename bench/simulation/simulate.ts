import type { Question, Reply } from '../../src/pacing/shared/exchange.js';
import { ask, emptyScope } from '../../test/support/shared-pacing.js';
import { createApi, type ApiAnswer, type Limit } from './api.js';
import { createChance } from './chance.js';
import { createEvents } from './events.js';
import { createProcess, type Call } from './process.js';

/** What is simulated. Times are in milliseconds. */
export interface Run {
  readonly seed: number;
  readonly kind: 'fixed' | 'sliding';
  readonly limits: readonly Limit[];
  readonly processes: number;
  /** Calls of all processes together. */
  readonly calls: number;
  /** How many calls a process makes at a time. */
  readonly concurrency: number;
  /** A process makes so many calls in one go, then rests for a random time with this mean; absent: all in one go. */
  readonly bursts?: { readonly calls: number; readonly restMs: number };
  /** The processes begin one after another within this time. */
  readonly startWithinMs: number;
  /** The clocks of the processes are off by up to so much. */
  readonly skewMs: number;
  /** The part of the questions and of the replies that are lost. */
  readonly lost?: number;
  /** The part of the calls that are lost, on the way there or back. */
  readonly lostCalls?: number;
  /** How long a question may go unanswered before a process paces alone; Infinity: it never does. 500 unless given. */
  readonly aloneAfterMs?: number;
  /** How often a process crashes, on average; it begins anew at once and makes its unfinished calls again. */
  readonly crashEveryMs?: number;
  /** How often the common state is lost. */
  readonly stateLostEveryMs?: number;
  /** How often a process is stopped for a minute, on average. */
  readonly stoppedEveryMs?: number;
}

export interface Outcome {
  readonly tookMs: number;
  readonly served: number;
  /** Calls that have ended, by an answer or without one. */
  readonly finished: number;
  /** 429s before the first answer was told to the common state, and after that. */
  readonly refusedCold: number;
  readonly refusedWarm: number;
  readonly questions: number;
  /** Of single calls, over all. */
  readonly worstWaitMs: number;
  readonly medianWaitMs: number;
  /** The process that waited the longest in the mean, as a multiple of the mean over all processes. */
  readonly unfairness: number;
  /** The mean over full windows of the part that was used, for each limit. */
  readonly used: readonly number[];
  readonly crashes: number;
}

/** Makes the API of a run; `now` is its clock. */
export type MakeApi = (now: () => number, run: Run) => { judge(): ApiAnswer };

const defaultApi: MakeApi = (now, { kind, limits }) => createApi(now, kind, limits);
const apiAheadMs = 123_456;
const stoppedMs = 60_000;

/** One process after another in one place: what a crash ends. */
interface Life {
  isOver: boolean;
  stoppedUntilMs: number;
}

/** Simulates the run; on an API with other limits if one is given. */
export function simulate(run: Run, makeApi: MakeApi = defaultApi): Outcome {
  const chance = createChance(run.seed);
  const startMs = 1_800_000_000_000 + Math.floor(chance() * 10_000);
  const events = createEvents(startMs);
  const api = makeApi(() => events.nowMs + apiAheadMs, run);
  let scope = emptyScope();
  let questions = 0;
  let refusedCold = 0;
  let refusedWarm = 0;
  let finished = 0;
  let crashes = 0;
  let isWarm = false;
  const servedAtMs = [] as number[];
  const waitsMs = new Float64Array(run.calls);
  const means: number[] = [];

  /** One way through the network: now and then a slow one. */
  const legMs = () => (chance() < 0.01 ? 1_000 * chance() : 20 + 60 * chance());
  const stateLegMs = () => (chance() < 0.001 ? 100 * chance() : 0.2 + 2 * chance());

  /** A random time with this mean. */
  const drawn = (meanMs: number) => -Math.log(1 - chance()) * meanMs;

  function answerTo(question: Question): Reply {
    questions++;
    const reply = ask(scope, question, Math.floor(events.nowMs));
    isWarm ||= scope.common!.answered;
    return reply;
  }

  function worldOf(life: Life, skewMs: number) {
    /** Nothing happens in a process that has crashed, and nothing yet in one that is stopped. */
    function inside(happen: () => void): void {
      if (life.isOver) return;
      if (events.nowMs < life.stoppedUntilMs) events.at(life.stoppedUntilMs, () => inside(happen));
      else happen();
    }
    return {
      aloneAfterMs: run.aloneAfterMs ?? 500,
      now: () => events.nowMs + skewMs,
      chance,
      after: (ms: number, happen: () => void) => events.after(ms, () => inside(happen)),
      callApi(receive: (answer: ApiAnswer | undefined) => void) {
        const isLost = run.lostCalls !== undefined && chance() < run.lostCalls;
        if (isLost && chance() < 0.5)
          return void events.after(legMs(), () => inside(() => receive(undefined)));
        events.after(legMs(), () => {
          const answer = api.judge();
          if (answer.status !== 429) servedAtMs.push(events.nowMs);
          else if (isWarm) refusedWarm++;
          else refusedCold++;
          events.after(legMs(), () => inside(() => receive(isLost ? undefined : answer)));
        });
      },
      ask(question: Question, receive: (reply: Reply) => void) {
        if (run.lost && chance() < run.lost) return;
        events.after(stateLegMs(), () => {
          const reply = answerTo(question);
          if (run.lost && chance() < run.lost) return;
          events.after(stateLegMs(), () => inside(() => receive(reply)));
        });
      },
    };
  }

  /** A place where one process runs, and after a crash the next one, until its calls are made. */
  function place(index: number): void {
    const skewMs = Math.round((2 * chance() - 1) * run.skewMs);
    const calls = Math.floor(run.calls / run.processes) + (index < run.calls % run.processes ? 1 : 0);
    let done = 0;
    let waitedMs = 0;
    let lives = 0;

    function live(): void {
      const life: Life = { isOver: false, stoppedUntilMs: 0 };
      const process = createProcess(`p${index}.${lives++}`, worldOf(life, skewMs));
      let begun = done;
      work();
      if (run.crashEveryMs) events.after(drawn(run.crashEveryMs), crash);
      if (run.stoppedEveryMs) events.after(drawn(run.stoppedEveryMs), stop);

      function work(): void {
        let burst = run.bursts?.calls ?? Infinity;
        let busy = run.concurrency;
        for (let lane = 0; lane < run.concurrency; lane++) next();

        /** A lane makes one call after another. */
        function next(): void {
          if (begun < calls && burst > 0) {
            begun++;
            burst--;
            process.call(ended);
            return;
          }
          busy--;
          if (busy === 0 && begun < calls)
            events.after(drawn(run.bursts!.restMs), () => !life.isOver && work());
        }

        function ended(call: Call): void {
          done++;
          waitedMs += call.waitedMs;
          waitsMs[finished++] = call.waitedMs;
          if (done === calls) means.push(waitedMs / calls);
          next();
        }
      }

      function crash(): void {
        if (done === calls) return;
        life.isOver = true;
        crashes++;
        live();
      }

      function stop(): void {
        life.stoppedUntilMs = events.nowMs + stoppedMs;
        if (done < calls && !life.isOver) events.after(drawn(run.stoppedEveryMs!), stop);
      }
    }

    events.after(chance() * run.startWithinMs, live);
  }

  for (let index = 0; index < run.processes; index++) place(index);
  if (run.stateLostEveryMs) {
    const lose = () => {
      scope = emptyScope();
      events.after(run.stateLostEveryMs!, lose);
    };
    events.after(run.stateLostEveryMs, lose);
  }
  events.run(() => finished >= run.calls);

  const sorted = waitsMs.slice(0, finished).sort();
  const mean = means.reduce((sum, one) => sum + one, 0) / means.length;
  return {
    tookMs: Math.round(events.nowMs - startMs),
    served: servedAtMs.length,
    finished,
    refusedCold,
    refusedWarm,
    questions,
    worstWaitMs: Math.round(sorted.at(-1) ?? 0),
    medianWaitMs: Math.round(sorted[Math.floor(finished / 2)] ?? 0),
    unfairness: Math.max(...means) / mean,
    used: run.limits.map((limit) => usedPart(servedAtMs, limit)),
    crashes,
  };
}

/** How much of a limit was used in the mean, from the first call to the last full window. */
function usedPart(atMs: readonly number[], { limit, windowMs }: Limit): number {
  const first = atMs[0] ?? 0;
  const windows = Math.floor(((atMs.at(-1) ?? 0) - first) / windowMs);
  if (windows < 1) return atMs.length / limit;
  const counted = atMs.filter((at) => at < first + windows * windowMs).length;
  return counted / (windows * limit);
}
