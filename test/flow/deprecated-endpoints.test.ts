import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';

const warningsOf = ({ told }: Harness) =>
  told.flatMap(({ event, detail }) =>
    event === 'warning' && detail['code'] === 'deprecated-endpoint' ? [detail['message']] : [],
  );

test('calls under /vapid are warned of once for each route, with the route that replaces it', async () => {
  await using h = await createHarness();
  for (const path of ['/vapid/projects/1/rfis', '/vapid/projects/2/rfis', '/vapid/projects/1/rfis/7'])
    await caught(h.instance.get(path));
  await h.instance.get('/rest/v1.0/me');
  expect(warningsOf(h)).toEqual([
    expect.stringMatching(
      /^GET \/vapid\/projects\/:project_id\/rfis .*\/rest\/v1\.0\/projects\/:project_id\/rfis/,
    ),
    expect.stringMatching(/^GET \/vapid\/projects\/:project_id\/rfis\/:id /),
  ]);
});

test('calls of an endpoint that the application names as deprecated are warned of once, and others are not', async () => {
  await using h = await createHarness({
    options: { deprecatedEndpoints: ['GET /rest/v1.0/projects/:project_id/rfis'] },
  });
  for (const page of [1, 2]) await h.instance.get(`/rest/v1.0/projects/1/rfis?page=${page}`);
  await h.instance.post('/rest/v1.0/projects/1/rfis', { rfi: { subject: 'Which bolt?' } });
  expect(warningsOf(h)).toEqual([
    expect.stringMatching(/^GET \/rest\/v1\.0\/projects\/:project_id\/rfis .*deprecatedEndpoints/),
  ]);
  expect(JSON.stringify(h.told)).not.toContain(h.store.sets.get('default')!.access_token);
});

test('several instances of one store warn once in the log', async () => {
  await using h = await createHarness();
  await caught(h.instance.get('/vapid/projects'));
  await caught(h.attach().instance.get('/vapid/projects'));
  expect(h.logged.filter((line) => line.includes('/vapid/projects is deprecated'))).toHaveLength(1);
});
