import { resendDelayMs } from '../../time/backoff.js';
import { asked, firstAnswerMs, passedOn, refused, wentFirst, type Closing } from '../../pacing/closing.js';

/** Who goes before whom: a person who logs in, and a renewal that holds a lock meanwhile; one that calls wait for; one that nobody waits for yet. */
export type Rank = 'first' | 'call' | 'background';

/** One of the few token requests at once. */
export interface Slot {
  readonly number: number;
  readonly rank: Rank;
  readonly sinceMs: number;
}

/** Where the token requests of one client stand. */
export interface LoginPace {
  /** Slots given so far. */
  readonly given: number;
  readonly slots: readonly Slot[];
  /** There while the login host has answered a request with 429 or 503. */
  readonly closing: Closing | undefined;
  readonly careful: Careful | undefined;
}

/**
 * After a refusal one goes at a time, twice as many after each hundred that were served, and from half of what was too many on one more
 * each time; until some minutes have passed.
 */
interface Careful {
  readonly atOnce: number;
  readonly halfOfTooMany: number;
  readonly served: number;
  readonly untilMs: number;
}

/** Whether one more token request may leave. */
export type LoginAdmission =
  | { readonly kind: 'go' }
  /** The login host has asked for time until then. */
  | { readonly kind: 'closed'; readonly untilMs: number }
  /** Not before a slot is free, or before this moment. */
  | { readonly kind: 'full'; readonly untilMs: number };

/** Nothing under way, nothing known. */
export const freshLoginPace: LoginPace = Object.freeze({
  given: 0,
  slots: [],
  closing: undefined,
  careful: undefined,
});

/** A slot whose request has no answer by then is given to the next one as well: a few that hang must not hold everybody up. */
const heldMs = firstAnswerMs;
/** After so many served requests more go at once: one refusal in a hundred requests does no harm. */
const servedBeforeMore = 100;
const carefulMs = 5 * 60_000;

/** Whether the next one, of this rank, may leave; `most` at once, of which half are never taken by the background. */
export function admitLogin(pace: LoginPace, rank: Rank, most: number, nowMs: number): LoginAdmission {
  const { closing, careful } = pace;
  if (closing && closing.untilMs > nowMs) return { kind: 'closed', untilMs: closing.untilMs };
  const answerByMs = closing?.first ? closing.first.sinceMs + firstAnswerMs : -Infinity;
  if (answerByMs > nowMs) return { kind: 'full', untilMs: answerByMs };
  const atOnce = careful && nowMs < careful.untilMs ? Math.min(most, careful.atOnce) : most;
  const held = pace.slots.filter(({ sinceMs }) => nowMs - sinceMs < heldMs);
  const behind = held.filter((slot) => slot.rank === 'background');
  const isFull = held.length >= atOnce;
  if (!isFull && (rank !== 'background' || behind.length < Math.max(1, Math.floor(atOnce / 2))))
    return { kind: 'go' };
  const ofThem = isFull ? held : behind;
  return { kind: 'full', untilMs: Math.min(...ofThem.map(({ sinceMs }) => sinceMs)) + heldMs };
}

/** Gives the next slot. */
export function enterLogin(pace: LoginPace, rank: Rank, nowMs: number): { pace: LoginPace; slot: Slot } {
  const slot: Slot = { number: pace.given + 1, rank, sinceMs: nowMs };
  const closing = pace.closing && asked(pace.closing, slot.number, nowMs);
  return { pace: { ...pace, given: slot.number, slots: [...pace.slots, slot], closing }, slot };
}

/** Whether this slot still counts as taken. */
export function holdsSlot(pace: LoginPace, { number, sinceMs }: Slot, nowMs: number): boolean {
  return nowMs - sinceMs < heldMs && pace.slots.some((slot) => slot.number === number);
}

/** The login host has answered the request, with whatever verdict. */
export function served(pace: LoginPace, slot: Slot): LoginPace {
  const closing = wentFirst(pace.closing, slot.number) ? undefined : pace.closing;
  return { ...without(pace, slot), closing, careful: pace.careful && lessCareful(pace.careful) };
}

/** The login host has answered the request with 429 or 503; `draw` in [0, 1) is the jitter. */
export function throttled(
  pace: LoginPace,
  slot: Slot,
  retryAfterMs: number | undefined,
  nowMs: number,
  draw: number,
): LoginPace {
  const { number } = slot;
  const refusals = pace.closing && wentFirst(pace.closing, number) ? pace.closing.refusals + 1 : 0;
  // A server that names no time, or hardly any, is asked again after the same waits as one that does not answer.
  const waitMs = Math.max(retryAfterMs ?? 0, resendDelayMs(refusals, 0));
  const refusal = { status: 429, number, retryAfterMs: waitMs, resetAtMs: undefined };
  const closing = refused(pace.closing, refusal, nowMs, draw);
  return { ...without(pace, slot), closing, careful: moreCareful(pace, nowMs) };
}

/** The slot was not needed, or the request has no answer: who went first makes room for another. */
export function leftLogin(pace: LoginPace, slot: Slot): LoginPace {
  return { ...without(pace, slot), closing: passedOn(pace.closing, slot.number) };
}

function without(pace: LoginPace, { number }: Slot): LoginPace {
  return { ...pace, slots: pace.slots.filter((slot) => slot.number !== number) };
}

function moreCareful({ careful, slots }: LoginPace, nowMs: number): Careful {
  // Requests that were sent together are answered with 429 or 503 together, and count once.
  const isSame = careful?.atOnce === 1;
  const halfOfTooMany = isSame ? careful.halfOfTooMany : Math.floor(slots.length / 2);
  return { atOnce: 1, halfOfTooMany, served: 0, untilMs: nowMs + carefulMs };
}

function lessCareful(careful: Careful): Careful {
  const { atOnce, halfOfTooMany, served } = careful;
  if (served + 1 < servedBeforeMore) return { ...careful, served: served + 1 };
  return {
    ...careful,
    atOnce: atOnce < halfOfTooMany ? Math.min(atOnce * 2, halfOfTooMany) : atOnce + 1,
    served: 0,
  };
}
