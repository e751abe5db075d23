import type { Procore } from '../attach/handle.js';
import type { Env } from '../time/env.js';
import { dayOf } from './calls.js';
import { writeActivityReport, type Papaparse } from './csv.js';
import { nothingKept } from './file-format.js';
import type { HealthFile } from './file.js';
import { listen } from './listening.js';
import type { KnownEndpoints } from './observations.js';
import type { Echarts } from './page/charts.js';
import { healthPageOf } from './page/page.js';
import { createRecord } from './record.js';
import type { HealthReport } from './report.js';

/** Records the calls of an attached instance. */
export interface HealthRecorder {
  /** The health over the 14 days that end today (UTC). */
  report(): HealthReport;
  /**
   * The calls of these days in the columns of Procore's "API Call Activity Report".
   * @throws Error where the package papaparse is not installed.
   */
  csv(): string;
  /**
   * The report as one self-contained HTML page.
   * @throws Error where the package echarts is not installed.
   */
  html(): string;
  /** Records no more, and resolves when the file, if there is one, has everything. Never rejects. */
  stop(): Promise<void>;
}

/** How long counts may be in memory only. */
const saveEveryMs = 10_000;

/** Creates the recorder of one handle. */
export function createRecorder(deps: {
  handle: Pick<Procore, 'on'>;
  env: Pick<Env, 'now' | 'sleep'>;
  known: KnownEndpoints;
  maxRoutes: number;
  file: HealthFile | undefined;
  papaparse: () => Papaparse;
  echarts: () => Echarts;
}): HealthRecorder {
  const { handle, env, known, maxRoutes, file, papaparse, echarts } = deps;
  const record = createRecord(maxRoutes, [file?.read() ?? nothingKept]);
  const stopped = new AbortController();
  let lastSave: Promise<void> = Promise.resolve();
  let isSaveDue = false;

  function save(): Promise<void> {
    isSaveDue = false;
    return (lastSave = lastSave.then(() => file?.save(record.kept())));
  }

  function changed(): void {
    if (!file || isSaveDue) return;
    isSaveDue = true;
    void env
      .sleep(saveEveryMs, { signal: stopped.signal, ref: false })
      .then(() => (stopped.signal.aborted ? undefined : save()));
  }

  const stopListening = listen(handle, { record, now: env.now, changed });
  const report = () => record.report(dayOf(env.now()), known);

  return {
    report,
    html: () => healthPageOf(report(), echarts()),
    csv: () => writeActivityReport(papaparse(), record.ledger.activity().counts),
    async stop() {
      stopListening();
      const wasDue = isSaveDue;
      stopped.abort();
      await (wasDue ? save() : lastSave);
    },
  };
}
