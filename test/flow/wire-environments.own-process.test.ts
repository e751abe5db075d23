import nock from 'nock';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { environments, type EnvironmentName } from '../../src/wire/environments.js';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';
import { answerAt } from '../support/nocked.js';

beforeAll(() => {
  nock.disableNetConnect();
  nock.enableNetConnect('127.0.0.1');
});
afterEach(() => nock.cleanAll());
afterAll(() => nock.restore());

const names = Object.keys(environments) as EnvironmentName[];
const pairs = names.flatMap((own) => names.map((other) => [own, other] as const));
const at = (environment: EnvironmentName | { loginUrl: string; apiUrl: string }, options: object = {}) =>
  createHarness({ options: { environment, ...options }, defaults: { baseURL: undefined } as never });

test.each(pairs.filter(([own, other]) => own !== other))(
  'tokens of %s: a call to the API of %s fails before it is sent, and says why',
  async (own, other) => {
    await using h = await at(own);
    const error = await caught(h.instance.get(`${environments[other].apiUrl}/rest/v1.0/me?x=1`));
    expect(error).toMatchObject({
      name: 'WrongEnvironmentError',
      code: 'ERR_PROCORE_WRONG_ENVIRONMENT',
      kind: 'wrong-environment',
      isAxiosError: true,
    });
    expect(error.message).toBe(
      `GET /rest/v1.0/me: it was not sent: it goes to the environment "${other}" (${environments[other].apiUrl}), its tokens are for "${own}" (${environments[own].apiUrl}), and tokens are not transferable across environments. Let the call go to ${environments[own].apiUrl} (its URL, or baseURL), or set the option "environment" to '${other}', with an app and tokens of that one.`,
    );
    expect(h.store.log).toEqual([]);
    expect(h.told).toMatchObject([{ event: 'request-settled', detail: { attempts: 0, code: error.code } }]);
  },
);

test.each(names)('tokens of %s: its own API gets them, by an absolute and by a relative URL', async (own) => {
  await using h = await at(own);
  const { apiUrl } = environments[own];
  const seen = answerAt(apiUrl, '/rest/v1.0/me', '/rest/v1.0/me');
  await h.instance.get(`${apiUrl}/rest/v1.0/me`);
  await h.instance.get('/rest/v1.0/me');
  expect(seen).toHaveLength(2);
  expect(seen.every(({ authorization }) => authorization!.startsWith('Bearer '))).toBe(true);
});

test.each(names.filter((name) => name !== 'production'))(
  'tokens of %s do not go to app.procore.com: it is production',
  async (own) => {
    await using h = await at(own);
    const error = await caught(h.instance.get('https://app.procore.com/rest/v1.0/me'));
    expect(error.code).toBe('ERR_PROCORE_WRONG_ENVIRONMENT');
    expect(error.message).toContain('"production"');
  },
);

test('production spelt out by its URLs includes app.procore.com as well', async () => {
  await using h = await at({ ...environments.production });
  const seen = answerAt('https://app.procore.com', '/rest/v1.0/me');
  await h.instance.get('https://app.procore.com/rest/v1.0/me');
  expect(seen[0]!.authorization).toMatch(/^Bearer /);
});

test("an origin of another environment that is listed in origins gets the token: the application's word counts", async () => {
  await using h = await at('production', { origins: ['https://sandbox.procore.com'] });
  const seen = answerAt('https://sandbox.procore.com', '/x');
  await h.instance.get('https://sandbox.procore.com/x');
  expect(seen[0]!.authorization).toMatch(/^Bearer /);
});

test('auth: false may go to the API of another environment, with its own Authorization', async () => {
  await using h = await at('production');
  const seen = answerAt('https://sandbox.procore.com', '/x');
  await h.instance.get('https://sandbox.procore.com/x', {
    procore: { auth: false },
    headers: { Authorization: 'Bearer sandbox' },
  });
  expect(seen[0]).toMatchObject({ authorization: 'Bearer sandbox', companyId: undefined });
});

test('a call that the account callback leaves alone may go to the API of another environment', async () => {
  await using h = await at('production', { account: () => undefined });
  const seen = answerAt('https://sandbox.procore.com', '/x');
  await h.instance.get('https://sandbox.procore.com/x', { headers: { Authorization: 'Bearer sandbox' } });
  expect(seen[0]).toMatchObject({ authorization: 'Bearer sandbox', companyId: undefined });
});

test('the login host of another environment is left alone, as every /oauth/ call is', async () => {
  await using h = await at('production');
  const seen = answerAt('https://login-sandbox.procore.com', '/oauth/token/info');
  await h.instance.get('https://login-sandbox.procore.com/oauth/token/info');
  expect(seen[0]!.authorization).toBeUndefined();
});
