import { SteadyClock } from '../time/steady-clock.js';
import type { WaitBounds } from '../time/within.js';
import { mayThrottle } from '../wire/server-wait.js';
import type { Gate, GateDeps, Ticket } from './gate.js';
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
  type AnswerClock,
  type Pace,
  type Sending,
} from './plan.js';
import { statusOfPace, type PacingStatus } from './status.js';
import { createWaitingCalls, type Passage, type WaitingCalls } from './waiting.js';

const go: Passage = Object.freeze({ kind: 'go' });
const aborted: Passage = Object.freeze({ kind: 'aborted' });

/**
 * The gate of one scope: its pace, and the calls that wait, as long as there are any. A class, and no closures, because an application may
 * have a hundred thousand of them.
 */
export class ScopeGate implements Gate {
  protected pace: Pace = unknownPace;
  protected turns: number = 0;
  /** Calls that have joined and not left. */
  private joined = 0;
  protected readonly clock: SteadyClock;
  private waitingCalls: WaitingCalls<Ticket> | undefined;

  constructor(protected readonly deps: GateDeps) {
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
    if (this.admission(nowMs).kind !== 'go') return false;
    this.send(ticket, nowMs);
    return true;
  }

  waitToPass(ticket: Ticket, bounds: WaitBounds): Passage | Promise<Passage> {
    const back = this.takeBack(ticket);
    if (bounds.signal?.aborted) {
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
    const waiting = calls.join(ticket, bounds);
    this.serve();
    return calls.passageOf(waiting);
  }

  release(ticket: Ticket): void {
    if (this.takeBack(ticket)) this.serve();
  }

  answered(ticket: Ticket, answer: Answer): void {
    const sending = takeSending(ticket);
    if (!sending) return;
    const { env, serverOffsetMs } = this.deps;
    const draw = mayThrottle(answer.status) ? env.random() : 0;
    const nowMs = this.clock.now();
    const clock = { nowMs, serverOffsetMs: serverOffsetMs() - this.clock.setBackMs, draw };
    this.pace = answered(this.pace, sending, answer, clock);
    this.ended(ticket, answer, clock);
    this.serve();
  }

  lost(ticket: Ticket): void {
    const sending = takeSending(ticket);
    if (!sending) return;
    this.pace = lost(this.pace, sending);
    this.ended(ticket, undefined, { nowMs: this.clock.now(), serverOffsetMs: 0, draw: 0 });
    this.serve();
  }

  opening(): { readonly atMs: number; readonly status: number | undefined } | undefined {
    const admission = this.admission(this.clock.now());
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

  giveBack(_isForgotten?: boolean): void {
    // It holds nothing: its limit is this process's own.
  }

  /** Callers are told a moment of this machine's clock as it is now. */
  protected byLocalClock<T extends { readonly atMs: number }>(moment: T): T {
    return this.clock.setBackMs === 0 ? moment : { ...moment, atMs: moment.atMs - this.clock.setBackMs };
  }

  /** Whether the next call may pass now. */
  protected admission(nowMs: number): Admission {
    this.pace = at(this.pace, nowMs);
    return admit(this.pace, nowMs);
  }

  protected send(ticket: Ticket, nowMs: number): void {
    const { pace, sending } = sent(this.pace, nowMs);
    this.pace = pace;
    ticket.sending = sending;
  }

  /** Takes a call back that has passed and was not sent. Returns whether there is one. */
  protected takeBack(ticket: Ticket): boolean {
    const sending = takeSending(ticket);
    if (sending) this.pace = unsent(this.pace, sending);
    return sending !== undefined;
  }

  /** A call has ended, with an answer or without one. */
  protected ended(_ticket: Ticket, _answer: Answer | undefined, _clock: AnswerClock): void {
    // Only processes that share a limit tell one another of it.
  }

  /** Lets pass the calls that may, turns away those that would wait too long, and sets the timer for the rest. */
  protected serve(): void {
    const { waitingCalls: calls } = this;
    if (!calls) return;
    const nowMs = this.clock.now();
    let admission = this.admission(nowMs);
    for (let next = calls.next(); next && admission.kind === 'go'; next = calls.next()) {
      calls.dismiss(next, go);
      this.send(next.ticket, nowMs);
      admission = this.admission(nowMs);
    }
    if (admission.kind !== 'go') {
      const opensAtMs = admission.kind === 'until' ? admission.atMs : nowMs;
      const tooLong = refusal(this.byLocalClock(admission));
      for (let next = calls.firstToEnd(); next; next = calls.firstToEnd()) {
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
