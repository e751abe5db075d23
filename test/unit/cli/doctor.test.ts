import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Finding } from '../../../src/cli/doctor/finding.js';
import { clockOf, companyOf, credentialsOf, environmentOf, tokenOf } from '../../../src/cli/doctor/judge.js';
import { environments } from '../../../src/wire/environments.js';
import { command, createPlace, type Place } from '../../support/command.js';

let place: Place;
beforeEach(async () => {
  place = await createPlace();
});
afterEach(() => place.close());

const seed = () => writeFileSync(place.file, JSON.stringify(place.emulator.issue()), { mode: 0o600 });
const company = '562949953421401';

async function doctor(more: Record<string, string> = {}, ...args: string[]) {
  const { code, out } = await command(['doctor', '--json', ...args], {
    environment: { ...place.environment, ...more },
  });
  const { checks } = JSON.parse(out) as { checks: Finding[] };
  return { code, checks, states: Object.fromEntries(checks.map(({ check, state }) => [check, state])) };
}

const allFine = {
  settings: 'ok',
  store: 'ok',
  lock: 'ok',
  'login-host': 'ok',
  'api-host': 'ok',
  clock: 'ok',
  credentials: 'ok',
  token: 'ok',
  environment: 'ok',
  company: 'ok',
};

test('where all is well each check says so, and no refresh token is presented', async () => {
  seed();
  const { code, states } = await doctor({ PROCORE_COMPANY_ID: company });
  expect([code, states]).toEqual([0, allFine]);
  expect(place.emulator.log.some(({ grantType }) => grantType === 'refresh_token')).toBe(false);
  expect(place.emulator.counters.exchanges).toBe(0);
});

test('--refresh renews, and saves', async () => {
  seed();
  const { code, states } = await doctor({ PROCORE_COMPANY_ID: company }, '--refresh');
  expect([code, states]).toEqual([0, { ...allFine, renewal: 'ok' }]);
  expect(place.emulator.counters.exchanges).toBe(1);
});

test('--refresh puts tokens that the store has not kept into a file, and shows its whole path', async () => {
  const config = `${place.file}.config.cjs`;
  const tokens = JSON.stringify(place.emulator.issue());
  writeFileSync(
    config,
    `module.exports = { store: { readsAreFresh: true, load: () => (${tokens}), save() {} } };`,
  );
  vi.stubEnv('HOME', dirname(place.file));
  const { checks, states } = await doctor({ PROCORE_TOKEN_FILE: '', PROCORE_CONFIG: config }, '--refresh');
  vi.unstubAllEnvs();
  expect(states['renewal']).toBe('failed');
  const { came, ...others } = checks.at(-1)!;
  const file = /They are in (.+), which/.exec(came)![1]!;
  const kept = JSON.parse(readFileSync(file, 'utf8')) as { refresh_token: string };
  expect(place.emulator.isLive(kept.refresh_token)).toBe(true);
  expect(others).not.toHaveProperty('shown');
});

test('without tokens it says how to log in, and still checks the rest', async () => {
  const { code, states, checks } = await doctor();
  expect(code).toBe(1);
  expect(states).toEqual({ ...allFine, token: 'failed', environment: 'skipped', company: 'skipped' });
  expect(checks.find(({ check }) => check === 'token')?.remedy).toBe('Run: axios-procore login');
});

test('where the store has tokens of other accounts only, it says how to name one, and that one is looked at', async () => {
  const config = `${place.file}.config.cjs`;
  const tokens = JSON.stringify(place.emulator.issue());
  const store = `load: (account) => (account === 'u2' ? ${tokens} : undefined), save() {}, accounts: () => ['u2']`;
  writeFileSync(config, `module.exports = { store: { ${store} } };`);
  const settings = { PROCORE_TOKEN_FILE: '', PROCORE_CONFIG: config };
  const token = (await doctor(settings)).checks.find(({ check }) => check === 'token');
  expect(token).toMatchObject({
    came: 'there are no tokens of the account "default"; the store has those of another account',
    remedy: expect.stringContaining('--account <name>'),
  });
  expect((await doctor(settings, '--account', 'u2')).states['token']).toBe('ok');
});

test('a wrong secret shows, without anything that is redeemed', async () => {
  seed();
  const { code, states } = await doctor({ PROCORE_CLIENT_SECRET: 'not-it' });
  expect([code, states['credentials'], states['token']]).toEqual([1, 'failed', 'ok']);
});

test('a revoked token shows', async () => {
  seed();
  place.emulator.revoke();
  const { code, states } = await doctor();
  expect([code, states['token'], states['company']]).toEqual([1, 'failed', 'warning']);
});

test('hosts that cannot be reached are told, and what needs them is skipped', async () => {
  seed();
  await place.emulator.close();
  const { code, states } = await doctor();
  expect(code).toBe(1);
  expect(states).toMatchObject({
    'login-host': 'failed',
    'api-host': 'failed',
    clock: 'skipped',
    credentials: 'skipped',
  });
});

test('settings that are missing are the one finding, and exit code 1', async () => {
  const { code, checks } = await doctor({ PROCORE_CLIENT_ID: '' });
  expect(code).toBe(1);
  expect(checks).toEqual([
    {
      check: 'settings',
      state: 'failed',
      tried: 'read the settings',
      came: 'they are not complete, or wrong',
      remedy: expect.stringMatching(/^PROCORE_CLIENT_ID is missing/),
    },
  ]);
});

test('a store that fails is told by its own error, for the lock and for the tokens', async () => {
  const config = `${place.file}.config.cjs`;
  const store = `load() { throw error; }, save() {}, lock() { throw error; }, renewsLock: true`;
  writeFileSync(
    config,
    `const error = new Error('The table of the tokens does not exist'); module.exports = { store: { ${store} } };`,
  );
  const { code, checks } = await doctor({ PROCORE_TOKEN_FILE: '', PROCORE_CONFIG: config });
  const told = Object.fromEntries(checks.map(({ check, state, came }) => [check, `${state}: ${came}`]));
  expect(code).toBe(1);
  expect(told).toMatchObject({
    lock: 'failed: the lock could not be taken (Error): The table of the tokens does not exist',
    token: 'failed: the store could not be read (Error): The table of the tokens does not exist',
  });
});

test.skipIf(process.platform === 'win32')('a file that others may read is a warning', async () => {
  seed();
  chmodSync(place.file, 0o644);
  const { checks } = await doctor();
  expect(checks.find(({ check }) => check === 'store')).toMatchObject({
    state: 'warning',
    remedy: `Run: chmod 600 '${place.file}'`,
  });
});

test('it prints for each check what was tried, what came, and what to do', async () => {
  const { out } = await command(['doctor'], { environment: place.environment });
  expect(out).toContain(
    `failed  token        there are no tokens.\n${' '.repeat(21)}Tried: GET ${place.emulator.url}/oauth/token/info with the access token.\n${' '.repeat(21)}What to do: Run: axios-procore login\n`,
  );
  expect(out).toMatch(/\n\n1 check failed, 0 warnings\.\n$/);
});

test('Ctrl-C ends it with 130', async () => {
  const interruption = new AbortController();
  interruption.abort(130);
  const { code } = await command(['doctor'], {
    environment: place.environment,
    interrupted: interruption.signal,
  });
  expect(code).toBe(130);
});

describe('judgements', () => {
  const heard = (status: number, body: unknown = '') => ({ status, body, atMs: 0 });

  test.each([
    [0, 'ok'],
    [4_999, 'ok'],
    [-20_000, 'ok'],
    [40_000, 'warning'],
    [-40_000, 'warning'],
  ])('a clock that is %i ms ahead is %s', (aheadMs, state) => {
    expect(clockOf({ status: 200, body: '', dateMs: 1_000_000, atMs: 1_000_000 + aheadMs }).state).toBe(
      state,
    );
  });

  test.each([
    [400, '{"error":"invalid_grant"}', 'ok'],
    [400, '{"error":"unauthorized_client"}', 'ok'],
    [401, '{"error":"invalid_client"}', 'failed'],
    [400, { error: 'invalid_client' }, 'failed'],
    [401, '', 'failed'],
    [503, '<html>', 'warning'],
  ])('the token endpoint that answers %i %j: credentials are %s', (status, body, state) => {
    expect(credentialsOf(heard(status, body)).state).toBe(state);
  });

  test('a token of another app is told', () => {
    expect(tokenOf(heard(200, { application: { uid: 'other' } }), 'mine').state).toBe('failed');
    expect(tokenOf(heard(200, { application: { uid: 'mine' }, expires_in: 60 }), 'mine').came).toBe(
      'the token works for another 1 min',
    );
    expect(tokenOf(heard(502), 'mine').state).toBe('warning');
  });

  test('a token of another environment is told by its issuer', () => {
    const { production, 'developer-sandbox': sandbox } = environments;
    expect(environmentOf(sandbox.loginUrl, production)).toMatchObject({
      state: 'failed',
      came: `the token was issued by developer-sandbox (${sandbox.loginUrl}), and the settings are for production`,
    });
    expect(environmentOf(production.loginUrl, production).state).toBe('ok');
    expect(environmentOf('http://127.0.0.1:1', production).state).toBe('failed');
    expect(environmentOf(undefined, production).state).toBe('skipped');
    expect(environmentOf('procore', production).state).toBe('skipped');
  });

  test('a company that the user is not in is told', () => {
    const list = heard(200, [{ id: 1 }, { id: 2 }]);
    expect(companyOf(list, '2').state).toBe('ok');
    expect(companyOf(list, '3')).toMatchObject({
      state: 'failed',
      came: 'the user is not in company 3, but in 1, 2',
    });
    expect(companyOf(list, undefined).state).toBe('warning');
    expect(companyOf(heard(403), '1').state).toBe('warning');
  });
});
