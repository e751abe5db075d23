import { failuresOfKinds, type FailureOfKind } from './failures.js';
import type { KindCounts } from './kinds.js';
import {
  addWaited,
  emptySlot,
  waitReasons,
  type KeptTimeline,
  type LimitLeft,
  type WaitReason,
} from './slots.js';
import { isTokenFailure, type TokenEvent } from './token-events.js';

/** What a recorder knows beside the calls of each day, over the time that it has recorded in the window. */
export interface Recording {
  /** The length of a slot in milliseconds: a second in a short run, two hours at most. */
  readonly slotMs: number;
  /** The slots in which something happened, the oldest first; at most 180. */
  readonly slots: readonly RecordedSlot[];
  /** What calls have waited for, and how long. */
  readonly waits: readonly RecordedWaits[];
  /** Failures that had no answer, those of calls that were never sent among them, with the most frequent first. */
  readonly failures: readonly FailureOfKind[];
  readonly tokens: RecordedTokens;
}

/** What happened in one slot. */
export interface RecordedSlot {
  /** When it begins, as ISO 8601 in UTC. */
  readonly from: string;
  /** How many attempts were answered. */
  readonly calls: number;
  /** How many of them with a status of 400 or more. */
  readonly failed: number;
  /** How many attempts had no known answer. */
  readonly unanswered: number;
  /** For how many milliseconds calls have waited, all together, by what they waited for. A wait counts where it began. */
  readonly waitedMs: Readonly<Record<WaitReason, number>>;
  /** The least that was left of the rate limit, as a share of it. Missing where no answer told. */
  readonly limit?: LimitLeft | undefined;
  /** Renewals and adoptions. */
  readonly renewals: number;
  /** Renewals and saves that failed, and log-ins that became necessary. */
  readonly tokenFailures: number;
}

/** The waits of calls for one thing. */
export interface RecordedWaits {
  readonly reason: WaitReason;
  /** How many waits have begun. */
  readonly waits: number;
  /** All of them together, in milliseconds. */
  readonly waitedMs: number;
  readonly longestMs: number;
}

/** What happened to tokens. */
export interface RecordedTokens {
  /** How many renewals succeeded. */
  readonly renewed: number;
  /** How often the tokens that another process or copy had renewed were taken over. */
  readonly adopted: number;
  /** How many renewals and saves failed, and log-ins became necessary. */
  readonly failed: number;
  /** The newest 200 events that tell of a failure and the newest 200 others, the oldest first. */
  readonly events: readonly TokenEvent[];
  /** The kinds of failures among these events, with the most frequent first. */
  readonly failures: readonly FailureOfKind[];
}

/** What was recorded from the day `from` to the day `to`. */
export function recordingOf(
  { slotMs, slots }: KeptTimeline,
  tokens: readonly TokenEvent[],
  kindsWithoutAnswer: KindCounts,
  { from, to }: { readonly from: string; readonly to: string },
): Recording {
  const isInside = (moment: string) => moment.slice(0, 10) >= from && moment.slice(0, 10) <= to;
  const shown = slots.filter(([startMs]) => isInside(new Date(startMs).toISOString()));
  const events = tokens.filter(({ at }) => isInside(at));
  const total = emptySlot();
  for (const [, slot] of shown) {
    total.renewed += slot.renewed;
    total.adopted += slot.adopted;
    total.tokenFailures += slot.tokenFailures;
    for (const reason of waitReasons) addWaited(total.waits[reason], slot.waits[reason]);
  }
  return {
    slotMs,
    slots: shown.map(([startMs, { calls, failed, unanswered, waits, limit, ...slot }]) => ({
      from: new Date(startMs).toISOString(),
      calls,
      failed,
      unanswered,
      waitedMs: Object.fromEntries(
        waitReasons.map((reason) => [reason, waits[reason].waitedMs]),
      ) as RecordedSlot['waitedMs'],
      ...(limit ? { limit } : {}),
      renewals: slot.renewed + slot.adopted,
      tokenFailures: slot.tokenFailures,
    })),
    waits: waitReasons.map((reason) => ({ reason, ...total.waits[reason] })),
    failures: failuresOfKinds(kindsWithoutAnswer),
    tokens: {
      renewed: total.renewed,
      adopted: total.adopted,
      failed: total.tokenFailures,
      events,
      failures: failuresOfKinds(kindsOf(events)),
    },
  };
}

function kindsOf(events: readonly TokenEvent[]): KindCounts {
  const kinds: KindCounts = {};
  for (const { kind } of events.filter(isTokenFailure)) if (kind) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}
