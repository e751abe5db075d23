import { colours } from './style.js';

/** A chart in two SVG texts, so that its letters have the same size on a desktop and on a phone. */
export interface Chart {
  readonly wide: string;
  readonly narrow: string;
}

/** Draws one chart; what it consists of may depend on its width in pixels. */
export type Draw = (height: number, optionOf: (width: number) => object) => Chart;

/** The letters of charts. */
export const text: { readonly color: string; readonly fontSize: number } = {
  color: 'currentColor',
  fontSize: 12,
};
/** The lines of axes and grids. */
export const axisLine: { readonly lineStyle: object } = { lineStyle: { color: colours.line, opacity: 0.5 } };
/** Room for the names of axes. */
export const grid = { left: 8, right: 12, top: 36, bottom: 8, containLabel: true };

/** The width of a chart on a desktop. */
export const wideWidth = 860;
/** The width of a chart on a phone. */
export const narrowWidth = 310;

/** One part of stacked bars. */
export function bars(name: string, color: string, data: readonly (number | null)[]): object {
  return {
    name,
    type: 'bar',
    stack: 'all',
    barCategoryGap: '15%',
    silent: true,
    emphasis: { disabled: true },
    itemStyle: { color },
    data,
  };
}

/** The names of the parts of bars. */
export const legend: object = {
  top: 0,
  left: 0,
  itemWidth: 14,
  itemGap: 12,
  textStyle: text,
  selectedMode: false,
};

/** An axis of numbers from nothing on. */
export const numbers: object = { type: 'value', min: 0, axisLabel: text, splitLine: axisLine };
