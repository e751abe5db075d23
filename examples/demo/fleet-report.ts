import type { Emulator } from 'axios-procore/emulator';
import { pronounce } from './display.js';
import type { Ends } from './fleet-ends.js';
import { sumOf, type Tally } from './fleet-messages.js';
import { complaintsAboutFleet, type FleetPacing, type WorkerRun } from './fleet-verdict.js';
import type { Naive } from './naive.js';
import type { DemoOptions } from './options.js';
import { explainLimit, explainRefusals } from './sentences.js';
import { plannedSurprises, type PlannedOutage } from './surprises.js';
import { countServer, tableOf, type Outcome } from './table.js';
import { wrapForScreen } from './wrap.js';

/** What a run of a fleet has come to. */
export interface FleetResult {
  readonly options: DemoOptions;
  readonly pacing: FleetPacing;
  readonly emulator: Pick<Emulator, 'counters' | 'log'>;
  /** By the names of the workers. */
  readonly tallies: ReadonlyMap<string, Tally>;
  /** In the order of `tallies`. */
  readonly ends: Ends;
  readonly errors: readonly string[];
  readonly outage: PlannedOutage;
  readonly askedAtMs: ReadonlyMap<string, number>;
  readonly tookMs: number;
  readonly naive: Pick<Naive, 'trouble'>;
  /** What came of the client without the plugin. */
  readonly without: Outcome | undefined;
}

/** Prints the table of a fleet, what is to be said of it, and the verdict; returns the exit code. */
export function reportOnFleet(result: FleetResult): number {
  const { options, pacing, emulator, ends, outage, naive, without } = result;
  const sum = sumOf(result.tallies.values());
  const workers = [...result.tallies].map(([name, tally], index): WorkerRun => ({
    name,
    ...tally,
    accessToken: ends.accessTokens[index]!,
  }));
  const outcome: Outcome = {
    ...sum,
    requests: options.requests,
    tookMs: result.tookMs,
    server: countServer(emulator),
    authorized: ends.stored.isLive ? 'yes' : 'no',
  };
  console.log(tableOfFleet(options, workers, sum, outcome, without));
  if (naive.trouble) console.log(`There is no column without the plugin: ${naive.trouble}`);
  if (workers.length > 1) {
    const alone = workers.filter((worker) => worker.alone.length > 0).map(({ name }) => name);
    console.log(wrapForScreen(explainLimit(emulator.log, pacing, sum.failed, alone)));
    console.log(wrapForScreen(explainRefusals(emulator.log, sum.failed)));
  }
  const complaints = complaintsAboutFleet({
    failed: sum.failed,
    concurrency: options.concurrency,
    lifetimeMs: options.lifetimeSeconds * 1000,
    writes: sum.writes,
    duplicateWrites: outcome.server.writtenTwice,
    ...plannedSurprises,
    // The outage affects calls of any method that start before each worker knows of it.
    outage: { ...outage, methods: [] },
    log: emulator.log,
    askedAtMs: result.askedAtMs,
    pacing,
    workers,
    stored: ends.stored,
  });
  const limited =
    pacing === 'together' && outcome.server.limited === 0 ? ', no call was refused by a limit' : '';
  return pronounce(
    result.errors,
    complaints,
    `nothing failed${limited}, nothing was written twice; each renewal had its reason and was one exchange for the whole fleet, never two at once, each refresh token was exchanged once but for the lost answer; all ended with the token in the store.`,
  );
}

function tableOfFleet(
  { store }: DemoOptions,
  workers: readonly WorkerRun[],
  { adoptions }: Tally,
  outcome: Outcome,
  without: Outcome | undefined,
): string {
  const none = without ? '–' : '';
  const byWorker = (count: (worker: WorkerRun) => number) => workers.map(count).join(' + ');
  return tableOf(
    {
      before: [['workers / store', `${workers.length} / ${store}`, without ? `${workers.length} / –` : '']],
      after: [
        ['windows of the limit used up', outcome.server.windowsUsedUp, without?.server.windowsUsedUp ?? ''],
        ['renewals by worker', byWorker(({ renewals }) => renewals), none],
        ['adopted from the store', adoptions, none],
        ['401s by worker', byWorker(({ unauthorized }) => unauthorized), none],
      ],
    },
    outcome,
    without,
  );
}
