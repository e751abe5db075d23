/** Processes under one limit, whose pacing they share through a Redis. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { EmulatorOptions } from '../../../src/emulator/index.js';
import { forkProgram } from '../../support/fork.js';
import type { EmulatedWindow, EmulatorReady, EmulatorSeen, EmulatorTask } from './limited-emulator.js';
import type { WorkerReport, WorkerSetup, WorkerTask } from './limited-worker.js';

/** One process of the fleet. */
interface Member {
  readonly child: ChildProcess;
  readonly reports: readonly WorkerReport[];
  /** Calls that have ended so far, by their status or the code of their error. */
  outcomes(): Record<string, number>;
  /** How often it has told this. */
  told(what: 'pacing-alone' | 'pacing-together'): number;
  begin(task: WorkerTask): Promise<void>;
  /** Ends it in an orderly way; resolves when the process is gone. */
  end(): Promise<void>;
}

export interface Fleet extends AsyncDisposable {
  readonly members: readonly Member[];
  /** What the API has seen. */
  seen(): Promise<EmulatorSeen>;
  /** The windows of the API's limit so far. */
  windows(): Promise<readonly EmulatedWindow[]>;
  /** The API does not answer the next call. */
  hold(): Promise<void>;
  /** Calls of all members that have ended so far. */
  outcomes(): Record<string, number>;
}

const here = (name: string) => new URL(`./${name}`, import.meta.url);

export async function startLimited(setup: {
  redisUrl: string | ((index: number) => string);
  members: number;
  emulator: EmulatorOptions;
  /** How far the clock of each member is ahead. */
  clockMs?: (index: number) => number;
  client?: (index: number) => WorkerSetup['client'];
  maxWaitMs?: number;
}): Promise<Fleet> {
  const args = [JSON.stringify(setup.emulator), String(setup.members)];
  const api = forkProgram(here('limited-emulator.ts'), args);
  const [{ url, tokens }] = (await once(api, 'message')) as [EmulatorReady];
  const members = await Promise.all(
    tokens.map((pair, index) =>
      startMember(
        {
          url,
          redisUrl: typeof setup.redisUrl === 'string' ? setup.redisUrl : setup.redisUrl(index),
          client: setup.client?.(index) ?? (index % 2 === 0 ? 'ioredis' : 'redis'),
          tokens: pair,
          maxWaitMs: setup.maxWaitMs,
        },
        setup.clockMs?.(index) ?? 0,
      ),
    ),
  );
  async function askApi<T = EmulatorSeen>(task: EmulatorTask): Promise<T> {
    const answer = once(api, 'message') as Promise<[T]>;
    api.send(task);
    return (await answer)[0];
  }
  return {
    members,
    seen: () => askApi('seen'),
    windows: () => askApi('windows'),
    async hold() {
      await askApi('hold');
    },
    outcomes: () => counted(members.flatMap(({ reports }) => reports)),
    async [Symbol.asyncDispose]() {
      for (const { child } of members) child.kill('SIGKILL');
      api.kill('SIGKILL');
    },
  };
}

async function startMember(setup: WorkerSetup, clockMs: number): Promise<Member> {
  const child = forkProgram(here('limited-worker.ts'), [JSON.stringify(setup)], {
    execArgv: ['--require', fileURLToPath(here('shifted-clock.cjs'))],
    env: { ...process.env, CLOCK_AHEAD_MS: String(clockMs) },
  });
  const reports: WorkerReport[] = [];
  let done = () => undefined as void;
  child.on('message', (report: WorkerReport) => {
    reports.push(report);
    if (report.kind === 'done') done();
  });
  const exited = once(child, 'exit');
  await Promise.race([
    once(child, 'message'),
    exited.then(([code]) => Promise.reject(new Error(`a worker has ended with ${code} at its start`))),
  ]);
  return {
    child,
    reports,
    outcomes: () => counted(reports),
    told: (what) => reports.filter((one) => one.kind === 'told' && one.what === what).length,
    begin(task) {
      const ended = new Promise<void>((resolve) => (done = resolve));
      child.send(task);
      return Promise.race([ended, exited.then(() => undefined)]);
    },
    async end() {
      child.send('end');
      await exited;
    },
  };
}

function counted(reports: readonly WorkerReport[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const report of reports) {
    if (report.kind !== 'call') continue;
    const name = report.code ?? String(report.status);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
