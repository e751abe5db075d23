import FormDataPackage from 'form-data';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { EmulatedRequest } from '../../src/emulator/index.js';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';
import { record } from '../support/record.js';
import { below, onFetch } from '../support/versions.js';

const rfis = '/rest/v1.0/projects/1/rfis';
const sendsNativeForms = !below('1.6');

/** What must be the same in every attempt: the body and the headers that describe it. */
function sent({ body, headers, method, path, query }: EmulatedRequest) {
  // A form that axios itself encodes gets a new boundary each time.
  // On fetch it is in the body only: the adapter names the default type of a POST.
  const [, boundary] =
    (/boundary=([^;]+)/.exec(String(headers['content-type'])) ??
      (onFetch && /^--(----formdata-\S+)/.exec(String(body)))) ||
    [];
  const steady = (text: unknown) => (boundary ? String(text).replaceAll(boundary, 'BOUNDARY') : text);
  return {
    ...{ method, path, query, body: steady(body), type: steady(headers['content-type']) },
    length: headers['content-length'],
    own: headers['x-own'],
  };
}

const native = () => {
  const form = new FormData();
  form.append('rfi[subject]', 'Größe 1 m²');
  form.append('file', new Blob([new Uint8Array([1, 2, 255])]), 'a.bin');
  return form;
};
const bodies: [string, () => unknown][] = [
  ['JSON', () => ({ rfi: { subject: 'Größe 1 m²', ids: [562949953421401, 2] } })],
  ['a JSON text', () => '{"rfi":{"subject":"as it is"}}'],
  ['URLSearchParams', () => new URLSearchParams({ subject: 'a b&c', note: 'ü' })],
  ['a Buffer', () => Buffer.from('{"subject":"bytes"}')],
  ['an ArrayBuffer', () => new TextEncoder().encode('{"subject":"bytes"}').buffer],
  ...(sendsNativeForms ? [['a FormData of the platform', native] as [string, () => unknown]] : []),
];

test.each(bodies)('%s is sent again byte for byte on a replay and on a retry', async (_name, make) => {
  await using h = await createHarness();
  const seen = record(h);
  h.emulator.revoke();
  h.emulator.misbehave({
    on: ({ path }) => path === rfis && h.emulator.counters.exchanges === 1,
    do: { kind: 'answer', status: 503, headers: { 'retry-after': '0' } },
  });
  const config = { headers: { 'X-Own': 'kept', 'Content-Type': 'application/json' }, params: { a: 'ü b' } };
  const data = make();
  const typed = data instanceof URLSearchParams || data instanceof FormData;
  const answer = await h.env.drive(
    h.instance.post(rfis, data, typed ? { ...config, headers: { 'X-Own': 'kept' } } : config),
  );
  expect(answer.status).toBe(201);
  expect(seen).toHaveLength(3);
  const [first, second, third] = seen.map(sent);
  expect(first!.body).not.toBe('');
  expect(second).toEqual(first);
  expect(third).toEqual(first);
  expect(h.emulator.counters).toMatchObject({ unauthorized: 1, exchanges: 1, duplicateWrites: 0 });
});

test("the application's own transformRequest runs once, whatever the number of attempts", async () => {
  await using h = await createHarness();
  const seen = record(h);
  h.emulator.revoke();
  let runs = 0;
  const transformRequest = (data: unknown) => {
    runs++;
    return JSON.stringify({ rfi: data });
  };
  await h.instance.post(
    rfis,
    { subject: 'once' },
    { transformRequest, headers: { 'Content-Type': 'application/json' } },
  );
  expect(runs).toBe(1);
  expect(seen.map(({ body }) => body)).toEqual(['{"rfi":{"subject":"once"}}', '{"rfi":{"subject":"once"}}']);
});

test.each([
  ['a Node stream', () => Readable.from(['subject=', 'streamed'])],
  [
    'a form of the form-data package',
    () => {
      const form = new FormDataPackage();
      form.append('file', Buffer.from('bytes'), 'a.bin');
      return form;
    },
  ],
])(
  '%s is not sent twice: the 401 is the answer, and the next call has a working token',
  async (_name, make) => {
    await using h = await createHarness();
    h.emulator.revoke();
    const error = await caught(h.instance.post(rfis, make()));
    expect(error.response!.status).toBe(401);
    expect(h.emulator.counters).toMatchObject({ apiRequests: 1, exchanges: 1 });
    expect((await h.instance.get('/rest/v1.0/me')).status).toBe(200);
    expect(h.emulator.counters).toMatchObject({ apiRequests: 2, unauthorized: 1, exchanges: 1 });
  },
);

test('a Node stream whose call waits for an expired token is sent whole', async () => {
  await using h = await createHarness();
  const seen = record(h);
  h.env.jump(5_401_000);
  await h.instance.post(rfis, Readable.from(['{"subject":', '"streamed"}']), {
    headers: { 'Content-Type': 'application/json' },
  });
  expect(seen.map(({ body }) => body)).toEqual(['{"subject":"streamed"}']);
});

test('params are sent once and alike on every attempt', async () => {
  await using h = await createHarness();
  const seen = record(h);
  h.emulator.revoke();
  await h.instance.get('/rest/v1.0/projects?page=1', { params: { per_page: 2, filters: ['a', 'b'] } });
  expect(seen.map(({ query }) => decodeURIComponent(query))).toEqual([
    'page=1&per_page=2&filters[]=a&filters[]=b',
    'page=1&per_page=2&filters[]=a&filters[]=b',
  ]);
});
