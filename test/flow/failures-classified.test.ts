import { Agent } from 'node:http';
import type { Readable } from 'node:stream';
import axios from 'axios';
import { describe, expect, test } from 'vitest';
import { errorShapes } from '../../src/emulator/index.js';
import { problems } from '../../src/failure/catalogue.js';
import { problemOf, type Problem } from '../../src/index.js';
import { caught } from '../support/caught.js';
import { startEcho } from '../support/echo.js';
import { failures, fail } from '../support/failures.js';
import { createHarness } from '../support/harness.js';
import { until } from '../support/manual-env.js';
import { onFetch, plainFetch } from '../support/versions.js';

const me = '/rest/v1.0/me';
const rfis = '/rest/v1.0/projects/1/rfis';
const shape = (name: string) => `/rest/v1.0/emulator/errors/${name}`;
const once = { procore: { retry: false } } as const;
const inUtf8 = (error: { response?: { data?: unknown } }) => error.response?.data;

describe('every shape of an error, as it comes over the wire', () => {
  // 405 is none that Procore documents.
  const failing = Object.entries(errorShapes).filter(([, { status }]) => status >= 400 && status !== 405);

  test.each(failing)('%s has its problem, and the answer stays what it was', async (name, { status }) => {
    await using h = await createHarness();
    const bare = axios.create({ baseURL: h.emulator.url, proxy: false, validateStatus: () => true });
    const token = h.store.sets.get('default')!.access_token;
    const expected = await bare.get(shape(name), { headers: { Authorization: `Bearer ${token}` } });
    const error = await h.env.drive(caught(h.instance.get(shape(name), once)));
    expect(error.response!.data).toEqual(expected.data);
    const problem = error.procore as Problem;
    expect(problem.status).toBe(status);
    expect(problem.kind).not.toBe('unexpected' satisfies Problem['kind']);
    expect(problemOf(error)).toBe(problem);
    expect(problemOf(error.response)).toBe(problem);
  });

  test.each(['arraybuffer', 'text', 'stream', 'json'] as const)(
    'an answer as %s is read where it can be, and a stream is left to the application',
    async (responseType) => {
      await using h = await createHarness();
      const error = await caught(h.instance.get(shape('unprocessable'), { responseType }));
      const { messages, fields, kind } = error.procore as Problem;
      expect(kind).toBe('unprocessable');
      if (responseType === 'stream') {
        expect([messages, fields]).toEqual([[], {}]);
        const chunks: Buffer[] = [];
        for await (const chunk of inUtf8(error) as AsyncIterable<Buffer>) chunks.push(chunk);
        expect(JSON.parse(Buffer.concat(chunks).toString())).toHaveProperty('errors');
      } else {
        expect(fields).toEqual({ subject: ["can't be blank", 'is too short'], due_date: ['is past'] });
      }
    },
  );
});

test('a problem says what happened, why, what to do, and which request it was', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({
    on: 'api',
    do: {
      kind: 'answer',
      status: 403,
      headers: { 'x-request-id': 'abc-123' },
      body: { errors: 'App is not connected to this company' },
    },
  });
  const error = await caught(h.instance.get(me));
  expect(error.procore).toEqual({
    kind: 'app-not-connected',
    status: 403,
    title: expect.stringContaining('App is not connected') as string,
    cause: expect.stringContaining('disconnected') as string,
    remedy: expect.stringContaining('reconnect') as string,
    docsUrl: expect.stringMatching(/^https:\/\/developers\.procore\.com\//) as string,
    messages: ['App is not connected to this company'],
    fields: {},
    reasonCodes: [],
    requestId: 'abc-123',
    attempts: 1,
    retryable: false,
    mayHaveRun: 'no',
  });
});

describe("the error stays axios's own", () => {
  test('with its response, its code and toJSON, and stays mutable', async () => {
    await using h = await createHarness();
    const error = await caught(h.instance.get(shape('not-found')));
    expect(axios.isAxiosError(error)).toBe(true);
    expect(error.response!.status).toBe(404);
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ message: error.message });
    error.message = 'mine';
    expect(error.message).toBe('mine');
  });

  test('where the application takes every status for a success, problemOf tells of the response', async () => {
    await using h = await createHarness();
    const response = await h.instance.get(shape('not-found'), { validateStatus: () => true });
    expect(problemOf(response)).toMatchObject({ kind: 'not-found', status: 404 });
    expect(Object.keys(response)).not.toContain('procore');
    expect(problemOf(await h.instance.get(me))).toBeUndefined();
  });

  test('a 401 for which the user must log in has its problem on the response too, where validateStatus accepts it', async () => {
    await using h = await createHarness();
    h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
    const response = await h.env.drive(h.instance.get(me, { validateStatus: () => true }));
    expect(response.status).toBe(401);
    expect(problemOf(response)).toMatchObject({
      kind: 'reauthentication-required',
      status: 401,
      attempts: 1,
    });
  });

  test('an error that the application wraps still leads to the problem', async () => {
    await using h = await createHarness();
    const error = await caught(h.instance.get(shape('not-found')));
    const wrapped = new Error('sync failed', { cause: new Error('page 3', { cause: error }) });
    expect(problemOf(wrapped)).toBe(error.procore);
    for (const nothing of [
      undefined,
      null,
      'x',
      7,
      {},
      new Error('x'),
      { config: { procore: { auth: false } } },
    ])
      expect(problemOf(nothing)).toBeUndefined();
  });
});

describe('calls without an answer', () => {
  test('a refused connection: the call was never sent', async () => {
    await using h = await createHarness();
    const baseURL = h.emulator.url;
    await h.close();
    const error = await h.env.drive(caught(h.instance.post(rfis, {}, { baseURL })));
    expect(error.procore).toMatchObject({
      kind: 'connection-refused',
      mayHaveRun: 'no',
      attempts: 5,
      gaveUp: 'retries-exhausted',
      retryable: true,
    });
  });

  test('the remedy of a failed connection names the host and port that the call was for, and nothing else of its URL', async () => {
    await using h = await createHarness({ options: { retry: false } });
    const { host } = new URL(h.emulator.url);
    const remedyOf = (error: { procore?: Problem | undefined }) => [
      error.procore?.kind,
      error.procore?.remedy,
    ];
    const forHost = (kind: Problem['kind']) => [kind, `${problems[kind].remedy} The call was for ${host}.`];
    const url = `${rfis}?serial=kept-to-itself`;
    h.emulator.misbehave({ on: 'api', do: { kind: 'drop' } });
    expect(remedyOf(await caught(h.instance.post(url, {})))).toEqual(forHost('connection-lost'));
    h.emulator.misbehave({ on: 'api', do: { kind: 'hang' } });
    expect(remedyOf(await caught(h.instance.post(url, {}, { timeout: 300 })))).toEqual(forHost('timeout'));
    // Credentials in the URL are those of the call, which no text may name.
    const whole = `http://someone:unspoken@${host}${url}`;
    await h.close();
    expect(remedyOf(await caught(h.instance.post(whole, {})))).toEqual(forHost('connection-refused'));
  });

  test.each([
    ['drop', 'connection-lost'],
    ['cut', 'connection-lost'],
  ] as const)('%s: lost, a GET is sent again and a POST is not', async (kind, expected) => {
    await using h = await createHarness();
    h.emulator.misbehave({ on: 'api', do: { kind } });
    expect((await h.env.drive(h.instance.get(me))).status).toBe(200);
    h.emulator.misbehave({ on: 'api', after: true, do: { kind } });
    const error = await caught(h.instance.post(rfis, { subject: 'a' }));
    expect(error.procore).toMatchObject({ kind: expected, mayHaveRun: 'maybe', gaveUp: 'may-have-run' });
    expect(h.emulator.log.filter(({ wrote }) => wrote)).toHaveLength(1);
  });

  test('a time-out: a GET is sent again and a POST is not', async () => {
    await using h = await createHarness();
    h.emulator.misbehave({ on: 'api', times: 2, do: { kind: 'hang' } });
    const error = await caught(h.instance.post(rfis, {}, { timeout: 300 }));
    expect(error.procore).toMatchObject({ kind: 'timeout', mayHaveRun: 'maybe', gaveUp: 'may-have-run' });
    expect((await h.env.drive(h.instance.get(me, { timeout: 1_000 }))).status).toBe(200);
  });

  test('an answer that is longer than maxContentLength is not requested again', async () => {
    await using h = await createHarness();
    if (plainFetch) {
      expect((await h.instance.get(me, { maxContentLength: 10 })).status).toBe(200);
      return;
    }
    const error = await caught(h.instance.get(me, { maxContentLength: 10 }));
    expect(error.procore).toMatchObject({ kind: 'unexpected', attempts: 1, retryable: false });
    expect(h.emulator.counters.apiRequests).toBe(1);
  });

  test('a call that is cancelled before it is sent or while it is under way is classified as canceled', async () => {
    await using h = await createHarness();
    const aborted = AbortSignal.abort();
    const before = await caught(h.instance.get(me, { signal: aborted }));
    // axios itself sees to it, without asking the adapter.
    expect(axios.isCancel(before)).toBe(true);
    expect(h.emulator.counters.requests).toBe(0);
    const hanging = h.emulator.misbehave({ on: 'api', do: { kind: 'hang' } });
    const controller = new AbortController();
    const call = caught(h.instance.post(rfis, {}, { signal: controller.signal }));
    await hanging.struck();
    controller.abort();
    const error = await call;
    expect(axios.isCancel(error)).toBe(true);
    expect(error.procore).toMatchObject({
      kind: 'canceled',
      attempts: 1,
      mayHaveRun: 'maybe',
      retryable: false,
    });
  });
});

test.each(failures)('$name has its problem too', async (failure) => {
  await using failed = await fail(failure);
  const { kind, response, config } = failed.error;
  const problem = failed.error.procore as Problem;
  expect(problem.kind).toBe(kind);
  expect(problemOf(response)).toBe(problem);
  expect(problem.status).toBe(response!.status);
  expect(problem.mayHaveRun).toBe(kind === 'deadline' ? 'maybe' : 'no');
  expect(problem.attempts).toBe(failure.synthetic && kind !== 'deadline' ? 0 : 1);
  expect(config).toBeDefined();
  expect(JSON.stringify(problem)).not.toContain(failed.secrets()[0]);
  for (const secret of failed.secrets()) expect(JSON.stringify(problem)).not.toContain(secret);
});

test('an answer that came from elsewhere by redirect is not Procore’s: no problem, no second attempt', async () => {
  await using h = await createHarness();
  await using elsewhere = await startEcho({ status: 503, headers: { 'retry-after': '1' } });
  h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location: `${elsewhere.url}/file` } });
  const error = await caught(h.instance.get(me));
  expect(error.response!.status).toBe(503);
  expect(error.procore).toBeUndefined();
  expect(problemOf(error)).toBeUndefined();
  expect(elsewhere.arrived).toHaveLength(1);
});

test('a call to another host has no problem', async () => {
  await using h = await createHarness();
  await using elsewhere = await startEcho({ status: 404 });
  const error = await caught(h.instance.get(`${elsewhere.url}/file`));
  expect(error.procore).toBeUndefined();
});

// It is about the sockets of an http agent.
(onFetch ? () => {} : test)(
  'no connection is left behind by failed attempts of a streamed answer',
  async () => {
    await using h = await createHarness();
    const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
    h.emulator.misbehave({
      on: 'api',
      times: 3,
      do: { kind: 'answer', status: 502, body: 'x'.repeat(100_000) },
    });
    const answer = await h.env.drive(h.instance.get<Readable>(me, { responseType: 'stream', httpAgent }));
    expect(answer.status).toBe(200);
    answer.data.resume();
    await until(() => answer.data.readableEnded, 'the end of the answer');
    httpAgent.destroy();
  },
);
