import { describe, expect, test } from 'vitest';
import type { RouteRequest } from '../../../src/emulator/index.js';
import { ask, emulate, get, postToken } from './support.js';

const meetings = '/rest/v1.0/projects/:project_id/meetings';
const path = '/rest/v1.0/projects/7/meetings';

describe('a route of your own', () => {
  test('gets the parameters, the query, the body and the caller', async () => {
    const seen: RouteRequest[] = [];
    const emulator = await emulate({
      routes: { [`POST ${meetings}/:name`]: (request) => void seen.push(request) },
    });
    const answer = await ask(emulator, `POST ${path}/kick%2Doff?a=1`, { title: 'Start' });
    expect([answer.status, answer.data]).toEqual([204, '']);
    expect(seen).toEqual([
      expect.objectContaining({
        method: 'POST',
        path: `${path}/kick%2Doff`,
        query: 'a=1',
        params: { project_id: '7', name: 'kick-off' },
        body: '{"title":"Start"}',
        json: { title: 'Start' },
        companyId: '562949953421401',
        userId: 1,
      }),
    ]);
    expect(seen[0]!.headers['procore-company-id']).toBe('562949953421401');
  });

  test('answers an array in pages, and any other value as JSON', async () => {
    const items = Array.from({ length: 5 }, (_, index) => ({ id: index + 1 }));
    const emulator = await emulate({
      routes: {
        [`GET ${meetings}`]: () => items,
        'GET /rest/v2.0/companies/:company_id/meetings': () => items,
        [`GET ${meetings}/:id`]: async ({ params }) => Promise.resolve({ id: Number(params.id) }),
        [`POST ${meetings}`]: ({ json }) => ({ id: 6, ...json }),
      },
    });
    const list = await ask(emulator, `GET ${path}?per_page=2&page=2`);
    expect(list.data).toEqual([{ id: 3 }, { id: 4 }]);
    expect([list.headers.get('total'), list.headers.get('link')]).toEqual([
      '5',
      expect.stringContaining('rel="next"'),
    ]);
    const v2 = await ask(emulator, 'GET /rest/v2.0/companies/562949953421401/meetings?per_page=1');
    expect(v2.data).toEqual({ data: [{ id: '1' }] });
    expect((await ask(emulator, `GET ${path}/4`)).data).toEqual({ id: 4 });
    const made = await ask(emulator, `POST ${path}`, { title: 'Start' });
    expect([made.status, made.data]).toEqual([201, { id: 6, title: 'Start' }]);
  });

  test('answers a Response as it is, bytes included', async () => {
    const emulator = await emulate({
      routes: {
        [`POST ${meetings}`]: () => Response.json({ errors: { title: ["can't be blank"] } }, { status: 422 }),
        [`GET ${meetings}/:id/minutes`]: () =>
          new Response(Uint8Array.of(0xff, 0x00), { headers: { 'content-type': 'application/pdf' } }),
      },
    });
    const refused = await ask(emulator, `POST ${path}`, {});
    expect([refused.status, refused.data]).toEqual([422, { errors: { title: ["can't be blank"] } }]);
    const { access_token } = emulator.issue();
    const minutes = await get(emulator, `${path}/1/minutes`, access_token, { 'procore-company-id': '1' });
    expect(minutes.headers.get('content-type')).toBe('application/pdf');
    expect([...new Uint8Array(await minutes.arrayBuffer())]).toEqual([0xff, 0x00]);
  });

  test('gets what a wildcard matches as the rest of the path', async () => {
    const emulator = await emulate({ routes: { 'GET /rest/v1.0/files/*path': ({ params }) => params } });
    const { data } = await ask(emulator, 'GET /rest/v1.0/files/plans/north%20tower.pdf');
    expect(data).toEqual({ path: 'plans/north tower.pdf' });
  });

  test('answers a Response with each of its cookies, and with the length that its body has', async () => {
    const headers = new Headers({ 'content-length': '99', 'transfer-encoding': 'chunked', 'x-own': 'kept' });
    for (const cookie of ['a=1', 'b=2']) headers.append('set-cookie', cookie);
    const emulator = await emulate({
      routes: { [`GET ${meetings}`]: () => new Response('text', { headers }) },
    });
    const answer = await ask(emulator, `GET ${path}`);
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(['x-own', 'content-length', 'transfer-encoding'].map((name) => answer.headers.get(name))).toEqual([
      'kept',
      '4',
      null,
    ]);
    expect(answer.data).toBe('text');
  });

  test.each<[what: string, thrown: unknown, message: string]>([
    ['an error', new Error('boom'), 'Error: boom'],
    ['a text', 'boom', 'boom'],
    [
      'an object without a prototype',
      Object.assign(Object.create(null), { a: 1 }),
      '[Object: null prototype] { a: 1 }',
    ],
    ['a symbol', Symbol('boom'), 'Symbol(boom)'],
  ])('that throws %s is a 500 with it, and the emulator goes on', async (_what, thrown, message) => {
    const emulator = await emulate({ routes: { [`GET ${meetings}`]: () => Promise.reject(thrown) } });
    const { status, data } = await ask(emulator, `GET ${path}`);
    expect([status, data]).toEqual([500, { message: `The emulator failed: ${message}` }]);
    expect((await ask(emulator, 'GET /rest/v1.0/me')).status).toBe(200);
  });

  test('needs no company in the place of a route that needs none', async () => {
    const routes = { 'GET /rest/v1.0/me': () => ({ id: 9 }), 'GET /rest/v1.0/companies': () => [{ id: 8 }] };
    const emulator = await emulate({ routes });
    const { access_token } = emulator.issue();
    expect(await (await get(emulator, '/rest/v1.0/me', access_token)).json()).toEqual({ id: 9 });
    expect(await (await get(emulator, '/rest/v1.0/companies', access_token)).json()).toEqual([{ id: 8 }]);
    const answer = await postToken(emulator, { grant_type: 'client_credentials' });
    const service = (await answer.json()) as { access_token: string };
    expect((await get(emulator, '/rest/v1.0/me', service.access_token)).status).toBe(400);
  });

  test('stands behind the checks of the token, the company, known projects and the limits', async () => {
    let handled = 0;
    const emulator = await emulate({
      companies: [{ id: 8, projects: [{ id: 7 }] }],
      routes: { [`GET ${meetings}`]: () => ({ handled: ++handled }) },
      rateLimits: { spike: { limit: 6 } },
    });
    const expired = emulator.issue().access_token;
    emulator.expire(expired);
    const company = { 'procore-company-id': '8' };
    expect((await get(emulator, path, expired, company)).status).toBe(401);
    const { access_token } = emulator.issue();
    expect((await get(emulator, path, access_token)).status).toBe(400);
    expect((await get(emulator, path, access_token, { 'procore-company-id': '9' })).status).toBe(403);
    expect((await get(emulator, path.replace('7', '6'), access_token, company)).status).toBe(404);
    expect(handled).toBe(0);
    const answers = [];
    for (let call = 0; call < 3; call++)
      answers.push((await get(emulator, path, access_token, company)).status);
    expect([answers, handled]).toEqual([[200, 200, 429], 2]);
  });

  test('comes before the one of the emulator, and is struck by faults', async () => {
    const emulator = await emulate({ routes: { 'GET /rest/v1.0/projects': () => [{ id: 1 }] } });
    emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 503 } });
    expect((await ask(emulator, 'GET /rest/v1.0/projects')).status).toBe(503);
    expect((await ask(emulator, 'GET /rest/v1.0/projects')).data).toEqual([{ id: 1 }]);
  });

  test('counts what it wrote, and what it wrote twice; a repeated Idempotency-Token waits for the first', async () => {
    let handled = 0;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const emulator = await emulate({
      routes: {
        [`POST ${meetings}`]: () => ({ handled: ++handled }),
        'POST /rest/v1.0/slow': async () => {
          handled += 1;
          await held;
          return { handled };
        },
      },
    });
    await ask(emulator, `POST ${path}`, { title: 'a' });
    await ask(emulator, `POST ${path}`, { title: 'a' });
    expect([emulator.counters.duplicateWrites, emulator.log[0]?.wrote]).toEqual([1, true]);
    const token = { 'idempotency-token': 'one' };
    const both = [1, 2].map(() => ask(emulator, 'POST /rest/v1.0/slow', { title: 'b' }, token));
    while (emulator.log.filter((entry) => entry.path.endsWith('slow')).length < 2)
      await new Promise((resolve) => setImmediate(resolve));
    release();
    const [first, second] = await Promise.all(both);
    expect([first!.data, second!.data, handled]).toEqual([{ handled: 3 }, { handled: 3 }, 3]);
  });

  test('has no user for a service account', async () => {
    const emulator = await emulate({
      routes: { 'GET /rest/v1.0/whoami': ({ userId }) => ({ user: userId ?? null }) },
    });
    const answer = await postToken(emulator, { grant_type: 'client_credentials' });
    const { access_token } = (await answer.json()) as { access_token: string };
    const who = await get(emulator, '/rest/v1.0/whoami', access_token, { 'procore-company-id': '1' });
    expect(await who.json()).toEqual({ user: null });
  });

  test('may be one of the oldest endpoints', async () => {
    const emulator = await emulate({ routes: { 'GET /vapid/projects': () => [] } });
    expect((await ask(emulator, 'GET /vapid/projects')).data).toEqual([]);
    expect((await fetch(`${emulator.url}/vapid/projects`)).status).toBe(401);
  });
});

test.each([
  [{ 'get /rest/v1.0/x': () => [] }],
  [{ '/rest/v1.0/x': () => [] }],
  [{ 'GET /v1.0/x': () => [] }],
  [{ 'GET /rest/v1.0/x': [] }],
  [{ 'GET /rest/v1.0/:': () => [] }],
])('routes %j are refused', async (routes) => {
  await expect(emulate({ routes: routes as never })).rejects.toThrow(
    'option "routes" is an object; it takes an object of functions by method and path',
  );
});

test.each([
  [[{ name: 'without id' }]],
  [[{ id: 0 }]],
  [[{ id: 1, projekts: [] }]],
  [[{ id: 1, projects: [{ id: 'seven' }] }]],
  [{ id: 1 }],
])('companies %j are refused', async (companies) => {
  await expect(emulate({ companies: companies as never })).rejects.toThrow(
    'it takes an array of objects with id, name, projects.',
  );
});
