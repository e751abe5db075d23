import FormDataPackage from 'form-data';
import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { record } from '../support/record.js';
import { settled, until } from '../support/manual-env.js';
import { onFetch } from '../support/versions.js';

const rfis = '/rest/v1.0/projects/1/rfis';
const json = { headers: { 'Content-Type': 'application/json' } };
const text = '{"subject":"made anew"}';

const form = () => {
  const made = new FormDataPackage();
  made.append('subject', 'made anew');
  return made;
};

test.each<[string, () => unknown, object]>([
  ['a stream', () => Readable.from([text.slice(0, 5), text.slice(5)]), json],
  ['a text', () => text, json],
  ['a Buffer', () => Buffer.from(text), json],
  ['a promise of one', async () => Buffer.from(text), json],
  // The fetch adapter does not know the form-data package.
  ...(onFetch ? [] : [['a form of the form-data package', form, {}] as [string, () => unknown, object]]),
])('%s that procore.body makes is sent whole on a replay and on a retry', async (_what, body, config) => {
  await using h = await createHarness();
  const seen = record(h);
  h.emulator.revoke();
  h.emulator.misbehave({
    on: ({ path }) => path === rfis && h.emulator.counters.exchanges === 1,
    do: { kind: 'answer', status: 503, headers: { 'retry-after': '1' } },
  });
  let made = 0;
  const makes = () => {
    made++;
    return body();
  };
  const call = h.instance.post(rfis, undefined, { ...config, procore: { body: makes } });
  const answer = await h.env.drive(call);
  expect(answer.status).toBe(201);
  expect(made).toBe(3);
  expect(seen).toHaveLength(3);
  for (const one of seen) expect(String(one.body)).toContain('made anew');
  expect(answer.config.data).toBeUndefined();
});

test('a body that may differ in length has the right length each time', async () => {
  await using h = await createHarness();
  const seen = record(h);
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 503, headers: { 'retry-after': '1' } } });
  const bodies = ['{"subject":"long, longer"}', '{"subject":"b"}'];
  const call = h.instance.post(rfis, undefined, { ...json, procore: { body: () => bodies.shift() } });
  await h.env.drive(call);
  expect(seen.map(({ body }) => String(body))).toEqual(['{"subject":"long, longer"}', '{"subject":"b"}']);
});

test('procore.body is called when the call leaves, not while it waits', async () => {
  await using h = await createHarness();
  h.emulator.setRateLimits({ spike: { limit: 1, windowSeconds: 10 } });
  await h.instance.get('/rest/v1.0/me');
  let made = 0;
  const call = h.instance.post(rfis, undefined, { ...json, procore: { body: () => (made++, text) } });
  await until(() => h.env.sleeping === 1, 'the wait');
  expect(made).toBe(0);
  await h.env.advance(10_000);
  await call;
  expect(made).toBe(1);
});

test('the stream of an attempt that failed is closed, read or not', async () => {
  await using h = await createHarness();
  const baseURL = h.emulator.url;
  await h.close();
  const streams: Readable[] = [];
  const body = () => {
    // Goes on for ever: it does not close itself.
    const stream = new PassThrough();
    stream.write('x');
    streams.push(stream);
    return stream;
  };
  const call = h.instance.put('/rest/v1.0/me', undefined, { baseURL, procore: { body } });
  const error = await h.env.drive(caught(call));
  expect(error.procore).toMatchObject({ kind: 'connection-refused', attempts: 5 });
  expect(streams).toHaveLength(5);
  expect(streams.every(({ destroyed }) => destroyed)).toBe(true);
});

test('the stream of an attempt that gets no token is closed', async () => {
  await using h = await createHarness();
  await h.instance.get('/rest/v1.0/me');
  h.env.jump(5_401_000);
  h.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'answer', status: 401, body: '{}' } });
  const streams: Readable[] = [];
  const body = () => {
    const stream = new PassThrough();
    streams.push(stream);
    return stream;
  };
  const error = await h.env.drive(caught(h.instance.post(rfis, undefined, { procore: { body } })));
  expect(error.procore).toMatchObject({ attempts: 0 });
  expect(streams).toHaveLength(1);
  expect(streams[0]!.destroyed).toBe(true);
});

test('the call rejects with what procore.body throws, nothing is sent, and the gate goes on', async () => {
  await using h = await createHarness();
  const thrown = new Error('no such file');
  const body = () => {
    throw thrown;
  };
  for (let call = 0; call < 12; call++)
    expect(await caught(h.instance.post(rfis, undefined, { procore: { body } }))).toBe(thrown);
  expect(h.emulator.counters.requests).toBe(0);
  expect((await h.instance.get('/rest/v1.0/me')).status).toBe(200);
});

test('a stream of procore.body that fails on the way rejects the call', async () => {
  await using h = await createHarness();
  const body = () =>
    new Readable({
      read() {
        this.destroy(new Error('disk on fire'));
      },
    });
  const error = await caught(h.instance.post(rfis, undefined, { procore: { body, retry: false } }));
  expect(error.message).toContain('disk on fire');
});

test.each([
  [
    'for the server',
    async (h: Harness) => {
      h.emulator.setRateLimits({ spike: { limit: 1, windowSeconds: 10 } });
      await h.instance.get('/rest/v1.0/me');
    },
  ],
  [
    'for a token',
    async (h: Harness) => {
      h.env.jump(5_401_000);
      h.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'hang' } });
    },
  ],
])('a stream that errors while its call waits %s rejects the call', async (_what, begin) => {
  await using h = await createHarness();
  await begin(h);
  const before = h.emulator.counters.apiRequests;
  const stream = new PassThrough();
  const failed = caught(h.instance.post(rfis, stream));
  await until(() => h.env.sleeping > 0, 'the wait');
  stream.destroy(new Error('disk on fire'));
  const error = await failed;
  expect(error.message).toBe('disk on fire');
  expect(error.procore).toMatchObject({ attempts: 0, mayHaveRun: 'no' });
  await settled();
  expect(h.emulator.counters.apiRequests).toBe(before);
});

// Of such a stream no adapter hears anything any more: it would wait for ever.
test('a stream that is closed while its call waits rejects the call, and nothing is sent', async () => {
  await using h = await createHarness();
  h.emulator.setRateLimits({ spike: { limit: 1, windowSeconds: 10 } });
  await h.instance.get('/rest/v1.0/me');
  const stream = new PassThrough();
  const failed = caught(h.instance.post(rfis, stream));
  await until(() => h.env.sleeping > 0, 'the wait');
  stream.destroy();
  await h.env.advance(10_000);
  const error = await Promise.race([failed, settled()]);
  expect(error!.message).toBe('The request stream was closed before it could be sent');
  expect(error!.config!.data).toBe(stream);
  expect(error!.procore).toMatchObject({ kind: 'unexpected', attempts: 0, mayHaveRun: 'no' });
  expect(h.emulator.counters.apiRequests).toBe(1);
});

test.each([
  ['was closed', undefined, 'The request stream was closed before it could be sent'],
  ['has failed', new Error('disk on fire'), 'disk on fire'],
])('a stream that %s before procore.body returns it rejects the call', async (_what, reason, message) => {
  await using h = await createHarness();
  const body = async () => {
    const stream = new PassThrough();
    stream.on('error', () => undefined);
    stream.destroy(reason);
    await settled();
    return stream;
  };
  const failed = caught(h.instance.post(rfis, undefined, { procore: { body } }));
  await settled();
  const error = await Promise.race([failed, settled()]);
  expect(error!.message).toBe(message);
  expect(h.emulator.counters.requests).toBe(0);
});
