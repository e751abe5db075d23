/** The process of the client without the plugin, and of its emulator. */
import { on, setMaxListeners } from 'node:events';
import { startEmulator } from 'axios-procore/emulator';
import { assignmentVariable } from './crew.js';
import type { NaiveOrder, NaivePlan, NaiveReport } from './naive-messages.js';
import { syncNaively } from './naive-sync.js';
import { delayCalls } from './surprises.js';
import type { Outcome } from './table.js';

const plan = JSON.parse(process.env[assignmentVariable]!) as NaivePlan;
const tell = (report: NaiveReport) => void process.send?.(report);

// A Ctrl-C in the terminal is sent to all processes. This one ignores it and waits for the parent's order.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());

const emulator = await startEmulator({
  accessTokenLifetimeSeconds: plan.lifetimeSeconds,
  spentTokens: 'B',
  rateLimits: plan.rateLimits,
});
delayCalls(emulator, plan.latencyMs);
const stop = new AbortController();
setMaxListeners(0, stop.signal);

const orders = on(process, 'message') as AsyncIterableIterator<[NaiveOrder]>;
tell({ kind: 'ready' });
let syncing: Promise<Outcome> | undefined;
for await (const [order] of orders) {
  if (order.kind === 'go') syncing = syncNaively(emulator, plan, stop.signal);
  if (order.kind === 'leave') break;
  if (order.kind !== 'finish' || !syncing) continue;
  stop.abort();
  tell({ kind: 'finished', outcome: await syncing });
}
stop.abort();
await emulator.close();
process.disconnect?.();
