import type { Env } from '../time/env.js';
import { createAlarm } from '../time/alarm.js';
import type { WaitBounds } from '../time/within.js';
import { createAborts } from './aborts.js';
import { createQueue, type Placed } from './queue.js';

/** How a call's wait at the gate ends. */
export type Passage =
  | { readonly kind: 'go' }
  /**
   * It would take longer than the call may wait. `retryAtMs`: when calls may pass again, in local milliseconds since the epoch;
   * `status`: of the answer that closed the gate, if it was one.
   */
  | { readonly kind: 'too-long'; readonly retryAtMs: number; readonly status: number | undefined }
  | { readonly kind: 'aborted' };

/** One call that waits at a gate. */
interface WaitingCall<T> extends Placed {
  readonly ticket: T;
  /** When it stops waiting, in awake time. */
  readonly giveUpAwakeMs: number;
  readonly signal: AbortSignal | undefined;
  passage: Passage | undefined;
  settle: ((passage: Passage) => void) | undefined;
}

/** The calls that wait at one gate, with one timer for all of them. */
export interface WaitingCalls<T> {
  readonly size: number;
  /** The call that passes next: the one with the earliest turn. */
  next(): WaitingCall<T> | undefined;
  /** How many of the calls pass before this one. */
  before(ticket: T): number;
  /** The call that stops waiting first. */
  firstToEnd(): WaitingCall<T> | undefined;
  /** When a call stops waiting by the gate's clock, if the process is not stopped until then. */
  giveUpAtMs(waiting: WaitingCall<T>): number;
  join(ticket: T, bounds: WaitBounds): WaitingCall<T>;
  /** Ends the wait of a call. */
  dismiss(waiting: WaitingCall<T>, passage: Passage): void;
  /** The passage of a call that has joined: a promise where its wait has not ended yet. */
  passageOf(waiting: WaitingCall<T>): Passage | Promise<Passage>;
  /** Sets the timer for the moment at which the gate opens or the first call stops waiting; without calls it is cleared. */
  setTimer(opensAtMs?: number): void;
}

const aborted: Passage = Object.freeze({ kind: 'aborted' });

/** Creates the calls that wait at one gate. `now` is the gate's clock; `due` is called when the timer fires. */
export function createWaitingCalls<T extends { readonly turn: number }>(deps: {
  env: Env;
  now: () => number;
  due: () => void;
}): WaitingCalls<T> {
  const { env, now } = deps;
  const alarm = createAlarm(env, now, deps.due);
  const byTurn = createQueue<WaitingCall<T>>(isEarlier, 0);
  const byEnd = createQueue<WaitingCall<T>>(
    (one, other) =>
      one.giveUpAwakeMs < other.giveUpAwakeMs ||
      (one.giveUpAwakeMs === other.giveUpAwakeMs && isEarlier(one, other)),
    1,
  );
  const aborts = createAborts<WaitingCall<T>>((waiting) => {
    dismiss(waiting, aborted);
    setTimer();
  });

  /** Time during which the process was stopped makes nobody give up earlier. */
  const asleepMs = () => env.asleepMs?.() ?? 0;
  const giveUpAtMs = (waiting: WaitingCall<T>) => waiting.giveUpAwakeMs + asleepMs();

  function dismiss(waiting: WaitingCall<T>, passage: Passage): void {
    byTurn.leave(waiting);
    byEnd.leave(waiting);
    if (waiting.signal) aborts.unwatch(waiting.signal, waiting);
    waiting.passage = passage;
    waiting.settle?.(passage);
  }

  function setTimer(opensAtMs = Infinity): void {
    const first = byEnd.first();
    if (first) alarm.set(Math.min(opensAtMs, giveUpAtMs(first)));
    else alarm.clear();
  }

  return {
    get size() {
      return byTurn.size;
    },
    next: byTurn.first,
    before: ({ turn }) => byTurn.before(({ ticket }) => ticket.turn < turn),
    firstToEnd: byEnd.first,
    giveUpAtMs,
    dismiss,
    setTimer,
    join(ticket, { maxMs, signal }) {
      const waiting: WaitingCall<T> = {
        ticket,
        giveUpAwakeMs: now() + maxMs - asleepMs(),
        signal,
        places: [],
        passage: undefined,
        settle: undefined,
      };
      byTurn.join(waiting);
      byEnd.join(waiting);
      return waiting;
    },
    passageOf(waiting) {
      if (waiting.passage) return waiting.passage;
      if (waiting.signal) aborts.watch(waiting.signal, waiting);
      return new Promise((resolve) => (waiting.settle = resolve));
    },
  };
}

function isEarlier<T extends { readonly turn: number }>(one: WaitingCall<T>, other: WaitingCall<T>): boolean {
  return one.ticket.turn < other.ticket.turn;
}
