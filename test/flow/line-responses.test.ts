import axios, { type AxiosRequestConfig } from 'axios';
import { Agent } from 'node:http';
import { expect, test } from 'vitest';
import { resolveAdapter } from '../../src/axios/adapter.js';
import { createAxiosCopies } from '../../src/axios/copies.js';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';
import { until } from '../support/manual-env.js';
import { axiosError } from '../support/versions.js';

const me = '/rest/v1.0/me';

/** Of a stream of Node, or of the web on fetch. */
async function textOf(stream: unknown): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('responseType stream: after a 401 the caller gets the stream of the replay, over one keep-alive socket', async () => {
  await using h = await createHarness();
  const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
  // A body that nobody reads keeps its socket: with one socket the replay would wait for ever.
  h.emulator.misbehave({
    on: 'api',
    do: {
      kind: 'answer',
      status: 401,
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
      body: 'x'.repeat(1_000_000),
    },
  });
  const { data } = await h.instance.get<unknown>(me, { responseType: 'stream', httpAgent });
  expect(JSON.parse(await textOf(data))).toMatchObject({ id: 1 });
  expect(h.emulator.counters).toMatchObject({ apiRequests: 2, exchanges: 1 });
  httpAgent.destroy();
});

test('responseType stream: the unread body of a 503 does not keep its socket either', async () => {
  await using h = await createHarness();
  const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
  h.emulator.misbehave({
    on: 'api',
    times: 2,
    do: { kind: 'answer', status: 503, body: 'x'.repeat(1_000_000) },
  });
  const { data } = await h.instance.get<unknown>(me, { responseType: 'stream', httpAgent });
  expect(JSON.parse(await textOf(data))).toMatchObject({ id: 1 });
  httpAgent.destroy();
});

test('responseType stream: a final failure hands its stream over unread', async () => {
  await using h = await createHarness({ options: { retry: false } });
  const body = 'y'.repeat(300_000);
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 422, body } });
  const error = await caught(h.instance.get(me, { responseType: 'stream' }));
  expect(await textOf(error.response!.data)).toBe(body);
});

test('responseType stream: a 401 that is not replayed hands its stream over unread', async () => {
  await using h = await createHarness();
  const body = JSON.stringify({ error: 'the scope is not enough', pad: 'z'.repeat(100_000) });
  await h.instance.get(me);
  // No challenge, and the token works elsewhere: nothing speaks of the token.
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 401, body } });
  const error = await caught(h.instance.get(me, { responseType: 'stream' }));
  expect(error.response!.status).toBe(401);
  expect(await textOf(error.response!.data)).toBe(body);
  expect(h.emulator.counters.exchanges).toBe(0);
});

test.each(['arraybuffer', 'json', 'text'] as const)(
  'responseType %s: a 401 is replayed, the answer has its type',
  async (responseType) => {
    await using h = await createHarness();
    h.emulator.revoke();
    const { data } = await h.instance.get<unknown>(me, { responseType });
    const isBytes = Buffer.isBuffer(data) || data instanceof ArrayBuffer;
    expect(isBytes).toBe(responseType === 'arraybuffer');
    const value: unknown = isBytes ? Buffer.from(data as ArrayBuffer).toString() : data;
    expect(typeof value === 'string' ? JSON.parse(value) : value).toMatchObject({ id: 1 });
  },
);

test('responseType arraybuffer: the reason of a 401 is read from its bytes', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.emulator.misbehave({
    on: 'api',
    do: { kind: 'answer', status: 401, body: { errors: 'The access token is invalid' } },
  });
  expect((await h.instance.get(me, { responseType: 'arraybuffer' })).status).toBe(200);
  expect(h.emulator.counters.exchanges).toBe(1);
});

// The fetch adapter answers with one; a token that has worked before is renewed for a reason only.
test('a Blob: the reason of a 401 is read from it', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const data = new Blob(['{"errors":"The access token is invalid"}']);
  const response = { status: 401, statusText: 'Unauthorized', headers: {}, config: {} as never, data };
  let asked = 0;
  const adapter = async (config: AxiosRequestConfig) => {
    if (asked++ === 0) throw axiosError('401', 'ERR_BAD_REQUEST', config, undefined, response);
    return resolveAdapter(createAxiosCopies().of(axios), axios.defaults.adapter, config)(config);
  };
  expect((await h.instance.get(me, { adapter: adapter as never })).status).toBe(200);
  expect(h.emulator.counters.exchanges).toBe(1);
});

test.each(['stream', 'arraybuffer', 'json'] as const)(
  'responseType %s: an own error without an answer has a synthetic one that the transformations can read',
  async (responseType) => {
    await using h = await createHarness({ authorized: false });
    const error = await caught(h.instance.get(me, { responseType }));
    expect(error.code).toBe('ERR_PROCORE_REAUTHENTICATION_REQUIRED');
    expect(error.response).toMatchObject({ status: 401, headers: { 'x-axios-procore': 'synthetic' } });
    const { data } = error.response! as { data: unknown };
    if (responseType === 'arraybuffer') expect(Buffer.isBuffer(data)).toBe(true);
    const text = responseType === 'stream' ? await textOf(data) : data;
    const value: unknown =
      typeof text === 'object' && !Buffer.isBuffer(text) ? text : JSON.parse((text as Buffer).toString());
    expect(value).toMatchObject({ message: expect.stringContaining('is not authorized yet') as string });
  },
);

test('a cut body is an error of the call, not of the plugin', async () => {
  await using h = await createHarness();
  const cut = h.emulator.misbehave({ on: 'api', times: Infinity, after: true, do: { kind: 'cut' } });
  const error = await caught(h.instance.get(me, { procore: { retry: false } }));
  expect(error.isAxiosError).toBe(true);
  expect(error.config!.url).toBe(me);
  expect(error.procore).toMatchObject({ kind: 'connection-lost', mayHaveRun: 'maybe', gaveUp: 'disabled' });
  await until(() => h.env.sleeping === 0, 'every timer to be gone');
  cut.remove();
  expect((await h.instance.get(me)).status).toBe(200);
});

test('an error whose cause is frozen comes out as it is', async () => {
  const thrown = new Error('the adapter failed');
  const adapter = (config: object) => {
    thrown.cause = Object.freeze(Object.assign(new Error('why'), { config }));
    return Promise.reject(thrown);
  };
  await using h = await createHarness({
    options: { retry: false },
    defaults: { adapter: adapter as never },
  });
  await expect(h.instance.get('/rest/v1.0/me')).rejects.toBe(thrown);
});
