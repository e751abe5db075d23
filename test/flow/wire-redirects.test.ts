import axios from 'axios';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { startEcho } from '../support/echo.js';
import { createHarness } from '../support/harness.js';
import { below, onFetch, refusedCode, refusing } from '../support/versions.js';

const me = '/rest/v1.0/me';
const challenge = { 'www-authenticate': 'Bearer realm="x", error="invalid_token"' };

test('a redirect to another origin forwards neither the token nor the company id', async () => {
  await using h = await createHarness();
  await using bucket = await startEcho();
  h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location: `${bucket.url}/key?signature=1` } });
  const { data } = await h.instance.get<string>(me, { headers: { 'X-Own': 'kept' } });
  expect(data).toBe('stored');
  expect(bucket.arrived).toHaveLength(1);
  const { headers, url } = bucket.arrived[0]!;
  expect(url).toBe('/key?signature=1');
  expect(headers).not.toHaveProperty('authorization');
  expect(headers).not.toHaveProperty('procore-company-id');
  expect(headers['x-own']).toBe('kept');
});

test("the company id of the call's own headers is not forwarded either, in any letter case", async () => {
  await using h = await createHarness();
  await using bucket = await startEcho();
  h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location: bucket.url } });
  await h.instance.get(me, { headers: { 'PROCORE-COMPANY-ID': '9' } });
  expect(bucket.arrived[0]!.headers).not.toHaveProperty('procore-company-id');
});

test('an auth: false call forwards no company id, and its own Authorization as axios would', async () => {
  await using h = await createHarness();
  await using bucket = await startEcho();
  h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location: bucket.url } });
  await h.instance.get(me, { procore: { auth: false }, headers: { Authorization: 'Bearer mine' } });
  expect(bucket.arrived[0]!.headers).not.toHaveProperty('procore-company-id');
  expect(bucket.arrived[0]!.headers).not.toHaveProperty('authorization');
});

test('a redirect within Procore keeps token and company id', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location: '/rest/v1.0/projects' } });
  const { data } = await h.instance.get<unknown[]>(me);
  expect(data).toHaveLength(5);
  const [first, second] = h.emulator.log;
  expect(second!.accessToken).toBe(first!.accessToken);
  expect(second!.companyId).toBe('42');
});

test('a redirect that leaves Procore and comes back arrives without the token: it may have been rewritten on the way', async () => {
  await using h = await createHarness();
  await using elsewhere = await startEcho({ status: 302, headers: { location: `${h.emulator.url}${me}` } });
  h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location: elsewhere.url } });
  const error = await caught(h.instance.get(me));
  expect(error.response!.status).toBe(401);
  expect(h.emulator.log.map(({ accessToken }) => accessToken !== undefined)).toEqual([true, false]);
  expect(h.emulator.counters.tokenRequests).toBe(0);
});

test('a redirect between two origins of Procore loses the token on the way, and the 401 behind it is not held against it', async () => {
  await using other = await startEcho({ status: 401, headers: challenge });
  await using h = await createHarness({ options: { origins: [other.url] } });
  h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location: `${other.url}${me}` } });
  const error = await caught(h.instance.get(me));
  expect(error.response!.status).toBe(401);
  expect(other.arrived).toHaveLength(1);
  expect(other.arrived[0]!.headers).not.toHaveProperty('authorization');
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ tokenRequests: 0, unauthorized: 0 });
});

test("the application's own beforeRedirect is still called, after ours, and may add a header", async () => {
  await using h = await createHarness();
  await using bucket = await startEcho();
  h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location: `${bucket.url}/key` } });
  const seen: unknown[] = [];
  const beforeRedirect = (options: Record<string, unknown>, details?: { statusCode?: number }) => {
    const headers = options['headers'] as Record<string, string>;
    seen.push(
      Object.keys(headers).filter((name) => /authorization|company/i.test(name)),
      details?.statusCode,
    );
    headers['X-Added'] = 'yes';
  };
  const { config } = await h.instance.get(me, { beforeRedirect: beforeRedirect as never });
  // 0.27 hands on the response's details without a status, 0.30 none.
  expect(seen[0]).toEqual([]);
  expect(bucket.arrived[0]!.headers['x-added']).toBe('yes');
  expect(config.beforeRedirect).toBe(beforeRedirect);
});

test.each([401, 503, 429])(
  'a %i from another origin after a redirect is not Procore’s: no renewal, no retry',
  async (status) => {
    await using h = await createHarness();
    await using bucket = await startEcho({ status, headers: { ...challenge, 'retry-after': '1' } });
    h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location: bucket.url } });
    const error = await caught(h.instance.get(me));
    expect(error.response!.status).toBe(status);
    expect(bucket.arrived).toHaveLength(1);
    expect(h.emulator.counters).toMatchObject({ apiRequests: 1, tokenRequests: 0 });
    expect(h.env.sleeping).toBe(0);
  },
);

test('a connection refused by another origin after a redirect is not retried', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({
    on: 'api',
    times: Infinity,
    do: { kind: 'redirect', location: `${refusing}/x` },
  });
  expect((await caught(h.instance.get(me))).code).toBe(refusedCode);
  expect(h.emulator.counters.apiRequests).toBe(1);
});

const { getAdapter } = axios as unknown as { getAdapter?: (name: string) => unknown };
const spellings: [string, () => unknown][] = [
  ['its name in capitals', () => 'Fetch'],
  ['its name in capitals, in a list', () => ['FETCH', 'http']],
  ['the function itself', () => getAdapter!('fetch')],
  ['the function itself, in a list', () => [getAdapter!('fetch')]],
];
test.each(below('1.7') ? [] : spellings)(
  'however the fetch adapter is chosen (%s), another origin gets no company id and its 401 is not Procore’s',
  async (_how, adapter) => {
    await using h = await createHarness();
    await using bucket = await startEcho({ status: 401, headers: challenge });
    h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location: bucket.url } });
    await h.instance.get(me, { adapter: adapter() as never }).catch(() => undefined);
    expect(bucket.arrived).toHaveLength(1);
    expect(bucket.arrived[0]!.headers).not.toHaveProperty('procore-company-id');
    expect(h.emulator.counters).toMatchObject({ apiRequests: 1, tokenRequests: 0 });
  },
);

test('the Date header of another origin does not change the clock offset', async () => {
  await using h = await createHarness();
  await using bucket = await startEcho({
    status: 200,
    headers: { date: new Date(h.env.now() + 5_400_000).toUTCString() },
  });
  h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location: bucket.url } });
  await h.instance.get(me);
  await h.instance.get(me);
  expect(h.emulator.counters.tokenRequests).toBe(0);
});

test('maxRedirects: 0 gives the application the redirect itself, unchanged', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location: 'https://bucket.test/key' } });
  const error = await caught(h.instance.get(me, { maxRedirects: 0 }));
  expect(error.response).toMatchObject({ status: 302, headers: { location: 'https://bucket.test/key' } });
});

const to = (location: string, status: number) => ({ kind: 'redirect', location, status }) as const;
const rfis = '/rest/v1.0/projects/1/rfis';

test.each([301, 302, 303])('a POST behind a %i becomes a GET without its body', async (status) => {
  await using h = await createHarness();
  await using bucket = await startEcho();
  h.emulator.misbehave({ on: 'api', do: to(`${bucket.url}/done`, status) });
  expect((await h.instance.post<string>(rfis, { subject: 'a' }, { params: { a: 1 } })).data).toBe('stored');
  const [{ method, url, body, headers }] = bucket.arrived as [(typeof bucket.arrived)[0]];
  expect([method, url, body.toString()]).toEqual(['GET', '/done', '']);
  expect(headers).not.toHaveProperty('content-type');
});

test.each([307, 308])('a POST behind a %i is posted once more, byte for byte', async (status) => {
  await using h = await createHarness();
  await using bucket = await startEcho();
  h.emulator.misbehave({ on: 'api', do: to(`${bucket.url}/key`, status) });
  await h.instance.post(rfis, { subject: 'Größe' });
  const [{ method, body, headers }] = bucket.arrived as [(typeof bucket.arrived)[0]];
  expect([method, body.toString()]).toEqual(['POST', '{"subject":"Größe"}']);
  expect(headers['content-type']).toMatch(/^application\/json/);
});

test('a stream is not sent again behind a 307 where the plugin follows: the redirect is the answer', async () => {
  await using h = await createHarness();
  await using bucket = await startEcho();
  h.emulator.misbehave({ on: 'api', do: to(bucket.url, 307) });
  const sending = h.instance.post(rfis, Readable.from(['{"subject":"a"}']), {
    headers: { 'Content-Type': 'application/json' },
  });
  if (below('0.27') || onFetch) {
    expect((await caught(sending)).response!.status).toBe(307);
    expect(bucket.arrived).toEqual([]);
  } else {
    // The http adapter has kept what it has sent.
    await sending;
    expect(bucket.arrived[0]!.body.toString()).toBe('{"subject":"a"}');
  }
});

test('a chain of relative redirects is followed, its last URL is told, and what is too long is not', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', do: to('../v1.0/projects?per_page=2', 302) });
  h.emulator.misbehave({ on: ({ query }) => query.includes('per_page'), do: to('/rest/v1.0/me', 302) });
  const answer = await h.instance.get<{ id: number }>(me, { params: { first: 1 } });
  expect(answer.data.id).toBe(1);
  expect(h.emulator.log.map(({ path }) => path)).toEqual([me, '/rest/v1.0/projects', me]);
  const { res } = answer.request as { res?: { responseUrl: string } };
  // A fetch request knows of no answer.
  if (!onFetch) expect(res!.responseUrl).toBe(`${h.emulator.url}${me}`);
  const round = h.emulator.misbehave({ on: 'api', times: Infinity, do: to(me, 302) });
  const error = await caught(h.instance.get(me, { maxRedirects: 3 }));
  expect(error.code).toBe('ERR_FR_TOO_MANY_REDIRECTS');
  expect(h.emulator.counters.apiRequests).toBe(3 + 4);
  round.remove();
});

test('a token endpoint that redirects is not followed: the secret goes nowhere else', async () => {
  await using h = await createHarness();
  await using elsewhere = await startEcho();
  h.env.jump(5_401_000);
  h.emulator.misbehave({ on: 'token', times: Infinity, do: to(`${elsewhere.url}/oauth/token`, 307) });
  const error = await h.env.drive(caught(h.instance.get(me)));
  expect(error.code).toMatch(/^ERR_PROCORE_/);
  expect(elsewhere.arrived).toEqual([]);
});
