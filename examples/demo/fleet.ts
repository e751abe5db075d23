import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axios from 'axios';
import { attachProcore } from 'axios-procore';
import { startEmulator, type Emulator } from 'axios-procore/emulator';
import { hire } from './crew.js';
import { announce, startDisplay } from './display.js';
import { askForEnds } from './fleet-ends.js';
import { emptyTally, sumOf, type Assignment, type Order, type Report, type Tally } from './fleet-messages.js';
import { fleetConditionsFor, partsOf } from './fleet-plan.js';
import { reportOnFleet } from './fleet-report.js';
import { createFleetStory } from './fleet-story.js';
import { startNaive } from './naive.js';
import { pauseFor } from './naive-messages.js';
import type { DemoOptions } from './options.js';
import { pageOf, writePage } from './page.js';
import { openStore, type OpenStore, type SharedKind } from './place.js';
import { prepare } from './prepare.js';
import { runToEnd } from './run.js';
import { opening, tellPacing } from './sentences.js';
import { slowDownExchanges } from './slow-exchanges.js';
import { createSurprises, delayCalls, fleetMoments, loseAnswer } from './surprises.js';
import { createTeller } from './teller.js';
import { struckBy } from './verdict.js';
import { createWindows } from './windows.js';
import { counted, describe } from './words.js';

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
  const { lifetimeSeconds, requests } = options;
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
    // The run is judged by all of its requests.
    maxLogEntries: Infinity,
  });
  atEnd(emulator.close);
  const pacing = opened.shared ? 'together' : 'apart';
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
    // Workers that pace together hear of it from the one that it strikes first.
    hasStruckAll: () =>
      pacing === 'together'
        ? struckBy(emulator.log).length > 0
        : [...syncing].every((name) => tallies.get(name)!.heldByOutage > 0),
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

  announce([
    ...opening(options, {
      who: `${counted(options.workers, 'process', 'processes')} with the plugin and one token in the ${options.store} store ${options.workers === 1 ? 'makes' : 'make'}`,
      limit: rateLimits.spike,
      outage,
    }),
    ...(options.workers > 1 ? [tellPacing(pacing)] : []),
  ]);
  if (signal.aborted || !(await everybody('ready'))) return undefined;
  await naive.ready();
  await authorize(emulator, opened, lifetimeMs);
  const display = startDisplay(requests, progress());
  const story = createFleetStory(createTeller(display.say), emulator.log, {
    workers: options.workers,
    pacing,
  });
  const windows = createWindows(emulator, rateLimits);

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
    const { limit } = windows;
    story.limit(limit, windows.look());
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

  const code = reportOnFleet({
    ...{ options, pacing, emulator, tallies, ends, askedAtMs, tookMs, naive, without },
    errors: done.flatMap(({ errors }) => errors),
    outage: { ...outage, durationMs: moments.downForMs },
  });
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
