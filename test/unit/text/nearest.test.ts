import { expect, test } from 'vitest';
import { nearest, unknownName } from '../../../src/text/nearest.js';

const options = ['clientId', 'clientSecret', 'companyId', 'environment', 'store', 'timeoutMs', 'retry'];

test.each([
  ['compnayId', 'companyId'],
  ['company_id', 'companyId'],
  ['companyID', 'companyId'],
  ['COMPANY-ID', 'companyId'],
  ['company', 'companyId'],
  ['client_id', 'clientId'],
  ['clientsecret', 'clientSecret'],
  ['clientSecert', 'clientSecret'],
  ['enviroment', 'environment'],
  ['stroe', 'store'],
  ['timeout', 'timeoutMs'],
  ['timeoutSeconds', 'timeoutMs'],
  ['retrys', 'retry'],
])('%s is meant to be %s', (given, meant) => {
  expect(nearest(given, options)).toBe(meant);
});

test.each(['', '0', 'colour', 'bearer', 'id', 'x', '$', 'a'.repeat(10_000)])(
  'no name is near to %j',
  (given) => {
    expect(nearest(given, options)).toBeUndefined();
  },
);

test('an unknown name is shown with the known ones and the nearest; what is no name is not shown', () => {
  expect(unknownName('stroe', ['store', 'keys'])).toBe(
    'there is no option "stroe"; known are store, keys. Did you mean "store"?',
  );
  expect(unknownName('colour', ['store', 'keys'])).toBe(
    'there is no option "colour"; known are store, keys.',
  );
  expect(unknownName('a secret, perhaps', ['store'])).not.toContain('secret');
});
