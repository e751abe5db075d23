import { once } from 'node:events';
import axios from 'axios';
import { attachProcore } from 'axios-procore';
import { startEmulator, type Emulator } from 'axios-procore/emulator';
import { hire, type Member } from './crew.js';
import { createBar, pronounce, pronounceStopped, tableOf } from './display.js';
import { fingerprintOf } from './fingerprint.js';
import { emptyTally, sumOf, type Report, type Tally } from './fleet-messages.js';
import { fleetConditionsFor, partsOf } from './fleet-plan.js';
import { complaintsAboutFleet, type WorkerRun } from './fleet-verdict.js';
import type { SyncOptions } from './options.js';
import { openStore, type OpenStore, type SharedKind } from './place.js';
import { prepare } from './prepare.js';
import { createSurprises, fleetMoments, loseAnswer, plannedSurprises } from './surprises.js';
import { heardIn } from './verdict.js';

/** The options of a fleet. */
export interface FleetOptions extends SyncOptions {
  readonly workers: number;
  readonly store: SharedKind;
}

/** The duration of a token request, long enough for two of them to overlap if two processes made one at the same time. */
const exchangeMs = 15;
/** How often the workers are asked for their last token, because a renewal may come between their answers. */
const mostRounds = 5;

/** Runs the sync in several processes that share a store; resolves with the exit code. */
export async function runFleet(options: FleetOptions): Promise<number> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const endings: (() => Promise<unknown>)[] = [];
  try {
    return await run(options, stop.signal, (ending) => endings.unshift(ending));
  } catch (error) {
    if (stop.signal.aborted) return pronounceStopped();
    console.error(`error: ${describe(error)}`);
    return 1;
  } finally {
    for (const end of endings) await end().catch(() => undefined);
  }
}

async function run(
  options: FleetOptions,
  signal: AbortSignal,
  atEnd: (ending: () => Promise<unknown>) => void,
): Promise<number> {
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
  const slowApi = emulator.misbehave({
    on: 'api',
    times: Infinity,
    after: true,
    do: { kind: 'delay', ms: latencyMs },
  });
  const slowExchanges = slowDownExchanges(emulator);

  const tallies = new Map<string, Tally>();
  const askedAtMs = new Map<string, number>();
  const syncing = new Set<string>();
  let news = 'syncing';
  const hired = partsOf(options, options.workers).map((part, index): Member => {
    const name = `worker ${index + 1}`;
    tallies.set(name, emptyTally);
    syncing.add(name);
    return hire(
      name,
      {
        environment: emulator.environment,
        clientId: emulator.clientId,
        clientSecret: emulator.clientSecret,
        place: prepared.place,
        part,
        maxWaitMs: options.durationSeconds * 1000,
      },
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
  const bar = createBar(
    '{renewals} renewals, {adoptions} adopted | 401s: {unauthorized}, 429s: {limited}, 503s: {unavailable}',
  );
  const answersOf = (status: number) => emulator.counters.byStatus[status] ?? 0;
  const payload = (sum: Tally) => ({
    renewals: sum.renewals,
    adoptions: sum.adoptions,
    unauthorized: emulator.counters.unauthorized,
    limited: answersOf(429),
    unavailable: answersOf(503),
    news,
  });

  function hear(name: string, report: Report): void {
    if (report.kind === 'news') news = report.text;
    if (report.kind === 'renewed') {
      news = 'syncing';
      askedAtMs.set(report.accessToken, report.askedAtMs);
    }
    if ('tally' in report) tallies.set(name, report.tally);
    if (report.kind === 'done') syncing.delete(name);
    if (report.kind !== 'progress' && report.kind !== 'done') return;
    const sum = sumOf(tallies.values());
    const done = sum.succeeded + sum.failed;
    news = surprises.after(done) ?? news;
    bar.update(done, payload(sum));
  }

  if (signal.aborted || !(await everybody('ready'))) return pronounceStopped();
  await authorize(emulator, opened, lifetimeMs);
  bar.start(requests, 0, payload(emptyTally));
  const startedAt = performance.now();
  hired.forEach((member) => member.tell('go'));
  const done = await everybody('done').finally(() => {
    news = signal.aborted ? 'stopped' : 'done';
    bar.update(payload(sumOf(tallies.values())));
    bar.stop();
  });
  if (!done) return pronounceStopped();
  const tookMs = performance.now() - startedAt;

  slowApi.remove();
  const ends = await lastWords();
  if (!ends) return pronounceStopped();

  /** Asks all workers for their last token, and asks again if there was a renewal meanwhile. */
  async function lastWords(): Promise<
    { accessTokens: string[]; stored: string; isLive: boolean } | undefined
  > {
    for (let round = 1; ; round++) {
      const before = emulator.counters.tokenRequests;
      const answers = everybody('finished');
      hired.forEach((member) => member.tell('finish'));
      const accessTokens = (await answers)?.map(({ accessToken }) => accessToken);
      if (!accessTokens) return undefined;
      const tokens = await opened.store.load('default');
      const stored = fingerprintOf(tokens?.access_token ?? '');
      const isCalm = emulator.counters.tokenRequests === before;
      if ((isCalm && accessTokens.every((one) => one === stored)) || round === mostRounds)
        return { accessTokens, stored, isLive: emulator.isLive(tokens?.refresh_token ?? '') };
    }
  }

  const sum = sumOf(tallies.values());
  const { unauthorized, spentPresentations, duplicateWrites } = emulator.counters;
  const workers = hired.map(({ name }, index): WorkerRun => {
    const { heldByOutage, renewals, adoptions } = tallies.get(name)!;
    return { name, heldByOutage, renewals, adoptions, accessToken: ends.accessTokens[index]! };
  });
  console.log(
    tableOf([
      ['workers / store', `${options.workers} / ${options.store}`],
      ['requests', requests],
      ['succeeded', sum.succeeded],
      ['failed', sum.failed],
      ['429s seen by the server', answersOf(429)],
      ['503s of the outage', answersOf(503)],
      ['writes / written twice', `${sum.writes} / ${duplicateWrites}`],
      ['renewals of the whole fleet', heardIn(emulator.log).length],
      ['renewals by worker', workers.map(({ renewals }) => renewals).join(' + ')],
      ['adopted from the store', sum.adoptions],
      ['401s seen by the server', unauthorized],
      ['presentations of a spent token', spentPresentations],
      ['duration', `${(tookMs / 1000).toFixed(1)} s`],
      ['slowest request', `${Math.round(sum.slowestMs)} ms`],
    ]),
  );
  const complaints = complaintsAboutFleet({
    failed: sum.failed,
    concurrency,
    lifetimeMs,
    writes: sum.writes,
    duplicateWrites,
    ...plannedSurprises,
    // The outage affects calls of any method that start before each worker knows of it.
    outage: { ...outage, durationMs: moments.downForMs, methods: [] },
    log: emulator.log,
    askedAtMs,
    workers,
    stored: { accessToken: ends.stored, isLive: ends.isLive },
  });
  return pronounce(
    done.flatMap(({ errors }) => errors),
    complaints,
    'nothing failed, nothing was written twice; each renewal had its reason and was one exchange for the whole fleet, never two at once, each refresh token was exchanged once but for the lost answer; all ended with the token in the store.',
  );
}

/** Authorizes the app and saves the tokens, as a user does once. */
async function authorize(emulator: Emulator, { store }: OpenStore, lifetimeMs: number): Promise<void> {
  const { clientId, clientSecret, environment } = emulator;
  const procore = attachProcore(axios.create(), { clientId, clientSecret, environment, store });
  await procore.setTokens({ ...emulator.issue(), expires_at: Date.now() + lifetimeMs });
}

/** Delays token requests by a fault. The first of two faults strikes, so `without` adds another fault before this one. */
function slowDownExchanges(emulator: Emulator): { without<T>(add: () => T): T } {
  const slowDown = () =>
    emulator.misbehave({ on: 'token', times: Infinity, after: true, do: { kind: 'delay', ms: exchangeMs } });
  let slow = slowDown();
  return {
    without(add) {
      slow.remove();
      const added = add();
      slow = slowDown();
      return added;
    },
  };
}

/** An error in one line. */
function describe(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return (message || code || String(error)).split('\n')[0]!;
}
