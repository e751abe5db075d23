import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';

const me = '/rest/v1.0/me';
const at = (ms: number) => new Date(ms).toUTCString();

const told = [
  ['0', () => '0'],
  ['a date that has passed', (nowMs: number) => at(nowMs - 60_000)],
  ['half a second', () => '0.5'],
  ['a millisecond', () => '0.001'],
] as const;
const cases = told.flatMap(([what, header]) =>
  [429, 503].flatMap((status) =>
    ([true, false] as const).map((paced) => ({
      ...{ what, header, status, how: paced ? 'at the gate' : 'with rateLimit: false' },
      options: paced ? {} : { rateLimit: false as const },
    })),
  ),
);

test.each(cases)(
  'a $status whose Retry-After is $what costs no retry $how',
  async ({ header, status, options }) => {
    await using h = await createHarness({ options: { ...options, retry: { retries: 1 } } });
    const headers = { 'retry-after': header(h.env.now()) };
    h.emulator.misbehave({ on: 'api', times: 4, do: { kind: 'answer', status, headers } });
    const answer = await h.env.drive(h.instance.post(`${me}`, {}).catch((error: unknown) => error));
    expect(h.emulator.counters.apiRequests).toBe(5);
    expect((answer as { procore?: { kind: string } }).procore?.kind).not.toBe('rate-limited');
  },
);

test.each(cases)(
  'a server that answers $status with a Retry-After of $what for ever is asked a few times $how, and the wait ends',
  async ({ header, status, options }) => {
    await using h = await createHarness({ options: { ...options, retry: { retries: 1 } } });
    const headers = { 'retry-after': header(h.env.now()) };
    h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'answer', status, headers } });
    const startedAtMs = h.env.now();
    const error = await h.env.drive(caught(h.instance.get(me)));
    expect(error.procore).toMatchObject({ gaveUp: 'wait-too-long' });
    expect(error.response!.status).toBe(status);
    expect(h.env.now() - startedAtMs).toBeLessThanOrEqual(61_000);
    expect(h.emulator.counters.apiRequests).toBeGreaterThan(2);
    expect(h.emulator.counters.apiRequests).toBeLessThan(12);
    expect(h.env.sleeping).toBe(0);
  },
);
