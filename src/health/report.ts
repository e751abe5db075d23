import { windowEnding, type Activity, type CallCount } from './calls.js';
import { failedStatuses, type FailedStatus } from './failures.js';
import { addKinds, type KindCounts } from './kinds.js';
import {
  observationRows,
  type KnownEndpoints,
  type ObservationName,
  type ObservationRow,
} from './observations.js';
import type { Recording } from './recording.js';
import { stateOfDay, stateOfWindow, worstOf, type DayState, type WindowState } from './states.js';

/** The health of an integration over 14 days. */
export interface HealthReport {
  /** The oldest day of the window, in UTC, as `YYYY-MM-DD`. */
  readonly from: string;
  /** The newest day of the window. */
  readonly to: string;
  /** The worst state of all observations. */
  readonly state: WindowState;
  /** How many requests were answered. Each attempt counts, as it does for Procore's rate limits. */
  readonly calls: number;
  /** How many of them were answered with a status of 400 or more. */
  readonly failed: number;
  /** How many attempts had no known answer: the connection broke, or the call was aborted. Procore's own report does not have them. */
  readonly unanswered: number;
  /** The seven observations of Procore's Integration Health. */
  readonly observations: readonly Observation[];
  /** Each day of the window, the oldest first. */
  readonly days: readonly DayOfCalls[];
  /** The routes with the most failed calls, at most ten. */
  readonly worstRoutes: readonly RouteOfCalls[];
  /** The statuses of 400 or more, with the most frequent first. */
  readonly failures: readonly FailedStatus[];
  /** What only a recorder knows: waits, limits and tokens, and when what happened. Missing in a report from Procore's CSV. */
  readonly recording?: Recording | undefined;
}

/** One of the seven observations. */
export interface Observation {
  readonly name: ObservationName;
  /** As Procore words it. */
  readonly title: string;
  readonly state: WindowState;
  /** How many calls of the window belong to it. */
  readonly calls: number;
  readonly cause: string;
  readonly remedy: string;
  readonly docsUrl: string;
  /** Each day of the window, the oldest first. */
  readonly days: readonly { readonly date: string; readonly state: DayState; readonly calls: number }[];
  /** The routes with the most calls that belong to the observation, at most five. */
  readonly worstRoutes: readonly RouteOfCalls[];
}

/** The calls of one day. */
export interface DayOfCalls {
  /** The day in UTC, as `YYYY-MM-DD`. */
  readonly date: string;
  /** How many attempts were answered. */
  readonly calls: number;
  /** How many of them were answered with a status of 400 or more. */
  readonly failed: number;
  /** How many attempts had no known answer. */
  readonly unanswered: number;
}

/** The calls of one method and route. */
export interface RouteOfCalls {
  readonly method: string;
  /** With names in place of ids: `/rest/v1.0/projects/:project_id/rfis/:id`. */
  readonly route: string;
  readonly calls: number;
}

/** The report on the 14 days that end with `to`. */
export function reportOf(activity: Activity, to: string, known: KnownEndpoints): HealthReport {
  const dates = windowEnding(to);
  const from = dates[0]!;
  const counts = activity.counts.filter(({ date }) => date >= from && date <= to);
  const observations = observationRows.map((row) => observationOf(row, dates, counts, activity, known));
  const failed = counts.filter(({ status }) => status >= 400);
  const days = dates.map((date) => ({
    date,
    calls: sum(counts.filter((row) => row.date === date)),
    failed: sum(failed.filter((row) => row.date === date)),
    unanswered: activity.unanswered.get(date) ?? 0,
  }));
  return {
    from,
    to,
    state: worstOf(observations.map(({ state }) => state)),
    calls: sum(counts),
    failed: sum(failed),
    unanswered: days.reduce((total, { unanswered }) => total + unanswered, 0),
    observations,
    days,
    worstRoutes: worstRoutes(failed, ({ calls }) => calls, 10),
    failures: failedStatuses(failed, kindsOn(dates, activity.kinds)),
  };
}

/** How often there was each kind on these days. */
export function kindsOn(dates: readonly string[], kinds: ReadonlyMap<string, KindCounts>): KindCounts {
  const total: KindCounts = {};
  for (const date of dates) addKinds(total, kinds.get(date) ?? {});
  return total;
}

function observationOf(
  row: ObservationRow,
  dates: readonly string[],
  counts: readonly CallCount[],
  { tellsCompanyId }: Activity,
  known: KnownEndpoints,
): Observation {
  const { name, title, cause, remedy, docsUrl, thresholds, counted } = row;
  const isUnknown = name === 'company-header-missing' && !tellsCompanyId;
  const callsOf = (one: CallCount) => counted(one, known);
  const days = dates.map((date) => {
    const ofDay = counts.filter((one) => one.date === date);
    const calls = sum(ofDay, callsOf);
    const state: DayState = isUnknown ? 'Unknown' : stateOfDay(calls, sum(ofDay), thresholds);
    return { date, state, calls };
  });
  return {
    name,
    title,
    state: isUnknown ? 'Unknown' : stateOfWindow(days.map(({ state }) => state)),
    calls: sum(counts, callsOf),
    cause,
    remedy,
    docsUrl,
    days,
    worstRoutes: worstRoutes(counts, callsOf, 5),
  };
}

function worstRoutes(
  counts: readonly CallCount[],
  callsOf: (row: CallCount) => number,
  most: number,
): RouteOfCalls[] {
  const byRoute = new Map<string, RouteOfCalls>();
  for (const row of counts) {
    const calls = callsOf(row);
    if (calls === 0) continue;
    const { method, route } = row;
    const key = `${method} ${route}`;
    byRoute.set(key, { method, route, calls: (byRoute.get(key)?.calls ?? 0) + calls });
  }
  return [...byRoute.values()]
    .sort((one, other) => other.calls - one.calls || compare(one.route, other.route))
    .slice(0, most);
}

function sum(counts: readonly CallCount[], callsOf = ({ calls }: CallCount) => calls): number {
  return counts.reduce((total, row) => total + callsOf(row), 0);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
