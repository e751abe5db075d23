import { Asking, replyMs, type Asker, type AskingDeps } from './asking.js';
import type { Gate, GateDeps, Ticket } from './gate.js';
import type { Admission, Answer, AnswerClock } from './plan.js';
import { ScopeGate } from './scope-gate.js';
import type { Question, Reply } from './shared/exchange.js';
import { askedAgain, givenBack, nextAtMs, nextQuestion } from './shared/questions.js';
import {
  admission,
  answered,
  lost,
  newShare,
  replied,
  spent,
  spentAlone,
  unsent,
  type Permit,
  type Share,
} from './shared/share.js';
import { statusOfShare, type PacingStatus } from './status.js';

/** What the gates under one common state have in common. */
export interface SharedGateDeps extends GateDeps, AskingDeps {
  /** The name of a gate among all gates of the scope. */
  readonly member: () => string;
}

/** A call at a gate whose limit is shared with other processes. */
interface SharedTicket extends Ticket {
  /** What the attempt under way was let pass by. */
  permit: Permit | undefined;
}

/** Creates the gate of one scope, whose limit is shared with other processes. `scope`: its name, the same in all of them. */
export function createSharedGate(deps: SharedGateDeps, scope: string): Gate {
  return new SharedGate(deps, scope);
}

/**
 * A gate whose calls pass by permits of the common state. Its own pace learns from every answer meanwhile, because it decides as soon as the
 * common state does not answer.
 */
class SharedGate extends ScopeGate implements Asker {
  private share: Share;
  private readonly asking: Asking;
  /** The last reply, and when it came. */
  private last: { readonly reply: Reply; readonly atMs: number } | undefined;

  constructor(deps: SharedGateDeps, scope: string) {
    super(deps);
    this.share = newShare(deps.member());
    this.asking = new Asking(deps, scope, this);
  }

  override ticket(): SharedTicket {
    return { turn: this.turns++, sending: undefined, permit: undefined };
  }

  override tryPass(ticket: Ticket): boolean {
    this.asking.isResting = false;
    const passes = super.tryPass(ticket);
    // A question that asks ahead; nobody waits for its reply.
    if (passes) this.look();
    return passes;
  }

  override status(): PacingStatus | undefined {
    const own = super.status();
    if (this.asking.isAlone || !this.last) return own;
    const { reply, atMs } = this.last;
    if (!own && reply.limit === undefined && reply.opensInMs === undefined) return undefined;
    const nowMs = this.clock.now();
    const { waiting } = this;
    return statusOfShare(this.share, reply, { nowMs, atMs, waiting, setBackMs: this.clock.setBackMs });
  }

  override giveBack(isForgotten = false): void {
    // Calls that wait go on waiting for what it gets.
    if (this.waiting === 0) this.asking.rest(isForgotten);
  }

  now(): number {
    return this.clock.now();
  }

  nextQuestion(nowMs: number): Question | number {
    const { isResting } = this.asking;
    const { waiting } = this;
    const next = isResting ? givenBack(this.share, nowMs) : nextQuestion(this.share, { nowMs, waiting });
    if (!next) return isResting ? Infinity : nextAtMs(this.share, waiting);
    this.share = next.share;
    return next.question;
  }

  questionAgain(nowMs: number): Question {
    return askedAgain(this.share, nowMs)!;
  }

  replied(reply: Reply): void {
    const nowMs = this.clock.now();
    this.share = replied(this.share, reply, nowMs);
    this.last = { reply, atMs: nowMs };
    this.serve();
  }

  unanswered(): void {
    this.serve();
  }

  protected override admission(nowMs: number): Admission {
    if (this.asking.isAlone) return super.admission(nowMs);
    const next = admission(this.share, nowMs);
    // It is asked again by a timer of its own. This is the moment by which a reply comes, or the gate paces alone.
    return next.kind === 'answer' ? { kind: 'answer', atMs: nowMs + replyMs } : next;
  }

  protected override send(ticket: Ticket, nowMs: number): void {
    super.send(ticket, nowMs);
    const { share, permit } = this.asking.isAlone ? spentAlone(this.share) : spent(this.share);
    this.share = share;
    (ticket as SharedTicket).permit = permit;
  }

  protected override takeBack(ticket: Ticket): boolean {
    const permit = takePermit(ticket);
    if (permit) this.share = unsent(this.share, permit);
    return super.takeBack(ticket);
  }

  protected override ended(ticket: Ticket, answer: Answer | undefined, clock: AnswerClock): void {
    const permit = takePermit(ticket);
    if (!permit) return;
    this.share = answer ? answered(this.share, permit, answer, clock) : lost(this.share, permit, clock.nowMs);
  }

  protected override serve(): void {
    super.serve();
    this.look();
  }

  private look(): void {
    const nowMs = this.clock.now();
    if (this.asking.isAlone) this.asking.used(nowMs);
    else this.asking.look(nowMs);
  }
}

function takePermit(ticket: Ticket): Permit | undefined {
  const { permit } = ticket as SharedTicket;
  (ticket as SharedTicket).permit = undefined;
  return permit;
}
