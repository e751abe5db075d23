import { isDay, isStatus, type CallCount } from './calls.js';
import type { LedgerDay } from './ledger.js';

const version = 1;

/** The content of the file. */
export function writeDays(days: readonly LedgerDay[]): string {
  const written = days.map(({ date, unanswered, tellsCompanyId, counts }) => ({
    date,
    unanswered,
    tellsCompanyId,
    counts: counts.map(({ status, method, route, calls, withoutCompanyId }) => [
      status,
      method,
      route,
      calls,
      withoutCompanyId,
    ]),
  }));
  return `${JSON.stringify({ version, days: written })}\n`;
}

/** What the file contains; undefined where it is not a file of this release. */
export function readDays(text: string): LedgerDay[] | undefined {
  try {
    const file = JSON.parse(text) as { version: unknown; days: unknown[] };
    return file.version === version ? file.days.map(readDay) : undefined;
  } catch {
    return undefined;
  }
}

function readDay(value: unknown): LedgerDay {
  const { date, unanswered, tellsCompanyId, counts } = value as Record<keyof LedgerDay, unknown>;
  if (typeof date !== 'string' || !isDay(date) || !isCount(unanswered)) throw new Error('no day');
  if (typeof tellsCompanyId !== 'boolean' || !Array.isArray(counts)) throw new Error('no day');
  return { date, unanswered, tellsCompanyId, counts: counts.map((row) => readRow(date, row)) };
}

function readRow(date: string, value: unknown): CallCount {
  const [status, method, route, calls, withoutCompanyId] = value as unknown[];
  if (typeof status !== 'number' || !isStatus(status)) throw new Error('no row');
  if (typeof method !== 'string' || typeof route !== 'string') throw new Error('no row');
  if (!isCount(calls) || !isCount(withoutCompanyId)) throw new Error('no row');
  return { date, status, method, route, calls, withoutCompanyId };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
