import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios';
import { expect, test } from 'vitest';
import { companyFromRequest } from '../../src/index.js';
import type { ProcoreOptions } from '../../src/options/options.js';
import { headerOf } from '../../src/wire/headers.js';
import { caught } from '../support/caught.js';
import { startEcho } from '../support/echo.js';
import { createHarness, type Harness } from '../support/harness.js';
import { until } from '../support/manual-env.js';

const projects = '/rest/v1.0/projects';
const big = '9007199254740993';
const any = () => true;

const byRequest = (options: Partial<ProcoreOptions> = {}, defaults: object = {}) =>
  createHarness({
    options: { companyId: companyFromRequest, ...options },
    defaults: { validateStatus: any, ...defaults } as never,
  });
const companiesOf = ({ emulator }: Harness) => emulator.log.map(({ companyId }) => companyId);
const warned = ({ told }: Harness) =>
  told.flatMap(({ detail: { code, message } }) => (code === 'company-conflict' ? [String(message)] : []));

test.each<[where: string, config: AxiosRequestConfig, expected: string | undefined]>([
  ['its path', { url: `/rest/v2.0/companies/${big}/projects/1/rfis` }, big],
  ['an escaped path', { url: '/rest/v1.0/companies/%35/users' }, '5'],
  ['its query', { url: `${projects}?company_id=${big}` }, big],
  ['params', { url: projects, params: { company_id: big } }, big],
  ['a bigint in params', { url: projects, params: { company_id: BigInt(big) } }, big],
  ['a JSON body', { url: projects, method: 'post', data: { company_id: big, project: {} } }, big],
  ['JSON text', { url: projects, method: 'post', data: `{"company_id":${big}}` }, big],
  ['JSON in a Buffer', { url: projects, method: 'post', data: Buffer.from(`{"company_id":${big}}`) }, big],
  [
    'JSON in a Uint8Array',
    { url: projects, method: 'post', data: new TextEncoder().encode(`{"company_id":${big}}`) },
    big,
  ],
  ['a form', { url: projects, method: 'post', data: new URLSearchParams({ company_id: big }) }, big],
  ['nothing', { url: projects }, undefined],
])('the company that a call names in %s is sent as Procore-Company-Id', async (_where, config, expected) => {
  await using h = await byRequest();
  await h.instance.request(config);
  expect(companiesOf(h)).toEqual([expected]);
  expect(warned(h)).toEqual([]);
});

test('a multipart form names it, too', async () => {
  await using h = await byRequest();
  const form = new FormData();
  form.append('company_id', '5');
  const sent: unknown[] = [];
  // Not every axios sends the standard FormData.
  const adapter = async (config: InternalAxiosRequestConfig) => {
    sent.push(headerOf(config.headers, 'procore-company-id'));
    return { status: 200, statusText: '', headers: {}, config, data: '' };
  };
  await h.instance.post(projects, form, { adapter });
  expect(sent).toEqual(['5']);
});

test('the path of the base URL counts, and a relative URL without one goes to the API origin of the environment', async () => {
  await using h = await byRequest();
  const baseURL = `${h.emulator.url}/rest/v1.0/companies/5`;
  await h.instance.get('/users', { baseURL });
  const { instance } = h.attach({}, { baseURL: undefined } as never);
  await instance.get('/rest/v1.0/companies/6/users');
  await instance.get('rest/v1.0/companies/7/users');
  expect(h.emulator.log.map(({ path, companyId }) => [path, companyId])).toEqual([
    ['/rest/v1.0/companies/5/users', '5'],
    ['/rest/v1.0/companies/6/users', '6'],
    ['/rest/v1.0/companies/7/users', '7'],
  ]);
});

test('the long path sends it as well, on each attempt', async () => {
  await using h = await byRequest();
  h.emulator.revoke();
  await h.instance.get(projects, { params: { company_id: '5' }, procore: { deadlineMs: 60_000 } });
  expect(companiesOf(h)).toEqual(['5', undefined, '5']);
  expect(h.emulator.log[1]!.kind).toBe('token');
});

test('a function of the application fills in a default for calls that name none', async () => {
  await using h = await byRequest({ companyId: (config) => companyFromRequest(config) ?? '42' });
  await h.instance.get(projects, { params: { company_id: 5 } });
  await h.instance.get(projects);
  // The default of an option does not contradict a header of the call.
  await h.instance.get(projects, { headers: { 'Procore-Company-Id': '9' } });
  expect(companiesOf(h)).toEqual(['5', '42', '9']);
  expect(warned(h)).toEqual([]);
});

test('the header of the call goes first, then its procore.companyId, then what it names in its request', async () => {
  await using h = await byRequest();
  const config = { params: { company_id: '3' } };
  await h.instance.get('/rest/v1.0/companies/4/users', config);
  await h.instance.get('/rest/v1.0/companies/4/users', { ...config, procore: { companyId: 2n } });
  const headers = { 'procore-company-id': '1' };
  await h.instance.get('/rest/v1.0/companies/4/users', { ...config, headers, procore: { companyId: 2n } });
  expect(companiesOf(h)).toEqual(['4', '2', '1']);
});

test('a call that names two companies is told of once, with both and without its query', async () => {
  await using h = await byRequest();
  for (let i = 0; i < 3; i++)
    await h.instance.get('/rest/v1.0/companies/5/users?secret=hunter2', { params: { company_id: '6' } });
  expect(companiesOf(h)).toEqual(['5', '5', '5']);
  expect(warned(h)).toEqual([
    'GET /rest/v1.0/companies/5/users names company 5 in its path, and company 6 in params.company_id. It is sent with Procore-Company-Id 5. Name one company in a call; further calls of this kind are not told of',
  ]);
  expect(h.logged.filter((line) => line.includes('names company'))).toHaveLength(1);
});

test.each<[what: string, config: AxiosRequestConfig, sent: string, says: RegExp]>([
  [
    'the header and the path',
    { url: '/rest/v1.0/companies/5/users', headers: { 'Procore-Company-Id': '6' } },
    '6',
    /company 6 in its header Procore-Company-Id, and company 5 in its path/,
  ],
  [
    'procore.companyId and the body',
    { url: projects, method: 'post', data: { company_id: 5 }, procore: { companyId: 6 } },
    '6',
    /company 6 in procore\.companyId, and company 5 in company_id of its body/,
  ],
  [
    'the header and procore.companyId',
    { url: projects, headers: { 'Procore-Company-Id': '6' }, procore: { companyId: 5 } },
    '6',
    /company 6 in its header Procore-Company-Id, and company 5 in procore\.companyId/,
  ],
  [
    'the query and params',
    { url: `${projects}?company_id=6`, params: { company_id: 5 } },
    '6',
    /company 6 in its query, and company 5 in params\.company_id/,
  ],
])('a conflict between %s is told', async (_what, config, sent, says) => {
  await using h = await byRequest();
  await h.instance.request(config);
  expect(companiesOf(h)).toEqual([sent]);
  expect(warned(h)).toEqual([expect.stringMatching(says)]);
});

test('a function of another kind that contradicts the request is told of, and a plain id is not', async () => {
  await using h = await byRequest({ companyId: () => '42' });
  await h.instance.get('/rest/v1.0/companies/5/users');
  expect(warned(h)).toEqual([
    expect.stringMatching(/company 42 by the option companyId, and company 5 in its path/),
  ]);
  const { instance } = h.attach({ companyId: 42n });
  await instance.get('/rest/v1.0/companies/5/users');
  expect(companiesOf(h)).toEqual(['42', '42']);
  expect(warned(h)).toHaveLength(1);
});

test('a call to another host gets no header, and its conflicts are its own', async () => {
  await using h = await byRequest();
  await using bucket = await startEcho();
  await h.instance.get(`${bucket.url}/companies/5/x`, { params: { company_id: '6' } });
  expect(bucket.arrived[0]!.headers).not.toHaveProperty('procore-company-id');
  expect(warned(h)).toEqual([]);
});

test('limits by account and company are those of the company that the call names', async () => {
  await using h = await byRequest({ rateLimit: { scope: 'account+company' } });
  const end = h.emulator.outage({ retryAfterSeconds: 30 });
  const held = h.instance.get(projects, { params: { company_id: '5' } });
  await until(() => h.told.some(({ detail }) => detail['reason'] === 'unavailable'), 'the wait');
  end();
  await h.instance.get(projects, { params: { company_id: '6' } });
  expect(companiesOf(h)).toEqual(['5', '6']);
  await h.env.drive(held);
  expect(companiesOf(h)).toEqual(['5', '6', '5']);
});

test('an id of the application that has lost digits is refused with advice', async () => {
  await using h = await byRequest();
  const error = await caught(h.instance.get(projects, { procore: { companyId: 2 ** 53 } }));
  expect(error.message).toMatch(/"procore\.companyId".*Give it as a string or a bigint/);
  expect(h.emulator.counters.requests).toBe(0);
});
