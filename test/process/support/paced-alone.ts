import type { AloneSpan } from '../../../examples/demo/windows-together.js';
import type { WorkerReport } from './limited-worker.js';

/** When one process paced alone, by the clock of this machine. */
export interface UnansweredSpan extends AloneSpan {
  /** How long its oldest question had no reply at the beginning. */
  readonly unansweredMs: number;
}

/** When a process paced alone, by what it has told. Throws where it has told the same outage, or its end, twice. */
export function aloneSpans(reports: readonly WorkerReport[]): readonly UnansweredSpan[] {
  const spans: UnansweredSpan[] = [];
  for (const report of reports) {
    if (report.kind !== 'told') continue;
    const isAlone = spans.length > 0 && spans.at(-1)!.untilMs === undefined;
    const { what, atMs, unansweredMs } = report;
    if (isAlone === (what === 'pacing-alone')) throw new Error(`${what} was told twice`);
    if (isAlone) spans.push({ ...spans.pop()!, untilMs: atMs });
    else spans.push({ fromMs: atMs, unansweredMs });
  }
  return spans;
}
