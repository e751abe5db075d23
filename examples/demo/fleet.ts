import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axios from 'axios';
import { attachProcore } from 'axios-procore';
import { startEmulator, type Emulator } from 'axios-procore/emulator';
import { hire } from './crew.js';
import { announce, pronounce, startDisplay } from './display.js';
import { askForEnds } from './fleet-ends.js';
import { emptyTally, sumOf, type Assignment, type Order, type Report, type Tally } from './fleet-messages.js';
import { fleetConditionsFor, partsOf } from './fleet-plan.js';
import { createFleetStory } from './fleet-story.js';
import { complaintsAboutFleet, type WorkerRun } from './fleet-verdict.js';
import { startNaive } from './naive.js';
import { pauseFor } from './naive-messages.js';
import type { DemoOptions } from './options.js';
import { pageOf, writePage } from './page.js';
import { openStore, type OpenStore, type SharedKind } from './place.js';
import { prepare } from './prepare.js';
import { runToEnd } from './run.js';
import { explainRefusals, opening } from './sentences.js';
import { slowDownExchanges } from './slow-exchanges.js';
import { createSurprises, delayCalls, fleetMoments, loseAnswer, plannedSurprises } from './surprises.js';
import { countServer, tableOf, type Outcome } from './table.js';
import { createTeller } from './teller.js';
import { counted, describe } from './words.js';
import { wrapForScreen } from './wrap.js';

/** The options of a fleet. */
export interface FleetOptions extends DemoOptions {
  readonly store: SharedKind;
}

/** Runs the sync in several processes that share a store; resolves with the exit code. */
export async function runFleet(options: FleetOptions): Promise<number> {
  return runToEnd((signal, atEnd) => run(options, signal, atEnd));
}

async function run(
  options: FleetOptions,
  signal: AbortSignal,
  atEnd: (ending: () => Promise<unknown>) => void,
): Promise<number | undefined> {
  const { concurrency, lifetimeSeconds, requests } = options;
  const { rateLimits, latencyMs, outage } = fleetConditionsFor(options);
  const lifetimeMs = lifetimeSeconds * 1000;

  const prepared = await prepare(options.store, signal).catch((error: unknown) => {
    throw new Error(`--store ${options.store}: ${describe(error)}`);
  });
  atEnd(prepared.clear);
  const opened = await openStore(prepared.place);
  atEnd(opened.close);
  // Mode B, as with one process. After a renewal the other processes get 401s once the new token is used.
  const emulator = await startEmulator({
    accessTokenLifetimeSeconds: lifetimeSeconds,
    spentTokens: 'B',
    rateLimits,
  });
  atEnd(emulator.close);
  const slowApi = delayCalls(emulator, latencyMs);
  const slowExchanges = slowDownExchanges(emulator);

  const parts = partsOf(options, options.workers);
  const naive = startNaive({
    ...{ requests, lifetimeSeconds, rateLimits, latencyMs, outage, parts },
    pauseMs: pauseFor(options),
  });
  atEnd(naive.leave);

  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-demo-health-'));
  atEnd(async () => rmSync(folder, { recursive: true, force: true }));
  const recordings = parts.map((_, index) => join(folder, `worker-${index + 1}.json`));

  const tallies = new Map<string, Tally>();
  const askedAtMs = new Map<string, number>();
  const syncing = new Set<string>();
  let news = 'syncing';
  const hired = parts.map((part, index) => {
    const name = `worker ${index + 1}`;
    tallies.set(name, emptyTally);
    syncing.add(name);
    const assignment: Assignment = {
      environment: emulator.environment,
      clientId: emulator.clientId,
      clientSecret: emulator.clientSecret,
      place: prepared.place,
      part,
      maxWaitMs: options.durationSeconds * 1000,
      recording: recordings[index]!,
    };
    const leave: Order = { kind: 'leave' };
    return hire<Order, Report>(
      { name, script: new URL('fleet-worker.ts', import.meta.url), assignment, leave },
      (report) => hear(name, report),
    );
  });
  atEnd(() => Promise.all(hired.map((member) => member.leave())));
  const stopped = once(signal, 'abort').then(() => undefined);
  /** Waits for a report of each worker; undefined when the run is stopped before. */
  const everybody = <K extends Report['kind']>(kind: K) =>
    Promise.race([Promise.all(hired.map((member) => member.next(kind))), stopped]);

  const moments = fleetMoments(emulator, {
    lifetimeMs,
    outage,
    hasStruckAll: () => [...syncing].every((name) => tallies.get(name)!.heldByOutage > 0),
  });
  const surprises = createSurprises(
    emulator,
    { requests, outage: { retryAfterMs: outage.retryAfterMs } },
    moments,
    () => slowExchanges.without(() => loseAnswer(emulator)),
  );
  const progress = () => {
    const { succeeded, failed, renewals, adoptions } = sumOf(tallies.values());
    return {
      done: succeeded + failed,
      renewals,
      unauthorized: emulator.counters.unauthorized,
      limited: emulator.counters.byStatus[429] ?? 0,
      unavailable: emulator.counters.byStatus[503] ?? 0,
      others: `${adoptions} adopted`,
      news,
    };
  };

  announce(
    opening(options, {
      who: `${counted(options.workers, 'process', 'processes')} with the plugin and one token in the ${options.store} store ${options.workers === 1 ? 'makes' : 'make'}`,
      outage,
    }),
  );
  if (signal.aborted || !(await everybody('ready'))) return undefined;
  await naive.ready();
  await authorize(emulator, opened, lifetimeMs);
  const display = startDisplay(requests, progress());
  const story = createFleetStory(createTeller(display.say), emulator.log, options.workers);

  function hear(name: string, report: Report): void {
    if (report.kind === 'news') news = report.text;
    if (report.kind === 'renewed') {
      news = 'syncing';
      askedAtMs.set(report.accessToken, report.askedAtMs);
      story.renewed(name);
    }
    if ('tally' in report) tallies.set(name, report.tally);
    if (report.kind === 'done') syncing.delete(name);
    if (report.kind !== 'progress' && report.kind !== 'done') return;
    const wasDown = surprises.isDown;
    const now = progress();
    news = surprises.after(now.done) ?? news;
    if (wasDown && !surprises.isDown) story.outage(moments.downForMs);
    display.update({ ...now, news });
  }

  const startedAt = performance.now();
  naive.go();
  hired.forEach((member) => member.tell({ kind: 'go' }));
  const done = await everybody('done');
  const tookMs = performance.now() - startedAt;
  const without = done && (await naive.finish());
  slowApi.remove();
  const ends =
    done &&
    (await askForEnds(emulator, opened, () => {
      const answers = everybody('finished');
      hired.forEach((member) => member.tell({ kind: 'finish' }));
      return answers;
    }));
  news = ends ? 'done' : 'stopped';
  display.stop(progress());
  if (!ends) return undefined;

  const sum = sumOf(tallies.values());
  const workers = hired.map(({ name }, index): WorkerRun => {
    const { heldByOutage, renewals, adoptions } = tallies.get(name)!;
    return { name, heldByOutage, renewals, adoptions, accessToken: ends.accessTokens[index]! };
  });
  const outcome: Outcome = {
    ...sum,
    requests,
    tookMs,
    server: countServer(emulator),
    authorized: ends.stored.isLive ? 'yes' : 'no',
  };
  const none = without ? '–' : '';
  console.log(
    tableOf(
      {
        before: [
          [
            'workers / store',
            `${options.workers} / ${options.store}`,
            without ? `${options.workers} / –` : '',
          ],
        ],
        after: [
          ['renewals by worker', workers.map(({ renewals }) => renewals).join(' + '), none],
          ['adopted from the store', sum.adoptions, none],
        ],
      },
      outcome,
      without,
    ),
  );
  if (naive.trouble) console.log(`There is no column without the plugin: ${naive.trouble}`);
  if (options.workers > 1) console.log(wrapForScreen(explainRefusals(emulator.log, sum.failed)));
  const complaints = complaintsAboutFleet({
    failed: sum.failed,
    concurrency,
    lifetimeMs,
    writes: sum.writes,
    duplicateWrites: outcome.server.writtenTwice,
    ...plannedSurprises,
    // The outage affects calls of any method that start before each worker knows of it.
    outage: { ...outage, durationMs: moments.downForMs, methods: [] },
    log: emulator.log,
    askedAtMs,
    workers,
    stored: ends.stored,
  });
  const code = pronounce(
    done.flatMap(({ errors }) => errors),
    complaints,
    'nothing failed, nothing was written twice; each renewal had its reason and was one exchange for the whole fleet, never two at once, each refresh token was exchanged once but for the lost answer; all ended with the token in the store.',
  );
  // A worker writes the last of what it has recorded when it ends.
  await Promise.all(hired.map((member) => member.leave()));
  console.log(writePage(options.html, () => pageOf(recordings)));
  return code;
}

/** Authorizes the app and saves the tokens, as a user does once. */
async function authorize(emulator: Emulator, { store }: OpenStore, lifetimeMs: number): Promise<void> {
  const { clientId, clientSecret, environment } = emulator;
  const procore = attachProcore(axios.create(), { clientId, clientSecret, environment, store });
  await procore.setTokens({ ...emulator.issue(), expires_at: Date.now() + lifetimeMs });
}
