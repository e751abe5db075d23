import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startEmulator, type Emulator } from '../../src/emulator/index.js';
import { environmentOf, startByName, startExample, type Example } from '../support/examples.js';
import { startPostgres, type PostgresServer } from '../stores/support/postgres-server.js';

let server: PostgresServer | undefined;
let pool: pg.Pool;
beforeAll(async () => {
  server = await startPostgres();
  if (!server) return;
  pool = new pg.Pool({ connectionString: server.url });
  pool.on('error', () => undefined);
});
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});

const companyId = '562949953421401';
const authorization = 'Bearer of the hook';
let emulator: Emulator;
let env: Record<string, string>;
beforeEach(async ({ skip }) => {
  if (!server) return skip('no PostgreSQL server here');
  await pool.query('DROP TABLE IF EXISTS procore_events, axios_procore_tokens');
  emulator = await startEmulator();
  env = { ...environmentOf(emulator), DATABASE_URL: server.url, WEBHOOK_AUTHORIZATION: authorization };
  return () => emulator.close();
});

/** Starts a process of the example, with the tokens of the company or with those that a process before has moved to the database. */
async function start(): Promise<Example & { deliver(body: string, header?: string): Promise<number> }> {
  const example = startExample('webhooks', { env });
  const url = await example.url;
  return {
    ...example,
    async deliver(body, header = authorization) {
      const request = { method: 'POST', headers: { authorization: header, connection: 'close' }, body };
      return (await fetch(`${url}/webhooks/procore`, request)).status;
    },
  };
}

/** An event in Procore's payload v4.0. */
const event = (id: string, rfi: number) =>
  JSON.stringify({
    ...{ id, reason: 'update', resource_type: 'RFIs', resource_id: String(rfi) },
    ...{ company_id: companyId, project_id: '1' },
  });

/** Answers the calls for an RFI: the path is that of {@link event}. */
const rfi = (id: number) => ({
  on: ({ path }: { path: string }) => path === `/rest/v1.0/projects/1/rfis/${id}`,
});
const calls = () => emulator.log.filter(({ path }) => path.includes('/rfis/'));

interface Row {
  id: string;
  attempts: number;
  done: boolean;
  failed: boolean;
  due: boolean;
  last_error: string | null;
}
async function rows(): Promise<Row[]> {
  const { rows } = await pool.query<Row>(
    `SELECT id, attempts, last_error, done_at IS NOT NULL AS done, failed_at IS NOT NULL AS failed,
            due_at <= now() AS due
       FROM procore_events ORDER BY id`,
  );
  return rows;
}
const eventually = (look: () => unknown) => expect.poll(look);
const dueNow = () => pool.query('UPDATE procore_events SET due_at = now()');

test('npm run example webhooks takes the delivery that it prints, and ends when it is told to', async () => {
  const example = startByName('webhooks');
  const url = await example.url;
  await eventually(() => example.output()).toContain('curl');
  const [, header = '', body = '', address = ''] =
    /curl -H 'Authorization: (.*?)' -d '(.*?)' (\S+)/.exec(example.output()) ?? [];
  expect(address).toBe(`${url}/webhooks/procore`);
  const answer = await fetch(address, { method: 'POST', headers: { authorization: header }, body });
  expect(answer.status).toBe(204);
  await eventually(() => example.output()).toContain('RFI 1: not there');
  example.kill('SIGTERM');
  expect(await example.ended).toMatchObject({ code: 0, stderr: '' });
});

test('an event that is delivered several times is carried out once, with the tokens of its company', async () => {
  const { deliver, output } = await start();
  emulator.misbehave({
    ...rfi(7),
    do: { kind: 'answer', status: 200, body: { id: 7, subject: 'Which bolt?' } },
  });
  const deliveries = [deliver(event('A', 7)), deliver(event('A', 7)), deliver(event('A', 7))];
  expect(await Promise.all(deliveries)).toEqual([204, 204, 204]);
  await eventually(output).toContain('RFI 7: Which bolt?');
  expect(await deliver(event('A', 7))).toBe(204);
  expect(await deliver(event('B', 8))).toBe(204);
  await eventually(output).toContain('RFI 8: not there');
  expect(calls()).toMatchObject([
    { path: '/rest/v1.0/projects/1/rfis/7', companyId },
    { path: '/rest/v1.0/projects/1/rfis/8', companyId },
  ]);
  const { rows: held } = await pool.query<{ account: string; token: string }>(
    "SELECT account, tokens->>'access_token' AS token FROM axios_procore_tokens",
  );
  expect(held.map(({ account }) => account)).toEqual([companyId]);
  const fingerprint = createHash('sha256').update(held[0]!.token).digest('hex').slice(0, 8);
  expect(calls().map(({ accessToken }) => accessToken)).toEqual([fingerprint, fingerprint]);
});

test.each([
  ['another', 'Bearer of another hook'],
  ['no', ''],
])('a delivery with %s Authorization is refused, and not kept', async (_which, header) => {
  const { deliver } = await start();
  expect(await deliver(event('A', 7), header)).toBe(401);
  expect(await rows()).toEqual([]);
});

test('an event that cannot be read is taken and kept, so that Procore goes on with the others', async () => {
  const { deliver, output } = await start();
  expect(await deliver('<event/>')).toBe(204);
  expect(await deliver(event('B', 8))).toBe(204);
  await eventually(output).toContain('RFI 8: not there');
  await eventually(async () => (await rows()).filter(({ last_error }) => last_error).length).toBe(1);
});

test('an event that cannot be read is given up after ten attempts, until somebody has it tried again', async () => {
  const { deliver, output } = await start();
  expect(await deliver('{"id":"A","resource_type":"RFIs"')).toBe(204);
  await eventually(rows).toMatchObject([
    { attempts: 1, failed: false, last_error: expect.stringContaining('JSON') as string },
  ]);
  await pool.query('UPDATE procore_events SET attempts = 9, due_at = now()');
  await eventually(rows).toMatchObject([{ attempts: 10, failed: true, done: false }]);
  await eventually(output).toMatch(/Event \w+ is given up after 10 attempts: .*JSON/);
  // The one that was given up is due, too, and before the other one.
  await dueNow();
  expect(await deliver(event('B', 8))).toBe(204);
  await eventually(output).toContain('RFI 8: not there');
  const page = await readFile(new URL('../../docs/webhooks.md', import.meta.url), 'utf8');
  const [look = '', again = ''] = [...page.matchAll(/```sql\n([^]*?)\n```/g)].map(([, sql = '']) => sql);
  expect((await pool.query(look)).rows).toMatchObject([{ attempts: 10 }]);
  await pool.query(again);
  await eventually(async () => (await rows()).map(({ attempts }) => attempts)).toEqual([1, 1]);
});

test('a delivery that cannot be kept is answered with 503, and is carried out when Procore repeats it', async () => {
  const { deliver, output } = await start();
  await pool.query('ALTER TABLE procore_events RENAME TO elsewhere');
  expect(await deliver(event('A', 7))).toBe(503);
  await pool.query('ALTER TABLE elsewhere RENAME TO procore_events');
  expect(await deliver(event('A', 7))).toBe(204);
  await eventually(output).toContain('RFI 7: not there');
});

test('an event whose call fails is tried again', async () => {
  const { deliver } = await start();
  const fault = emulator.misbehave({
    ...rfi(7),
    do: { kind: 'answer', status: 422, body: { errors: 'locked' } },
  });
  expect(await deliver(event('A', 7))).toBe(204);
  await eventually(rows).toMatchObject([
    { done: false, last_error: expect.stringContaining('422') as string },
  ]);
  fault.remove();
  await dueNow();
  await eventually(rows).toMatchObject([{ done: true, last_error: null }]);
});

test('a process that is told to end gives its event back at once, and the next one carries it out', async () => {
  const first = await start();
  const call = emulator.misbehave({ ...rfi(7), do: { kind: 'hang' } });
  expect(await first.deliver(event('A', 7))).toBe(204);
  await call.struck();
  first.kill('SIGTERM');
  expect((await first.ended).code).toBe(0);
  expect(await rows()).toMatchObject([{ done: false, due: true }]);
  call.remove();
  const second = await start();
  await eventually(second.output).toContain('RFI 7: not there');
  await eventually(rows).toMatchObject([{ done: true }]);
});

test('the event of a process that is killed is carried out by another when its time is over', async () => {
  const first = await start();
  const call = emulator.misbehave({ ...rfi(7), do: { kind: 'hang' } });
  expect(await first.deliver(event('A', 7))).toBe(204);
  await call.struck();
  first.kill('SIGKILL');
  await first.ended;
  expect(await rows()).toMatchObject([{ done: false, due: false }]);
  call.remove();
  const second = await start();
  await dueNow();
  await eventually(second.output).toContain('RFI 7: not there');
});

test('two processes share a queue, and carry out each event once', async () => {
  const processes = [await start(), await start()];
  const ids = Array.from({ length: 20 }, (_, index) => index + 10);
  const statuses = await Promise.all(ids.map((id) => processes[id % 2]!.deliver(event(`E${id}`, id))));
  expect(new Set(statuses)).toEqual(new Set([204]));
  await eventually(async () => (await rows()).filter(({ done }) => done).length).toBe(ids.length);
  expect(calls().length).toBe(ids.length);
});

test('nothing that is printed has a token or the header of the hook in it', async () => {
  const example = await start();
  const fault = emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 500 } });
  emulator.expire();
  await example.deliver(event('A', 7));
  await fault.struck();
  example.kill('SIGTERM');
  await example.ended;
  const { rows: held } = await pool.query<{ tokens: Record<string, string> }>(
    'SELECT tokens FROM axios_procore_tokens',
  );
  for (const secret of [
    held[0]!.tokens['access_token']!,
    held[0]!.tokens['refresh_token']!,
    authorization,
    emulator.clientSecret,
  ])
    expect(example.output()).not.toContain(secret);
});
