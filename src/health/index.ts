/**
 * What Procore would observe of an integration, from the events of the plugin or from Procore's report. `docs/health.md` explains it.
 *
 * @module axios-procore/health
 */

import type { Procore } from '../attach/handle.js';
import { systemEnv } from '../time/env.js';
import { described } from '../text/words.js';
import { dayOf } from './calls.js';
import { readActivityReport } from './csv.js';
import { newestDay, readKept } from './file-format.js';
import { createHealthFile, nodeFileSystem } from './file.js';
import {
  resolveHealthOptions,
  resolveRecorderOptions,
  type HealthOptions,
  type RecordHealthOptions,
} from './options.js';
import { healthPageOf } from './page/page.js';
import { loadEcharts, loadPapaparse } from './peers.js';
import { createRecord } from './record.js';
import { createRecorder, type HealthRecorder } from './recorder.js';
import { reportOf, type HealthReport } from './report.js';

export type { ObservationName } from './observations.js';
export type { FailedStatus, FailureOfKind } from './failures.js';
export type { HealthOptions, RecordHealthOptions } from './options.js';
export type { RecordedSlot, RecordedTokens, RecordedWaits, Recording } from './recording.js';
export type { HealthRecorder } from './recorder.js';
export type { DayOfCalls, HealthReport, Observation, RouteOfCalls } from './report.js';
export type { LimitLeft, WaitReason } from './slots.js';
export type { DayState, WindowState } from './states.js';
export type { TokenEvent, TokenEventName } from './token-events.js';

/**
 * Records the calls of an attached instance from now on, over 14 days and in bounded memory, and tells their health as Procore's
 * Integration Health does. It only listens to events, and never delays or fails a call.
 *
 * @param handle what `attachProcore` returned.
 * @throws TypeError for a wrong argument. What is wrong with the file is a warning of the process.
 * @example
 * const health = recordHealth(attachProcore(instance, options), { file: 'health.json' });
 * console.log(health.report().state);
 */
export function recordHealth(handle: Pick<Procore, 'on'>, options: RecordHealthOptions = {}): HealthRecorder {
  if (typeof (handle as Partial<Procore> | undefined | null)?.on !== 'function')
    throw new TypeError(
      `recordHealth: the first argument is ${described(handle)}; it takes the handle that attachProcore returned.`,
    );
  const { file, maxRoutes, known } = resolveRecorderOptions(options);
  const warn = (message: string) =>
    process.emitWarning(message, { type: 'ProcoreWarning', code: 'health-file' });
  return createRecorder({
    handle,
    env: systemEnv,
    known,
    maxRoutes,
    file:
      file === undefined
        ? undefined
        : createHealthFile(file, { fs: nodeFileSystem, now: systemEnv.now, warn }),
    papaparse: () => loadPapaparse('csv'),
    echarts: () => loadEcharts('html'),
  });
}

/**
 * The health that Procore's "API Call Activity Report" shows, over the 14 days that end with its newest one. The report does not tell which
 * calls had a company header, so that this observation is Unknown.
 *
 * @param csv the text of the file.
 * @throws TypeError for a wrong argument; Error that names line and column where the text is no such report, or where the package papaparse
 * is not installed.
 * @example
 * const { observations } = healthOf(await readFile('api-call-activity.csv', 'utf8'));
 */
export function healthOf(csv: string, options: HealthOptions = {}): HealthReport {
  if (typeof csv !== 'string')
    throw new TypeError(
      `healthOf: the first argument is ${described(csv)}; it takes the text of a CSV file.`,
    );
  const known = resolveHealthOptions(options, 'healthOf');
  const counts = readActivityReport(loadPapaparse('healthOf'), csv);
  const newest = counts.reduce((latest, { date }) => (date > latest ? date : latest), dayOf(0));
  const none = {
    unanswered: new Map(),
    tellsCompanyId: false,
    kinds: new Map(),
    kindsWithoutAnswer: new Map(),
  };
  return reportOf({ ...none, counts }, newest, known);
}

/**
 * The health that several recorders show together, as the processes of a fleet, over the 14 days that end with the newest one recorded.
 *
 * @param recordings the texts of the files that the recorders have written (option `file` of {@link recordHealth}).
 * @throws TypeError for a wrong argument; Error that says which text is none of a recorder.
 * @example
 * const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
 * await writeFile('health.html', healthPage(healthOfRecordings(texts)));
 */
export function healthOfRecordings(recordings: readonly string[], options: HealthOptions = {}): HealthReport {
  if (
    !Array.isArray(recordings) ||
    recordings.length === 0 ||
    !recordings.every((one) => typeof one === 'string')
  )
    throw new TypeError(
      `healthOfRecordings: the first argument is ${described(recordings)}; it takes an array of the texts of files that recorders have written.`,
    );
  const known = resolveHealthOptions(options, 'healthOfRecordings');
  const kept = recordings.map((text, index) => {
    const read = readKept(text);
    if (read) return read;
    throw new Error(
      `healthOfRecordings: text ${index + 1} of ${recordings.length} is not what a recorder of this release, or of an earlier one, writes to its file.`,
    );
  });
  const today = dayOf(systemEnv.now());
  return createRecord(Infinity, kept).report(newestDay(kept) ?? today, known);
}

/**
 * A report as one self-contained HTML page: no network, no script, for light and dark screens, phones and paper.
 *
 * @throws Error where the package echarts is not installed.
 * @example
 * await writeFile('health.html', healthPage(healthOf(await readFile('api-call-activity.csv', 'utf8'))));
 */
export function healthPage(report: HealthReport): string {
  return healthPageOf(report, loadEcharts('healthPage'));
}
