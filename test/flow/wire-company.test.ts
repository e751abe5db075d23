import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';

const projects = '/rest/v1.0/projects';
const big = '562949953421401';

test.each([
  ['a string', big, big],
  ['a number beyond 32 bits', 562949953421401, big],
  ['a function', () => big, big],
  [
    'a function of the configuration',
    (config: { params?: { company?: string } }) => config.params?.company,
    '77',
  ],
])('Procore-Company-Id is set from %s', async (_what, companyId, expected) => {
  await using h = await createHarness({ options: { companyId: companyId as never } });
  await h.instance.get(projects, { params: { company: '77' } });
  expect(h.emulator.log[0]!.companyId).toBe(expected);
});

test.each(['Procore-Company-Id', 'procore-company-id', 'PROCORE-COMPANY-ID'])(
  'a call that brings %s keeps its own',
  async (name) => {
    await using h = await createHarness();
    await h.instance.get(projects, { headers: { [name]: '9' } });
    h.instance.defaults.headers.common[name] = '10';
    await h.instance.get(projects);
    expect(h.emulator.log.map(({ companyId }) => companyId)).toEqual(['9', '10']);
  },
);

test.each([undefined, null, ''])('an empty header of the call (%j) does not count as one', async (value) => {
  await using h = await createHarness();
  await h.instance.get(projects, { headers: { 'procore-company-id': value as never } });
  expect(h.emulator.log[0]!.companyId).toBe('42');
});

test("the call's own companyId wins over the option", async () => {
  await using h = await createHarness();
  await h.instance.get(projects, { procore: { companyId: 562949953421402 } });
  await h.instance.get(projects);
  expect(h.emulator.log.map(({ companyId }) => companyId)).toEqual(['562949953421402', '42']);
});

test.each([
  ['no option', undefined],
  ['a function that returns undefined', () => undefined],
  ['a function that returns null', () => null],
])('with %s nothing is set', async (_what, companyId) => {
  await using h = await createHarness({ options: { companyId: companyId as never } });
  await h.instance.get('/rest/v1.0/me');
  expect(h.emulator.log[0]).not.toHaveProperty('companyId');
  const error = await caught(h.instance.get(projects));
  expect(String(error.response!.data)).toMatch(/^Missing Procore-Company-Id header!/);
});

test.each([
  ['a name', 'ACME'],
  ['an injection', '1\r\nX-Evil: 1'],
  ['a fraction', 1.5],
  ['zero', 0],
  ['a promise', Promise.resolve('1')],
  ['an unsafe number', 2 ** 53],
])(
  'a companyId function that returns %s is a TypeError that names the option, and nothing is sent',
  async (_what, value) => {
    await using h = await createHarness({ options: { companyId: () => value as never } });
    const error = await caught(h.instance.get(projects));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/"companyId".*it takes/);
    expect(h.emulator.counters.requests).toBe(0);
  },
);

test('a companyId function that throws rejects the call with its error', async () => {
  const broken = new Error('no company in this context');
  await using h = await createHarness({
    options: {
      companyId: () => {
        throw broken;
      },
    },
  });
  expect(await caught(h.instance.get(projects))).toBe(broken);
});

test('a replay and a retry carry the company as well, once', async () => {
  await using h = await createHarness();
  h.emulator.revoke();
  h.emulator.misbehave({
    on: () => h.emulator.counters.exchanges === 1,
    do: { kind: 'answer', status: 503 },
  });
  await h.instance.get(projects);
  const companies = h.emulator.log.filter(({ kind }) => kind === 'api').map(({ companyId }) => companyId);
  expect(companies).toEqual(['42', '42', '42']);
});
