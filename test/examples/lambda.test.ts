import { fork, type ChildProcess } from 'node:child_process';
import { on } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';
import { postgresSchema, postgresTokenStore } from '../../src/store/postgres.js';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { startWithExpiredPair } from '../support/expired-pair.js';
import { environmentOf, startByName } from '../support/examples.js';
import { startPostgres, type PostgresServer } from '../stores/support/postgres-server.js';
import type { Invocation } from './support/lambda-runtime.js';

const script = fileURLToPath(new URL('./support/lambda-runtime.ts', import.meta.url));

let server: PostgresServer | undefined;
let pool: pg.Pool;
let store: TokenStore;
beforeAll(async () => {
  server = await startPostgres();
  if (!server) return;
  pool = new pg.Pool({ connectionString: server.url });
  pool.on('error', () => undefined);
  await pool.query(postgresSchema());
  store = postgresTokenStore(pool);
});
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});

let emulator: Emulator;
let expired: TokenSet;
beforeEach(async ({ skip }) => {
  if (!server) return skip('no PostgreSQL server here');
  ({ emulator, expired } = await startWithExpiredPair());
  await store.remove!('default');
  await store.save(expired, 'default', undefined);
  return () => emulator.close();
});

/** A process of the function. */
interface LambdaProcess {
  readonly child: ChildProcess;
  /** What the process says next. */
  said(): Promise<unknown>;
  send(invocation: Invocation): void;
  /** Resolves with the answer, when the process says that its call has ended and then what it answers. */
  invoke(): Promise<unknown>;
}

async function start(): Promise<LambdaProcess> {
  const child = fork(script, {
    execArgv: ['--import', 'tsx'],
    env: {
      ...process.env,
      ...environmentOf(emulator),
      TSX_TSCONFIG_PATH: 'scripts/tsconfig.run.json',
      DATABASE_URL: server!.url,
      PGAPPNAME: 'lambda',
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const messages = on(child, 'message', { close: ['exit'] });
  const said = async () => ((await messages.next()).value as [unknown])[0];
  const send = (invocation: Invocation) => void child.send(invocation);
  expect(await said()).toBe('cold');
  return {
    child,
    said,
    send,
    async invoke() {
      send({ remainingMs: 60_000 });
      expect(await said()).toBe('the call has ended');
      return said();
    },
  };
}

async function connectionsOfTheFunction(): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'lambda'",
  );
  return rows[0]!.count;
}

test('npm run example lambda answers after a cold and after a warm start', async () => {
  const { code, stdout, stderr } = await startByName('lambda').ended;
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^cold start: 200 .*Harbour Bridge.*\nwarm start: 200 .*Harbour Bridge/m);
});

test('where its database does not answer, the command says so in one line and leaves no tokens behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-no-database-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const env = { TMPDIR: folder, DATABASE_URL: 'postgres://user:db-password@127.0.0.1:1/none' };
  const { code, stderr } = await startByName('lambda', [], env).ended;
  expect([code, stderr]).toEqual([1, 'connect ECONNREFUSED 127.0.0.1:1\n']);
  expect(readdirSync(folder).filter((name) => name.startsWith('axios-procore'))).toEqual([]);
});

test('when the process is frozen after an answer, its pair is saved, its lock is free, and it has no connection', async () => {
  const { child, invoke } = await start();
  expect(await invoke()).toMatchObject({ statusCode: 200 });
  child.kill('SIGSTOP');
  const stored = (await store.lock!(
    'default',
    async () => store.load('default'),
    new AbortController().signal,
  ))!;
  expect(stored.refresh_token).not.toBe(expired.refresh_token);
  expect(emulator.isLive(stored.refresh_token!)).toBe(true);
  await expect.poll(connectionsOfTheFunction).toBe(0);

  emulator.expire();
  child.kill('SIGCONT');
  expect(await invoke()).toMatchObject({ statusCode: 200 });
  expect(emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
});

test('an invocation whose call is out of time ends only after the renewal that is under way, and its save', async () => {
  await store.save(emulator.issue(), 'default', expired);
  const { child, said, send } = await start();
  const answer = emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  send({ remainingMs: 2, renewing: true });
  expect(await said()).toBe('the call has ended');
  await answer.struck();
  answer.release();
  expect(await said()).toMatchObject({ statusCode: 502 });
  child.kill('SIGSTOP');
  expect(emulator.isLive((await store.load('default'))!.refresh_token!)).toBe(true);
  expect(emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

test('processes that start at the same time renew once', async () => {
  const processes = await Promise.all([start(), start(), start()]);
  const answers = await Promise.all(processes.map(({ invoke }) => invoke()));
  expect(answers).toMatchObject(Array(3).fill({ statusCode: 200 }));
  expect(emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

test('an authorization that is lost is an answer that says what to do, without a token in it', async () => {
  emulator.revokeGrant(expired.refresh_token!);
  const { invoke } = await start();
  const answer = await invoke();
  expect(answer).toMatchObject({ statusCode: 502, body: expect.stringContaining('remedy') as string });
  expect(JSON.stringify(answer)).not.toContain(expired.refresh_token);
});
