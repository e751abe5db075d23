import type { DayState, WindowState } from '../states.js';

/** How good a state is. */
export type Grade = 'bad' | 'doubtful' | 'good' | 'unknown';

const grades: Readonly<Record<DayState | WindowState, Grade>> = {
  Critical: 'bad',
  'Needs Attention': 'bad',
  Warning: 'doubtful',
  'Review Recommended': 'doubtful',
  Healthy: 'good',
  Unknown: 'unknown',
};

/** How good a state of a day or of the window is. */
export function grade(state: DayState | WindowState): Grade {
  return grades[state];
}

/** A state of a day in one letter, so that a chart tells it without colour. */
export function letter(state: DayState): string {
  return state === 'Unknown' ? '?' : state.slice(0, 1);
}
