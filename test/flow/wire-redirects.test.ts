import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { startEcho } from '../support/echo.js';
import { createHarness } from '../support/harness.js';

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

test("the application's own beforeRedirect is still called, after ours, and may add a header", async () => {
  await using h = await createHarness();
  await using bucket = await startEcho();
  h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location: `${bucket.url}/key` } });
  const seen: unknown[] = [];
  const beforeRedirect = (options: Record<string, unknown>, details: { statusCode?: number }) => {
    const headers = options['headers'] as Record<string, string>;
    seen.push(
      Object.keys(headers).filter((name) => /authorization|company/i.test(name)),
      details.statusCode,
    );
    headers['X-Added'] = 'yes';
  };
  const { config } = await h.instance.get(me, { beforeRedirect: beforeRedirect as never });
  // 0.27 hands on the response's details without a status.
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
    do: { kind: 'redirect', location: 'http://127.0.0.1:9/x' },
  });
  expect((await caught(h.instance.get(me))).code).toBe('ECONNREFUSED');
  expect(h.emulator.counters.apiRequests).toBe(1);
});

test("another origin's clock teaches the plugin nothing", async () => {
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
