import type { Env } from '../time/env.js';
import type { Patience } from '../time/within.js';
import { createAborts } from './aborts.js';
import {
  admit,
  answered,
  at,
  lost,
  sent,
  unknownPace,
  unsent,
  type Admission,
  type Answer,
  type Sending,
} from './plan.js';
import { createQueue, type Placed } from './queue.js';

/** One call's place in the order of calls, over all its attempts. */
export interface Ticket {
  /** Lower ones leave first. */
  readonly turn: number;
  /** The attempt under way. */
  sending: Sending | undefined;
}

/** How a call's wait at the gate ends. */
export type Passage =
  | { readonly kind: 'go' }
  /**
   * It would take longer than the call may wait. `retryAtMs`: when calls may leave again, in local milliseconds since the epoch;
   * `status`: of the answer that closed the gate, if it was one.
   */
  | { readonly kind: 'too-long'; readonly retryAtMs: number; readonly status: number | undefined }
  | { readonly kind: 'aborted' };

/** Paces the calls of one scope by what the server tells, so that it need not refuse any. */
export interface Gate {
  /** A ticket for a new call; calls leave in the order of their tickets, also those that come back. */
  ticket(): Ticket;
  /** Takes a place for a new attempt if there is one at once, and returns whether it has; else the call has to {@link Gate.enter}. */
  leave(ticket: Ticket): boolean;
  /**
   * Waits for a place; no promise when nothing has to be waited for. A ticket that has a place and has not been sent (its token took too
   * long) gives that place back and waits again, where its turn is.
   */
  enter(ticket: Ticket, patience: Patience): Passage | Promise<Passage>;
  /** A call that was let out will not be sent: its token failed, or it was aborted before. */
  release(ticket: Ticket): void;
  /** An answer came. */
  answered(ticket: Ticket, answer: Answer): void;
  /** No answer of Procore's will come: the call failed, was aborted, or was redirected elsewhere. */
  lost(ticket: Ticket): void;
  /**
   * When calls may leave again (`atMs`, local milliseconds since the epoch), and the status of the answer that closed the gate, if one
   * did; undefined when they may now, or when only an answer can tell.
   */
  opening(): { readonly atMs: number; readonly status: number | undefined } | undefined;
  /** Calls that wait. */
  readonly waiting: number;
  /** Nobody is under way and nothing is known that a new gate would not know. */
  isIdle(): boolean;
}

interface Waiting extends Placed {
  readonly ticket: Ticket;
  /** When its patience ends, if the process is not stopped until then. */
  readonly giveUpAwakeMs: number;
  readonly signal: AbortSignal | undefined;
  passage: Passage | undefined;
  settle: ((passage: Passage) => void) | undefined;
}

const go: Passage = Object.freeze({ kind: 'go' });
const aborted: Passage = Object.freeze({ kind: 'aborted' });

/** Creates the gate of one scope. `serverOffsetMs` is how far the server's clock is ahead, at least. */
export function createGate({ env, serverOffsetMs }: { env: Env; serverOffsetMs: () => number }): Gate {
  let pace = unknownPace;
  let turns = 0;
  let lastMs = -Infinity;
  /** By how much this machine's clock has been set back, all in all. */
  let setBackMs = 0;
  let timer: { readonly atMs: number; readonly stop: AbortController } | undefined;
  const byTurn = createQueue<Waiting>(isEarlier, 0);
  const byPatience = createQueue<Waiting>(
    (one, other) =>
      one.giveUpAwakeMs < other.giveUpAwakeMs ||
      (one.giveUpAwakeMs === other.giveUpAwakeMs && isEarlier(one, other)),
    1,
  );
  const aborts = createAborts<Waiting>((waiting) => {
    dismiss(waiting, aborted);
    rest();
  });

  /** The gate's own time, which never runs back: by a clock that is set back all that it knows would lie hours ahead. */
  function now(): number {
    const localMs = env.now();
    setBackMs = Math.max(setBackMs, lastMs - localMs);
    lastMs = localMs + setBackMs;
    return lastMs;
  }

  /** Time in which the process was stopped counts against nobody: by so much later everybody's patience ends. */
  const asleepMs = () => env.asleepMs?.() ?? 0;
  const giveUpAtMs = (waiting: Waiting) => waiting.giveUpAwakeMs + asleepMs();

  /** What a caller is told is a time by the clock as it is now. */
  function told<T extends { readonly atMs: number }>(moment: T): T {
    return setBackMs === 0 ? moment : { ...moment, atMs: moment.atMs - setBackMs };
  }

  function look(nowMs: number): Admission {
    pace = at(pace, nowMs);
    return admit(pace, nowMs);
  }

  function send(ticket: Ticket, nowMs: number): void {
    const left = sent(pace, nowMs);
    pace = left.pace;
    ticket.sending = left.sending;
  }

  /** Takes the ticket's attempt off the books; undefined when there is none. */
  function strike(ticket: Ticket): Sending | undefined {
    const { sending } = ticket;
    ticket.sending = undefined;
    return sending;
  }

  function dismiss(waiting: Waiting, passage: Passage): void {
    byTurn.leave(waiting);
    byPatience.leave(waiting);
    if (waiting.signal) aborts.unwatch(waiting.signal, waiting);
    waiting.passage = passage;
    waiting.settle?.(passage);
  }

  /** Lets out who may leave, turns away who would wait too long, and sets the timer for the rest. */
  function serve(): void {
    if (byTurn.size === 0) return rest();
    const nowMs = now();
    let admission = look(nowMs);
    for (let next = byTurn.first(); next && admission.kind === 'go'; next = byTurn.first()) {
      dismiss(next, go);
      send(next.ticket, nowMs);
      admission = look(nowMs);
    }
    if (admission.kind === 'go') return rest();
    const opensAtMs = admission.kind === 'until' ? admission.atMs : nowMs;
    const tooLong = refusal(told(admission));
    for (let next = byPatience.first(); next; next = byPatience.first()) {
      if (giveUpAtMs(next) > nowMs && giveUpAtMs(next) >= opensAtMs) break;
      dismiss(next, tooLong);
    }
    rest(admission.atMs);
  }

  /** One timer for everybody. One that is early only looks again. */
  function rest(opensAtMs = Infinity): void {
    const first = byPatience.first();
    if (!first) {
      timer?.stop.abort();
      timer = undefined;
      return;
    }
    const atMs = Math.min(opensAtMs, giveUpAtMs(first));
    if (atMs === Infinity || (timer && timer.atMs <= atMs)) return;
    timer?.stop.abort();
    const mine = { atMs, stop: new AbortController() };
    timer = mine;
    // The gate opens by the server's time, whether or not anybody was awake: this only sees to it that a stop is noticed.
    if (env.asleepMs) void env.sleep(Infinity, { signal: mine.stop.signal, awake: true });
    void env.sleep(atMs - now(), { signal: mine.stop.signal }).then(() => {
      if (timer !== mine) return;
      timer = undefined;
      serve();
      mine.stop.abort();
    });
  }

  return {
    ticket: () => ({ turn: turns++, sending: undefined }),

    leave(ticket) {
      if (byTurn.size > 0 || ticket.sending) return false;
      const nowMs = now();
      if (look(nowMs).kind !== 'go') return false;
      send(ticket, nowMs);
      return true;
    },

    enter(ticket, { maxMs, signal }) {
      const back = strike(ticket);
      if (back) pace = unsent(pace, back);
      const nowMs = now();
      if (signal?.aborted) {
        if (back) serve();
        return aborted;
      }
      if (byTurn.size === 0 && look(nowMs).kind === 'go') {
        send(ticket, nowMs);
        return go;
      }
      const waiting: Waiting = {
        ticket,
        giveUpAwakeMs: nowMs + maxMs - asleepMs(),
        signal,
        places: [],
        passage: undefined,
        settle: undefined,
      };
      byTurn.join(waiting);
      byPatience.join(waiting);
      serve();
      if (waiting.passage) return waiting.passage;
      if (signal) aborts.watch(signal, waiting);
      return new Promise((resolve) => (waiting.settle = resolve));
    },

    release(ticket) {
      const sending = strike(ticket);
      if (!sending) return;
      pace = unsent(pace, sending);
      serve();
    },

    answered(ticket, answer) {
      const sending = strike(ticket);
      if (!sending) return;
      const draw = answer.status === 429 || answer.status === 503 ? env.random() : 0;
      const clock = { nowMs: now(), serverOffsetMs: serverOffsetMs() - setBackMs, draw };
      pace = answered(pace, sending, answer, clock);
      serve();
    },

    lost(ticket) {
      const sending = strike(ticket);
      if (!sending) return;
      pace = lost(pace, sending);
      serve();
    },

    opening() {
      const admission = look(now());
      return admission.kind === 'until' ? told(admission) : undefined;
    },

    get waiting() {
      return byTurn.size;
    },

    isIdle() {
      const nowMs = now();
      pace = at(pace, nowMs);
      const { inFlight, windows, closing } = pace;
      const isOpen = !closing || nowMs >= closing.untilMs;
      const knows = windows.some(({ resetMs }) => resetMs !== undefined);
      return inFlight === 0 && byTurn.size === 0 && isOpen && !knows;
    },
  };
}

function isEarlier(one: Waiting, other: Waiting): boolean {
  return one.ticket.turn < other.ticket.turn;
}

function refusal(admission: Exclude<Admission, { kind: 'go' }>): Passage {
  return {
    kind: 'too-long',
    retryAtMs: admission.atMs,
    status: admission.kind === 'until' ? admission.status : undefined,
  };
}
