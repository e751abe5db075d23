/** The state of an observation on one day, in Procore's words. `Unknown` is this package's, for what the data does not tell. */
export type DayState = 'Critical' | 'Warning' | 'Healthy' | 'Unknown';

/** The state of an observation over the window of 14 days, in Procore's words. `Unknown` is this package's, for what the data does not tell. */
export type WindowState = 'Needs Attention' | 'Review Recommended' | 'Healthy' | 'Unknown';

/** From where on a day counts: both the number of calls and their share of the day's calls have to be reached. */
export interface Threshold {
  readonly calls: number;
  /** 0.01 is one percent of the calls of the day. */
  readonly share: number;
}

/** When a day of an observation is Warning and when it is Critical. */
export interface Thresholds {
  readonly warning: Threshold;
  readonly critical: Threshold;
}

/** How much a day counts in the window, compared with the day after it. */
export const dayWeight = 0.8;
/** What a day adds to the score of the window. */
export const dayScore: Readonly<Record<DayState, number>> = {
  Critical: 1,
  Warning: 0.5,
  Healthy: 0,
  Unknown: 0,
};
/** The score from which on a window with a Critical day is Needs Attention: a Critical day that is the newest has as much alone. */
export const attentionScore = 0.2;
/** The score from which on a window without a Critical day is Review Recommended: no Warning day has as much alone. */
export const reviewScore = 0.12;

/** The state of a day with `total` calls, of which `calls` belong to the observation. */
export function stateOfDay(calls: number, total: number, { warning, critical }: Thresholds): DayState {
  const reaches = (threshold: Threshold) => calls >= threshold.calls && calls >= threshold.share * total;
  if (calls === 0) return 'Healthy';
  if (reaches(critical)) return 'Critical';
  return reaches(warning) ? 'Warning' : 'Healthy';
}

/** The weighted mean of the states of all days of the window, the oldest first. A day without calls counts as Healthy. */
export function scoreOf(days: readonly DayState[]): number {
  let score = 0;
  let weights = 0;
  days.forEach((state, index) => {
    const weight = dayWeight ** (days.length - 1 - index);
    score += weight * dayScore[state];
    weights += weight;
  });
  return weights === 0 ? 0 : score / weights;
}

/** The state of the window with these days, the oldest first. Without a Critical day it is Review Recommended at most. */
export function stateOfWindow(days: readonly DayState[]): Exclude<WindowState, 'Unknown'> {
  const score = scoreOf(days);
  const hasCritical = days.includes('Critical');
  if (hasCritical && score >= attentionScore) return 'Needs Attention';
  return hasCritical || score >= reviewScore ? 'Review Recommended' : 'Healthy';
}

/** The worst of several states of the window. */
export function worstOf(states: readonly WindowState[]): WindowState {
  const order: readonly WindowState[] = ['Needs Attention', 'Review Recommended', 'Healthy'];
  return order.find((state) => states.includes(state)) ?? 'Unknown';
}
