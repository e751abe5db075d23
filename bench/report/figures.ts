import { reportAccounts, type AccountsFigures } from './accounts.js';
import { reportOneLimit, type OneLimitFigures } from './one-limit.js';
import { reportOverhead, type OverheadFigures } from './overhead.js';
import { reportProcesses, type ProcessesFigures } from './processes.js';
import { reportQueued, type QueuedFigures } from './queued.js';
import type { Report } from './report.js';
import { reportDrain, reportHerd, reportOutage, reportSteady, type ScenarioFigures } from './scenarios.js';
import { reportSharedTokens, type SharedTokensFigures } from './shared-tokens.js';
import { reportSize, type SizeFigures } from './size.js';

/** What a run has measured, by the name of the measure. */
export interface Figures {
  readonly overhead: OverheadFigures;
  readonly herd: ScenarioFigures;
  readonly steady: ScenarioFigures;
  readonly drain: ScenarioFigures;
  readonly outage: ScenarioFigures;
  readonly accounts: AccountsFigures;
  readonly queued: QueuedFigures;
  readonly processes: ProcessesFigures;
  readonly oneLimit: OneLimitFigures;
  readonly sharedTokens: SharedTokensFigures;
  readonly size: SizeFigures;
}

/** `bench/results.json`: a whole run. */
export interface Results {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly axios: string;
  readonly node: string;
  readonly cpus: number;
  /** Rounds that were wanted; where one takes long, fewer were taken. */
  readonly rounds: number;
  readonly minutes: number;
  readonly figures: Figures;
}

type Reports = { readonly [Name in keyof Figures]: (figures: Figures[Name]) => Report };

/** What each measure has to say, in the order of the page. */
export const reports: Reports = {
  overhead: reportOverhead,
  herd: reportHerd,
  steady: reportSteady,
  drain: reportDrain,
  outage: reportOutage,
  accounts: reportAccounts,
  queued: reportQueued,
  processes: reportProcesses,
  oneLimit: reportOneLimit,
  sharedTokens: reportSharedTokens,
  size: reportSize,
};

export const reportOf = <Name extends keyof Figures>(name: Name, figures: Figures[Name]): Report =>
  reports[name](figures);
