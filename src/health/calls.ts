import type { KindCounts } from './kinds.js';

/** Calls of one day that were alike: a row of Procore's "API Call Activity Report". */
export interface CallCount {
  /** The day in UTC, `YYYY-MM-DD`. */
  readonly date: string;
  /** The HTTP status of the answer. */
  readonly status: number;
  readonly method: string;
  /** The normalised route, or {@link otherRoutes}. */
  readonly route: string;
  readonly calls: number;
  /** How many of them had no `Procore-Company-Id` header although they belong to a company. */
  readonly withoutCompanyId: number;
}

/** The calls of a window, as the recorder or a report of Procore's tells them. */
export interface Activity {
  readonly counts: readonly CallCount[];
  /** Attempts without a known answer, by day. */
  readonly unanswered: ReadonlyMap<string, number>;
  /** Whether it is known which calls had a `Procore-Company-Id` header. */
  readonly tellsCompanyId: boolean;
  /** The kinds of failures that were answered, by day, as far as they are known. */
  readonly kinds: ReadonlyMap<string, KindCounts>;
  /** The kinds of those without an answer. */
  readonly kindsWithoutAnswer: ReadonlyMap<string, KindCounts>;
}

/** Stands for the routes of a day beyond those that are kept apart. */
export const otherRoutes = '(other routes)';

/** How many days the window has: Procore's own number. */
const windowDays = 14;

/** The length of a day. */
export const dayMs = 86_400_000;

/** The day of a moment in UTC, `YYYY-MM-DD`. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** The days of the window that ends with `last`, the oldest first. */
export function windowEnding(last: string): string[] {
  const endMs = Date.parse(last);
  return Array.from({ length: windowDays }, (_, index) => dayOf(endMs - (windowDays - 1 - index) * dayMs));
}

/** True for a day of the calendar as {@link dayOf} writes it. */
export function isDay(text: string): boolean {
  const atMs = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : NaN;
  return !Number.isNaN(atMs) && dayOf(atMs) === text;
}

/** True for the number of an HTTP status. */
export function isStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 100 && status <= 599;
}
