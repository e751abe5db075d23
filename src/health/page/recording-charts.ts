import type { RecordedSlot, Recording } from '../recording.js';
import { waitReasons } from '../slots.js';
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
import { shortMoment } from './moments.js';
import { colours } from './style.js';
import { livesOf, type AccountLives } from './token-lives.js';
import { waitNames } from './wait-names.js';

/** Charts of what only a recorder knows. */
export interface RecordingCharts {
  /** The attempts of each slot, in a bar of those that succeeded, failed and had no answer. */
  callsOverTime(recording: Recording): Chart;
  /** For how many seconds calls have waited, in a bar of what they waited for. */
  waitsOverTime(recording: Recording): Chart;
  /** The least that was left of the rate limit, in percent of it. */
  limitsOverTime(recording: Recording): Chart;
  /** The life of each token as a bar, and failures as diamonds, for some accounts. */
  tokenLives(recording: Recording): Chart;
}

/** Creates the charts of a recording. */
export function createRecordingCharts(draw: Draw): RecordingCharts {
  return {
    callsOverTime: (recording) =>
      draw(240, (width) => ({
        grid,
        legend,
        ...timeAxis(recording, width),
        yAxis: { ...numbers, minInterval: 1 },
        series: [
          bars(
            'Succeeded',
            colours.answered,
            ofSlots(recording, ({ calls, failed }) => calls - failed),
          ),
          bars(
            'Failed',
            colours.failed,
            ofSlots(recording, ({ failed }) => failed),
          ),
          bars(
            'Unanswered',
            colours.unanswered,
            ofSlots(recording, ({ unanswered }) => unanswered),
          ),
        ],
      })),
    waitsOverTime: (recording) =>
      draw(240, (width) => ({
        grid,
        legend,
        ...timeAxis(recording, width),
        yAxis: { ...numbers, axisLabel: { ...text, formatter: '{value} s' } },
        series: waitReasons.map((reason) =>
          bars(
            waitNames[reason].short,
            colours.waits[reason],
            ofSlots(recording, ({ waitedMs }) => waitedMs[reason] / 1_000),
          ),
        ),
      })),
    limitsOverTime: (recording) =>
      draw(200, (width) => ({
        grid: { ...grid, top: 12 },
        ...timeAxis(recording, width),
        yAxis: { ...numbers, max: 100, axisLabel: { ...text, formatter: '{value} %' } },
        series: [
          {
            type: 'line',
            silent: true,
            emphasis: { disabled: true },
            symbol: 'circle',
            symbolSize: 5,
            showAllSymbol: true,
            itemStyle: { color: colours.answered },
            lineStyle: { color: colours.answered, width: 2 },
            areaStyle: { color: colours.answered, opacity: 0.15 },
            data: ofSlots(recording, ({ limit }) => limit && percentLeft(limit)),
          },
        ],
      })),
    tokenLives(recording) {
      const lives = livesOf(recording);
      return draw(60 + 30 * lives.accounts.length, (width) => lifeChart(lives, width));
    },
  };
}

/** How much of a limit is left, in percent. */
export function percentLeft({ limit, remaining }: { limit: number; remaining: number }): number {
  return limit > 0 ? Math.round((1_000 * remaining) / limit) / 10 : 0;
}

/** One value for each slot from the first to the last, those in which nothing happened among them. */
function ofSlots<T>({ slots, slotMs }: Recording, value: (slot: RecordedSlot) => T): (T | null)[] {
  const byStart = new Map(slots.map((slot) => [Date.parse(slot.from), slot]));
  return starts({ slots, slotMs }).map((start) => {
    const slot = byStart.get(start);
    return slot ? (value(slot) ?? null) : null;
  });
}

function starts({ slots, slotMs }: Pick<Recording, 'slots' | 'slotMs'>): number[] {
  const [firstMs = 0, lastMs = firstMs] = [slots[0], slots.at(-1)].map((slot) =>
    Date.parse(slot?.from ?? ''),
  );
  const many = Number.isNaN(firstMs) ? 0 : (lastMs - firstMs) / slotMs + 1;
  return Array.from({ length: many }, (_, index) => firstMs + index * slotMs);
}

function timeAxis(recording: Recording, width: number): object {
  const moments = starts(recording);
  const spanMs = moments.length * recording.slotMs;
  const most = width === narrowWidth ? 4 : 10;
  return {
    xAxis: {
      type: 'category',
      data: moments.map((atMs) => shortMoment(atMs, spanMs)),
      axisLabel: { ...text, interval: Math.ceil(moments.length / most) - 1 },
      axisTick: { show: false },
      axisLine,
    },
  };
}

/** The part of what echarts gives to a `renderItem` that is used. */
interface Api {
  value(dimension: number): number;
  coord(point: readonly [number, number]): [number, number];
}

function lifeChart({ accounts, fromMs, untilMs }: ReturnType<typeof livesOf>, width: number): object {
  const names = accounts.map(({ account }) => shortened(account, width === narrowWidth ? 10 : 24));
  const longest = Math.max(...names.map((name) => name.length));
  const splitNumber = width === narrowWidth ? 2 : 6;
  return {
    // The widths of letters are not known without a browser: room is left for wide ones.
    grid: { ...grid, containLabel: false, left: 12 + 7.5 * longest, right: 24, top: 12, bottom: 36 },
    xAxis: {
      type: 'value',
      min: fromMs,
      max: untilMs,
      splitNumber,
      interval: (untilMs - fromMs) / splitNumber,
      axisLabel: { ...text, formatter: (atMs: number) => shortMoment(atMs, untilMs - fromMs) },
      splitLine: axisLine,
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: names,
      axisLabel: text,
      axisLine: { show: false },
      axisTick: { show: false },
    },
    series: [
      {
        type: 'custom',
        silent: true,
        clip: true,
        renderItem: (_: unknown, api: Api) => lifeBar(api),
        data: accounts.flatMap(({ lives }, row) => lives.map((life) => [life.fromMs, row, life.untilMs])),
      },
      {
        type: 'scatter',
        silent: true,
        symbol: 'diamond',
        symbolSize: 14,
        itemStyle: { color: colours.failed, opacity: 1, borderColor: 'var(--card)', borderWidth: 1.5 },
        data: accounts.flatMap(({ failuresMs }: AccountLives, row) => failuresMs.map((atMs) => [atMs, row])),
      },
    ],
  };
}

/** Ids that serve as names of accounts differ at their ends. */
function shortened(name: string, most: number): string {
  return name.length > most ? `${name.slice(0, most - 8)}…${name.slice(-7)}` : name;
}

function lifeBar(api: Api): object {
  const [x, y] = api.coord([api.value(0), api.value(1)]);
  const [end] = api.coord([api.value(2), api.value(1)]);
  const shape = { x, y: y - 8, width: Math.max(2, end - x), height: 16, r: 3 };
  const style = { fill: colours.answered, stroke: 'var(--card)', lineWidth: 1.5 };
  return { type: 'rect', shape, style };
}
