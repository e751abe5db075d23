import type { EmulatedWindow } from './limited-emulator.js';
import type { WorkerReport } from './limited-worker.js';

/** When one process paced alone, by the clock of this machine. `unansweredMs`: how long its oldest question had no reply at the beginning. */
export interface AloneSpan {
  readonly fromMs: number;
  /** Infinity: it still does. */
  readonly untilMs: number;
  readonly unansweredMs: number;
}

/** When a process paced alone, by what it has told. Throws where it has told the same outage, or its end, twice. */
export function aloneSpans(reports: readonly WorkerReport[]): readonly AloneSpan[] {
  const spans: AloneSpan[] = [];
  for (const report of reports) {
    if (report.kind !== 'told') continue;
    const isAlone = spans.at(-1)?.untilMs === Infinity;
    const { what, atMs, unansweredMs } = report;
    if (isAlone === (what === 'pacing-alone')) throw new Error(`${what} was told twice`);
    if (isAlone) spans.push({ ...spans.pop()!, untilMs: atMs });
    else spans.push({ fromMs: atMs, untilMs: Infinity, unansweredMs });
  }
  return spans;
}

/**
 * The windows with whose calls no process has to do that paced alone: none did in this window, nor in the one before. What was sent alone is
 * known to the common state from the second question on, and has used up the limit of no later window.
 */
export function windowsTogether(
  windows: readonly EmulatedWindow[],
  spans: readonly AloneSpan[],
): readonly EmulatedWindow[] {
  return windows.filter((_window, index) => {
    const sinceMs = windows[index - 1]?.beganAtMs ?? -Infinity;
    const endedAtMs = windows[index + 1]?.beganAtMs ?? Infinity;
    return !spans.some(({ fromMs, untilMs }) => fromMs < endedAtMs && untilMs >= sinceMs);
  });
}
