import { createDayCharts, type DayCharts } from './day-charts.js';
import { narrowWidth, text, wideWidth, type Draw } from './drawing.js';
import { createRecordingCharts, type RecordingCharts } from './recording-charts.js';

/** The part of the package echarts that is used. */
export interface Echarts {
  init(
    element: null,
    theme: null,
    options: { renderer: 'svg'; ssr: true; width: number; height: number },
  ): { setOption(option: object): void; renderToSVGString(): string; dispose(): void };
  readonly format: { encodeHTML(text: string): string };
}

/** Draws charts without a browser. The text of a chart has the colour of the text around it. */
export interface Charts extends DayCharts, RecordingCharts {}

/** Creates the charts of one page. */
export function createCharts(echarts: Echarts): Charts {
  const draw: Draw = (height, optionOf) => {
    const drawn = (width: number) => {
      const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
      try {
        chart.setOption({ animation: false, textStyle: text, ...optionOf(width) });
        return chart.renderToSVGString();
      } finally {
        chart.dispose();
      }
    };
    return { wide: drawn(wideWidth), narrow: drawn(narrowWidth) };
  };
  return { ...createDayCharts(draw), ...createRecordingCharts(draw) };
}
