import { createReadStream } from 'node:fs';
import { expect, test } from 'vitest';
import type { EmulatedRequest } from '../../src/emulator/index.js';
import { problemOf } from '../../src/index.js';
import { caught } from '../support/caught.js';
import { startEcho } from '../support/echo.js';
import { createHarness, type Harness } from '../support/harness.js';
import { losesQueries } from '../support/versions.js';

const rfis = '/rest/v1.0/projects/1/rfis';
const rfi = { subject: 'Which bolt?' };
const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

const tokensOf = ({ emulator }: Harness) =>
  emulator.log.filter(({ kind }) => kind === 'api').map(({ idempotencyToken }) => idempotencyToken);

async function recordsOf(h: Harness): Promise<number> {
  const { data } = await h.instance.get<unknown[]>(rfis);
  return data.length;
}

test('a POST whose answer was lost is sent again with the same token, and writes one record', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', times: 2, after: true, do: { kind: 'drop' } });
  const { status, data } = await h.env.drive(
    h.instance.post<{ id: number }>(rfis, rfi, { procore: { idempotencyToken: 'erp-4711' } }),
  );
  expect([status, data.id > 0]).toEqual([201, true]);
  expect(
    h.emulator.log.map(({ idempotencyToken, wrote, repeats }) => [idempotencyToken, wrote, repeats]),
  ).toEqual([
    ['erp-4711', true, undefined],
    ['erp-4711', undefined, true],
    ['erp-4711', undefined, true],
  ]);
  expect(h.emulator.counters.duplicateWrites).toBe(0);
  expect(await recordsOf(h)).toBe(1);
});

test.each([
  ['a 504', { kind: 'answer', status: 504 }],
  ['a cut answer', { kind: 'cut' }],
] as const)('a POST is sent again after %s that hides a write, which happens once', async (_what, fault) => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', after: true, do: fault });
  const call = h.instance.post(rfis, rfi, { procore: { idempotencyToken: true } });
  expect((await h.env.drive(call)).status).toBe(201);
  expect(h.emulator.counters.apiRequests).toBe(2);
  expect(await recordsOf(h)).toBe(1);
});

test('without a token it is sent once, and may have run', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', after: true, do: { kind: 'drop' } });
  const error = await caught(h.instance.post(rfis, rfi));
  expect(problemOf(error)).toMatchObject({ attempts: 1, mayHaveRun: 'maybe', gaveUp: 'may-have-run' });
  expect(tokensOf(h)).toEqual([undefined]);
});

test('where every answer is lost the error says that it may have run, although it was sent with a token', async () => {
  await using h = await createHarness({ options: { retry: { retries: 2 } } });
  h.emulator.misbehave({ on: 'api', times: 3, after: true, do: { kind: 'drop' } });
  const call = h.env.drive(h.instance.post(rfis, rfi, { procore: { idempotencyToken: 'a' } }));
  const problem = problemOf(await caught(call));
  expect(problem).toMatchObject({ attempts: 3, mayHaveRun: 'maybe', gaveUp: 'retries-exhausted' });
  expect(await recordsOf(h)).toBe(1);
});

test('true draws a random token for each call, and keeps it for its attempts', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 503 } });
  for (const _call of [1, 2])
    await h.env.drive(h.instance.post(rfis, rfi, { procore: { idempotencyToken: true } }));
  const [first, again, second] = tokensOf(h);
  expect(first).toMatch(uuid);
  expect(again).toBe(first);
  expect(second).toMatch(uuid);
  expect(second).not.toBe(first);
});

test('a replay after a 401 has the token, too', async () => {
  await using h = await createHarness();
  h.emulator.revoke();
  await h.instance.post(rfis, rfi, { procore: { idempotencyToken: 'a' } });
  expect(tokensOf(h)).toEqual(['a', 'a']);
});

test('a body that is made anew for each attempt is the same request', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', after: true, do: { kind: 'drop' } });
  const call = h.instance.post(rfis, undefined, {
    headers: { 'Content-Type': 'application/octet-stream' },
    procore: { idempotencyToken: 'a', body: () => createReadStream('package.json') },
  });
  expect((await h.env.drive(call)).status).toBe(201);
  expect(await recordsOf(h)).toBe(1);
});

test.each(['get', 'head', 'options'] as const)(
  'a %s is sent without it: it changes nothing',
  async (method) => {
    await using h = await createHarness();
    const request = { url: '/rest/v1.0/me', method, validateStatus: () => true };
    await h.instance.request({ ...request, procore: { idempotencyToken: true } });
    await h.instance.request({ ...request, procore: { idempotencyToken: 'a' } });
    expect(tokensOf(h)).toEqual([undefined, undefined]);
  },
);

test.each(['put', 'patch', 'delete'] as const)('a %s is sent with it', async (method) => {
  await using h = await createHarness();
  const request = { url: '/rest/v1.0/me', method, validateStatus: () => true };
  await h.instance.request({ ...request, procore: { idempotencyToken: 'a' } });
  expect(tokensOf(h)).toEqual(['a']);
});

test.each(['Idempotency-Token', 'idempotency-token', 'IDEMPOTENCY-TOKEN'])(
  "a call's own header %s goes first, and counts as much",
  async (name) => {
    await using h = await createHarness();
    for (const procore of [{ idempotencyToken: 'option' }, undefined]) {
      h.emulator.misbehave({ on: 'api', after: true, do: { kind: 'drop' } });
      const call = h.instance.post(rfis, rfi, { headers: { [name]: 'own' }, ...(procore && { procore }) });
      expect((await h.env.drive(call)).status).toBe(201);
    }
    expect(tokensOf(h)).toEqual(['own', 'own', 'own', 'own']);
    expect(await recordsOf(h)).toBe(1);
  },
);

test.each([undefined, null, ''])('an empty header of its own (%j) does not count as one', async (value) => {
  await using h = await createHarness();
  const headers = { 'idempotency-token': value as never };
  await h.instance.post(rfis, rfi, { headers, procore: { idempotencyToken: 'a' } });
  expect(tokensOf(h)).toEqual(['a']);
});

test('an empty header alone does not make a POST idempotent', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', after: true, do: { kind: 'drop' } });
  const error = await caught(h.instance.post(rfis, rfi, { headers: { 'Idempotency-Token': '' } }));
  expect(problemOf(error)).toMatchObject({ attempts: 1, gaveUp: 'may-have-run' });
});

test('idempotent: false forbids the repetition all the same', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', after: true, do: { kind: 'drop' } });
  const procore = { idempotencyToken: 'a', idempotent: false };
  const error = await caught(h.instance.post(rfis, rfi, { procore }));
  expect(problemOf(error)).toMatchObject({ attempts: 1, gaveUp: 'may-have-run' });
});

test('another request with the same token is refused by the emulator, and not sent again', async () => {
  await using h = await createHarness();
  await h.instance.post(rfis, rfi, { procore: { idempotencyToken: 'a' } });
  const error = await caught(h.instance.post(rfis, { subject: 'b' }, { procore: { idempotencyToken: 'a' } }));
  expect(problemOf(error)).toMatchObject({ kind: 'unprocessable', attempts: 1 });
  expect(await recordsOf(h)).toBe(1);
});

test.each([
  ['an empty text', ''],
  ['an injection', 'a\r\nX-Evil: 1'],
  ['white space around it', ' a '],
  ['letters beyond ASCII', 'schlüssel'],
  ['a number', 4711],
  ['false', false],
  ['an object', {}],
])('%s is a TypeError that names the option and not the value, and nothing is sent', async (_what, value) => {
  await using h = await createHarness();
  const error = await caught(h.instance.post(rfis, rfi, { procore: { idempotencyToken: value as never } }));
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toMatch(/"procore\.idempotencyToken".*it takes true, or/);
  expect(error.message).not.toMatch(/Evil|schl/);
  expect(h.emulator.counters.requests).toBe(0);
});

test('neither a call to another host nor one that is redirected there takes it along', async () => {
  await using h = await createHarness();
  await using bucket = await startEcho();
  await h.instance.post(`${bucket.url}/direct`, rfi, { procore: { idempotencyToken: 'a' } });
  h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location: `${bucket.url}/left`, status: 307 } });
  await h.instance.post(rfis, rfi, { headers: { 'X-Own': 'kept' }, procore: { idempotencyToken: 'a' } });
  expect(bucket.arrived.map(({ url, headers }) => [url, headers['idempotency-token']])).toEqual([
    ['/direct', undefined],
    ['/left', undefined],
  ]);
  expect(bucket.arrived[1]!.headers['x-own']).toBe('kept');
});

test('a redirect within Procore keeps it', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location: rfis, status: 307 } });
  await h.instance.post('/rest/v1.0/projects/2/rfis', rfi, { procore: { idempotencyToken: 'a' } });
  expect(tokensOf(h)).toEqual(['a', 'a']);
});

test('the configuration that the application gets back is its own: a call that is made of it has a token of its own', async () => {
  await using h = await createHarness();
  const { config } = await h.instance.post(rfis, rfi, { procore: { idempotencyToken: true } });
  expect(config.procore).toEqual({ idempotencyToken: true });
  expect(JSON.stringify(config.headers)).not.toMatch(/idempotency/i);
  if (losesQueries) return;
  await h.instance.request(config);
  const [first, second] = tokensOf(h);
  expect(second).toMatch(uuid);
  expect(second).not.toBe(first);
});

test('as a default of the instance, each write has a token of its own', async () => {
  await using h = await createHarness({ defaults: { procore: { idempotencyToken: true } } as never });
  const seen = new Set<string>();
  h.emulator.misbehave({
    on: ({ headers }: EmulatedRequest) => {
      seen.add(String(headers['idempotency-token']));
      return false;
    },
    do: { kind: 'drop' },
  });
  for (let i = 0; i < 3; i++) await h.instance.post(rfis, rfi);
  expect(seen.size).toBe(3);
});
