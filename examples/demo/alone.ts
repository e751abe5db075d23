import { setMaxListeners } from 'node:events';
import { attachProcore, memoryTokenStore } from 'axios-procore';
import { startEmulator } from 'axios-procore/emulator';
import { noteAsking } from './asked.js';
import { createBar, pronounce, pronounceStopped, tableOf } from './display.js';
import { createLegacyInstance } from './legacy.js';
import { conditionsFor } from './limits.js';
import type { SyncOptions } from './options.js';
import { aloneMoments, createSurprises, plannedSurprises } from './surprises.js';
import { callNumber, callsPerWrite, isWrite, runPool } from './sync.js';
import { complaintsAbout, windowsUsedUp } from './verdict.js';

/** The sync in this process, its tokens in memory; resolves with the exit code. */
export async function runAlone(options: SyncOptions): Promise<number> {
  const { durationSeconds, concurrency, lifetimeSeconds, requests } = options;
  const { rateLimits, latencyMs } = conditionsFor(options);

  // In mode B the old pair is valid until the new token is first used, so that a renewal can be repeated after a lost answer. In mode A the
  // refresh token would be spent, and only a new authorization would help: the run could not end without failures.
  const emulator = await startEmulator({
    accessTokenLifetimeSeconds: lifetimeSeconds,
    spentTokens: 'B',
    rateLimits,
  });

  // The rate limits and the delay of each answer make the sync take its duration, however fast the machine is, and keep all calls in
  // flight.
  emulator.misbehave({ on: 'api', times: Infinity, after: true, do: { kind: 'delay', ms: latencyMs } });

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
    // In a long run the windows are longer than the default of `maxWaitMs`.
    maxWaitMs: durationSeconds * 1000,
  });

  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());

  const numbers = { succeeded: 0, failed: 0, writes: 0, held: 0, renewals: 0, slowestMs: 0 };
  const surprises = createSurprises(
    emulator,
    { requests, outage: { ...plannedSurprises.outage, forMs: plannedSurprises.outage.durationMs } },
    aloneMoments(emulator, procore, { concurrency, limit: rateLimits.spike.limit }),
  );
  let news = 'syncing';
  const askedAtMs = new Map<string, number>();
  asking.onToken(procore, (token) => {
    numbers.renewals++;
    news = 'syncing';
    askedAtMs.set(token.accessToken, token.askedAtMs);
  });
  procore.on('token-renewal-failed', ({ message }) => (news = message));
  procore.on('request-waiting', ({ reason, until }) => {
    // Without `until` the call waits for the first answer of all, or of a window, and is not counted.
    if (reason === 'rate-limit' && until && !surprises.isDown) numbers.held++;
  });

  const bar = createBar(
    '{held} held | {renewals} renewals | 401s: {unauthorized}, 429s: {limited}, 503s: {unavailable}',
  );
  const answersOf = (status: number) => emulator.counters.byStatus[status] ?? 0;
  const payload = () => ({
    held: numbers.held,
    renewals: numbers.renewals,
    unauthorized: emulator.counters.unauthorized,
    limited: answersOf(429),
    unavailable: answersOf(503),
    news,
  });
  bar.start(requests, 0, payload());

  const syncStartedAt = performance.now();
  await runPool({ count: requests, concurrency, signal: stop.signal }, async (index) => {
    const startedAt = performance.now();
    if (isWrite(index)) numbers.writes++;
    try {
      await callNumber(index, instance, stop.signal);
      numbers.succeeded++;
    } catch {
      // The application's own interceptor has logged the error.
      if (!stop.signal.aborted) numbers.failed++;
    }
    numbers.slowestMs = Math.max(numbers.slowestMs, performance.now() - startedAt);
    const done = numbers.succeeded + numbers.failed;
    news = surprises.after(done) ?? news;
    bar.update(done, payload());
  });
  const tookMs = performance.now() - syncStartedAt;
  news = stop.signal.aborted ? 'stopped' : 'done';
  bar.update(payload());
  bar.stop();
  await procore.idle();
  await emulator.close();
  if (stop.signal.aborted) return pronounceStopped();

  const { unauthorized, spentPresentations, duplicateWrites } = emulator.counters;
  console.log(
    tableOf([
      ['requests', requests],
      ['succeeded', numbers.succeeded],
      ['failed', numbers.failed],
      ['429s seen by the server', answersOf(429)],
      ['windows of the limit used up', windowsUsedUp(emulator.log)],
      ['calls held back for the limit', numbers.held],
      ['503s of the outage', answersOf(503)],
      ['writes / written twice', `${numbers.writes} / ${duplicateWrites}`],
      ['renewals', numbers.renewals],
      ['401s seen by the server', unauthorized],
      ['presentations of a spent token', spentPresentations],
      ['duration', `${(tookMs / 1000).toFixed(1)} s`],
      ['slowest request', `${Math.round(numbers.slowestMs)} ms`],
    ]),
  );
  const complaints = complaintsAbout({
    failed: numbers.failed,
    concurrency,
    lifetimeMs: lifetimeSeconds * 1000,
    writes: numbers.writes,
    duplicateWrites,
    held: numbers.held,
    ...plannedSurprises,
    // With a lower concurrency the outage may come when no write is in flight.
    outage: { ...plannedSurprises.outage, methods: concurrency > callsPerWrite ? ['GET', 'POST'] : [] },
    log: emulator.log,
    askedAtMs,
  });
  return pronounce(
    errorLog,
    complaints,
    'nothing failed, no call was refused by a limit, nothing was written twice; each renewal had its reason, each refresh token was exchanged once but for the lost answer.',
  );
}
