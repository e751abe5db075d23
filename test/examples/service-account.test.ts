import { expect, onTestFinished, test } from 'vitest';
import { startEmulator, type EmulatorOptions } from '../../src/emulator/index.js';
import { environmentOf, startByName, startExample } from '../support/examples.js';

const [bridge, annex, tower] = ['562949953422001', '562949953422002', '562949953422003'];

async function emulated(options: EmulatorOptions = {}) {
  const emulator = await startEmulator(options);
  onTestFinished(() => emulator.close());
  const { PROCORE_TOKEN_FILE: _none, ...env } = environmentOf(emulator);
  return { emulator, env };
}

test('by its command it looks into the projects of an emulated Procore, without a user', async () => {
  const { code, stdout, stderr } = await startByName('service-account').ended;
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain(`${bridge} Harbour Bridge: 0 RFIs`);
  expect(stdout.match(/: 0 RFIs/g)).toHaveLength(5);
});

test('a token that expires on the way is asked for again, and no call goes without the company', async () => {
  const { emulator, env } = await emulated();
  let seen = 0;
  emulator.misbehave({
    on({ path }) {
      if (path.includes(tower) && ++seen === 1) emulator.expire();
      return false;
    },
    do: { kind: 'drop' },
  });
  const { code, stderr } = await startExample('service-account', { env }).ended;
  expect([code, stderr]).toEqual([0, '']);
  const asked = emulator.log.filter(({ kind }) => kind === 'token');
  expect(asked.map(({ grantType, outcome }) => [grantType, outcome])).toEqual([
    ['client_credentials', 'issued'],
    ['client_credentials', 'issued'],
  ]);
  const calls = emulator.log.filter(({ kind }) => kind === 'api');
  expect(calls.every(({ companyId }) => companyId === env['PROCORE_COMPANY_ID'])).toBe(true);
});

test('a project that it may not see is explained, the others are read, and the exit code says so', async () => {
  const { emulator, env } = await emulated({
    companies: [{ id: '562949953421401', projects: [{ id: bridge }, { id: tower }] }],
  });
  emulator.misbehave({
    on: ({ path }) => path.includes(tower),
    do: { kind: 'answer', status: 403, headers: { 'x-request-id': 'r-403' }, body: { errors: 'No access.' } },
  });
  const { code, stdout, stderr } = await startExample('service-account', {
    env,
    args: [annex, tower, bridge],
  }).ended;
  expect([code, stdout]).toEqual([1, `${bridge} : 0 RFIs\n`]);
  const [notPermitted, forbidden] = stderr.split(/^(?=\d)/m);
  expect(notPermitted).toMatch(new RegExp(`^${annex} : 404 `));
  expect(forbidden).toMatch(new RegExp(`^${tower} : 403 No access\\. \\(request r-403\\)`));
  for (const told of [notPermitted, forbidden])
    expect(told).toContain('A company admin chooses the app’s Permitted Projects');
});

test('an empty list is said to be what it may mean', async () => {
  const { emulator, env } = await emulated();
  emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 200, body: [] } });
  const { code, stderr } = await startExample('service-account', { env }).ended;
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('No project is permitted in company 562949953421401'),
  ]);
});

test('wrong credentials end it with what to do, and are not printed', async () => {
  const { env } = await emulated();
  const { code, stdout, stderr } = await startExample('service-account', {
    env: { ...env, PROCORE_CLIENT_SECRET: 'a-wrong-secret' },
  }).ended;
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain('client');
  expect(stderr).not.toContain('a-wrong-secret');
});
