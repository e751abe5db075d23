import { expect, test } from 'vitest';
import { createHarness } from '../support/harness.js';

test('a service account whose tokens another process replaces again and again asks for few new ones, and says so once', async () => {
  await using h = await createHarness({ options: { grant: 'client_credentials' }, authorised: false });
  const get = () =>
    h.instance.get('/rest/v1.0/me', { validateStatus: () => true }).then(({ status }) => status);
  expect(await get()).toBe(200);
  const statuses: number[] = [];
  for (let each = 0; each < 20; each++) {
    h.emulator.misbehave({
      on: 'api',
      do: {
        kind: 'answer',
        status: 401,
        headers: {
          'www-authenticate':
            'Bearer error="invalid_token", error_description="The access token was revoked"',
        },
      },
    });
    statuses.push(await get());
    h.env.jump(500);
  }
  expect(statuses.filter((status) => status === 401).length).toBeGreaterThan(10);
  // The first one, three in a row, and one after five seconds.
  expect(h.emulator.counters.tokenRequests).toBeLessThanOrEqual(5);
  const warnings = h.told.filter(({ event }) => event === 'warning');
  expect(warnings.map(({ detail }) => detail['code'])).toEqual(['client-shared']);
  h.env.jump(60_000);
  expect(await get()).toBe(200);
});
