import { describe, expect, test } from 'vitest';
import type { Emulator } from '../../../src/emulator/index.js';
import { emulate, get, getMe, postRfi } from './support.js';

const company = { 'procore-company-id': '1' };
const rfis = '/rest/v1.0/projects/7/rfis';

/** Sends a body as it is, JSON unless it is bytes. */
function send(emulator: Emulator, method: string, path: string, body: unknown): Promise<Response> {
  const isBytes = body instanceof Uint8Array;
  return fetch(emulator.url + path, {
    method,
    headers: {
      authorization: `Bearer ${emulator.issue().access_token}`,
      'content-type': isBytes ? 'application/octet-stream' : 'application/json',
      ...company,
    },
    body: isBytes ? body : JSON.stringify(body),
  });
}

const listOf = async (emulator: Emulator) =>
  (await get(emulator, rfis, emulator.issue().access_token, company)).json();

describe('a duplicate write', () => {
  test('has the path, the query and the body of an earlier one, whoever sends it', async () => {
    const emulator = await emulate();
    const writes: [path: string, body: unknown, duplicates: number][] = [
      [rfis, { subject: 'a' }, 0],
      [rfis, { subject: 'b' }, 0],
      ['/rest/v1.0/projects/8/rfis', { subject: 'a' }, 0],
      [`${rfis}?notify=1`, { subject: 'a' }, 0],
      [rfis, { subject: 'a' }, 1],
      [rfis, { subject: 'a' }, 2],
      [`${rfis}?notify=1`, { subject: 'a' }, 3],
    ];
    for (const [path, body, duplicates] of writes) {
      expect((await send(emulator, 'POST', path, body)).status).toBe(201);
      expect(emulator.counters.duplicateWrites).toBe(duplicates);
    }
  });

  test('is recognised byte for byte, also where the bytes are no text', async () => {
    const emulator = await emulate();
    await send(emulator, 'POST', rfis, Uint8Array.of(0xff));
    await send(emulator, 'POST', rfis, Uint8Array.of(0xfe));
    expect(emulator.counters.duplicateWrites).toBe(0);
    await send(emulator, 'POST', rfis, Uint8Array.of(0xff));
    expect(emulator.counters.duplicateWrites).toBe(1);
  });

  test('is none when the first was not carried out', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 503 } });
    await postRfi(emulator, access_token, { subject: 'a' });
    await postRfi(emulator, access_token, { subject: 'a' });
    expect(emulator.counters.duplicateWrites).toBe(0);
    expect(emulator.log.map(({ wrote }) => wrote)).toEqual([undefined, true]);
  });

  test('is one when the first was carried out, and its answer was lost', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    emulator.misbehave({ on: 'api', after: true, do: { kind: 'answer', status: 504 } });
    await postRfi(emulator, access_token, { subject: 'a' });
    await postRfi(emulator, access_token, { subject: 'a' });
    expect(emulator.counters.duplicateWrites).toBe(1);
    expect(emulator.log.map(({ status, wrote }) => [status, wrote])).toEqual([
      [504, true],
      [201, true],
    ]);
  });

  test('is none when it is refused, and reading writes nothing', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    await postRfi(emulator, access_token, null);
    await postRfi(emulator, access_token, null);
    await postRfi(emulator, 'made-up', { subject: 'a' });
    await getMe(emulator, access_token);
    expect(emulator.counters.duplicateWrites).toBe(0);
    for (const entry of emulator.log) expect(entry).not.toHaveProperty('wrote');
  });
});

describe('the sync action', () => {
  const sync = `${rfis}/sync`;
  const blank = { subject: ["can't be blank"] };

  test.each(['PATCH', 'POST'])('%s answers what was written and what was not', async (method) => {
    const emulator = await emulate();
    const answer = await send(emulator, method, sync, {
      updates: [
        { origin_id: 'a', subject: 'Which bolt?' },
        { origin_id: 'b' },
        { origin_id: 'c', subject: ' ' },
      ],
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      entities: [expect.objectContaining({ origin_id: 'a', subject: 'Which bolt?', number: '1' })],
      errors: [
        { origin_id: 'b', errors: blank },
        { origin_id: 'c', subject: ' ', errors: blank },
      ],
    });
    expect(emulator.log[0]?.wrote).toBe(true);
    expect(await listOf(emulator)).toMatchObject([{ origin_id: 'a' }]);
  });

  test('updates what has the id, or else the origin id, and creates what has none', async () => {
    const emulator = await emulate();
    const synced = async (path: string, item: object) => {
      const answer = await send(emulator, 'PATCH', path, { updates: [item] });
      return (await answer.json()) as { entities: Record<string, unknown>[]; errors: object[] };
    };
    const [first] = (await synced(sync, { origin_id: 'a', subject: 'Which bolt?', due: 3 })).entities;
    const [again] = (await synced(sync, { origin_id: 'a', subject: 'Which nut?' })).entities;
    expect(again).toEqual({ ...first, subject: 'Which nut?', updated_at: again!.updated_at });
    const [renamed] = (await synced(sync, { id: first!.id, origin_id: 'b' })).entities;
    expect(renamed).toMatchObject({ id: first!.id, origin_id: 'b', subject: 'Which nut?' });
    await synced(sync, { subject: 'Without origin' });
    await synced(sync, { subject: 'Without origin' });
    expect(await listOf(emulator)).toHaveLength(3);
  });

  test('refuses an id that is not there, and an origin id of another project', async () => {
    const emulator = await emulate();
    const errorsOf = async (path: string, item: object) => {
      const answer = await send(emulator, 'PATCH', path, { updates: [item] });
      return ((await answer.json()) as { errors: object[] }).errors;
    };
    expect(await errorsOf(sync, { id: 5, subject: 'a' })).toEqual([
      { id: 5, subject: 'a', errors: { id: ['Entity with this ID not found'] } },
    ]);
    expect(await errorsOf(sync, { origin_id: 'a', subject: 'a' })).toEqual([]);
    expect(await errorsOf('/rest/v1.0/projects/8/rfis/sync', { origin_id: 'a', subject: 'b' })).toEqual([
      { origin_id: 'a', subject: 'b', errors: { origin_id: ['has already been taken'] } },
    ]);
  });

  test('that is repeated is a duplicate as POST, and none as PATCH', async () => {
    const emulator = await emulate();
    const body = { updates: [{ origin_id: 'a', subject: 'Which bolt?' }] };
    for (const method of ['PATCH', 'PATCH', 'POST']) await send(emulator, method, sync, body);
    expect(emulator.counters.duplicateWrites).toBe(0);
    await send(emulator, 'POST', sync, body);
    expect(emulator.counters.duplicateWrites).toBe(1);
  });

  test('in which every item fails writes nothing', async () => {
    const emulator = await emulate();
    for (let i = 0; i < 2; i++) {
      const answer = await send(emulator, 'POST', sync, { updates: [{ origin_id: 'a' }] });
      expect(await answer.json()).toEqual({ entities: [], errors: [{ origin_id: 'a', errors: blank }] });
    }
    expect(emulator.log[0]).not.toHaveProperty('wrote');
    expect(emulator.counters.duplicateWrites).toBe(0);
  });

  test.each([[{}], [{ updates: {} }], [{ updates: ['a'] }], [null]])('%j is a 400', async (body) => {
    const emulator = await emulate();
    expect((await send(emulator, 'PATCH', sync, body)).status).toBe(400);
    expect(await listOf(emulator)).toEqual([]);
  });

  test('asks for the company header', async () => {
    const emulator = await emulate();
    const headers = { authorization: `Bearer ${emulator.issue().access_token}` };
    const answer = await fetch(emulator.url + sync, { method: 'PATCH', headers, body: '{"updates":[]}' });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringMatching(/^Missing Procore/)]);
  });
});
