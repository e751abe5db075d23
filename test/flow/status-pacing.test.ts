import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';
import { until } from '../support/manual-env.js';

const me = '/rest/v1.0/me';
const spike = (limit: number) => ({ emulator: { rateLimits: { spike: { limit, windowSeconds: 10 } } } });

test('before the first answer nothing is known of the limit', async () => {
  await using h = await createHarness();
  expect(h.procore.status()).not.toHaveProperty('pacing');
});

test('status shows the limit as the answers tell it, less the calls sent since', async () => {
  await using h = await createHarness(spike(5));
  const resetsAt = new Date(h.env.now() + 10_000);
  await h.instance.get(me);
  expect(h.procore.status().pacing).toEqual({ limit: 5, remaining: 4, resetsAt, waiting: 0 });
  const held = h.emulator.misbehave({ on: 'api', do: { kind: 'hold' } });
  const call = h.instance.get(me);
  await held.struck();
  expect(h.procore.status().pacing).toEqual({ limit: 5, remaining: 3, resetsAt, waiting: 0 });
  held.release();
  await call;
});

test('status shows how many calls wait, and until when, and nothing of that once they are sent', async () => {
  await using h = await createHarness(spike(1));
  await h.instance.get(me);
  const opensAt = new Date(h.env.now() + 10_000);
  const calls = [1, 2].map(() => h.instance.get(me));
  await until(() => h.procore.status().pacing?.waiting === 2, 'two waiting calls');
  expect(h.procore.status().pacing).toEqual({
    limit: 1,
    remaining: 0,
    resetsAt: opensAt,
    waiting: 2,
    closedUntil: opensAt,
  });
  await h.env.drive(Promise.all(calls));
  await h.env.advance(10_000);
  const { pacing } = h.procore.status();
  expect(pacing).toEqual({ limit: 1, remaining: 1, waiting: 0 });
});

test('a server that refuses calls closes the gate without a word on its limits', async () => {
  await using h = await createHarness();
  const headers = { 'retry-after': '600' };
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 503, headers } });
  await caught(h.instance.get(me));
  const { pacing } = h.procore.status();
  expect(pacing).toEqual({ waiting: 0, closedUntil: expect.any(Date) });
  expect(pacing!.closedUntil!.getTime() - h.env.now()).toBeGreaterThanOrEqual(600_000);
});

test('each account has its own limit, and with scope app all have one', async () => {
  await using h = await createHarness(spike(5));
  await h.procore.setTokens(h.emulator.issue(), 'b');
  await h.instance.get(me);
  expect(h.procore.status('b')).not.toHaveProperty('pacing');
  await h.instance.get(me, { procore: { account: 'b' } });
  await h.instance.get(me, { procore: { account: 'b' } });
  expect(h.procore.status().pacing?.remaining).toBe(4);
  const shared = h.attach({ rateLimit: { scope: 'app' } });
  await shared.instance.get(me);
  expect(shared.procore.status('b').pacing).toEqual(shared.procore.status().pacing);
});

test('of the limits of several companies the one that holds calls back is shown', async () => {
  await using h = await createHarness({ ...spike(2), options: { rateLimit: { scope: 'account+company' } } });
  const of = (companyId: number) => h.instance.get(me, { procore: { companyId } });
  const resetsAt = new Date(h.env.now() + 10_000);
  await of(1);
  expect(h.procore.status().pacing).toEqual({ limit: 2, remaining: 1, resetsAt, waiting: 0 });
  await of(2);
  const calls = [of(2), of(2)];
  await until(() => h.procore.status().pacing?.waiting === 2, 'two waiting calls');
  expect(h.procore.status().pacing).toMatchObject({ remaining: 0, closedUntil: resetsAt });
  // An account whose name goes on as the name of a limit does has none of them.
  expect(h.procore.status('default" company ')).not.toHaveProperty('pacing');
  await h.env.drive(Promise.all(calls));
});

test.each([
  ['without pacing', false],
  ['where a function names the limit', { scope: () => 'ours' }],
] as const)('nothing is shown %s', async (_case, rateLimit) => {
  await using h = await createHarness({ options: { rateLimit } });
  await h.instance.get(me);
  expect(h.procore.status()).not.toHaveProperty('pacing');
});
