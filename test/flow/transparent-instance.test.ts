import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attachTo } from '../support/attach-to.js';
import { startEcho, type Echo } from '../support/echo.js';
import { createHarness } from '../support/harness.js';
import { describeValue } from '../support/transparent/describe.js';

type Harness = Awaited<ReturnType<typeof createHarness>>;
let h: Harness;
let echo: Echo;
beforeAll(async () => {
  h = await createHarness();
  echo = await startEcho();
});
afterAll(async () => {
  await echo[Symbol.asyncDispose]();
  await h.close();
});

const bareInstance = (): AxiosInstance => axios.create({ baseURL: echo.url, proxy: false });

/** An attached instance and a bare one. */
function pair(): AxiosInstance[] {
  const attached = bareInstance();
  attachTo(h, attached);
  return [attached, bareInstance()];
}

test('an attached instance has the keys and the defaults of a bare one', () => {
  const [attached, bare] = pair().map((instance) => ({
    keys: Object.keys(instance).sort(),
    spread: Object.keys({ ...instance }).sort(),
    defaults: describeValue(instance.defaults),
    json: JSON.stringify(instance),
  }));
  expect(attached).toEqual(bare);
});

test('an instance that is made of the defaults of an attached one is a bare one', async () => {
  const [attached] = pair();
  const child = axios.create(attached!.defaults as never);
  expect((await child.get(`${h.emulator.url}/rest/v1.0/me`, { validateStatus: null })).status).toBe(401);
});

test('the config that the caller hands over is left as it was', async () => {
  const [attached] = pair();
  const config = {
    url: '/x',
    method: 'post',
    data: { subject: 'a', a: [1] },
    params: { b: 1 },
    headers: { 'X-Own': 'yes' },
    procore: { retry: false },
  } as AxiosRequestConfig;
  const before = describeValue(config);
  await attached!.request(config);
  await attached!.request({
    ...config,
    url: `${h.emulator.url}/rest/v1.0/projects/1/rfis`,
    data: config.data,
  });
  expect(describeValue(config)).toEqual(before);
});

test.each<[string, () => unknown, (body: never) => void]>([
  [
    'URLSearchParams',
    () => new URLSearchParams({ page: '1' }),
    (body: URLSearchParams) => body.set('page', '2'),
  ],
  ['bytes', () => Buffer.from('page 1'), (body: Buffer) => body.write('2', 5)],
  ['an object', () => ({ page: 1 }), (body: { page: number }) => (body.page = 2)],
])('%s that change after the call are sent as on a bare instance', async (_name, make, change) => {
  const bodies = [];
  for (const instance of pair()) {
    const body = make();
    const call = instance.post('/x', body);
    change(body as never);
    await call;
    bodies.push(echo.arrived.pop()!.body.toString());
  }
  expect(bodies[0]).toBe(bodies[1]);
});

test('detached, an instance is a bare one again', async () => {
  const instance = bareInstance();
  const bare = describeValue(instance.interceptors);
  attachTo(h, instance).detach();
  const answer = await instance.get(`${h.emulator.url}/rest/v1.0/me`, { validateStatus: null });
  expect(answer.status).toBe(401);
  expect(describeValue(instance.interceptors)).toEqual(bare);
});
