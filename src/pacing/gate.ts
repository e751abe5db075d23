import type { Env } from '../time/env.js';
import { SteadyClock } from '../time/steady-clock.js';
import type { Patience } from '../time/within.js';
import { mayThrottle } from '../wire/server-wait.js';
import { createWaitingCalls, type WaitingCalls, type Passage } from './waiting.js';
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
import { statusOfPace, type PacingStatus } from './status.js';

export type { Passage } from './waiting.js';

/** One call's place in the order of calls, over all its attempts. */
export interface Ticket {
  /** Calls with lower turns pass first. */
  readonly turn: number;
  /** The attempt under way. */
  sending: Sending | undefined;
}

/** Paces the calls of one scope by what the server tells of its limits, so that the server has to refuse none. */
export interface Gate {
  /** A ticket for a new call. Calls pass in the order of their tickets, also those that come back. */
  ticket(): Ticket;
  /** A call that may have to wait, here or elsewhere, joins: the gate must not be forgotten before it leaves. */
  join(): void;
  /** A call that has joined is over. */
  leave(ticket: Ticket): void;
  /** Lets a new attempt pass if it need not wait. Returns false if it has to, by {@link Gate.waitToPass}. */
  tryPass(ticket: Ticket): boolean;
  /**
   * Waits until the call may pass; no promise when it may at once. A call that has passed and was not sent, because its token took too
   * long, loses its pass and waits again by its turn.
   */
  waitToPass(ticket: Ticket, patience: Patience): Passage | Promise<Passage>;
  /** A call that has passed will not be sent: its token failed, or it was aborted before. */
  release(ticket: Ticket): void;
  /** An answer came. */
  answered(ticket: Ticket, answer: Answer): void;
  /** No answer of Procore's will come: the call failed, was aborted, or was redirected elsewhere. */
  lost(ticket: Ticket): void;
  /**
   * When calls may pass again (`atMs`, local milliseconds since the epoch), and the status of the answer that closed the gate, if one
   * did; undefined when they may now, or when only an answer can tell.
   */
  opening(): { readonly atMs: number; readonly status: number | undefined } | undefined;
  /** How many calls wait. */
  readonly waiting: number;
  /** How many of them pass before this one, which waits too. */
  before(ticket: Ticket): number;
  /** What is known of the limit now; undefined before the first answer. */
  status(): PacingStatus | undefined;
  /** No call is under way or has joined, and the gate knows nothing that a new one would not know. */
  isIdle(): boolean;
}

/** What the gates of one store have in common. */
export interface GateDeps {
  readonly env: Env;
  /** How far the server's clock is ahead, at least. */
  readonly serverOffsetMs: () => number;
}

const go: Passage = Object.freeze({ kind: 'go' });
const aborted: Passage = Object.freeze({ kind: 'aborted' });

/** Creates the gate of one scope. */
export function createGate(deps: GateDeps): Gate {
  return new ScopeGate(deps);
}

/**
 * The gate of one scope: its pace, and the calls that wait, as long as there are any. A class, and no closures, because an application may
 * have a hundred thousand of them.
 */
class ScopeGate implements Gate {
  private pace = unknownPace;
  private turns = 0;
  /** Calls that have joined and not left. */
  private joined = 0;
  private readonly clock: SteadyClock;
  private waitingCalls: WaitingCalls<Ticket> | undefined;

  constructor(private readonly deps: GateDeps) {
    this.clock = new SteadyClock(deps.env);
  }

  get waiting(): number {
    return this.waitingCalls?.size ?? 0;
  }

  before(ticket: Ticket): number {
    // Most calls that begin to wait are the latest of all.
    if (ticket.turn === this.turns - 1) return this.waiting - 1;
    return this.waitingCalls?.before(ticket) ?? 0;
  }

  ticket(): Ticket {
    return { turn: this.turns++, sending: undefined };
  }

  join(): void {
    this.joined++;
  }

  leave(ticket: Ticket): void {
    this.joined--;
    this.release(ticket);
  }

  tryPass(ticket: Ticket): boolean {
    if (this.waiting > 0 || ticket.sending) return false;
    const nowMs = this.clock.now();
    if (this.look(nowMs).kind !== 'go') return false;
    this.send(ticket, nowMs);
    return true;
  }

  waitToPass(ticket: Ticket, patience: Patience): Passage | Promise<Passage> {
    const back = takeSending(ticket);
    if (back) this.pace = unsent(this.pace, back);
    if (patience.signal?.aborted) {
      if (back) this.serve();
      return aborted;
    }
    if (this.tryPass(ticket)) return go;
    this.waitingCalls ??= createWaitingCalls({
      env: this.deps.env,
      now: () => this.clock.now(),
      due: () => this.serve(),
    });
    const { waitingCalls: calls } = this;
    const waiting = calls.join(ticket, patience);
    this.serve();
    return calls.passageOf(waiting);
  }

  release(ticket: Ticket): void {
    const sending = takeSending(ticket);
    if (!sending) return;
    this.pace = unsent(this.pace, sending);
    this.serve();
  }

  answered(ticket: Ticket, answer: Answer): void {
    const sending = takeSending(ticket);
    if (!sending) return;
    const { env, serverOffsetMs } = this.deps;
    const draw = mayThrottle(answer.status) ? env.random() : 0;
    const nowMs = this.clock.now();
    const clock = { nowMs, serverOffsetMs: serverOffsetMs() - this.clock.setBackMs, draw };
    this.pace = answered(this.pace, sending, answer, clock);
    this.serve();
  }

  lost(ticket: Ticket): void {
    const sending = takeSending(ticket);
    if (!sending) return;
    this.pace = lost(this.pace, sending);
    this.serve();
  }

  opening(): { readonly atMs: number; readonly status: number | undefined } | undefined {
    const admission = this.look(this.clock.now());
    return admission.kind === 'until' ? this.byLocalClock(admission) : undefined;
  }

  status(): PacingStatus | undefined {
    const nowMs = this.clock.now();
    this.pace = at(this.pace, nowMs);
    return statusOfPace(this.pace, nowMs, { waiting: this.waiting, setBackMs: this.clock.setBackMs });
  }

  isIdle(): boolean {
    const nowMs = this.clock.now();
    this.pace = at(this.pace, nowMs);
    const { inFlight, windows, closing } = this.pace;
    const isUsed = inFlight > 0 || this.joined > 0 || this.waiting > 0;
    const isOpen = !closing || nowMs >= closing.untilMs;
    return !isUsed && isOpen && windows.every(({ resetMs }) => resetMs === undefined);
  }

  /** Callers are told a moment of this machine's clock as it is now. */
  private byLocalClock<T extends { readonly atMs: number }>(moment: T): T {
    return this.clock.setBackMs === 0 ? moment : { ...moment, atMs: moment.atMs - this.clock.setBackMs };
  }

  private look(nowMs: number): Admission {
    this.pace = at(this.pace, nowMs);
    return admit(this.pace, nowMs);
  }

  private send(ticket: Ticket, nowMs: number): void {
    const { pace, sending } = sent(this.pace, nowMs);
    this.pace = pace;
    ticket.sending = sending;
  }

  /** Lets pass the calls that may, turns away those that would wait too long, and sets the timer for the rest. */
  private serve(): void {
    const { waitingCalls: calls } = this;
    if (!calls) return;
    const nowMs = this.clock.now();
    let admission = this.look(nowMs);
    for (let next = calls.next(); next && admission.kind === 'go'; next = calls.next()) {
      calls.dismiss(next, go);
      this.send(next.ticket, nowMs);
      admission = this.look(nowMs);
    }
    if (admission.kind !== 'go') {
      const opensAtMs = admission.kind === 'until' ? admission.atMs : nowMs;
      const tooLong = refusal(this.byLocalClock(admission));
      for (let next = calls.leastPatient(); next; next = calls.leastPatient()) {
        const giveUpAtMs = calls.giveUpAtMs(next);
        if (giveUpAtMs > nowMs && giveUpAtMs >= opensAtMs) break;
        calls.dismiss(next, tooLong);
      }
    }
    calls.setTimer(admission.kind === 'go' ? undefined : admission.atMs);
    if (calls.size === 0) this.waitingCalls = undefined;
  }
}

/** Takes the ticket's attempt off it; undefined where there is none under way. */
function takeSending(ticket: Ticket): Sending | undefined {
  const { sending } = ticket;
  ticket.sending = undefined;
  return sending;
}

function refusal(admission: Exclude<Admission, { kind: 'go' }>): Passage {
  return {
    kind: 'too-long',
    retryAtMs: admission.atMs,
    status: admission.kind === 'until' ? admission.status : undefined,
  };
}
