import type { ObservationName } from '../observations.js';
import type { HealthReport } from '../report.js';
import {
  axisLine,
  bars,
  grid,
  legend,
  narrowWidth,
  numbers,
  text,
  type Chart,
  type Draw,
} from './drawing.js';
import { grade, letter, type Grade } from './grades.js';
import { colours } from './style.js';

/** Charts of the days of the window. */
export interface DayCharts {
  /** The calls of each day, in a bar of those that succeeded, failed and had no answer. */
  callsByDay(report: HealthReport): Chart;
  /** The state of each observation on each day. */
  statesByDay(report: HealthReport): Chart;
}

/** The colours of a heat map go by number. */
const grades: readonly Grade[] = ['good', 'doubtful', 'bad', 'unknown'];
const pieces = grades.map((one, value) => ({ value, color: colours[one].fill }));
const shortNames: Readonly<Record<ObservationName, string>> = {
  forbidden: '403',
  'not-found': '404',
  'rate-limited': '429',
  unauthorized: '401',
  'company-header-missing': 'Company',
  'deprecated-endpoints': 'Deprecated',
  'private-endpoints': 'Private',
};

/** Creates the charts of days. */
export function createDayCharts(draw: Draw): DayCharts {
  return {
    callsByDay: ({ days }) =>
      draw(240, (width) => ({
        grid,
        legend,
        xAxis: { ...dayAxis(days, width), axisLine },
        yAxis: { ...numbers, minInterval: 1 },
        series: [
          bars(
            'Succeeded',
            colours.answered,
            days.map(({ calls, failed }) => calls - failed),
          ),
          bars(
            'Failed',
            colours.failed,
            days.map(({ failed }) => failed),
          ),
          bars(
            'Unanswered',
            colours.unanswered,
            days.map(({ unanswered }) => unanswered),
          ),
        ],
      })),
    statesByDay: ({ days, observations }) =>
      draw(250, (width) => ({
        grid: { ...grid, left: 16, top: 4 },
        xAxis: { ...dayAxis(days, width), axisLine: { show: false } },
        yAxis: {
          type: 'category',
          inverse: true,
          data: observations.map(({ name }) => shortNames[name]),
          axisLabel: text,
          axisLine: { show: false },
          axisTick: { show: false },
        },
        series: [
          {
            type: 'heatmap',
            silent: true,
            emphasis: { disabled: true },
            label: { show: true },
            itemStyle: { borderColor: 'var(--card)', borderWidth: 2, borderRadius: 4 },
            data: observations.flatMap((observation, row) =>
              observation.days.map(({ state }, column) => ({
                value: [column, row, grades.indexOf(grade(state))],
                label: { color: colours[grade(state)].text, formatter: letter(state) },
              })),
            ),
          },
        ],
        visualMap: { type: 'piecewise', show: false, dimension: 2, pieces },
      })),
  };
}

/** Of each date its day of the month; on a phone there is room for every second one. */
function dayAxis(days: HealthReport['days'], width: number): object {
  return {
    type: 'category',
    data: days.map(({ date }) => date.slice(8)),
    axisLabel: { ...text, interval: width === narrowWidth ? 1 : 0 },
    axisTick: { show: false },
  };
}
