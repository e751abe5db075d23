import type { Kept } from './file-format.js';
import { createLedger, type Ledger } from './ledger.js';
import type { KnownEndpoints } from './observations.js';
import { recordingOf } from './recording.js';
import { kindsOn, reportOf, type HealthReport } from './report.js';
import { createTimeline, type Timeline } from './timeline.js';
import { createTokenRecord, type TokenRecord } from './token-record.js';

/** All that is recorded. */
export interface HealthRecord {
  readonly ledger: Ledger;
  readonly timeline: Timeline;
  readonly tokens: TokenRecord;
  /** All that is kept, for the file. */
  kept(): Kept;
  /** The health over the 14 days that end with `to`. */
  report(to: string, known: KnownEndpoints): HealthReport;
}

/** Creates a record that goes on from what was kept, by one recorder or by several. */
export function createRecord(maxRoutes: number, restored: readonly Kept[]): HealthRecord {
  const ledger = createLedger(
    maxRoutes,
    restored.flatMap(({ days }) => days),
  );
  const timeline = createTimeline(restored.flatMap((kept) => kept.timeline ?? []));
  const tokens = createTokenRecord(restored.flatMap((kept) => kept.tokens));

  return {
    ledger,
    timeline,
    tokens,
    kept: () => ({ days: ledger.days(), timeline: timeline.kept(), tokens: tokens.kept() }),
    report(to, known) {
      const activity = ledger.activity();
      const report = reportOf(activity, to, known);
      const dates = report.days.map(({ date }) => date);
      const kinds = kindsOn(dates, activity.kindsWithoutAnswer);
      return { ...report, recording: recordingOf(timeline.kept(), tokens.kept(), kinds, report) };
    },
  };
}
