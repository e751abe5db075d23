import { dayOf, isDay, isStatus, type CallCount } from './calls.js';
import { isKind, type KindCounts } from './kinds.js';
import type { LedgerDay } from './ledger.js';
import { emptySlot, slotLengthsMs, waitReasons, type KeptTimeline, type Slot } from './slots.js';
import { tokenEventNames, type TokenEvent } from './token-events.js';

/** All that a recorder keeps. */
export interface Kept {
  readonly days: readonly LedgerDay[];
  /** Undefined where nothing was recorded but days, as by the first version of the file. */
  readonly timeline: KeptTimeline | undefined;
  readonly tokens: readonly TokenEvent[];
}

/** What a new recorder keeps. */
export const nothingKept: Kept = { days: [], timeline: undefined, tokens: [] };

/** Version 1 has days only, without kinds of failures. */
const version = 2;
/** Days are written with four digits of the year. What is later is no moment that a recorder has seen. */
const latestMs = Date.parse('9999-12-31T23:59:59.999Z');

/** The content of the file. */
export function writeKept({ days, timeline, tokens }: Kept): string {
  const written = {
    version,
    days: days.map(({ counts, ...day }) => ({
      ...day,
      counts: counts.map(({ status, method, route, calls, withoutCompanyId }) => [
        status,
        method,
        route,
        calls,
        withoutCompanyId,
      ]),
    })),
    timeline: timeline && { slotMs: timeline.slotMs, slots: timeline.slots.map(slotRow) },
    tokens,
  };
  return `${JSON.stringify(written)}\n`;
}

/** What the file contains; undefined where it is not a file of this release or an earlier one. */
export function readKept(text: string): Kept | undefined {
  try {
    const file = JSON.parse(text) as {
      version: unknown;
      days: unknown[];
      timeline?: unknown;
      tokens: unknown[];
    };
    if (file.version === 1) return { ...nothingKept, days: file.days.map(readDay) };
    if (file.version !== version) return undefined;
    return {
      days: file.days.map(readDay),
      timeline: file.timeline === undefined ? undefined : readTimeline(file.timeline),
      tokens: file.tokens.map(readTokenEvent),
    };
  } catch {
    return undefined;
  }
}

/** The newest day of which something is kept. */
export function newestDay(kept: readonly Kept[]): string | undefined {
  return kept
    .flatMap(({ days, timeline, tokens }) => [
      ...days.map(({ date }) => date),
      ...(timeline?.slots ?? []).map(([fromMs]) => dayOf(fromMs)),
      ...tokens.map(({ at }) => at.slice(0, 10)),
    ])
    .sort()
    .at(-1);
}

function readDay(value: unknown): LedgerDay {
  const day = value as Record<keyof LedgerDay, unknown>;
  const { date, unanswered, tellsCompanyId, counts, kinds = {}, kindsWithoutAnswer = {} } = day;
  if (typeof date !== 'string' || !isDay(date) || !isCount(unanswered)) throw new Error('no day');
  if (typeof tellsCompanyId !== 'boolean' || !Array.isArray(counts)) throw new Error('no day');
  return {
    date,
    unanswered,
    tellsCompanyId,
    counts: counts.map((row) => readRow(date, row)),
    kinds: readKinds(kinds),
    kindsWithoutAnswer: readKinds(kindsWithoutAnswer),
  };
}

function readRow(date: string, value: unknown): CallCount {
  const [status, method, route, calls, withoutCompanyId] = value as unknown[];
  if (typeof status !== 'number' || !isStatus(status)) throw new Error('no row');
  if (typeof method !== 'string' || typeof route !== 'string') throw new Error('no row');
  if (!isCount(calls) || !isCount(withoutCompanyId)) throw new Error('no row');
  return { date, status, method, route, calls, withoutCompanyId };
}

/** A kind that this release does not know is left out: the calls of it are in the counts, too. */
function readKinds(value: unknown): KindCounts {
  const known = Object.entries(value as object).filter(([kind]) => isKind(kind));
  if (!known.every(([, times]) => isCount(times))) throw new Error('no kinds');
  return Object.fromEntries(known);
}

function slotRow([fromMs, slot]: KeptTimeline['slots'][number]): (number | null)[] {
  const { calls, failed, unanswered, renewed, adopted, tokenFailures, limit, waits } = slot;
  const ofWaits = waitReasons.flatMap((reason) => {
    const { waits: many, waitedMs, longestMs } = waits[reason];
    return [many, waitedMs, longestMs];
  });
  const ofLimit = [limit?.limit ?? null, limit?.remaining ?? null];
  return [fromMs, calls, failed, unanswered, renewed, adopted, tokenFailures, ...ofLimit, ...ofWaits];
}

function readTimeline(value: unknown): KeptTimeline {
  const { slotMs, slots } = value as { slotMs: number; slots: unknown[] };
  if (!slotLengthsMs.includes(slotMs)) throw new Error('no timeline');
  return { slotMs, slots: slots.map(readSlotRow) };
}

function readSlotRow(value: unknown): readonly [number, Slot] {
  const row = value as (number | null)[];
  const counts = row.filter((cell, index) => cell !== null || (index !== 7 && index !== 8));
  if (row.length !== 9 + 3 * waitReasons.length || !counts.every(isAmount)) throw new Error('no slot');
  if (row[0]! > latestMs) throw new Error('no slot');
  const [fromMs, calls, failed, unanswered, renewed, adopted, tokenFailures] = row as number[];
  const [limit, remaining] = [row[7], row[8]];
  const slot = { ...emptySlot(), calls, failed, unanswered, renewed, adopted, tokenFailures } as Slot;
  if (typeof limit === 'number' && typeof remaining === 'number') slot.limit = { limit, remaining };
  waitReasons.forEach((reason, index) => {
    const [waits = 0, waitedMs = 0, longestMs = 0] = row.slice(9 + 3 * index) as number[];
    slot.waits[reason] = { waits, waitedMs, longestMs };
  });
  return [fromMs!, slot];
}

function readTokenEvent(value: unknown): TokenEvent {
  const { at, event, account, accessToken, expiresAt, kind, message } = value as Record<
    keyof TokenEvent,
    unknown
  >;
  const name = tokenEventNames.find((known) => known === event);
  if (!isMoment(at) || !name || typeof account !== 'string') throw new Error('no event of a token');
  return {
    at,
    event: name,
    account,
    ...(typeof accessToken === 'string' ? { accessToken } : {}),
    ...(isMoment(expiresAt) ? { expiresAt } : {}),
    ...(isKind(kind) ? { kind } : {}),
    ...(typeof message === 'string' ? { message } : {}),
  };
}

/** True for a moment as it is written, since days are compared by their first letters. */
function isMoment(value: unknown): value is string {
  const atMs = typeof value === 'string' ? Date.parse(value) : NaN;
  return atMs <= latestMs && new Date(atMs).toISOString() === value;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
