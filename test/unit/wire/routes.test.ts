import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isId, routeOf } from '../../../src/wire/routes.js';
import { singularOf } from '../../../src/wire/singular.js';

test.each([
  ['/rest/v1.0/projects/12/rfis/5', '/rest/v1.0/projects/:project_id/rfis/:id'],
  ['/rest/v1.0/projects/12/rfis', '/rest/v1.0/projects/:project_id/rfis'],
  ['/rest/v1.0/projects/12', '/rest/v1.0/projects/:id'],
  ['/rest/v1.0/me', '/rest/v1.0/me'],
  ['/v1.0/projects/598134325647021/observations', '/v1.0/projects/:project_id/observations'],
  [
    '/rest/v2.0/companies/562949953421401/projects/01J9ZQ3V5T8R6W2X4Y7A1B3C5D/workflows',
    '/rest/v2.0/companies/:company_id/projects/:project_id/workflows',
  ],
  [
    '/rest/v1.1/companies/8/people/3/change_history',
    '/rest/v1.1/companies/:company_id/people/:person_id/change_history',
  ],
  ['/vapid/projects/12/rfis.json', '/vapid/projects/:project_id/rfis.json'],
  ['/vapid/drawings/12.pdf', '/vapid/drawings/:id.pdf'],
  ['/rest/v1.0/timecard_entries/9/signature', '/rest/v1.0/timecard_entries/:timecard_entry_id/signature'],
  ['/rest/v1.0/cost-codes/9/line-items/1', '/rest/v1.0/cost-codes/:cost_code_id/line-items/:id'],
  ['/rest/v1.0/uploads/0d1e6a5c-43ad-4bfb-9f86-3f1d9a2f8e11', '/rest/v1.0/uploads/:id'],
  ['/rest/v1.0/files/9f86d081884c7d659a2feaa0c55ad015/versions', '/rest/v1.0/files/:file_id/versions'],
  ['/rest/v1.0/projects/1,2,3/status', '/rest/v1.0/projects/:project_id/status'],
  ['/rest/v1.0/12/rfis', '/rest/v1.0/:id/rfis'],
  ['/rest/v1.0/projects/12/34/rfis', '/rest/v1.0/projects/:project_id/:id/rfis'],
  ['//rest/v1.0//projects/12/', '/rest/v1.0/projects/:id'],
  ['/rest/v1.0/projects/12?page=2#top', '/rest/v1.0/projects/:id'],
  ['/', '/'],
  ['', '/'],
  ['/12', '/:id'],
])('%s is normalised to %s', (path, route) => {
  expect(routeOf(path)).toBe(route);
});

test('a route that is normalised stays as it is', () => {
  fc.assert(
    fc.property(fc.webPath(), (path) => {
      expect(routeOf(routeOf(path))).toBe(routeOf(path));
    }),
  );
});

describe('a name of a resource is never taken for an id', () => {
  test.each([
    'rfis',
    'v1.0',
    'v2.1',
    'tier2_items',
    'oauth2',
    'facade',
    'deadbeefdeadbeef',
    'effaced',
    'me',
    'sync',
    '3d_models',
    'a360',
    'specification_section_divisions',
    '2024-plan',
    'meeting_template_categories_v2',
  ])('%s', (name) => {
    expect(isId(name)).toBe(false);
    expect(routeOf(`/rest/v1.0/projects/1/${name}/2`)).toContain(`/${name}/`);
  });
});

test.each([
  ['projects', 'project'],
  ['companies', 'company'],
  ['people', 'person'],
  ['rfis', 'rfi'],
  ['statuses', 'status'],
  ['addresses', 'address'],
  ['batches', 'batch'],
  ['taxes', 'tax'],
  ['invoices', 'invoice'],
  ['purchases', 'purchase'],
  ['warehouses', 'warehouse'],
  ['change_order_packages', 'change_order_package'],
  ['timecard_entries', 'timecard_entry'],
  ['company_people', 'company_person'],
  ['equipment', 'equipment'],
  ['status', 'status'],
  ['series', 'series'],
  ['keys', 'key'],
  ['bim_analyses', 'bim_analysis'],
])('the singular of %s is %s', (plural, singular) => {
  expect(singularOf(plural)).toBe(singular);
});
