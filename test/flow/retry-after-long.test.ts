import { expect, test } from 'vitest';
import type { RateLimitedError, TokenRenewalError } from '../../src/index.js';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';

const me = '/rest/v1.0/me';
const hourMs = 3_600_000;
const far = ['99999999999', '7201', 'Fri, 31 Dec 9999 23:59:59 GMT'];
const cases = far.flatMap((retryAfter) => [429, 503].map((status) => ({ retryAfter, status })));

test.each(cases)(
  'a $status of the API with Retry-After: $retryAfter holds calls up for an hour at most, and then one call asks',
  async ({ retryAfter, status }) => {
    await using h = await createHarness();
    h.emulator.misbehave({
      on: 'api',
      do: { kind: 'answer', status, headers: { 'retry-after': retryAfter } },
    });
    const refused = await caught(h.instance.get(me));
    expect(refused.procore!.retryAt!.getTime() - h.env.now()).toBeLessThanOrEqual(hourMs + 1_000);
    const error = (await caught(h.instance.get(me))) as unknown as RateLimitedError;
    expect(error.retryAt!.getTime() - h.env.now()).toBeLessThanOrEqual(hourMs + 1_000);
    h.env.jump(hourMs + 1_000);
    expect((await h.env.drive(h.instance.get(me))).status).toBe(200);
  },
);

test.each(cases)(
  'a $status of the token endpoint with Retry-After: $retryAfter holds renewals up for an hour at most, and then one asks',
  async ({ retryAfter, status }) => {
    await using h = await createHarness();
    h.env.jump(5_401_000);
    h.emulator.misbehave({
      on: 'token',
      do: { kind: 'answer', status, headers: { 'retry-after': retryAfter } },
    });
    const error = (await h.env.drive(caught(h.instance.get(me)))) as unknown as TokenRenewalError;
    expect(error.retryAt!.getTime() - h.env.now()).toBeLessThanOrEqual(1.1 * hourMs);
    h.env.jump(1.1 * hourMs);
    expect((await h.env.drive(h.instance.get(me))).status).toBe(200);
  },
);
