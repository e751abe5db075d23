import {
  admit,
  answered,
  at,
  lost,
  sent,
  unknownPace,
  type Pace,
  type Sending,
} from '../../src/pacing/plan.js';
import type { Question, Reply } from '../../src/pacing/shared/exchange.js';
import * as questions from '../../src/pacing/shared/questions.js';
import * as shares from '../../src/pacing/shared/share.js';
import { learnClock, serverOffsetMs, unknownClock } from '../../src/wire/server-clock.js';
import type { ApiAnswer } from './api.js';

/** When a question without a reply is put again. */
const againAfterMs = 1_000;

/** What a process needs of the world. Nothing comes back to one that has crashed. */
export interface World {
  /** How long a question may go unanswered before the process paces alone. */
  readonly aloneAfterMs: number;
  /** The clock of this process. */
  now(): number;
  chance(): number;
  after(ms: number, happen: () => void): void;
  /** Undefined: the call is lost on the way there or back. */
  callApi(receive: (answer: ApiAnswer | undefined) => void): void;
  /** The reply may never come. */
  ask(question: Question, reply: (reply: Reply) => void): void;
}

export interface Process {
  /** A call is made; `done` when its answer is there. */
  call(done: (call: Call) => void): void;
}

export interface Call {
  readonly waitedMs: number;
  readonly refusals: number;
}

interface Waiting {
  readonly madeAtMs: number;
  refusals: number;
  readonly done: (call: Call) => void;
}

/** One process: its share of the common state, its calls that wait, and its own pace for when the state cannot be asked. */
export function createProcess(member: string, world: World): Process {
  let share = shares.newShare(member);
  let pace: Pace = unknownPace;
  let clock = unknownClock;
  let isAlone = false;
  let timerAtMs = Infinity;
  const queue: Waiting[] = [];

  const offsetMs = () => serverOffsetMs(clock) ?? 0;

  function mayPass(): boolean {
    if (!isAlone) return shares.maySpend(share, world.now());
    pace = at(pace, world.now());
    return admit(pace, world.now()).kind === 'go';
  }

  function send(call: Waiting): void {
    const spending = isAlone ? shares.spentAlone(share) : shares.spent(share);
    share = spending.share;
    const passing = sent(pace, world.now());
    pace = passing.pace;
    const waitedMs = world.now() - call.madeAtMs;
    world.callApi((answer) => receive(call, answer, spending.permit, passing.sending, waitedMs));
  }

  function receive(
    call: Waiting,
    got: ApiAnswer | undefined,
    permit: shares.Permit,
    sending: Sending,
    waitedMs: number,
  ): void {
    if (!got) {
      share = shares.lost(share, permit, world.now());
      pace = lost(pace, sending);
      call.done({ waitedMs, refusals: call.refusals });
      return go();
    }
    const { status, date, rateLimit, retryAfterMs } = got;
    clock = learnClock(clock, date, world.now());
    const answer = { status, rateLimit, retryAfterMs };
    const read = { nowMs: world.now(), serverOffsetMs: offsetMs(), draw: world.chance() };
    share = shares.answered(share, permit, answer, read);
    pace = answered(pace, sending, answer, read);
    if (status === 429 || status === 503) {
      call.refusals++;
      queue.unshift(call);
    } else call.done({ waitedMs, refusals: call.refusals });
    go();
  }

  /** Lets pass what may, and asks or tells what is to be asked or told. */
  function go(): void {
    while (queue.length > 0 && mayPass()) send(queue.shift()!);
    if (share.facts.asked) {
      if (isAlone && queue.length > 0) wakeAt(admissionAtMs());
      return;
    }
    const next = questions.nextQuestion(share, { nowMs: world.now(), waiting: queue.length });
    if (!next) return wakeAt(questions.nextAtMs(share, queue.length));
    share = next.share;
    put(next.question);
  }

  function admissionAtMs(): number {
    const admission = admit(pace, world.now());
    return admission.kind === 'go' ? world.now() : admission.atMs;
  }

  function put(question: Question): void {
    const { number } = question;
    const isOpen = () => share.facts.asked?.question.number === number;
    world.ask(question, (reply) => {
      if (!isOpen()) return;
      isAlone = false;
      share = shares.replied(share, reply, world.now());
      go();
    });
    if (world.aloneAfterMs !== Infinity)
      world.after(world.aloneAfterMs, () => {
        if (!isOpen() || isAlone) return;
        isAlone = true;
        go();
      });
    world.after(againAfterMs, () => {
      if (isOpen()) put(questions.askedAgain(share, world.now())!);
    });
  }

  function wakeAt(atMs: number): void {
    const isSet = timerAtMs > world.now() && timerAtMs <= atMs;
    if (atMs === Infinity || isSet) return;
    timerAtMs = atMs;
    world.after(Math.max(1, atMs - world.now()), () => {
      if (timerAtMs === atMs) timerAtMs = Infinity;
      go();
    });
  }

  return {
    call(done) {
      queue.push({ madeAtMs: world.now(), refusals: 0, done });
      go();
    },
  };
}
