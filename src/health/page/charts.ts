import type { ObservationName } from '../observations.js';
import type { HealthReport } from '../report.js';
import { grade, letter, type Grade } from './grades.js';
import { colours } from './style.js';

/** The part of the package echarts that is used. */
export interface Echarts {
  init(
    element: null,
    theme: null,
    options: { renderer: 'svg'; ssr: true; width: number; height: number },
  ): { setOption(option: object): void; renderToSVGString(): string; dispose(): void };
  readonly format: { encodeHTML(text: string): string };
}

/** Draws charts as SVG texts, without a browser. The text of a chart has the colour of the text around it. */
export interface Charts {
  /** The calls of each day, in a bar of those that succeeded, failed and had no answer. */
  callsByDay(report: HealthReport): string;
  /** The state of each observation on each day. */
  statesByDay(report: HealthReport): string;
}

const width = 480;
const text = { color: 'currentColor', fontSize: 13 };
const axisLine = { lineStyle: { color: colours.line } };
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

/** Creates the charts of one page. */
export function createCharts(echarts: Echarts): Charts {
  function drawn(height: number, option: object): string {
    const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
    try {
      chart.setOption({ animation: false, textStyle: text, ...option });
      return chart.renderToSVGString();
    } finally {
      chart.dispose();
    }
  }

  return {
    callsByDay: ({ days }) =>
      drawn(260, {
        grid: { left: 8, right: 8, top: 40, bottom: 8, containLabel: true },
        legend: { top: 0, left: 0, textStyle: text, selectedMode: false },
        xAxis: { ...dayAxis(days.map(({ date }) => date)), axisLine },
        yAxis: { type: 'value', minInterval: 1, axisLabel: text, splitLine: axisLine },
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
      }),
    statesByDay: ({ days, observations }) =>
      drawn(260, {
        grid: { left: 16, right: 8, top: 8, bottom: 8, containLabel: true },
        xAxis: { ...dayAxis(days.map(({ date }) => date)), axisLine },
        yAxis: {
          type: 'category',
          inverse: true,
          data: observations.map(({ name }) => shortNames[name]),
          axisLabel: text,
          axisLine,
          axisTick: { show: false },
        },
        series: [
          {
            type: 'heatmap',
            silent: true,
            emphasis: { disabled: true },
            label: { show: true },
            itemStyle: { borderColor: colours.line, borderWidth: 1 },
            data: observations.flatMap((observation, row) =>
              observation.days.map(({ state }, column) => ({
                value: [column, row, grades.indexOf(grade(state))],
                label: { color: colours[grade(state)].text, formatter: letter(state) },
              })),
            ),
          },
        ],
        visualMap: { type: 'piecewise', show: false, dimension: 2, pieces },
      }),
  };
}

function bars(name: string, color: string, data: readonly number[]): object {
  return {
    name,
    type: 'bar',
    stack: 'calls',
    silent: true,
    emphasis: { disabled: true },
    itemStyle: { color },
    data,
  };
}

/** Of each date its day of the month; there is no room for more on a phone. */
function dayAxis(dates: readonly string[]): object {
  return {
    type: 'category',
    data: dates.map((date) => date.slice(8)),
    axisLabel: { ...text, interval: 0 },
    axisTick: { show: false },
  };
}
