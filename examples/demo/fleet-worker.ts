/** A worker process of a fleet. It makes its part of the sync on the shared store. */
import { on, setMaxListeners } from 'node:events';
import { attachProcore } from 'axios-procore';
import { recordHealth } from 'axios-procore/health';
import { noteAsking } from './asked.js';
import { assignmentVariable } from './crew.js';
import { fingerprintOf } from './fingerprint.js';
import { emptyTally, type Assignment, type Order, type Report } from './fleet-messages.js';
import { createLegacyInstance } from './legacy.js';
import { openStore } from './place.js';
import { makeCalls } from './sync.js';

/** The interval of reports to the parent, for its progress bar. */
const reportEveryMs = 50;

const { environment, clientId, clientSecret, place, part, recording } = JSON.parse(
  process.env[assignmentVariable]!,
) as Assignment;
const tell = (report: Report) => void process.send?.(report);

// A Ctrl-C in the terminal is sent to all processes. The workers ignore it and wait for the parent's order.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());

const { store, shared, close } = await openStore(place);
const { instance, errorLog } = createLegacyInstance(environment.apiUrl);
const asking = noteAsking(clientSecret);
const procore = attachProcore(instance, {
  clientId,
  clientSecret: asking.clientSecret,
  environment,
  store,
  rateLimit: { shared },
  // In a long run and on a slow machine the windows are longer than the default of `maxWaitMs`.
  maxWaitMs: 3_600_000,
});

const health = recordHealth(procore, { file: recording });
const tally = { ...emptyTally };
asking.onToken(procore, (token) => {
  tally.renewals++;
  tell({ kind: 'renewed', ...token });
});
procore.on('token-adopted', () => tally.adoptions++);
procore.on('token-renewal-failed', ({ message }) => tell({ kind: 'news', text: message }));
procore.on('request-retried', ({ status }) => {
  if (status === 401) tally.unauthorized++;
});
procore.on('request-settled', ({ status }) => {
  if (status === 401) tally.unauthorized++;
});
procore.on('warning', ({ code }) => {
  if (code === 'pacing-alone') tally.alone = [...tally.alone, { fromMs: Date.now() }];
});
procore.on('pacing-together', () => {
  tally.alone = [...tally.alone.slice(0, -1), { ...tally.alone.at(-1)!, untilMs: Date.now() }];
});
procore.on('request-waiting', ({ reason }) => {
  if (reason === 'unavailable') tally.heldByOutage++;
});

const stop = new AbortController();
setMaxListeners(0, stop.signal);

async function sync(): Promise<void> {
  const reporting = setInterval(() => tell({ kind: 'progress', tally }), reportEveryMs);
  await makeCalls(part, { instance, signal: stop.signal, counts: tally });
  clearInterval(reporting);
  tell({ kind: 'done', tally, errors: errorLog });
}

/** Makes one more call before it reports its token, because a process learns of another's renewal only when its own is due, or by a 401. */
async function finish(): Promise<void> {
  let accessToken: string;
  try {
    await instance.get('/rest/v1.0/me');
    await procore.idle();
    accessToken = fingerprintOf(await procore.getAccessToken());
  } catch (error) {
    accessToken = `none (${(error as Error).message})`;
  }
  tell({ kind: 'finished', accessToken, tally });
}

const orders = on(process, 'message') as AsyncIterableIterator<[Order]>;
tell({ kind: 'ready' });
let syncing: Promise<void> | undefined;
for await (const [order] of orders) {
  if (order.kind === 'go') syncing = sync();
  if (order.kind === 'finish') void finish();
  if (order.kind === 'leave') break;
}
stop.abort();
await syncing;
await procore.idle();
await health.stop();
await close();
process.disconnect?.();
