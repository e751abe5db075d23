import type { ProblemKind } from '../failure/catalogue.js';
import { dayMs, dayOf, isStatus, otherRoutes, windowEnding, type Activity, type CallCount } from './calls.js';
import { isOfNoCompany } from '../wire/endpoints.js';
import { addKinds, type KindCounts } from './kinds.js';
import { routeOf } from '../wire/routes.js';

/** One attempt of a call, as it is recorded. */
export interface Attempt {
  /** Undefined where no answer is known. */
  readonly status: number | undefined;
  readonly method: string;
  readonly path: string;
  /** Whether it had a `Procore-Company-Id` header; undefined where that is not told. */
  readonly hasCompanyId: boolean | undefined;
  /** What kind of failure it was; undefined for a success, and where that is not told. */
  readonly kind: ProblemKind | undefined;
}

/** A day as it is kept, in memory and in the file. */
export interface LedgerDay {
  readonly date: string;
  unanswered: number;
  /** Whether any call of the day told if it had the company header. */
  tellsCompanyId: boolean;
  readonly counts: CallCount[];
  /** The kinds of failures that were answered. */
  readonly kinds: KindCounts;
  /** The kinds of those without an answer, calls that were never sent among them. */
  readonly kindsWithoutAnswer: KindCounts;
}

/** The calls of the last 14 days, in bounded memory. */
export interface Ledger {
  add(attempt: Attempt, atMs: number): void;
  /** A call that ended without having been sent. */
  addUnsent(kind: ProblemKind, atMs: number): void;
  activity(): Activity;
  /** All that is kept, for the file. */
  days(): LedgerDay[];
}

interface Day {
  unanswered: number;
  tellsCompanyId: boolean;
  readonly routes: Set<string>;
  readonly counts: Map<string, { -readonly [K in keyof CallCount]: CallCount[K] }>;
  readonly kinds: KindCounts;
  readonly kindsWithoutAnswer: KindCounts;
}

/** Longer routes have no row of their own. */
const longestRoute = 300;
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Creates the ledger of one recorder. Of each day it keeps `maxRoutes` routes apart; what comes beyond is counted in one row. */
export function createLedger(maxRoutes: number, restored: readonly LedgerDay[] = []): Ledger {
  const days = new Map<string, Day>();
  /** The day of the last attempt: to format a date takes longer than all the rest. */
  let today = { number: NaN, date: '' };
  for (const kept of restored) {
    const day = dayFor(kept.date);
    day.unanswered += kept.unanswered;
    day.tellsCompanyId ||= kept.tellsCompanyId;
    for (const row of kept.counts) count(day, row);
    addKinds(day.kinds, kept.kinds);
    addKinds(day.kindsWithoutAnswer, kept.kindsWithoutAnswer);
  }

  function dayFor(date: string): Day {
    const known = days.get(date);
    if (known) return known;
    const day: Day = {
      unanswered: 0,
      tellsCompanyId: false,
      routes: new Set(),
      counts: new Map(),
      kinds: {},
      kindsWithoutAnswer: {},
    };
    days.set(date, day);
    return day;
  }

  function count(day: Day, row: CallCount): void {
    const isKept = day.routes.has(row.route) || (day.routes.size < maxRoutes && row.route !== otherRoutes);
    if (isKept) day.routes.add(row.route);
    const route = isKept ? row.route : otherRoutes;
    const key = `${row.status} ${row.method} ${route}`;
    const known = day.counts.get(key);
    if (!known) return void day.counts.set(key, { ...row, route });
    known.calls += row.calls;
    known.withoutCompanyId += row.withoutCompanyId;
  }

  /** Drops what is older than the window. What is later than tomorrow was counted while the clock was wrong. */
  function dropOutside(date: string, atMs: number): void {
    const [first = date] = windowEnding(date);
    const last = dayOf(atMs + dayMs);
    for (const kept of days.keys()) if (kept < first || kept > last) days.delete(kept);
  }

  function dayAt(atMs: number): Day {
    const number = Math.floor(atMs / dayMs);
    if (number !== today.number) today = { number, date: dayOf(atMs) };
    if (!days.has(today.date)) dropOutside(today.date, atMs);
    return dayFor(today.date);
  }

  return {
    add({ status, method, path, hasCompanyId, kind }, atMs) {
      const day = dayAt(atMs);
      const { date } = today;
      const isAnswered = status !== undefined && isStatus(status);
      if (kind) addKinds(isAnswered ? day.kinds : day.kindsWithoutAnswer, { [kind]: 1 });
      if (!isAnswered) return void (day.unanswered += 1);
      if (hasCompanyId !== undefined) day.tellsCompanyId = true;
      const normalised = routeOf(path);
      const route = normalised.length > longestRoute ? otherRoutes : normalised;
      const name = method.toUpperCase();
      count(day, {
        date,
        status,
        method: methods.has(name) ? name : 'OTHER',
        route,
        calls: 1,
        withoutCompanyId: Number(hasCompanyId === false && !isOfNoCompany(route)),
      });
    },
    addUnsent: (kind, atMs) => addKinds(dayAt(atMs).kindsWithoutAnswer, { [kind]: 1 }),
    activity() {
      const all = [...days];
      return {
        counts: all.flatMap(([, { counts }]) => [...counts.values()]),
        unanswered: new Map(all.map(([date, { unanswered }]) => [date, unanswered])),
        tellsCompanyId: all.some(([, day]) => day.tellsCompanyId),
        kinds: new Map(all.map(([date, { kinds }]) => [date, kinds])),
        kindsWithoutAnswer: new Map(all.map(([date, { kindsWithoutAnswer }]) => [date, kindsWithoutAnswer])),
      };
    },
    days: () =>
      [...days].map(([date, { unanswered, tellsCompanyId, counts, kinds, kindsWithoutAnswer }]) => ({
        date,
        unanswered,
        tellsCompanyId,
        counts: [...counts.values()],
        kinds,
        kindsWithoutAnswer,
      })),
  };
}
