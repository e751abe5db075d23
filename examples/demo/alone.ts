import { setMaxListeners } from 'node:events';
import { attachProcore, memoryTokenStore } from 'axios-procore';
import { startEmulator } from 'axios-procore/emulator';
import { recordHealth } from 'axios-procore/health';
import { createAloneStory } from './alone-story.js';
import { noteAsking } from './asked.js';
import { announce, pronounce, startDisplay } from './display.js';
import { createInFlight } from './in-flight.js';
import { createLegacyInstance } from './legacy.js';
import { conditionsFor } from './limits.js';
import { startNaive } from './naive.js';
import { pauseFor } from './naive-messages.js';
import type { DemoOptions } from './options.js';
import { writePage } from './page.js';
import { runToEnd } from './run.js';
import { opening, tellLonger } from './sentences.js';
import { aloneMoments, createSurprises, delayCalls, plannedSurprises } from './surprises.js';
import { callsPerWrite, makeCalls } from './sync.js';
import { countServer, tableOf, type Outcome, type Row } from './table.js';
import { createTeller } from './teller.js';
import { complaintsAbout } from './verdict.js';
import { createWindows } from './windows.js';

/** The sync in this process, its tokens in memory; resolves with the exit code. */
export async function runAlone(options: Omit<DemoOptions, 'store' | 'workers'>): Promise<number> {
  return runToEnd((signal, atEnd) => run(options, signal, atEnd));
}

async function run(
  options: Omit<DemoOptions, 'store' | 'workers'>,
  signal: AbortSignal,
  atEnd: (ending: () => Promise<unknown>) => void,
): Promise<number | undefined> {
  const { concurrency, lifetimeSeconds, requests } = options;
  const { rateLimits, latencyMs } = conditionsFor(options);
  const { outage } = plannedSurprises;
  const part = { from: 0, count: requests, concurrency };
  setMaxListeners(0, signal);

  const naive = startNaive({
    ...{ requests, lifetimeSeconds, rateLimits, latencyMs, outage },
    parts: [part],
    pauseMs: pauseFor(options),
  });
  atEnd(naive.leave);

  // In mode B the old pair is valid until the new token is first used, so that a renewal can be repeated after a lost answer. In mode A the
  // refresh token would be spent, and only a new authorization would help: the run could not end without failures.
  const emulator = await startEmulator({
    accessTokenLifetimeSeconds: lifetimeSeconds,
    spentTokens: 'B',
    rateLimits,
    // The run is judged by all of its requests.
    maxLogEntries: Infinity,
  });
  atEnd(emulator.close);
  // The delay keeps all calls in flight.
  delayCalls(emulator, latencyMs);

  announce(
    opening(options, {
      who: 'One application with the plugin on its axios instance makes',
      limit: rateLimits.spike,
      outage,
    }),
  );
  await naive.ready();
  if (signal.aborted) return undefined;

  // The application's instance, interceptors and tokens exist before the plugin is attached. `created_at` has whole seconds, which is too
  // coarse for such a short lifetime, so the table has `expires_at`.
  const { instance, errorLog } = createLegacyInstance(emulator.environment.apiUrl);
  const store = memoryTokenStore({ ...emulator.issue(), expires_at: Date.now() + lifetimeSeconds * 1000 });

  const asking = noteAsking(emulator.clientSecret);
  const procore = attachProcore(instance, {
    clientId: emulator.clientId,
    clientSecret: asking.clientSecret,
    environment: emulator.environment,
    store,
    // In a long run and on a slow machine the windows are longer than the default of `maxWaitMs`.
    maxWaitMs: 3_600_000,
  });
  const health = recordHealth(procore);

  const counts = { succeeded: 0, failed: 0, writes: 0, slowestMs: 0 };
  let held = 0;
  let renewals = 0;
  let news = 'syncing';
  const progress = () => ({
    done: counts.succeeded + counts.failed,
    renewals,
    unauthorized: emulator.counters.unauthorized,
    limited: emulator.counters.byStatus[429] ?? 0,
    unavailable: emulator.counters.byStatus[503] ?? 0,
    others: `${held} held`,
    news,
  });
  const display = startDisplay(requests, progress());

  const inFlight = createInFlight();
  const tell = createTeller(display.say);
  const windows = createWindows(emulator, rateLimits);
  const story = createAloneStory(tell, {
    log: emulator.log,
    inFlight,
    limit: () => windows.limit,
    outageMs: outage.durationMs,
    heldSoFar: () => held,
  });
  const surprises = createSurprises(
    emulator,
    { requests, outage: { ...outage, forMs: outage.durationMs } },
    aloneMoments(emulator, procore, { concurrency, limit: rateLimits.spike.limit }),
  );
  const askedAtMs = new Map<string, number>();
  asking.onToken(procore, (token) => {
    renewals++;
    news = 'syncing';
    askedAtMs.set(token.accessToken, token.askedAtMs);
    story.renewed();
  });
  procore.on('token-renewal-failed', ({ message }) => (news = message));
  procore.on('request-waiting', ({ reason, until }) => {
    // Without `until` the call waits for the first answer of all, or of a window, and is not counted.
    if (reason !== 'rate-limit' || !until || surprises.isDown) return;
    held++;
    story.held();
  });

  naive.go();
  const syncStartedAt = performance.now();
  await makeCalls(part, {
    instance,
    signal,
    counts,
    began: inFlight.began,
    ended(index) {
      inFlight.ended(index);
      const longer = windows.look();
      if (longer) tell(tellLonger(longer));
      const wasDown = surprises.isDown;
      news = surprises.after(counts.succeeded + counts.failed) ?? news;
      if (surprises.isDown && !wasDown) story.outage();
      display.update(progress());
    },
  });
  const tookMs = performance.now() - syncStartedAt;
  await procore.idle();
  await health.stop();
  const without = signal.aborted ? undefined : await naive.finish();
  news = signal.aborted ? 'stopped' : 'done';
  display.stop(progress());
  if (signal.aborted) return undefined;

  const refreshToken = (await store.load('default'))?.refresh_token ?? '';
  const outcome: Outcome = {
    ...counts,
    requests,
    tookMs,
    server: countServer(emulator),
    authorized: emulator.isLive(refreshToken) ? 'yes' : 'no',
  };
  const limitRows: Row[] = [
    ['windows of the limit used up', outcome.server.windowsUsedUp, without?.server.windowsUsedUp ?? ''],
    ['calls held for the limit', held, without ? 0 : ''],
  ];
  console.log(tableOf({ after: limitRows }, outcome, without));
  if (naive.trouble) console.log(`There is no column without the plugin: ${naive.trouble}`);
  const complaints = complaintsAbout({
    failed: counts.failed,
    concurrency,
    lifetimeMs: lifetimeSeconds * 1000,
    writes: counts.writes,
    duplicateWrites: outcome.server.writtenTwice,
    held,
    ...plannedSurprises,
    // With a lower concurrency the outage may come when no write is in flight.
    outage: { ...outage, methods: concurrency > callsPerWrite ? ['GET', 'POST'] : [] },
    log: emulator.log,
    askedAtMs,
  });
  const code = pronounce(
    errorLog,
    complaints,
    'nothing failed, no call was refused by a limit, nothing was written twice; each renewal had its reason, each refresh token was exchanged once but for the lost answer.',
  );
  console.log(writePage(options.html, health.html));
  return code;
}
