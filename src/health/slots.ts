import type { ProcoreEvents } from '../observe/events.js';

/** What a call waits for, as the event `request-waiting` names it. */
export type WaitReason = ProcoreEvents['request-waiting']['reason'];

/** All of them, in the order in which they are shown. */
export const waitReasons: readonly WaitReason[] = ['token', 'rate-limit', 'unavailable', 'retry'];

/** How many calls have waited for something, and how long. */
export interface Waited {
  /** How many waits have begun. */
  waits: number;
  /** All of them together. */
  waitedMs: number;
  longestMs: number;
}

/** What is left of a rate limit. */
export interface LimitLeft {
  /** Calls that the rate limit allows in its window. */
  readonly limit: number;
  /** Calls that this window still allowed. */
  readonly remaining: number;
}

/** What happened in one slot of the timeline. */
export interface Slot {
  /** Attempts that were answered. */
  calls: number;
  /** Those of them with a status of 400 or more. */
  failed: number;
  /** Attempts without a known answer. */
  unanswered: number;
  /** By when the wait began. */
  readonly waits: Record<WaitReason, Waited>;
  /** The least that was left of the limit, as a share of it. */
  limit: LimitLeft | undefined;
  renewed: number;
  adopted: number;
  /** Renewals and saves that failed, and log-ins that became necessary. */
  tokenFailures: number;
}

/** A timeline as it is kept, in memory and in the file: slots of one length, by the moment at which they begin. */
export interface KeptTimeline {
  readonly slotMs: number;
  readonly slots: readonly (readonly [fromMs: number, slot: Slot])[];
}

/** The lengths that slots may have. Each is a multiple of the one before, so that slots can be put together. */
export const slotLengthsMs: readonly number[] = [
  1_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 7_200_000,
];
/** A slot in which nothing has happened yet. */
export function emptySlot(): Slot {
  const waits = Object.fromEntries(
    waitReasons.map((reason) => [reason, { waits: 0, waitedMs: 0, longestMs: 0 }]),
  ) as Slot['waits'];
  return {
    calls: 0,
    failed: 0,
    unanswered: 0,
    waits,
    limit: undefined,
    renewed: 0,
    adopted: 0,
    tokenFailures: 0,
  };
}

/** Adds what happened in another slot. */
export function addTo(slot: Slot, other: Slot): void {
  slot.calls += other.calls;
  slot.failed += other.failed;
  slot.unanswered += other.unanswered;
  slot.renewed += other.renewed;
  slot.adopted += other.adopted;
  slot.tokenFailures += other.tokenFailures;
  slot.limit = lower(slot.limit, other.limit);
  for (const reason of waitReasons) addWaited(slot.waits[reason], other.waits[reason]);
}

/** Adds waits for the same. */
export function addWaited(waited: Waited, other: Waited): void {
  waited.waits += other.waits;
  waited.waitedMs += other.waitedMs;
  waited.longestMs = Math.max(waited.longestMs, other.longestMs);
}

/** The one of which the smaller share is left: an app has two limits, and each answer tells of the nearer one. */
export function lower(one: LimitLeft | undefined, other: LimitLeft | undefined): LimitLeft | undefined {
  if (!one || !other) return one ?? other;
  return shareLeft(other) < shareLeft(one) ? other : one;
}

function shareLeft({ limit, remaining }: LimitLeft): number {
  return limit > 0 ? remaining / limit : 0;
}
