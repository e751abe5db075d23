import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, promises, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileTokenStore } from '../../src/store/file.js';
import { loadKernelLocks } from '../../src/store/file/kernel.js';
import { placeInFolder } from '../../src/store/file/place.js';
import { createFileStore, type FileTokenStore } from '../../src/store/file/store.js';
import { forkProgram } from '../support/fork.js';
import { watchedFs } from './support/file-calls.js';
import { account, after, before, renewal, underWay } from './support/file-renewal.js';
import { until } from './support/until.js';

const program = new URL('./support/file-worker.ts', import.meta.url);
const { signal } = new AbortController();

let parent: string;
let directory: string;
let store: FileTokenStore;
let children: ChildProcess[];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'axios-procore-file-lock-'));
  directory = join(parent, 'tokens');
  store = fileTokenStore({ directory });
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(parent, { recursive: true, force: true });
});

/** A process that is ready for its job. */
async function start(job: string, folder: string, argument = ''): Promise<ChildProcess> {
  const child = forkProgram(program, [job, folder, argument], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  children.push(child);
  await message(child);
  return child;
}

async function message(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const died = once(child, 'exit', { signal: ended.signal }).then(
    ([code]) => {
      throw new Error(`the process ended with ${code}`);
    },
    () => undefined,
  );
  try {
    const [said] = (await Promise.race([once(child, 'message', { signal: ended.signal }), died])) as [
      unknown,
    ];
    return said;
  } finally {
    ended.abort();
  }
}

/** Lets processes do their job at the same time. */
async function together(workers: ChildProcess[]): Promise<unknown[]> {
  const results = workers.map(async (worker) => ((await message(worker)) as { result: unknown }).result);
  for (const worker of workers) worker.send('go');
  return Promise.all(results);
}

const report = (line: string) => {
  if (process.env['REPORT']) console.log(line);
};

describe('the lock, among processes', () => {
  test('lets one in at a time: 8 processes count to 20 each, and none is lost', async () => {
    await store.save({ ...before, count: 0 }, account, undefined);
    const workers = await Promise.all(Array.from({ length: 8 }, () => start('count', directory, '20')));
    const startedAt = performance.now();
    expect(await together(workers)).toEqual(Array.from({ length: 8 }, () => 0));
    report(`160 increments under the lock in ${Math.round(performance.now() - startedAt)} ms`);
    expect(await store.load(account)).toMatchObject({ count: 160 });
    expect(readdirSync(directory)).toHaveLength(3);
  });

  test('is not needed for saves to compare: 4 processes count to 20 each without it, and none is lost', async () => {
    await store.save({ ...before, count: 0 }, account, undefined);
    const workers = await Promise.all(Array.from({ length: 4 }, () => start('compare', directory, '20')));
    const startedAt = performance.now();
    const conflicts = (await together(workers)) as number[];
    report(
      `80 increments by comparison in ${Math.round(performance.now() - startedAt)} ms, conflicts ${conflicts.join()}`,
    );
    expect(await store.load(account)).toMatchObject({ count: 80 });
  });

  /** The store, which tells of each try of its lock whether it got it. */
  function trying(tries: boolean[]): FileTokenStore {
    const kernel = loadKernelLocks();
    const tryLock = (fd: number) => {
      const got = kernel.tryLock(fd);
      tries.push(got);
      return got;
    };
    const watched = { tryLock, unlock: (fd: number) => kernel.unlock(fd) };
    return createFileStore({ place: placeInFolder(directory), kernel: watched, fs: promises });
  }

  test('is free as soon as its holder is dead: the first try after that takes it', async () => {
    for (let round = 0; round < 3; round++) {
      const holder = await start('hold', directory);
      holder.send('go');
      await message(holder);
      const tries: boolean[] = [];
      const waiting = trying(tries).lock!(account, async () => 'in', signal);
      await until(() => tries.length >= 3, 'three tries');
      const dead = once(holder, 'exit');
      holder.kill('SIGKILL');
      await dead;
      const before = tries.length;
      expect(await waiting).toBe('in');
      expect(tries.slice(0, 3)).toEqual([false, false, false]);
      expect(tries.slice(before)).not.toContain(false);
    }
  });

  test('stays with a holder that is stopped, however often another tries', async () => {
    const holder = await start('hold', directory);
    holder.send('go');
    await message(holder);
    holder.kill('SIGSTOP');
    const tries: boolean[] = [];
    let entered = false;
    const waiting = trying(tries).lock!(account, async () => (entered = true), signal);
    await until(() => tries.length >= 5, 'five tries');
    expect([entered, tries.includes(true)]).toEqual([false, false]);
    holder.kill('SIGCONT');
    holder.send('done');
    expect(await waiting).toBe(true);
  });
});

describe('a process that is killed', () => {
  /** The system calls of a renewal. */
  async function callsOfRenewal(): Promise<string[]> {
    const folder = join(parent, 'rehearsal');
    await fileTokenStore({ directory: folder }).save(before, account, undefined);
    const calls: string[] = [];
    const fs = watchedFs((call) => calls.push(call));
    await renewal(createFileStore({ place: placeInFolder(folder), kernel: loadKernelLocks(), fs }));
    return calls;
  }

  /** Kills a renewal at this call, and looks at what it has left. Resolves with the calls that it had made. */
  const writesIn = (calls: readonly string[]) => calls.filter((name) => name === 'file.write').length;

  async function killAt(call: number, all: readonly string[]): Promise<string[]> {
    const folder = join(parent, `killed-at-${call}`);
    const next = fileTokenStore({ directory: folder });
    await next.save(before, account, undefined);
    const victim = await start('die', folder, `${call}`);
    let said = '';
    victim.stdout!.on('data', (data) => (said += data));
    victim.send('go');
    await once(victim, 'close');
    const made = JSON.parse(said) as string[];

    const renamed = made.includes('rename');
    // What was written is seen by others once it was; the sync after it is for power failures.
    // The record is written first, and taken back last; of a write that broke off in the middle nothing counts.
    const isTakenBack = writesIn(made) === writesIn(all) - 1 && all[made.length] === 'file.write';
    const recorded = writesIn(made) > 0 && writesIn(made) < writesIn(all) && !isTakenBack;
    const killed = `killed after ${made.join(' ')}`;
    JSON.parse(readFileSync(next.pathOf(account), 'utf8'));
    const stored = renamed ? after : before;
    expect(await next.load(account), killed).toEqual(stored);
    await next.lock!(
      account,
      async (_, record) => {
        expect(await record!.read(), killed).toBe(recorded ? underWay : undefined);
        await next.save({ ...stored, more: 1 }, account, stored);
      },
      signal,
    );
    expect(await next.load(account), killed).toEqual({ ...stored, more: 1 });
    // Nothing but tokens and the two lock files.
    expect((await promises.readdir(folder)).length, killed).toBe(3);
    return made;
  }

  test('at any system call of a renewal leaves old or new tokens whole, a free lock, and the record of what was under way', async () => {
    const calls = await callsOfRenewal();
    // Before that the renewal only looks.
    const firstWrite = calls.indexOf('file.write');
    const steps = [...calls.keys()].slice(firstWrite);
    const startedAt = performance.now();
    const madeBefore: number[] = [];
    const ahead = steps.values();
    const killInTurn = async () => {
      for (const step of ahead) madeBefore[step - firstWrite] = (await killAt(step, calls)).length;
    };
    await Promise.all([killInTurn(), killInTurn(), killInTurn()]);
    report(`killed at ${steps.length} calls in ${Math.round(performance.now() - startedAt)} ms`);
    expect(madeBefore).toEqual(steps);
  });
});
