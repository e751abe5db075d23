import { withRefusal } from './closing.js';
import type { Question, Reply } from './exchange.js';
import { orderOf, turnOf, type Order } from './order.js';
import {
  permitMs,
  removedAfterMs,
  sweepMs,
  type Answered,
  type Common,
  type Member,
  type SharedState,
} from './state.js';
import { spend, withResets, withTold } from './windows.js';

/** The most calls in flight before the first answer, over all members. */
const mostBeforeFirstAnswer = 10;
/** After this time without news of the call that others wait for, the next one goes. */
const firstAnswerMs = 5_000;
/** If only calls that ended untold have used up a limit, and its reset is further away than this, one call is sent to find out. */
const longWaitMs = 60_000;
/** The most permits that a member gets ahead of its calls at once: more would save hardly any more questions. */
const mostAhead = 512;
/** A member whose calls wait asks at least so often, because a limit may be raised before its reset. */
const longestAskAgainMs = 30_000;
/** While nobody knows when permits come, members near the front ask so often, the others more rarely the further back they are. */
const frontAskMs = 50;
const eachAskMs = 20;
const longestLookMs = 5_000;
/** At a reset members ask one after another, so that a thousand of them need two seconds. */
const staggerMs = 2;
/** Room where no limit is known. */
const unlimitedRoom = 1_000_000;

/**
 * The answer to one question, and what it changes. The script of `pacing/redis` does the same, and is held to this. A question that has
 * been answered before gets the same reply and changes nothing: undefined.
 */
export function answerTo(state: SharedState, question: Question, serverNowMs: number): Answered | undefined {
  const known = state.members.get(question.member);
  // A question of before the last one is late, and nobody waits for its reply any more.
  if (known && question.number <= known.number) return undefined;
  const begun = at(state.common, question, serverNowMs);
  const removed =
    begun.nowMs - begun.sweptMs < sweepMs ? undefined : lostMembers(state, begun, question.member);
  const swept = removed ? without(begun, state, removed) : begun;
  const heard = heardFrom(swept, known, question);
  return { ...granting(heard, state, known, question), removed: removed ?? [] };
}

/** The state at this moment, begun anew where there is none. */
function at(common: Common | undefined, { member, number }: Question, serverNowMs: number): Common {
  if (!common)
    return {
      epoch: `${member}.${number}`,
      setBackMs: 0,
      nowMs: serverNowMs,
      issued: 0,
      outstanding: 0,
      members: 0,
      turns: 0,
      grantedMs: 0,
      sweptMs: serverNowMs,
      answered: false,
      windows: [],
      closing: undefined,
    };
  // After a failover the clock may be another one. What was noted by a clock that is ahead would never come.
  const setBackMs = Math.max(common.setBackMs, common.nowMs - serverNowMs);
  return withResets({ ...common, setBackMs, nowMs: serverNowMs + setBackMs });
}

function lostMembers({ members }: SharedState, { nowMs }: Common, asking: string): string[] {
  const isLost = (name: string, { dueMs }: Member) => name !== asking && nowMs - dueMs > removedAfterMs;
  return [...members].filter(([name, member]) => isLost(name, member)).map(([name]) => name);
}

/** The calls of members that are removed may have been counted by the API. So what they held is free again after the next reset only. */
function without(common: Common, { members }: SharedState, removed: readonly string[]): Common {
  const held = removed.reduce((sum, name) => sum + members.get(name)!.held, 0);
  return {
    ...common,
    sweptMs: common.nowMs,
    members: common.members - removed.length,
    outstanding: common.outstanding - held,
  };
}

/** The state after what a member tells, before it is granted anything. */
function heardFrom(common: Common, known: Member | undefined, question: Question): Common {
  const { held, returned, ended, told, unlimited, first, refused } = question;
  // More than the state knows of: calls that were sent without a permit, because the state was lost or could not be asked. They have used
  // up the limits as well. Less: permits of a reply that never arrived. Nobody spends them.
  const difference = held + returned + ended - (known?.held ?? 0);
  // Where questions are missing, the state is an old one, as a replica may have it after a failover, and what it lacks was spent.
  const isNext = known !== undefined && question.number === known.number + 1;
  const unknown = isNext ? difference : Math.max(difference, 0);
  const counted: Common = {
    ...common,
    members: common.members + (known ? 0 : 1),
    issued: common.issued + Math.max(unknown, 0),
    outstanding: common.outstanding + held - (known?.held ?? 0),
    windows: spend(common.windows, unknown - returned),
  };
  const isOwn = question.epoch === common.epoch;
  const isAnswered =
    refused !== undefined ||
    (isOwn &&
      (first === 'answered' || unlimited !== undefined || told.some(({ issued }) => issued !== undefined)));
  return withRefusal({ ...withTold(counted, question), answered: common.answered || isAnswered }, question);
}

/** How many permits may be granted now, and else when. */
interface Opening {
  readonly room: number;
  /** Not before this moment, or 0. */
  readonly untilMs: number;
  /** Not before an answer is told, or this moment; or 0. */
  readonly answerMs: number;
}

function openingOf({ answered, closing, windows, outstanding, grantedMs, nowMs }: Common): Opening {
  let room = unlimitedRoom;
  let untilMs = 0;
  let answerMs = 0;
  // Only for a time, because these calls may take long.
  if (!answered) {
    room = Math.max(1, mostBeforeFirstAnswer - outstanding);
    if (outstanding >= mostBeforeFirstAnswer) answerMs = grantedMs + firstAnswerMs;
  }
  if (closing) {
    room = 1;
    untilMs = closing.untilMs;
    if (closing.firstMs > 0) answerMs = Math.max(answerMs, closing.firstMs + firstAnswerMs);
  }
  for (const { left, least, resetAtMs } of windows) {
    room = Math.min(room, Math.max(1, left));
    if (left >= 1) continue;
    if (resetAtMs !== undefined) {
      // The API has not said that nothing is left: calls that have ended untold have used it up, if they were counted at all.
      const mayAsk = least >= 1 && outstanding === 0 && resetAtMs - nowMs > longWaitMs;
      untilMs = Math.max(untilMs, mayAsk ? grantedMs + firstAnswerMs : resetAtMs);
    }
    // The next answer says how many calls may follow. Without calls under way there will be none, so that one has to be sent.
    else if (outstanding > 0) answerMs = Math.max(answerMs, grantedMs + firstAnswerMs);
  }
  return { room, untilMs, answerMs };
}

/** Grants what may be granted. */
function granting(
  common: Common,
  { members }: SharedState,
  known: Member | undefined,
  question: Question,
): Omit<Answered, 'removed'> {
  const { nowMs, windows, closing, outstanding } = common;
  const { waiting, wanted, number, held } = question;
  const opening = openingOf(common);
  const isOpen = opening.untilMs <= nowMs && opening.answerMs <= nowMs;
  const ahead = isOpen && common.answered && !closing ? aheadOf(common) : 0;
  const share = Math.min(wanted, ahead);
  const turn = waiting === 0 ? 0 : known?.turn || common.turns + 1;
  // While the limit is far, no other member has to be looked at.
  const order = waiting > share ? orderOf(members, known, turn, nowMs) : undefined;
  const granted = isOpen ? Math.max(share, order ? turnOf(order, opening.room, waiting) : 0) : 0;
  const isFirst =
    granted > 0 &&
    (!common.answered || closing !== undefined || windows.some(({ resetAtMs }) => resetAtMs === undefined));
  const stillWaits = waiting > granted;
  // Who has got something stands at the end of the order again.
  const nextTurn = !stillWaits ? 0 : granted > 0 ? Math.max(common.turns, turn) + 1 : turn;
  const askAgainInMs = askAgainAfter(opening, order, common, granted);
  return {
    common: {
      ...common,
      issued: common.issued + granted,
      outstanding: outstanding + granted,
      turns: Math.max(common.turns, turn, nextTurn),
      grantedMs: granted > 0 ? nowMs : common.grantedMs,
      windows: spend(windows, granted),
      closing: closing && granted > 0 ? { ...closing, firstMs: nowMs } : closing,
    },
    member: {
      held: held + granted,
      number,
      turn: nextTurn,
      dueMs: nowMs + (stillWaits ? askAgainInMs : 0),
    },
    reply: {
      epoch: common.epoch,
      granted,
      validMs: permitMs,
      isFirst,
      ahead,
      opensInMs: opening.untilMs > nowMs ? opening.untilMs - nowMs : undefined,
      status: closing?.status,
      askAgainInMs,
      ...tightest(common, granted),
      issued: common.issued,
      outstanding,
    },
  };
}

/**
 * How many permits a member may have ahead of its calls: half of what is left, or an eighth where half of the limit is used up, divided
 * among all members. So what lies unused at members is always a part of what is left.
 */
function aheadOf({ windows, members }: Common): number {
  return windows.reduce(
    (most, { left, limit }) => Math.min(most, Math.floor(left / ((2 * left > limit ? 2 : 8) * members))),
    mostAhead,
  );
}

/** When a member asks again whose calls wait. */
function askAgainAfter(
  { untilMs, answerMs, room }: Opening,
  order: Order | undefined,
  { nowMs, windows }: Common,
  granted: number,
): number {
  // Who has got something stands behind all others.
  const position = order ? (granted > 0 ? order.waiting - 1 : order.before) : 0;
  const afterMs = (atMs: number) => Math.min(atMs - nowMs + staggerMs * position, longestAskAgainMs);
  if (untilMs > nowMs) return afterMs(untilMs);
  const lookMs = frontAskMs + eachAskMs * position;
  if (answerMs > nowMs) return Math.min(lookMs, longestLookMs, afterMs(answerMs));
  if (room - granted > position) return frontAskMs;
  // What is left is kept for those before it. More is there at the next reset, or when others give up what they have.
  const resetAtMs = windows.reduce(
    (first, w) => Math.min(first, w.resetAtMs ?? first),
    nowMs + longestLookMs,
  );
  return Math.min(lookMs, afterMs(resetAtMs));
}

function tightest({ windows, nowMs }: Common, granted: number): Pick<Reply, 'limit' | 'left' | 'resetInMs'> {
  const [first, ...others] = windows;
  if (!first) return { limit: undefined, left: undefined, resetInMs: undefined };
  const { limit, left, resetAtMs } = others.reduce((least, w) => (w.left < least.left ? w : least), first);
  return {
    limit,
    left: Math.max(left - granted, 0),
    resetInMs: resetAtMs === undefined ? undefined : resetAtMs - nowMs,
  };
}
