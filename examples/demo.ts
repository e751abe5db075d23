/**
 * A sync of thousands of calls on an application's own axios instance, while its access tokens expire every few seconds, one answer of
 * the token endpoint is lost and one token is revoked on the server. Run it with `npm run demo`; `-- --help` lists the options.
 */
import { setMaxListeners } from 'node:events';
import { attachProcore, memoryTokenStore } from 'axios-procore';
import { startEmulator } from 'axios-procore/emulator';
import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import { createLegacyInstance } from './demo/legacy.js';
import { readOptions } from './demo/options.js';
import { callNumber, runPool } from './demo/sync.js';
import { complaintsAbout } from './demo/verdict.js';

const { durationSeconds, concurrency, lifetimeSeconds, requests } = readOptions(process.argv);

// Mode B: the old pair lives until the new token is first used, so a lost answer can be asked for again. (A server of mode A has spent
// the refresh token by then, and nothing but a new authorisation helps: there is no run without a failure to show.)
const emulator = await startEmulator({ accessTokenLifetimeSeconds: lifetimeSeconds, spentTokens: 'B' });

// Each call takes as long as makes the whole sync take the duration: the machine's speed hardly matters, and all calls are in flight.
const latencyMs = (durationSeconds * 1000 * concurrency) / requests;
emulator.misbehave({ on: 'api', times: Infinity, after: true, do: { kind: 'delay', ms: latencyMs } });

// The application's instance, its interceptors and its tokens were there before. `created_at` is in whole seconds, too coarse for a
// token that lives so short, so the table says `expires_at`.
const { instance, errorLog } = createLegacyInstance(emulator.environment.apiUrl);
const store = memoryTokenStore({ ...emulator.issue(), expires_at: Date.now() + lifetimeSeconds * 1000 });

const procore = attachProcore(instance, {
  clientId: emulator.clientId,
  clientSecret: emulator.clientSecret,
  environment: emulator.environment,
  store,
});

const stop = new AbortController();
setMaxListeners(0, stop.signal);
process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());

const numbers = { succeeded: 0, failed: 0, renewals: 0, slowestMs: 0 };
let news = 'syncing';
procore.on('token-renewed', () => {
  numbers.renewals++;
  news = 'syncing';
});
procore.on('token-renewal-failed', ({ message }) => (news = message));

const surprises = { lostAnswers: 1, revocations: 1 };
let lostAnswer: ReturnType<typeof emulator.misbehave> | undefined;
let revoked = false;

/** The two surprises of the run, at 30 % and 70 % of it. */
function surprise(done: number): void {
  if (!lostAnswer && done >= 0.3 * requests) {
    // The next renewal is carried out, and nobody hears the answer.
    lostAnswer = emulator.misbehave({ on: 'token', after: true, do: { kind: 'drop' } });
    news = 'the next refresh answer will be lost';
  }
  if (!revoked && done >= 0.7 * requests && lostAnswer?.hits === 1) {
    const { state, renewing } = procore.status();
    if (state !== 'fresh' || renewing) return;
    emulator.revoke();
    revoked = true;
    news = 'the token was revoked on the server';
  }
}

const bar = new SingleBar({
  format: '{bar} {percentage}% | {value}/{total} calls | {renewals} renewals | {unauthorized} 401s | {news}',
  // Without a terminal, as in CI: a line now and then.
  noTTYOutput: true,
  notTTYSchedule: 2_000,
  gracefulExit: false,
  hideCursor: true,
});
const payload = () => ({
  renewals: numbers.renewals,
  unauthorized: emulator.counters.unauthorized,
  news,
});
bar.start(requests, 0, payload());

await runPool({ count: requests, concurrency, signal: stop.signal }, async (index) => {
  const startedAt = performance.now();
  try {
    await callNumber(index, instance, stop.signal);
    numbers.succeeded++;
  } catch {
    // The application's own interceptor has logged it.
    if (!stop.signal.aborted) numbers.failed++;
  }
  numbers.slowestMs = Math.max(numbers.slowestMs, performance.now() - startedAt);
  const done = numbers.succeeded + numbers.failed;
  surprise(done);
  bar.update(done, payload());
});
news = stop.signal.aborted ? 'stopped' : 'done';
bar.update(payload());
bar.stop();
await procore.idle();
await emulator.close();

if (stop.signal.aborted) {
  console.log('Stopped before the end: no verdict.');
  process.exitCode = 130;
} else {
  const { unauthorized, spentPresentations } = emulator.counters;
  const table = new Table({
    colAligns: ['left', 'right'],
    style: { border: [], compact: true },
  });
  table.push(
    ['requests', requests],
    ['succeeded', numbers.succeeded],
    ['failed', numbers.failed],
    ['renewals', numbers.renewals],
    ['401s seen by the server', unauthorized],
    ['presentations of a spent token', spentPresentations],
    ['slowest request', `${Math.round(numbers.slowestMs)} ms`],
  );
  console.log(table.toString());

  const complaints = complaintsAbout({
    failed: numbers.failed,
    concurrency,
    lifetimeMs: lifetimeSeconds * 1000,
    ...surprises,
    log: emulator.log,
  });
  for (const line of errorLog.slice(0, 5)) console.error(line);
  for (const complaint of complaints) console.error(`NOT GOOD: ${complaint}`);
  if (complaints.length === 0) {
    console.log(
      'Good: nothing failed; each renewal had its reason, each refresh token was exchanged once but for the lost answer.',
    );
  }
  process.exitCode = complaints.length === 0 ? 0 : 1;
}
