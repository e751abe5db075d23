import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';
import type { TokenSet } from '../../src/store/store.js';
import { forkProgram } from '../support/fork.js';
import type { StoppedReport, StoppedTask } from './support/stopped-worker.js';
import { startWithExpiredPair } from '../support/expired-pair.js';

const program = new URL('./support/stopped-worker.ts', import.meta.url);
/** What the process waits for anything, on a busy machine, too, and how much longer it is away. */
const patienceMs = 3_000;
const awayMs = 5_000;

let emulator: Emulator;
let rows: Server;
let row: TokenSet | undefined;
let child: ChildProcess | undefined;
/** Holds the answers of the rows to this method. */
let holding: 'GET' | 'PUT' | undefined;
let held: ServerResponse[];
let asked: () => void;

beforeEach(async () => {
  ({ emulator, expired: row } = await startWithExpiredPair());
  holding = undefined;
  held = [];
  asked = () => undefined;
  rows = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.method === 'PUT') row = JSON.parse(Buffer.concat(parts).toString()) as TokenSet;
      if (request.method !== holding) return response.end(JSON.stringify(row ?? null));
      holding = undefined;
      held.push(response);
      asked();
    });
  }).listen(0, '127.0.0.1');
  await once(rows, 'listening');
});
afterEach(async () => {
  child?.kill('SIGKILL');
  rows.closeAllConnections();
  rows.close();
  await emulator.close();
});

async function message(): Promise<unknown> {
  const [said] = (await once(child!, 'message')) as [unknown];
  return said;
}

async function start(task: StoppedTask, code = '', forMs = patienceMs): Promise<void> {
  const { port } = rows.address() as AddressInfo;
  const args = [emulator.url, `http://127.0.0.1:${port}`, task, String(forMs), code];
  child = forkProgram(program, args);
  await message();
}

/** Lets the answer arrive while the process is away, and resolves with what it has come to. */
async function away(how: 'stopped' | 'busy', release: () => void): Promise<StoppedReport> {
  if (how === 'stopped') {
    child!.kill('SIGSTOP');
    release();
    await sleep(awayMs);
    const report = message();
    child!.kill('SIGCONT');
    return (await report) as StoppedReport;
  }
  child!.send({ busyMs: awayMs });
  expect(await message()).toBe('busy');
  const report = message();
  release();
  return (await report) as StoppedReport;
}

describe.each(['stopped', 'busy'] as const)('a process that is %s for longer than it waits', (how) => {
  test.each<[StoppedTask, string]>([
    ['exchange', "a renewal by the application's own exchange"],
    ['deadline', 'a call with a deadline'],
  ])('reads the answer of the token endpoint that has arrived meanwhile (%s: %s)', async (task) => {
    await start(task);
    const answer = emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
    child!.send('begin');
    await answer.struck();
    expect(await away(how, answer.release)).toEqual({ outcome: 'done', events: ['token-renewed'] });
    expect(emulator.counters).toMatchObject({ tokenRequests: 1, spentPresentations: 0 });
    expect(emulator.isLive(row!.refresh_token!)).toBe(true);
  });

  test('reads the answer to the code of a log-in', async () => {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'emulator-client',
      redirect_uri: 'http://localhost:3000/callback',
      state: 'state',
    });
    const { code } = emulator.authorize(`${emulator.url}/oauth/authorize?${query.toString()}`);
    await start('code', code);
    const answer = emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
    child!.send('begin');
    await answer.struck();
    expect((await away(how, answer.release)).outcome).toBe('done');
    expect(emulator.isLive(row!.refresh_token!)).toBe(true);
  });

  test.each([
    ['save', 'PUT'],
    ['load', 'GET'],
  ] as const)('takes a %s for done that was done meanwhile', async (_what, method) => {
    await start('call');
    const reached = new Promise<void>((resolve) => (asked = resolve));
    holding = method;
    child!.send('begin');
    await reached;
    const release = () => held[0]!.end(JSON.stringify(row ?? null));
    expect(await away(how, release)).toEqual({ outcome: 'done', events: ['token-renewed'] });
    expect(emulator.counters).toMatchObject({ tokenRequests: 1, spentPresentations: 0 });
  });
});

test('time in which a process was stopped counts against nobody: an answer that takes its time after that is awaited', async () => {
  // A busy machine takes its time to wake a process, too: that must not be what the patience is spent on.
  const longMs = 6_000;
  await start('call', '', longMs);
  const answer = emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  child!.send('begin');
  await answer.struck();
  child!.kill('SIGSTOP');
  await sleep(longMs + 500);
  const report = message();
  child!.kill('SIGCONT');
  await sleep(250);
  answer.release();
  expect(await report).toEqual({ outcome: 'done', events: ['token-renewed'] });
});
