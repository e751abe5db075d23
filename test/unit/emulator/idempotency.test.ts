import { describe, expect, test } from 'vitest';
import type { Emulator } from '../../../src/emulator/index.js';
import { createRemembered, mostRemembered } from '../../../src/emulator/idempotency.js';
import { json, type Arrival } from '../../../src/emulator/message.js';
import { emulate, get } from './support.js';

const rfis = '/rest/v1.0/projects/7/rfis';

interface Sent {
  token?: string;
  bearer?: string;
  method?: string;
  path?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

function send(emulator: Emulator, { token, bearer, method, path, body, headers }: Sent): Promise<Response> {
  return fetch(emulator.url + (path ?? rfis), {
    method: method ?? 'POST',
    headers: {
      authorization: `Bearer ${bearer ?? emulator.issue().access_token}`,
      'procore-company-id': '1',
      ...(body instanceof FormData ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { 'idempotency-token': token }),
      ...headers,
    },
    body: body instanceof FormData ? body : JSON.stringify(body ?? { subject: 'Which bolt?' }),
  });
}

async function listOf(emulator: Emulator): Promise<unknown[]> {
  const company = { 'procore-company-id': '1' };
  return (await get(emulator, rfis, emulator.issue().access_token, company)).json() as Promise<unknown[]>;
}

describe('a request with the Idempotency-Token of an earlier one', () => {
  test('gets the answer of that one and writes nothing, also with a renewed access token', async () => {
    const emulator = await emulate();
    const first = await send(emulator, { token: 'a' });
    const again = await send(emulator, { token: 'a' });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(await again.text()).toBe(await first.text());
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(await listOf(emulator)).toHaveLength(1);
    expect(emulator.counters.duplicateWrites).toBe(0);
    expect(
      emulator.log
        .slice(0, 2)
        .map(({ idempotencyToken, repeats, wrote }) => [idempotencyToken, repeats, wrote]),
    ).toEqual([
      ['a', undefined, true],
      ['a', true, undefined],
    ]);
  });

  test('gets it also where the answer of the first was lost', async () => {
    const emulator = await emulate();
    emulator.misbehave({ on: 'api', after: true, do: { kind: 'drop' } });
    await expect(send(emulator, { token: 'a' })).rejects.toThrow();
    expect((await send(emulator, { token: 'a' })).status).toBe(201);
    expect(await listOf(emulator)).toHaveLength(1);
  });

  test.each<[what: string, other: Sent]>([
    ['body', { body: { subject: 'Which nut?' } }],
    ['path', { path: '/rest/v1.0/projects/8/rfis' }],
    ['query', { path: `${rfis}?notify=1` }],
    ['method', { method: 'PATCH', path: `${rfis}/sync` }],
    ['company', { headers: { 'procore-company-id': '2' } }],
  ])('but another %s is refused with 422', async (_what, other) => {
    const emulator = await emulate();
    const first: Sent =
      other.method === undefined
        ? {}
        : { method: 'POST', path: `${rfis}/sync`, body: { updates: [{ subject: 'a' }] } };
    expect((await send(emulator, { token: 'a', ...first })).ok).toBe(true);
    const answer = await send(emulator, { token: 'a', body: first.body, ...other });
    expect([answer.status, await answer.json()]).toEqual([
      422,
      { errors: 'This Idempotency-Token was sent with another request.' },
    ]);
    expect(emulator.log.at(-1)).not.toHaveProperty('repeats');
    expect(await listOf(emulator)).toHaveLength(1);
  });

  test('of another user is a request of its own', async () => {
    const emulator = await emulate();
    for (const userId of [1, 2])
      await send(emulator, { token: 'a', bearer: emulator.issue({ userId }).access_token });
    expect(await listOf(emulator)).toHaveLength(2);
  });

  test('is carried out where the first was refused or limited', async () => {
    const emulator = await emulate();
    emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 503 } });
    const tries = [
      await send(emulator, { token: 'a' }),
      await send(emulator, { token: 'a', bearer: 'made-up' }),
      await send(emulator, { token: 'a', headers: { 'procore-company-id': '' } }),
      await send(emulator, { token: 'a', body: [] }),
      await send(emulator, { token: 'a' }),
    ];
    expect(tries.map(({ status }) => status)).toEqual([503, 401, 400, 400, 201]);
    expect(await listOf(emulator)).toHaveLength(1);
  });

  test('is the same request where only the boundary of its form differs', async () => {
    const emulator = await emulate();
    const form = () => {
      const made = new FormData();
      made.append('file', new Blob(['drawing']), 'a.txt');
      return made;
    };
    for (const status of [201, 201])
      expect((await send(emulator, { token: 'a', body: form() })).status).toBe(status);
    expect(await listOf(emulator)).toHaveLength(1);
  });

  test('reads anew where it is a GET', async () => {
    const emulator = await emulate();
    const headers = { 'procore-company-id': '1', 'idempotency-token': 'a' };
    const read = async () => {
      const answer = await get(emulator, rfis, emulator.issue().access_token, headers);
      return answer.json();
    };
    expect(await read()).toEqual([]);
    await send(emulator, {});
    expect(await read()).toHaveLength(1);
  });

  test('is carried out again where the header is empty', async () => {
    const emulator = await emulate();
    for (let i = 0; i < 2; i++) await send(emulator, { token: '' });
    expect(await listOf(emulator)).toHaveLength(2);
    expect(emulator.log[0]).not.toHaveProperty('idempotencyToken');
  });
});

const requestWith = (token: string): Arrival => ({
  method: 'POST',
  path: rfis,
  query: '',
  headers: { 'idempotency-token': token },
  body: '',
  bytes: new Uint8Array(),
});

test.each([
  [
    'throws',
    () => {
      throw new Error('broken');
    },
  ],
  ['rejects', () => Promise.reject(new Error('broken'))],
])('a request whose handler %s is carried out when it comes again', async (_what, handle) => {
  const { once } = createRemembered();
  await expect(once(requestWith('a'), 1, handle)).rejects.toThrow('broken');
  const outcome = await once(requestWith('a'), 1, () => ({ reply: json(201, {}), wrote: true }));
  expect(outcome.reply.status).toBe(201);
});

test('the oldest of many answers is forgotten', async () => {
  const { once } = createRemembered();
  let handled = 0;
  const sent = (token: number) => {
    return once(requestWith(`${token}`), 1, () => {
      handled += 1;
      return { reply: json(201, {}), wrote: true };
    });
  };
  for (let token = 0; token <= mostRemembered; token++) await sent(token);
  await sent(mostRemembered);
  await sent(1);
  expect(handled).toBe(mostRemembered + 1);
  await sent(0);
  expect(handled).toBe(mostRemembered + 2);
});
