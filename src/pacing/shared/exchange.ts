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

/** What one process tells the common state of a scope, and what it asks for. */
export interface Question {
  /** The process in this scope: a random text, another one for each gate. */
  readonly member: string;
  /** Counts the questions of the member, from 1. */
  readonly number: number;
  /** Permits of this member that are not spent yet, and calls of it that are under way, as it asks. */
  readonly held: number;
  /** Permits that it has given back unspent since its last answered question. */
  readonly returned: number;
  /** Calls that have ended without rate-limit headers since its last answered question. The API may have counted them. */
  readonly untold: number;
  /** How many permits it asks for now; 0 where it only tells something. */
  readonly wanted: number;
  /** How many of its calls wait. */
  readonly waiting: number;
  /** What the newest answers have told, one entry for each limit that is known. */
  readonly told: readonly ToldLimit[];
  /** The answer that has refused a call since its last answered question, the latest of them. */
  readonly refused: ToldRefusal | undefined;
  /** What the call that this member was to send first has come to: any answer but a refusal, or no answer. Undefined: nothing new. */
  readonly first: 'answered' | 'lost' | undefined;
}

/** What an answer of the API has told of one limit. */
export interface ToldLimit {
  readonly limit: number;
  readonly remaining: number;
  /** The reset as the answer names it, in milliseconds on the API's clock: by it two answers of one window are recognised. */
  readonly reset: number | undefined;
  /** The time from the question to that reset, by the API's clock as the member knows it; negative where it has passed. */
  readonly resetInMs: number | undefined;
  /** The state, and what it counted, when the call got its permit: {@link Reply.epoch}, `issued` and `outstanding`. */
  readonly epoch: string | undefined;
  readonly issued: number;
  readonly outstanding: number;
}

/** A refusal: a 429, or a 503 that closes the gate. */
export interface ToldRefusal {
  readonly status: number;
  /** How long no call may be sent, from the question on, with jitter. */
  readonly waitMs: number;
  /** Whether it was the answer to a call that went first. */
  readonly wentFirst: boolean;
}

/** What the common state answers. Times are relative, because the clocks of the processes may differ. */
export interface Reply {
  /** Names this state: another text where it was lost and has begun anew. */
  readonly epoch: string;
  /** Permits that the member may spend, beside those that it has. */
  readonly granted: number;
  /** How long they, and all that it has, may be spent, in milliseconds from when the question was put. */
  readonly validMs: number;
  /** The one permit is for the call that goes first: others wait for its answer, which is to be told at once. */
  readonly isFirst: boolean;
  /** No permit is granted before this time has passed; undefined where only an answer of the API can tell. */
  readonly opensInMs: number | undefined;
  /** The status of the answer that has closed the gate, if one did. */
  readonly status: number | undefined;
  /** How often calls that went first have been refused in a row: the wait where the server names none grows with it. */
  readonly refusals: number;
  /** When a member whose calls wait asks again. */
  readonly askAgainInMs: number;
  /** The limit that allows the fewest calls, and how many permits are left of it. */
  readonly limit: number | undefined;
  readonly left: number | undefined;
  /** Permits granted so far in this state, and those of them that are not known to have ended, both before this grant. */
  readonly issued: number;
  readonly outstanding: number;
}
