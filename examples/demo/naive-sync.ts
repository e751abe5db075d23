import { setTimeout as pause } from 'node:timers/promises';
import type { Emulator } from 'axios-procore/emulator';
import { createNaiveClient, type NaiveClient } from './naive-client.js';
import type { NaivePlan } from './naive-messages.js';
import { createSurprises, type Moments } from './surprises.js';
import { makeCalls } from './sync.js';
import { countServer, type Outcome } from './table.js';

/** This client needs no moment to be chosen: nothing is promised about it. */
const anyMoment: Moments = {
  forOutage: () => true,
  forItsEnd: () => true,
  forRevocation: () => true,
};

/** Makes the calls of the plan without the plugin, until they are done or the signal aborts. */
export async function syncNaively(
  emulator: Emulator,
  { requests, outage, parts, pauseMs }: NaivePlan,
  signal: AbortSignal,
): Promise<Outcome> {
  const { url, clientId, clientSecret } = emulator;
  const tokens = emulator.issue();
  const clients = parts.map(() => createNaiveClient({ url, clientId, clientSecret, tokens }));
  const { retryAfterMs, durationMs: forMs } = outage;
  const surprises = createSurprises(emulator, { requests, outage: { retryAfterMs, forMs } }, anyMoment);
  const counts = { succeeded: 0, failed: 0, writes: 0, slowestMs: 0 };
  const startedAt = performance.now();
  await Promise.all(
    parts.map((part, index) =>
      makeCalls(part, {
        instance: clients[index]!.instance,
        signal,
        counts,
        ended: () => surprises.after(counts.succeeded + counts.failed),
        failed: () => pause(pauseMs, undefined, { signal }).catch(() => undefined),
      }),
    ),
  );
  const tookMs = performance.now() - startedAt;
  return {
    ...counts,
    requests,
    tookMs,
    server: countServer(emulator),
    authorized: whoIsAuthorized(emulator, clients),
  };
}

function whoIsAuthorized(emulator: Emulator, clients: readonly NaiveClient[]): string {
  const able = clients.filter((client) => emulator.isLive(client.tokens().refresh_token ?? '')).length;
  if (clients.length > 1) return `${able} of ${clients.length}`;
  return able === 1 ? 'yes' : 'no';
}
