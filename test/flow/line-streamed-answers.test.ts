import axios, { type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { settled, until } from '../support/manual-env.js';
import { startSlow, type Slow } from '../support/slow.js';
import { below } from '../support/versions.js';

const deadline = { procore: { deadlineMs: 60_000 } };

async function download(
  h: Harness,
  slow: Slow,
  config: AxiosRequestConfig,
  status = 200,
): Promise<AxiosResponse> {
  h.procore.detach();
  const { instance } = h.attach({ origins: [slow.url], retry: false }, { baseURL: slow.url });
  const answer = instance.get('/file', { responseType: 'stream', ...config });
  return status === 200 ? answer : (await caught(answer)).response!;
}

async function read(body: unknown): Promise<string> {
  let text = '';
  for await (const chunk of body as AsyncIterable<Uint8Array>) text += Buffer.from(chunk).toString();
  return text;
}

// Bare axios below 1.0 hears nobody once there are headers, nor does any once a call has failed.
const ends = below('1.0') ? [] : [200];

test.each(ends)(
  'an abort after the headers ends a streamed %i under a deadline, and leaves no listener',
  async (status) => {
    await using h = await createHarness();
    await using slow = await startSlow(status);
    const controller = new AbortController();
    const response = await download(h, slow, { ...deadline, signal: controller.signal }, status);
    expect(h.env.sleeping).toBe(0);
    const reading = caught(read(response.data));
    await settled();
    controller.abort();
    expect((await reading).message).not.toContain('expected a rejection');
    await until(() => slow.open === 0, 'the end of the connection');
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  },
);

test.each(ends)('a CancelToken after the headers ends a streamed %i under a deadline', async (status) => {
  await using h = await createHarness();
  await using slow = await startSlow(status);
  const { token, cancel } = axios.CancelToken.source();
  const response = await download(h, slow, { ...deadline, cancelToken: token }, status);
  const reading = caught(read(response.data));
  await settled();
  cancel('the user left');
  await reading;
  await until(() => slow.open === 0, 'the end of the connection');
});

test('a streamed download that ends by itself leaves no listener on the signal, and its body is whole', async () => {
  await using h = await createHarness();
  await using slow = await startSlow();
  const { signal } = new AbortController();
  const response = await download(h, slow, { ...deadline, signal });
  const reading = read(response.data);
  await settled();
  slow.finish();
  expect(await reading).toBe('the beginning, the end');
  await until(() => getEventListeners(signal, 'abort').length === 0, 'the listeners to go');
});

test('a deadline bounds the call up to its answer: a body that streams on takes as long as it takes', async () => {
  await using h = await createHarness();
  await using slow = await startSlow();
  const response = await download(h, slow, deadline);
  const reading = read(response.data);
  await h.env.advance(120_000);
  slow.finish();
  expect(await reading).toBe('the beginning, the end');
});
