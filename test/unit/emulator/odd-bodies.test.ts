import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ask, askInJson, emulate } from './support.js';

const project = '/rest/v1.0/projects/7';
const rfis = `${project}/rfis`;
/** A value that neither `String` nor a template can make a text of. */
const noText = { toString: 1, valueOf: 1 };

describe('a field of a wrong type is refused by its name', () => {
  test.each([
    ['origin_id', noText, 'must be a string'],
    ['origin_id', ['a'], 'must be a string'],
    ['origin_id', true, 'must be a string'],
    ['assignee_id', noText, 'is not a number'],
    ['assignee_id', [5], 'is not a number'],
    ['due_date', noText, 'is not a valid date'],
    ['status', ['open'], 'is not included in the list'],
    ['upload_ids', [noText], 'must name uploads that are complete'],
    ['upload_ids', noText, 'must name uploads that are complete'],
  ])('%s: %j', async (field, value, why) => {
    const emulator = await emulate();
    const body = { rfi: { subject: 'Which bolt?', [field]: value } };
    const created = await ask(emulator, `POST ${rfis}`, body);
    expect([created.status, created.data]).toEqual([422, { errors: { [field]: [why] } }]);
    const { data } = await ask(emulator, `POST ${rfis}`, { rfi: { subject: 'Which bolt?' } });
    const changed = await ask(emulator, `PATCH ${rfis}/${(data as { id: number }).id}`, body);
    expect([changed.status, changed.data]).toEqual([422, { errors: { [field]: [why] } }]);
  });

  test.each([['first_name'], ['last_name'], ['email_address']])('%s of a user', async (field) => {
    const body = { user: { last_name: 'Doe', email_address: 'doe@example.com', [field]: noText } };
    const { status, data } = await ask(await emulate(), 'POST /rest/v1.0/companies/1/users', body);
    expect([status, data]).toEqual([422, { errors: { [field]: ['must be a string'] } }]);
  });

  test('num_workers of a manpower log', async () => {
    const body = { manpower_log: { num_workers: noText, num_hours: [8] } };
    const { status, data } = await ask(await emulate(), `POST ${project}/manpower_logs`, body);
    const errors = { num_workers: ['is not a number'], num_hours: ['is not a number'] };
    expect([status, data]).toEqual([422, { errors }]);
  });

  test('the id of an item of a sync action', async () => {
    const updates = [{ id: noText }, { id: [5] }, { origin_id: noText }];
    const { status, data } = await ask(await emulate(), `PATCH ${rfis}/sync`, { updates });
    expect([status, data]).toEqual([
      200,
      {
        entities: [],
        errors: [
          { id: noText, errors: { id: ['Entity with this ID not found'] } },
          { id: [5], errors: { id: ['Entity with this ID not found'] } },
          {
            origin_id: noText,
            errors: { origin_id: ['must be a string'], subject: ["can't be blank"] },
          },
        ],
      },
    ]);
  });

  test.each([[noText], ['north'], [[7]]])('project_id %j beside a record', async (project_id) => {
    const body = { project_id, punch_item: { name: 'Paint' } };
    const { status, data } = await ask(await emulate(), 'POST /rest/v1.0/punch_items', body);
    expect(status).toBe(400);
    expect(data).toEqual({ errors: 'param is missing or the value is empty: project_id' });
  });
});

test('an ETag of an upload that is no text is another one', async () => {
  const emulator = await emulate();
  const sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  const announced = { segments: [{ size: 0, sha256 }] };
  const begun = await ask(emulator, `POST /rest/v1.1/projects/7/uploads`, announced);
  const { uuid, segments } = begun.data as { uuid: string; segments: [{ url: string }] };
  expect((await fetch(segments[0].url, { method: 'PUT', body: '' })).status).toBe(200);
  const { status, data } = await ask(emulator, `PATCH /rest/v1.1/projects/7/uploads/${uuid}`, {
    segments: [{ etag: noText }],
  });
  expect([status, data]).toEqual([422, { errors: { segments: ['the ETag of part 1 is another one'] } }]);
});

test('only records with an origin_id can share it', async () => {
  const emulator = await emulate();
  const withOrigin = (origin_id: unknown) =>
    ask(emulator, `POST ${rfis}`, { rfi: { subject: 'Which bolt?', origin_id } });
  for (const none of [undefined, null, '', '']) expect((await withOrigin(none)).status).toBe(201);
  for (const text of ['null', 'undefined']) expect((await withOrigin(text)).status).toBe(201);
  expect((await withOrigin(12)).status).toBe(201);
  const { status, data } = await withOrigin('12');
  expect([status, data]).toEqual([422, { errors: { origin_id: ['has already been taken'] } }]);
});

test('a field __proto__ is one like others, and changes no record', async () => {
  const emulator = await emulate();
  const { data } = await askInJson(emulator, `POST ${rfis}`, '{"subject":"Which bolt?","__proto__":{"a":1}}');
  const { id } = data as { id: number };
  const changed = await askInJson(
    emulator,
    `PATCH ${rfis}/${id}`,
    '{"__proto__":{"subject":"Another","b":2}}',
  );
  expect(changed.status).toBe(200);
  const shown = await ask(emulator, `GET ${rfis}?filters[b]=2`);
  expect(shown.data).toEqual([]);
  expect(JSON.stringify((await ask(emulator, `GET ${rfis}/${id}`)).data)).toContain(
    '"__proto__":{"subject":"Another","b":2}',
  );
});

test('JSON that is nested more than 100 levels deep is refused', async () => {
  const emulator = await emulate();
  const nested = (levels: number) =>
    `{"subject":"Which bolt?","x":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  expect((await askInJson(emulator, `POST ${rfis}`, nested(99))).status).toBe(201);
  for (const levels of [100, 200_000]) {
    const { status, data } = await askInJson(emulator, `POST ${rfis}`, nested(levels));
    expect([status, data]).toEqual([400, { errors: 'The request body is not a JSON object.' }]);
  }
});

/** JSON with keys and values that trip up code which takes them for texts, numbers or keys of its own. */
const odd = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(null, true, '', 'a', '../..', '\u0000', '\ud800', -0, -1, 1.5, 1e21, 7, 1e308),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(
      fc.constantFrom(
        ...['__proto__', 'constructor', 'toString', 'valueOf', 'toJSON', 'length', 'id', 'origin_id', 'name'],
        ...['rfi', 'user', 'project', 'subject', 'last_name', 'first_name', 'date', 'due_date', 'project_id'],
        ...['upload_ids', 'updates', 'segments', 'size', 'sha256', 'etag', 'part_etags', 'errors', 'status'],
      ),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
})).value;

test('no body that a client can send is answered with a failure of the emulator', async () => {
  const emulator = await emulate();
  const authorization = `Bearer ${emulator.issue().access_token}`;
  const company = '/rest/v2.0/companies/1/projects/7';
  const routes = [
    ...[`POST ${rfis}`, `PATCH ${rfis}/sync`, `PATCH ${rfis}/562949953430001`, `POST ${company}/rfis`],
    ...['POST /rest/v1.0/punch_items', 'POST /rest/v1.0/projects', 'PATCH /rest/v1.0/projects/sync'],
    ...['POST /rest/v1.0/companies/1/users', 'PATCH /rest/v1.0/companies/1/users/1'],
    ...[`POST ${project}/notes_logs`, `PATCH ${project}/manpower_logs/sync`],
    ...[`POST ${company}/uploads`, 'POST /rest/v1.1/projects/7/uploads', 'POST /oauth/token'],
  ];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), odd, fc.array(odd), async (route, value, updates) => {
      const body = typeof value === 'object' && !Array.isArray(value) ? { ...value, updates } : value;
      const { status, data } = await ask(emulator, route, body, { authorization });
      expect(status, JSON.stringify(data)).toBeLessThan(500);
    }),
    { numRuns: 200 },
  );
  for (const list of [rfis, `${project}/notes_logs`, '/rest/v1.0/projects', '/rest/v1.0/companies/1/users'])
    for (const query of ['', '?sort=__proto__', '?filters[toString]=a', '?page=1e9&per_page=-1'])
      expect((await ask(emulator, `GET ${list}${query}`)).status).toBe(200);
});
