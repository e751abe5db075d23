import { expect, test } from 'vitest';
import { slipIn } from '../../../src/settings/slips.js';

test.each([
  ['PROCORE_CONFG', 'PROCORE_CONFIG'],
  ['PROCORE_CONFIGS', 'PROCORE_CONFIG'],
  ['PROCORE_CLIENTID', 'PROCORE_CLIENT_ID'],
  ['PROCORE_ENVIROMENT', 'PROCORE_ENVIRONMENT'],
  ['PROCORE_ENVIORNMENT', 'PROCORE_ENVIRONMENT'],
  ['PRECORE_GRANT', 'PROCORE_GRANT'],
  ['procore_token_file', 'PROCORE_TOKEN_FILE'],
  ['AXIOS_PROCORE_TOKENFILE', 'AXIOS_PROCORE_TOKEN_FILE'],
  ['AXIOS_PROCORE_LOGS', 'AXIOS_PROCORE_LOG'],
])('%s is reported as misspelt for %s', (name, meant) => {
  expect(slipIn({ [name]: 'value', PATH: '/bin' })).toBe(`${name} is set and not read: is ${meant} meant?`);
});

test('names of the application’s own, empty ones, those that are understood and those beside the one that is meant are left alone', () => {
  const own = { PROCORE_LOGIN: 'a', PROCORE_API: 'b', PROCORE_COMPANY: 'c', PROCORE_WEBHOOK_SECRET: 'd' };
  expect(slipIn({ ...own, PROCORE_CONFG: ' ', GRANT: 'e', PROCORE_GRANT: 'refresh_token' })).toBeUndefined();
  expect(slipIn({ PROCORE_REDIRECT_URL: 'a', PROCORE_REDIRECT_URI: 'a' })).toBeUndefined();
  expect(slipIn({ PROCORE_CONFG: 'a', PROCORE_CONFIG: 'a' })).toBeUndefined();
});
