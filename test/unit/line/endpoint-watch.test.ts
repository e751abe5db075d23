import { expect, test } from 'vitest';
import { createEndpointWatch, mostRoutesTold } from '../../../src/line/endpoint-watch.js';

function watching(deprecated: readonly string[] = []) {
  const told: string[][] = [];
  const watch = createEndpointWatch({ deprecated, warnOnce: (...warning) => void told.push(warning) });
  return { told, watch };
}

test('a route under /vapid is warned of once, whatever ids and methods its calls have, with the route that replaces it', () => {
  const { told, watch } = watching();
  watch('get', '/vapid/projects/12/rfis');
  watch('post', '/vapid/projects/598134325649528/rfis');
  watch('get', '/vapid/projects/12/rfis/7');
  expect(told).toEqual([
    [
      'deprecated-endpoint',
      '/vapid/projects/:project_id/rfis',
      'GET /vapid/projects/:project_id/rfis is deprecated, and Procore ends everything under /vapid: call /rest/v1.0/projects/:project_id/rfis, which does the same',
    ],
    ['deprecated-endpoint', '/vapid/projects/:project_id/rfis/:id', expect.any(String)],
  ]);
});

test('a listed endpoint is warned of once, and the message names the option', () => {
  const { told, watch } = watching(['POST /rest/v1.0/projects/:id/rfis', '/v1.0/budget/*']);
  watch('post', '/rest/v1.0/projects/12/rfis');
  watch('POST', '/rest/v1.0/projects/13/rfis');
  watch(undefined, '/rest/v1.0/budget/7/lines');
  expect(told).toEqual([
    [
      'deprecated-endpoint',
      '/rest/v1.0/projects/:project_id/rfis',
      expect.stringMatching(/^POST \/rest\/v1\.0\/projects\/:project_id\/rfis .*deprecatedEndpoints/),
    ],
    ['deprecated-endpoint', '/rest/v1.0/budget/:budget_id/lines', expect.stringMatching(/^GET /)],
  ]);
});

test.each([
  ['get', '/rest/v1.0/projects/12/rfis'],
  ['get', '/vapidly/projects'],
  ['get', '/rest/v1.0/vapid/projects'],
  ['post', '/rest/v1.1/projects/12/rfis'],
  ['post', '/rest/v1.0/projects/12/rfis/7'],
  ['post', '/rest/v1.0/projects/active/rfis'],
])('%s %s is another endpoint, and is not warned of', (method, path) => {
  const { told, watch } = watching(['POST /rest/v1.0/projects/:id/rfis']);
  watch(method, path);
  expect(told).toEqual([]);
});

test('names in place of ids fill no memory: after a hundred routes no further one is told', () => {
  const { told, watch } = watching();
  for (let index = 0; index < mostRoutesTold + 50; index++) watch('get', `/vapid/x-${index}-y/rfis`);
  expect(told).toHaveLength(mostRoutesTold);
});
