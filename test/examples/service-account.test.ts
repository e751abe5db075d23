import { expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { environmentOf, startByName, startExample } from '../support/examples.js';

const [bridge, annex, tower] = ['562949953422001', '562949953422002', '562949953422003'];

async function emulated() {
  const emulator = await startEmulator();
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
  const { emulator, env } = await emulated();
  for (const [project, status] of [
    [annex, 404],
    [tower, 403],
  ] as const)
    emulator.misbehave({
      on: ({ path }) => path.includes(project),
      do: {
        kind: 'answer',
        status,
        headers: { 'x-request-id': `request-${status}` },
        body: { errors: 'You cannot.' },
      },
    });
  const { code, stdout, stderr } = await startExample('service-account', {
    env,
    args: [annex, tower, bridge],
  }).ended;
  expect([code, stdout]).toEqual([1, `${bridge} : 0 RFIs\n`]);
  const [notFound, forbidden] = stderr.split(/^(?=\d)/m);
  expect(notFound).toMatch(
    new RegExp(`^${annex} : 404 You cannot\\. \\(request request-404\\)\\n.*No such project`),
  );
  expect(forbidden).toMatch(
    new RegExp(`^${tower} : 403 You cannot\\. \\(request request-403\\)\\n.*"Permitted Projects"`),
  );
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
