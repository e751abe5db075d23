import { createAlarm, type Alarm } from '../time/alarm.js';
import type { InContext } from '../time/async-context.js';
import { doublingMs } from '../time/backoff.js';
import type { Env } from '../time/env.js';
import { call, createEnd } from '../time/within.js';
import { failureOf, kindOf } from '../text/words.js';
import type { Outage } from './outage.js';
import type { Question, Reply, SharedPacing } from './shared/exchange.js';
import { replyOf } from './shared/reply.js';

/** After this time without a reply a process paces alone. */
export const replyMs: number = 500;
/** While it paces alone it asks again after this time; twice as long, four times and so on where nobody has made a call meanwhile. */
const againMs = 1_000;
const longestAgainMs = 16_000;
/** The gate is not looked at more often than that by a timer. */
const shortestMs = 10;

/** What the gates under one common state have in common. */
export interface AskingDeps {
  readonly env: Env;
  readonly shared: SharedPacing;
  readonly outage: Outage;
  /** Questions are put in the async context of the attach, because they belong to no call. */
  readonly inContext: InContext;
}

/** The gate that asks. */
export interface Asker {
  /** The gate's clock. */
  now(): number;
  /** The next question, or when there may be one if nothing else happens (Infinity: not before something does). */
  nextQuestion(nowMs: number): Question | number;
  /** The question that has no reply yet, as it is put again: it has the same number and tells the same. */
  questionAgain(nowMs: number): Question;
  /** A reply came to the question that was put last. */
  replied(reply: Reply): void;
  /** No reply came in time: from now on the gate paces alone. */
  unanswered(): void;
}

/**
 * Puts the questions of one gate to the common state, one at a time. A question without a reply is put again, the same one, until a reply to
 * it comes: so the state is told nothing twice, however late it reads a question. Nobody waits for it, and nothing of it keeps the process
 * alive. A class for the same reason as the gate.
 */
export class Asking {
  /** Whether the gate paces alone, because the common state does not answer. */
  isAlone: boolean = false;
  /** Nobody uses the gate now: what it holds is given back, and that is all. If that fails, nobody is told, and it is not tried again. */
  isResting: boolean = false;
  /** The number of the question that has no reply yet. */
  private asked: number | undefined;
  private triedAtMs = 0;
  /** Tries of this question that have ended neither with a reply nor with an error. The client may keep them until it is connected. */
  private open = 0;
  /** Whether the outage that has made the gate pace alone was told. */
  private isTold = false;
  /** Tries since the last call. */
  private idleTries = 0;
  private readonly alarm: Alarm;

  constructor(
    private readonly deps: AskingDeps,
    private readonly scope: string,
    private readonly asker: Asker,
  ) {
    this.alarm = createAlarm(
      deps.env,
      () => asker.now(),
      () => this.look(asker.now()),
      { ref: false },
    );
  }

  /** Whether a question is under way. */
  get isAsking(): boolean {
    return this.asked !== undefined;
  }

  /** A call is made while the gate paces alone: the common state is asked again, if a second has passed. */
  used(nowMs: number): void {
    this.idleTries = 0;
    this.look(nowMs);
  }

  /** Asks what there is to ask now, and sets the timer for what there may be to ask later. */
  look(nowMs: number): void {
    if (this.asked !== undefined) {
      if (!this.isAlone) return;
      const againAtMs = this.triedAtMs + this.againInMs();
      if (nowMs < againAtMs) return this.alarm.set(againAtMs);
      this.idleTries++;
      return this.put(this.asker.questionAgain(nowMs), nowMs);
    }
    const next = this.asker.nextQuestion(nowMs);
    if (typeof next === 'number') return this.alarm.set(Math.max(next, nowMs + shortestMs));
    this.open = 0;
    this.asked = next.number;
    this.put(next, nowMs);
  }

  /** Gives back what the gate holds, and ends its timer. `isForgotten`: nobody will use it any more. */
  rest(isForgotten: boolean): void {
    this.isResting = true;
    this.alarm.clear();
    if (isForgotten) this.deps.outage.left(this);
    if (!this.isAlone) this.look(this.asker.now());
  }

  private againInMs(): number {
    return doublingMs(againMs, longestAgainMs, Math.max(this.idleTries - 1, this.open - 1, 0));
  }

  private put(question: Question, nowMs: number): void {
    const { env, shared, inContext } = this.deps;
    this.triedAtMs = nowMs;
    this.open++;
    const end = createEnd();
    let isLate = false;
    const isOver = () => {
      end.abort();
      if (this.asked !== question.number) return true;
      this.open--;
      return false;
    };
    void inContext(() => call(() => shared.ask(this.scope, question))).then(
      (answer: unknown) => {
        if (isOver()) return;
        const reply = replyOf(answer);
        if (reply) this.replied(reply, isLate);
        else this.failed(`it has answered with ${kindOf(answer)}, which is no reply`);
      },
      (error: unknown) => {
        if (!isOver()) this.failed(`it cannot be asked ${failureOf(error)}`);
      },
    );
    void env.sleep(replyMs, { signal: end, ref: false, awake: true }).then(() => {
      if (end.aborted || this.asked !== question.number) return;
      isLate = true;
      this.failed(`it has not answered within ${replyMs} ms`);
    });
  }

  private replied(reply: Reply, isLate: boolean): void {
    this.asked = undefined;
    if (this.isAlone) {
      this.isAlone = false;
      this.alarm.clear();
    }
    // A reply that comes late is used, but where all of them do, the outage has not ended: it would be told anew with each question.
    if (this.isTold && !isLate) {
      this.isTold = false;
      this.deps.outage.ended(this);
    }
    this.asker.replied(reply);
  }

  private failed(cause: string): void {
    const isNew = !this.isAlone;
    this.isAlone = true;
    if (this.isResting) return;
    if (!this.isTold) this.deps.outage.began(this, cause);
    this.isTold = true;
    if (isNew) {
      this.idleTries = 0;
      this.asker.unanswered();
    }
    this.look(this.asker.now());
  }
}
