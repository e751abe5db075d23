import axios, { type AxiosInstance } from 'axios';
import MockAdapter from 'axios-mock-adapter';
import { describe, expect, test } from 'vitest';
import { attachTo } from '../support/attach-to.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { axiosVersion } from '../support/versions.js';

const me = '/rest/v1.0/me';
const rfis = '/rest/v1.0/projects/1/rfis';

/** An instance that an application tests with mocks; `order` is when the mock came. */
function mocked(h: Harness, order: 'before' | 'after'): { instance: AxiosInstance; mock: MockAdapter } {
  h.procore.detach();
  const instance = axios.create({ baseURL: h.emulator.url, proxy: false });
  // Its types are made for one version of axios only.
  const mockOf = () => new MockAdapter(instance as never, { onNoMatch: 'throwException' });
  if (order === 'before') {
    const mock = mockOf();
    attachTo(h, instance);
    return { instance, mock };
  }
  attachTo(h, instance);
  return { instance, mock: mockOf() };
}

/** Whether the mock works on this axios without us. */
const works = await (async () => {
  const instance = axios.create();
  new MockAdapter(instance as never).onGet('/x').reply(200);
  return instance.get('/x').then(
    () => true,
    () => false,
  );
})();

if (!works) {
  test('axios-mock-adapter does not work on axios 0.35, with or without the plugin', async () => {
    expect(axiosVersion).toMatch(/^0\.35\./);
  });
}

describe.each(works ? (['before', 'after'] as const) : [])(
  'an axios-mock-adapter put on the instance %s the attach',
  (order) => {
    test('answers calls, with the token that they would have, and nothing reaches the server', async () => {
      await using h = await createHarness();
      const { instance, mock } = mocked(h, order);
      mock.onGet(me).reply(200, { id: 1 });
      const answer = await instance.get<{ id: number }>(me);
      expect(answer.data.id).toBe(1);
      const [call] = mock.history['get'];
      const token = h.store.sets.get('default')!.access_token;
      expect(call!.headers).toMatchObject({ Authorization: `Bearer ${token}`, 'Procore-Company-Id': '42' });
      expect(h.emulator.counters.requests).toBe(0);
    });

    test('may refuse: what is safe is repeated, what may have run is not, each once per attempt', async () => {
      await using h = await createHarness();
      const { instance, mock } = mocked(h, order);
      mock
        .onGet(me)
        .replyOnce(502)
        .onGet(me)
        .replyOnce(503, '', { 'retry-after': '2' })
        .onGet(me)
        .reply(200, {});
      mock.onPost(rfis).reply(504);
      expect((await h.env.drive(instance.get(me))).status).toBe(200);
      expect(mock.history['get']).toHaveLength(3);
      const error = await caught(instance.post(rfis, { subject: 'a' }));
      expect(error.procore).toMatchObject({ kind: 'gateway-timeout', gaveUp: 'may-have-run' });
      expect(mock.history['post']).toHaveLength(1);
    });

    test('may time out and break connections', async () => {
      await using h = await createHarness();
      const { instance, mock } = mocked(h, order);
      mock.onGet(me).timeoutOnce().onGet(me).networkErrorOnce().onGet(me).reply(200, {});
      expect((await h.env.drive(instance.get(me))).status).toBe(200);
      mock.onPost(rfis).timeout();
      const error = await caught(instance.post(rfis, {}));
      expect(error.procore).toMatchObject({ kind: 'timeout', mayHaveRun: 'maybe' });
      expect(mock.history['post']).toHaveLength(1);
    });

    test('goes on answering for other hosts, untouched', async () => {
      await using h = await createHarness();
      const { instance, mock } = mocked(h, order);
      mock.onGet('https://files.example.com/a').reply(503, { message: 'busy' });
      const error = await caught(instance.get('https://files.example.com/a'));
      expect(error.response!.status).toBe(503);
      expect(error.procore).toBeUndefined();
      const [call, ...more] = mock.history['get'];
      expect(more).toEqual([]);
      expect(JSON.stringify(call!.headers)).not.toMatch(/Bearer|Company/);
    });

    test('a call without a mock says so, and is not repeated', async () => {
      await using h = await createHarness();
      const { instance } = mocked(h, order);
      const error = await caught(instance.get('/rest/v1.0/nothing'));
      expect(error.message).toContain('Could not find mock');
      expect(h.emulator.counters.requests).toBe(0);
    });

    test('restored, calls reach the server again', async () => {
      await using h = await createHarness();
      const { instance, mock } = mocked(h, order);
      mock.onGet(me).reply(200, { id: 1 });
      await instance.get(me);
      mock.restore();
      await instance.get(me);
      expect(h.emulator.counters.apiRequests).toBe(1);
    });
  },
);
