import type { Reply } from './exchange.js';

/**
 * What the processes under one limit know together. A question changes `common`, the asking member and its reply; other members are only
 * removed, at most once in {@link sweepMs}. All numbers are whole, and all moments are milliseconds on the clock of the server that keeps
 * the state, which never runs back here (see `Common.setBackMs`).
 */
export interface SharedState {
  /** Undefined before the first question, and where the state was lost. */
  readonly common: Common | undefined;
  readonly members: ReadonlyMap<string, Member>;
  /** The last reply to each member. */
  readonly replies: ReadonlyMap<string, Reply>;
}

/** What all members of one limit know together. */
export interface Common {
  /** Names this state: the question that began it. */
  readonly epoch: string;
  /** By how much the server's clock has been set back in total, and what it showed last, with that added. */
  readonly setBackMs: number;
  readonly nowMs: number;
  /** Permits granted so far, and calls that members have sent without one. */
  readonly issued: number;
  /** Those of them that are not known to have ended or to have been given up: the sum of what the members hold. */
  readonly outstanding: number;
  /** How many members there are. */
  readonly members: number;
  /** The last number that was given to a member for its place in the order. */
  readonly turns: number;
  /** When the last permit was granted, and when members were last removed. */
  readonly grantedMs: number;
  readonly sweptMs: number;
  /** Whether a call has been answered whose permit is of this state. */
  readonly answered: boolean;
  /** The limits that answers have named, the latest one first: the hourly one, the one of ten seconds, one that has changed. */
  readonly windows: readonly SharedWindow[];
  readonly closing: SharedClosing | undefined;
}

/** A process in this scope. */
export interface Member {
  /** Permits that it has not spent, and calls of it that are under way. */
  readonly held: number;
  /** The number of its last question. */
  readonly number: number;
  /** Its place in the order of members whose calls wait, the lowest first; 0 where none waits. */
  readonly turn: number;
  /** By when it asks again where its calls wait; else when it asked last. */
  readonly dueMs: number;
}

/**
 * What is known of one limit. No header says whether its window is fixed or slides, and an answer does not include calls that the server has
 * counted later. So `left` is a lower bound, which holds for both kinds while nobody else uses the limit.
 */
export interface SharedWindow {
  readonly limit: number;
  /** The reset on the API's clock, which names the window, and when it has passed by the state's clock; undefined after that. */
  readonly reset: number | undefined;
  readonly resetAtMs: number | undefined;
  /** The last reset that has passed, or 0: estimates of the API's clock vary, and no reset must pass twice. */
  readonly passed: number;
  /** So many permits can certainly be granted now, beside those that are outstanding. */
  readonly left: number;
  /** The smallest `remaining` of the answers in this window. */
  readonly least: number;
  /** `issued` when this was learnt. The answers to later calls say more. */
  readonly since: number;
}

/** The gate is closed for all, because the API has refused calls. */
export interface SharedClosing {
  /** The status of the last answer that closed it. */
  readonly status: number;
  /** The end of the wait without jitter, and with it. */
  readonly endsMs: number;
  readonly untilMs: number;
  /** How many calls that went first have been refused in a row. */
  readonly refusals: number;
  /** When a call went first since the wait was over; 0 where none is under way. */
  readonly firstMs: number;
}

/** What answering one question changes. */
export interface Answered {
  readonly common: Common;
  /** The member that has asked. */
  readonly member: Member;
  readonly reply: Reply;
  /** Members that are removed. */
  readonly removed: readonly string[];
}

/** A permit is void after this time. So a process that was stopped spends none that the others have given up. */
export const permitMs = 10_000;
/** A member that has not asked for so long, or so long after it should have, is removed: twice as long as its permits live. */
export const removedAfterMs = 20_000;
/** Members are looked through for those at most so often, because each has to be read for it. */
export const sweepMs = 10_000;
