import { startEmulator, type Emulator, type EmulatorOptions } from 'axios-procore/emulator';
import { onTestFinished, expect, test } from 'vitest';
import { createNaiveClient } from '../../../examples/demo/naive-client.js';
import type { NaivePlan } from '../../../examples/demo/naive-messages.js';
import { syncNaively } from '../../../examples/demo/naive-sync.js';

const plan: NaivePlan = {
  requests: 40,
  lifetimeSeconds: 60,
  rateLimits: { spike: { limit: 1_000 }, hourly: { limit: 1_000 } },
  latencyMs: 0,
  // Once it has begun it lasts to the end.
  outage: { durationMs: 3_600_000, retryAfterMs: 1_000 },
  parts: [
    { from: 0, count: 20, concurrency: 2 },
    { from: 20, count: 20, concurrency: 2 },
  ],
  pauseMs: 0,
};

async function start(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator({ spentTokens: 'B', ...options });
  onTestFinished(() => emulator.close());
  return emulator;
}

function client(emulator: Emulator) {
  const { url, clientId, clientSecret } = emulator;
  return createNaiveClient({ url, clientId, clientSecret, tokens: emulator.issue() });
}

test('the client without the plugin refreshes after a 401, sends the call again, and keeps the new tokens', async () => {
  const emulator = await start();
  const { instance, tokens } = client(emulator);
  const first = tokens();
  emulator.expire();
  const rfi = { subject: 'Which bolt?' };
  const answer = instance.post('/rest/v1.0/projects/1/rfis', { rfi }, { procore: { companyId: 42 } });
  await expect(answer).resolves.toMatchObject(rfi);
  expect(emulator.counters).toMatchObject({ unauthorized: 1, exchanges: 1, apiRequests: 2 });
  expect(tokens().refresh_token).not.toBe(first.refresh_token);
  expect(emulator.isLive(tokens().refresh_token!)).toBe(true);
});

test('two of its calls at the same time present one refresh token twice', async () => {
  const emulator = await start({ spentTokens: 'A' });
  const { instance } = client(emulator);
  emulator.expire();
  // Both calls have their 401 before the first of the token requests is answered.
  const slow = emulator.misbehave({ on: 'token', times: 2, do: { kind: 'hold' } });
  const calls = Promise.allSettled([instance.get('/rest/v1.0/me'), instance.get('/rest/v1.0/me')]);
  await slow.struck(2);
  slow.release();
  const statuses = (await calls).map(({ status }) => status).sort();
  expect(statuses).toEqual(['fulfilled', 'rejected']);
  expect(emulator.counters).toMatchObject({ tokenRequests: 2, exchanges: 1, spentPresentations: 1 });
});

test('what came of its calls is counted by itself and by its server', async () => {
  const emulator = await start();
  const outcome = await syncNaively(emulator, plan, new AbortController().signal);
  expect(outcome.succeeded + outcome.failed).toBe(40);
  expect(outcome).toMatchObject({
    requests: 40,
    writes: 5,
    authorized: expect.stringMatching(/^[0-2] of 2$/),
  });
  expect(outcome.succeeded).toBeGreaterThanOrEqual(16);
  expect(outcome.failed).toBe(outcome.server.unavailable);
  expect(outcome.failed).toBeGreaterThan(0);
});

test('it ends when it is told to, and counts no call that was aborted', async () => {
  const emulator = await start();
  const stop = new AbortController();
  const held = emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'hang' } });
  const syncing = syncNaively(emulator, { ...plan, pauseMs: 60_000 }, stop.signal);
  await held.struck(4);
  stop.abort();
  expect(await syncing).toMatchObject({ succeeded: 0, failed: 0, authorized: '2 of 2' });
});
