import { describe, expect, test } from 'vitest';
import { ask, emulate, manualClock } from './support.js';

interface Named {
  id: number;
  name?: string;
  subject?: string;
}

const v1 = '/rest/v1.0';
const kinds = [
  ['rfi', `${v1}/projects/7/rfis`, { subject: 'Which bolt?' }],
  ['submittal', `${v1}/projects/7/submittals`, { title: 'Bolts' }],
  ['punch_item', `${v1}/punch_items?project_id=7`, { name: 'Paint' }],
  ['observation', `${v1}/observations/items?project_id=7`, { name: 'Hole', type_id: 562949953434001 }],
  ['notes_log', `${v1}/projects/7/notes_logs`, { comment: 'Rain' }],
  ['manpower_log', `${v1}/projects/7/manpower_logs`, { num_workers: 4 }],
  ['project', `${v1}/projects`, { name: 'Canal Lock' }],
  ['user', `${v1}/companies/1/users`, { last_name: 'Doe', email_address: 'doe@example.com' }],
] as const;

/** The path of one record of a list. */
function oneOf(list: string, id: unknown): string {
  const [path, query] = list.split('?');
  return `${path}/${String(id)}${query ? `?${query}` : ''}`;
}

describe.each(kinds)('a %s', (wrapper, path, fields) => {
  test('is created, shown, changed and listed', async () => {
    const emulator = await emulate();
    const created = await ask(emulator, `POST ${path}`, { [wrapper]: fields });
    expect([created.status, created.data]).toEqual([201, expect.objectContaining(fields)]);
    const { id } = created.data as Named;
    expect(id).toBeGreaterThan(2 ** 32);
    const changed = await ask(emulator, `PATCH ${oneOf(path, id)}`, { [wrapper]: { origin_id: 'a' } });
    expect([changed.status, changed.data]).toEqual([
      200,
      expect.objectContaining({ ...fields, id, origin_id: 'a' }),
    ]);
    expect((await ask(emulator, `GET ${oneOf(path, id)}`)).data).toEqual(changed.data);
    expect((await ask(emulator, `GET ${path}`)).data).toContainEqual(changed.data);
    expect((await ask(emulator, `GET ${oneOf(path, 5)}`)).status).toBe(404);
    expect((await ask(emulator, `PATCH ${oneOf(path, 5)}`, {})).status).toBe(404);
  });

  test('is synced', async () => {
    const emulator = await emulate();
    const [list, query] = path.split('?');
    const updates = [{ ...fields, origin_id: 'a' }, { id: 5 }];
    const answer = await ask(emulator, `PATCH ${list}/sync${query ? `?${query}` : ''}`, { updates });
    expect([answer.status, answer.data]).toEqual([
      200,
      {
        entities: [expect.objectContaining({ ...fields, origin_id: 'a' })],
        errors: [{ id: 5, errors: { id: ['Entity with this ID not found'] } }],
      },
    ]);
  });
});

describe('fields that are refused', () => {
  test.each([
    [`${v1}/projects/7/rfis`, { rfi: {} }, { subject: ["can't be blank"] }],
    [
      `${v1}/projects/7/rfis`,
      { subject: '  ', due_date: 'soon' },
      { subject: ["can't be blank"], due_date: ['is not a valid date'] },
    ],
    [`${v1}/projects/7/rfis`, { subject: 'a', status: 'lost' }, { status: ['is not included in the list'] }],
    [`${v1}/projects/7/rfis`, { subject: 5 }, { subject: ['must be a string'] }],
    [`${v1}/punch_items`, { project_id: 7, punch_item: {} }, { name: ["can't be blank"] }],
    [
      `${v1}/observations/items`,
      { project_id: 7, observation: { name: 'a' } },
      { type_id: ["can't be blank"] },
    ],
    [`${v1}/projects/7/manpower_logs`, { num_workers: 'many' }, { num_workers: ['is not a number'] }],
    [
      `${v1}/projects/7/rfis`,
      { subject: 'a', upload_ids: ['none'] },
      { upload_ids: ['must name uploads that are complete'] },
    ],
  ])('POST %s %j is a 422 with the reasons by field', async (path, body, errors) => {
    const emulator = await emulate();
    const answer = await ask(emulator, `POST ${path}`, body);
    expect([answer.status, answer.data]).toEqual([422, { errors }]);
    expect(emulator.log[0]?.wrote).toBeUndefined();
  });

  test('of an update are those that it changes', async () => {
    const emulator = await emulate();
    const path = `${v1}/projects/7/rfis`;
    const { id } = (await ask(emulator, `POST ${path}`, { subject: 'a', origin_id: 'x' })).data as Named;
    await ask(emulator, `POST ${path}`, { subject: 'b', origin_id: 'y' });
    const refused = await ask(emulator, `PATCH ${path}/${id}`, { subject: '', origin_id: 'y' });
    expect([refused.status, refused.data]).toEqual([
      422,
      { errors: { subject: ["can't be blank"], origin_id: ['has already been taken'] } },
    ]);
    expect((await ask(emulator, `PATCH ${path}/${id}`, { origin_id: 'x', status: 'closed' })).status).toBe(
      200,
    );
  });

  test('are more than a thousand in one sync', async () => {
    const emulator = await emulate();
    const updates = Array.from({ length: 1001 }, () => ({ subject: 'a' }));
    const answer = await ask(emulator, `PATCH ${v1}/projects/7/rfis/sync`, { updates });
    expect([answer.status, answer.data]).toEqual([
      422,
      { errors: { updates: ['is too long (maximum is 1000)'] } },
    ]);
  });

  test('of a form with a wrapper are read, too', async () => {
    const emulator = await emulate();
    const answer = await fetch(`${emulator.url}${v1}/projects/7/rfis`, {
      method: 'POST',
      headers: { authorization: `Bearer ${emulator.issue().access_token}`, 'procore-company-id': '1' },
      body: new URLSearchParams({ 'rfi[subject]': 'Which bolt?' }),
    });
    expect([answer.status, await answer.json()]).toEqual([
      201,
      expect.objectContaining({ subject: 'Which bolt?' }),
    ]);
  });
});

test('a list outside of the path of its project asks for the project', async () => {
  const emulator = await emulate();
  const answer = await ask(emulator, `GET ${v1}/punch_items`);
  expect([answer.status, answer.data]).toEqual([
    400,
    { errors: 'param is missing or the value is empty: project_id' },
  ]);
});

test('the user of the token is one of the users of the company and of every project', async () => {
  const emulator = await emulate();
  const me = (await ask(emulator, `GET ${v1}/me`)).data as Named;
  const users = (await ask(emulator, `GET ${v1}/companies/1/users`)).data as Named[];
  expect(users.map(({ id }) => id)).toEqual([1, 2, 3]);
  expect(users[0]).toMatchObject(me);
  expect((await ask(emulator, `GET ${v1}/projects/7/users`)).data).toEqual(users);
});

test('one project is shown by an id of the list', async () => {
  const emulator = await emulate();
  const [first] = (await ask(emulator, `GET ${v1}/projects`)).data as Named[];
  expect((await ask(emulator, `GET ${v1}/projects/${first!.id}`)).data).toEqual(first);
  expect(((await ask(emulator, `GET ${v1}/observations/types`)).data as Named[])[0]?.name).toBe(
    'Commissioning',
  );
});

describe('daily logs', () => {
  test('are those of today, of a day, or of a range of days', async () => {
    const clock = manualClock(Date.parse('2026-03-10T12:00:00Z'));
    const emulator = await emulate({ now: clock.now });
    const path = `${v1}/projects/7/notes_logs`;
    for (const date of [undefined, '2026-03-09', '2026-03-08'])
      await ask(emulator, `POST ${path}`, { notes_log: { comment: 'a', date } });
    const datesOf = async (query: string) =>
      ((await ask(emulator, `GET ${path}${query}`)).data as { date: string }[]).map(({ date }) => date);
    expect(await datesOf('')).toEqual(['2026-03-10']);
    expect(await datesOf('?log_date=2026-03-09')).toEqual(['2026-03-09']);
    expect(await datesOf('?start_date=2026-03-08&end_date=2026-03-09')).toEqual(['2026-03-09', '2026-03-08']);
  });
});

describe('version 2', () => {
  const path = '/rest/v2.0/companies/562949953421401/projects/7/rfis';

  test('wraps items in data, has ids as texts, and ten items to a page, at most a hundred', async () => {
    const emulator = await emulate();
    const created = await ask(emulator, `POST ${path}`, { subject: 'a', assignee_id: 2 });
    expect([created.status, created.data]).toEqual([
      201,
      { data: expect.objectContaining({ id: '562949953430001', assignee_id: '2' }) as object },
    ]);
    const updates = Array.from({ length: 120 }, (_, index) => ({ subject: `${index}` }));
    await ask(emulator, `PATCH ${v1}/projects/7/rfis/sync`, { updates });
    for (const [query, size] of [
      ['', 10],
      ['?per_page=50', 50],
      ['?per_page=500', 100],
    ] as const) {
      const { data, headers } = await ask(emulator, `GET ${path}${query}`);
      expect((data as { data: Named[] }).data).toHaveLength(size);
      expect([headers.get('per-page'), headers.get('total')]).toEqual([String(size), '121']);
    }
  });

  test('tells what is refused in its envelope', async () => {
    const emulator = await emulate();
    const refused = await ask(emulator, `POST ${path}`, { rfi: { status: 'lost' } });
    expect([refused.status, refused.data]).toEqual([
      400,
      {
        error: {
          code: 'BAD_REQUEST',
          message: 'Bad Request',
          details: [
            { reason_code: 'MISSING_PROPERTY', message: "subject can't be blank", source: 'subject' },
            {
              reason_code: 'INVALID_PROPERTY',
              message: 'status is not included in the list',
              source: 'status',
            },
          ],
        },
      },
    ]);
    const missing = await ask(emulator, `GET ${path}/5`);
    expect([missing.status, missing.data]).toMatchObject([404, { error: { code: 'NOT_FOUND' } }]);
  });
});

describe('filters', () => {
  const path = `${v1}/projects/7/rfis`;

  test('leave what has one of the values, or is in the range, and sort', async () => {
    const clock = manualClock(Date.parse('2026-03-10T12:00:00Z'));
    const emulator = await emulate({ now: clock.now });
    for (const [subject, status] of [
      ['a', 'open'],
      ['b', 'closed'],
      ['c', 'draft'],
    ] as const) {
      await ask(emulator, `POST ${path}`, { subject, status });
      clock.advance(86_400_000);
    }
    const subjectsOf = async (query: string) =>
      ((await ask(emulator, `GET ${path}?${query}`)).data as Named[]).map(({ subject }) => subject).join('');
    expect(await subjectsOf('filters[status]=open,draft')).toBe('ac');
    expect(await subjectsOf('filters[status]=open&filters[subject]=b')).toBe('');
    expect(await subjectsOf('filters[updated_at]=2026-03-11...2026-03-11')).toBe('b');
    expect(await subjectsOf('filters[updated_at]="2026-03-10T12:00:00Z...2026-03-11T12:00:00Z"')).toBe('ab');
    expect(await subjectsOf('filters[created_at]=2026-03-11...')).toBe('bc');
    expect(await subjectsOf('sort=-updated_at')).toBe('cba');
    expect(await subjectsOf('sort=status&filters[include_deleted]=with')).toBe('bca');
  });
});

describe('known companies', () => {
  const companies = [
    { id: '562949953421401', name: 'Ours', projects: [{ id: 7, name: 'Bridge' }] },
    { id: 8, projects: [{ id: 9 }] },
  ];

  test('are listed with their own projects', async () => {
    const emulator = await emulate({ companies });
    expect((await ask(emulator, `GET ${v1}/companies`)).data).toMatchObject([
      { id: 562949953421401, name: 'Ours' },
      { id: 8, name: 'Company 8' },
    ]);
    expect((await ask(emulator, `GET ${v1}/projects`)).data).toMatchObject([{ id: 7, name: 'Bridge' }]);
    expect(
      (await ask(emulator, `GET ${v1}/companies/8/projects`, undefined, { 'procore-company-id': '8' })).data,
    ).toMatchObject([{ id: 9, name: 'Project 9', company: { id: 8 } }]);
  });

  test('are the only ones: any other company is a 403, any other project a 404', async () => {
    const emulator = await emulate({ companies });
    const statusOf = async (route: string, company?: string, body?: unknown) =>
      (await ask(emulator, route, body, company ? { 'procore-company-id': company } : {})).status;
    expect(await statusOf(`GET ${v1}/projects/7/rfis`)).toBe(200);
    expect(await statusOf(`GET ${v1}/projects/7/rfis`, '5')).toBe(403);
    expect(await statusOf(`GET ${v1}/companies/5/users`)).toBe(403);
    expect(await statusOf(`GET ${v1}/companies/8/users`)).toBe(403);
    expect(await statusOf(`GET ${v1}/projects/9/rfis`)).toBe(404);
    expect(await statusOf(`GET ${v1}/projects/9/rfis`, '8')).toBe(200);
    expect(await statusOf(`GET ${v1}/projects/9`)).toBe(404);
    expect(await statusOf(`GET ${v1}/punch_items?project_id=9`)).toBe(404);
    expect(
      await statusOf(`POST ${v1}/punch_items`, undefined, { project_id: 9, punch_item: { name: 'a' } }),
    ).toBe(404);
    const refused = await ask(emulator, `GET ${v1}/projects`, undefined, { 'procore-company-id': '5' });
    expect(refused.data).toEqual({ errors: 'App is not connected to this company' });
  });

  test('keep an origin_id each for itself', async () => {
    const emulator = await emulate({ companies });
    const post = async (project: number, company: string) =>
      (
        await ask(
          emulator,
          `POST ${v1}/projects/${project}/rfis`,
          { subject: 'a', origin_id: 'x' },
          { 'procore-company-id': company },
        )
      ).status;
    expect(await post(7, '562949953421401')).toBe(201);
    expect(await post(9, '8')).toBe(201);
    expect(await post(9, '8')).toBe(422);
  });
});
