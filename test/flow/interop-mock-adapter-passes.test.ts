import axios, { type AxiosInstance } from 'axios';
import MockAdapter from 'axios-mock-adapter';
import { describe, expect, test } from 'vitest';
import { attachTo } from '../support/attach-to.js';
import { axiosVersion } from '../support/versions.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';

const me = '/rest/v1.0/me';
const projects = '/rest/v1.0/projects';

function mocked(h: Harness, order: 'before' | 'after'): { api: AxiosInstance; mock: MockAdapter } {
  h.procore.detach();
  const api = axios.create({ baseURL: h.emulator.url, proxy: false });
  // Its types are made for one version of axios only.
  if (order === 'after') attachTo(h, api, { retry: false });
  const mock = new MockAdapter(api as never);
  if (order === 'before') attachTo(h, api, { retry: false });
  return { api, mock };
}

// The mock itself does not work on axios 0.35.
const orders = axiosVersion.startsWith('0.35.') ? [] : (['before', 'after'] as const);
describe.each(orders)('an axios-mock-adapter put on the instance %s the attach', (order) => {
  test('passes on what it is told to pass on: such a call has its token, and is replayed after a 401', async () => {
    await using h = await createHarness();
    const { api, mock } = mocked(h, order);
    mock.onGet(me).passThrough();
    mock.onGet(projects).reply(200, []);
    h.emulator.revoke();
    expect((await api.get(me)).data).toMatchObject({ id: 1 });
    expect((await api.get(projects)).data).toEqual([]);
    expect(h.emulator.counters).toMatchObject({ apiRequests: 2, unauthorized: 1, exchanges: 1 });
  });

  test('answers a 401 once: the call is replayed on the mock with the renewed token', async () => {
    await using h = await createHarness();
    const { api, mock } = mocked(h, order);
    const challenge = { 'www-authenticate': 'Bearer error="invalid_token"' };
    const bearers: unknown[] = [];
    mock.onGet(me).reply(({ headers }) => {
      bearers.push(headers?.['Authorization']);
      return bearers.length === 1 ? [401, '', challenge] : [200, { id: 1 }];
    });
    expect((await api.get(me)).data).toEqual({ id: 1 });
    expect(new Set(bearers).size).toBe(2);
    // Renewals do not go over the instance: mock the token endpoint with the emulator, or with the option "exchange".
    expect(h.emulator.counters).toMatchObject({ apiRequests: 0, exchanges: 1 });
  });

  test('reset, it answers 404 to all; restored, the instance is attached as before', async () => {
    await using h = await createHarness();
    const { api, mock } = mocked(h, order);
    mock.onGet(me).reply(200, { id: 9 });
    mock.reset();
    const error = await caught(api.get(me));
    expect(error.response!.status).toBe(404);
    expect(error.procore).toMatchObject({ kind: 'not-found' });
    mock.restore();
    h.emulator.revoke();
    expect((await api.get(me)).data).toMatchObject({ id: 1 });
    expect(h.emulator.counters).toMatchObject({ apiRequests: 2, exchanges: 1 });
  });
});

if (orders.length === 0) {
  test('axios-mock-adapter does not work on axios 0.35, with or without the plugin', () => {
    expect(axiosVersion).toMatch(/^0\.35\./);
  });
}
