import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  endpointList,
  isKnownDeprecated,
  isOfNoCompany,
  isOutsideOfPublished,
} from '../../../src/wire/endpoints.js';

test('a listed endpoint is known by its route, whatever its parameters are called and whether /rest is in front', () => {
  const isListed = endpointList(['/rest/v1.0/projects/:id/rfis/:rfi_id', '/rest/v1.0/projects/12/tasks']);
  expect(isListed('GET', '/rest/v1.0/projects/:project_id/rfis/:id')).toBe(true);
  expect(isListed('PATCH', '/v1.0/projects/:project_id/rfis/:id')).toBe(true);
  expect(isListed('GET', '/rest/v1.0/projects/:project_id/tasks')).toBe(true);
  expect(isListed('GET', '/rest/v1.0/projects/:project_id/rfis')).toBe(false);
  expect(isListed('GET', '/rest/v1.1/projects/:project_id/rfis/:id')).toBe(false);
});

test('an endpoint that is listed with a method is that method alone', () => {
  const isListed = endpointList(['post /rest/v1.0/uploads']);
  expect(isListed('POST', '/rest/v1.0/uploads')).toBe(true);
  expect(isListed('GET', '/rest/v1.0/uploads')).toBe(false);
});

test('a route that ends with /* stands for all routes below it, and not for itself', () => {
  const isListed = endpointList(['/rest/v1.0/budget/*']);
  expect(isListed('GET', '/rest/v1.0/budget/:id/lines')).toBe(true);
  expect(isListed('GET', '/rest/v1.0/budget')).toBe(false);
  expect(isListed('GET', '/rest/v1.0/budgets/:id')).toBe(false);
});

test.each([
  '/rest/v1.0/projects/12/rfis',
  '/v1.0/projects/12/rfis/',
  '//rest/v1.0//projects/0f8fad5b-d9cb-469f-a165-70867728950e/rfis',
  '/rest/v1.0/projects/12/rfis?page=2',
  '/rest/v1.0/projects/:id/rfis#top',
])('a listed endpoint is known by a path as it is sent: %s', (path) => {
  const isListed = endpointList(['/rest/v1.0/projects/:project_id/rfis', '/rest/v1.0/drawings/:id.pdf']);
  expect(isListed('GET', path)).toBe(true);
  expect(isListed('GET', path.replace('/rfis', '/rfis_of'))).toBe(false);
});

const segment = fc.stringMatching(/^[\w.:()+$|^[\]-]{1,6}$/);

test('whatever is listed is known by its own path, and by everything below it where it ends with /*', () => {
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 5 }), segment, (path, last) => {
      const plain = `/${path.join('/')}`;
      expect(endpointList([plain])('GET', plain)).toBe(true);
      const below = endpointList([`${plain}/*`]);
      expect(below('GET', `${plain}/${last}`)).toBe(true);
      expect(below('GET', plain)).toBe(false);
    }),
  );
});

test.each([
  ['/rest/v1.0/projects', false, false],
  ['/v1.0/projects', false, false],
  ['/rest/v2.0/companies/:company_id/users', false, false],
  ['/vapid/projects', true, false],
  ['/vapidly', false, true],
  ['/api/internal/boards', false, true],
  ['/rest/internal/boards', false, true],
  ['/webclients/:id', false, true],
  ['(other routes)', false, false],
])('%s: deprecated is %s, private is %s', (route, deprecated, isPrivate) => {
  expect([isKnownDeprecated(route), isOutsideOfPublished(route)]).toEqual([deprecated, isPrivate]);
});

test('the user and the list of companies belong to no company, and nothing else does', () => {
  expect(['/rest/v1.0/me', '/rest/v1.0/companies', '/v1.1/me'].map(isOfNoCompany)).toEqual([
    true,
    true,
    true,
  ]);
  expect(
    ['/rest/v1.0/companies/:id', '/rest/v1.0/projects', '/rest/v1.0/mentions'].map(isOfNoCompany),
  ).toEqual([false, false, false]);
});
