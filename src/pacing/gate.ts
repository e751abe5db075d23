import type { Env } from '../time/env.js';
import type { WaitBounds } from '../time/within.js';
import type { Answer, Sending } from './plan.js';
import { ScopeGate } from './scope-gate.js';
import type { PacingStatus } from './status.js';
import type { Passage } from './waiting.js';

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
  waitToPass(ticket: Ticket, bounds: WaitBounds): Passage | Promise<Passage>;
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
  /**
   * Gives back what the gate holds of a limit that is shared with other processes, without waiting for it. `isForgotten`: the gate will not
   * be used again.
   */
  giveBack(isForgotten?: boolean): void;
}

/** What the gates of one store have in common. */
export interface GateDeps {
  readonly env: Env;
  /** How far the server's clock is ahead, at least. */
  readonly serverOffsetMs: () => number;
}

/** Creates the gate of one scope. */
export function createGate(deps: GateDeps): Gate {
  return new ScopeGate(deps);
}
