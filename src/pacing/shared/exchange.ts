/**
 * What the processes under one limit know of it together, for the option `rateLimit.shared`. Made by `redisPacing` of
 * `axios-procore/pacing/redis`; an application only passes it on.
 */
export interface SharedPacing {
  /**
   * Puts one question to the common state of a scope. It is answered atomically and by the clock of the server that keeps the state. Rejects
   * where that server cannot be asked. The same question (by `member` and `number`) put again gets the same reply and changes nothing.
   */
  ask(scope: string, question: Question): Promise<Reply>;
}

/**
 * What one process tells the common state of a scope, and what it asks for. A permit allows one call. All numbers are whole; times are
 * relative to the moment at which the question is put, because the clocks of the processes may differ.
 */
export interface Question {
  /** The process in this scope: a random text, another one for each gate. */
  readonly member: string;
  /** Counts the questions of the member, from 1. */
  readonly number: number;
  /** The last {@link Reply.epoch} that it has seen. What it says of `issued` and `outstanding` was counted by that state. */
  readonly epoch: string | undefined;
  /** Its permits that are not spent yet, and its calls that are under way. */
  readonly held: number;
  /** Its permits that were given up unspent since its last answered question. */
  readonly returned: number;
  /** Its calls that have ended since its last answered question. */
  readonly ended: number;
  /** How many permits it asks for now, those for calls that wait included; 0 where it only tells something. */
  readonly wanted: number;
  /** How many of its calls wait. */
  readonly waiting: number;
  /** What answers have told, one entry for each limit, the latest one last. */
  readonly told: readonly ToldLimit[];
  /** The `issued` of the last call that has succeeded without rate-limit headers since its last answered question. */
  readonly unlimited: number | undefined;
  /** The last answer since its last answered question that refused a call. */
  readonly refused: ToldRefusal | undefined;
  /** What the call that this member was to send first has come to: any answer but a refusal, or no answer. Undefined: nothing new. */
  readonly first: 'answered' | 'lost' | undefined;
}

/** What the answers to the calls of one process have told of one limit. */
export interface ToldLimit {
  /** The calls that the limit allows in its window. */
  readonly limit: number;
  /** The calls that the window still allows, by the answer of which `issued` and `outstanding` speak. */
  readonly remaining: number;
  /** The smallest number of calls that an answer has had left in this window. */
  readonly least: number;
  /** The reset as the answer names it, in milliseconds on the API's clock: by it two answers of one window are recognised. */
  readonly reset: number | undefined;
  /** The time to that reset, by the API's clock as the member knows it; negative where it has passed. */
  readonly resetInMs: number | undefined;
  /** {@link Reply.issued} and {@link Reply.outstanding} of the last reply before the call was sent; undefined for a call without a permit of this state. */
  readonly issued: number | undefined;
  readonly outstanding: number | undefined;
  /** Told in an earlier question, and repeated only for a state that does not know this limit because it was lost. */
  readonly again: boolean;
}

/** A refusal: a 429, or a 503. */
export interface ToldRefusal {
  /** The HTTP status. */
  readonly status: number;
  /** How long no call may be sent, as the answer says; undefined where it does not. */
  readonly waitMs: number | undefined;
  /** Chance for the jitter that is added, 0 to 999. */
  readonly draw: number;
  /** Whether it was the answer to a call that went first. */
  readonly wentFirst: boolean;
}

/** What the common state answers. */
export interface Reply {
  /** Names this state: another text where it was lost and has begun anew. */
  readonly epoch: string;
  /** Permits that the member may spend, beside those that it has. */
  readonly granted: number;
  /** How long they, and all that it has, may be spent, in milliseconds from when the question was put. */
  readonly validMs: number;
  /** Others wait for the answer to the next call, which is to be told at once. */
  readonly isFirst: boolean;
  /** So many permits the member may ask for ahead now, without a call that waits. */
  readonly ahead: number;
  /** No permit is granted before this time has passed; undefined where permits are granted now, or where only an answer of the API can tell. */
  readonly opensInMs: number | undefined;
  /** The status of the answer that has closed the gate, if one did. */
  readonly status: number | undefined;
  /** When a member whose calls wait asks again. */
  readonly askAgainInMs: number;
  /** The limit that allows the fewest calls, how many permits are left of it, and the time to its reset, where they are known. */
  readonly limit: number | undefined;
  readonly left: number | undefined;
  readonly resetInMs: number | undefined;
  /** Permits granted so far in this state, and those of them that are not known to have ended, both before this grant. */
  readonly issued: number;
  readonly outstanding: number;
}
