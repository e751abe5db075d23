import { expect, test } from 'vitest';
import { createHarness, createTestStore, type Harness, type TestStore } from '../support/harness.js';

test('a service account whose tokens another process replaces again and again asks for few new ones, and says so once', async () => {
  await using h = await createHarness({ options: { grant: 'client_credentials' }, authorized: false });
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

/**
 * Two processes of one service account call in turn, ten times a second each, on a server that keeps one access token per client: the
 * token before dies when a new one is issued.
 */
async function callInTurn(h: Harness, storeOf: (pod: number) => TestStore | undefined, calls: number) {
  const pods = [0, 1].map((pod) => {
    const store = storeOf(pod) ?? h.store;
    return { store, ...h.attachProcess({ grant: 'client_credentials', store }) };
  });
  const issued = new Set<string>();
  const statuses: number[] = [];
  for (let call = 0; call < calls; call++) {
    for (const { instance, store } of pods) {
      const { status } = await instance.get('/rest/v1.0/me', { validateStatus: () => true });
      statuses.push(status);
      const newest = store.sets.get('default')!.access_token;
      if (!issued.has(newest)) for (const token of issued) h.emulator.expire(token);
      issued.add(newest);
      h.env.jump(50);
    }
  }
  return { statuses, refused: statuses.filter((status) => status === 401).length };
}

test('two processes of a service account that share no store drive each other out: few grants, and each is told of the shared store', async () => {
  await using h = await createHarness({ options: { grant: 'client_credentials' }, authorized: false });
  const { statuses } = await callInTurn(h, () => createTestStore(), 100);
  expect(new Set(statuses)).toEqual(new Set([200, 401]));
  // Ten seconds: each process asks three times in a row, and after five seconds once more.
  expect(h.emulator.counters.tokenRequests).toBeLessThanOrEqual(10);
  const warnings = h.told.filter(({ detail }) => detail['code'] === 'client-shared');
  expect(warnings).toHaveLength(2);
});

test('two processes of a service account that share a store never drive each other out', async () => {
  await using h = await createHarness({ options: { grant: 'client_credentials' }, authorized: false });
  const { refused } = await callInTurn(h, () => undefined, 100);
  expect(refused).toBe(0);
  expect(h.emulator.counters.tokenRequests).toBe(1);
  expect(h.told.filter(({ detail }) => detail['code'] === 'client-shared')).toEqual([]);
});
