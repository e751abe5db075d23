/** One of several processes on a folder of tokens: does one of the jobs below when it is told to. */
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileTokenStore } from '../../../src/store/file.js';
import { loadKernelLocks } from '../../../src/store/file/kernel.js';
import { placeInFolder } from '../../../src/store/file/place.js';
import { createFileStore } from '../../../src/store/file/store.js';
import { isTokenStoreConflict } from '../../../src/store/store.js';
import { watchedFs } from './file-calls.js';
import { account, renewal } from './file-renewal.js';

const [job, directory, argument] = process.argv.slice(2) as [string, string, string];
const store = fileTokenStore({ directory });
const { signal } = new AbortController();

/** Adds one to the count in the token set: as a renewal does, each time with a refresh token that nobody else has. */
async function increment(): Promise<void> {
  const set = (await store.load(account))!;
  const count = Number(set['count']) + 1;
  await store.save({ ...set, count, refresh_token: `refresh-${count}-${process.pid}` }, account, set);
}

const jobs: Record<string, () => Promise<unknown>> = {
  /** Counts under the lock; resolves with how often somebody else was inside. */
  async count() {
    let intruders = 0;
    const inside = `${directory}.inside`;
    for (let round = 0; round < Number(argument); round++) {
      await store.lock!(
        account,
        async () => {
          try {
            closeSync(openSync(inside, 'wx'));
          } catch {
            intruders++;
          }
          await increment();
          unlinkSync(inside);
        },
        signal,
      );
    }
    return intruders;
  },

  /** Counts without the lock, by comparison alone; resolves with the number of conflicts. */
  async compare() {
    let conflicts = 0;
    for (let round = 0; round < Number(argument);) {
      await increment().then(
        () => round++,
        (error: unknown) => {
          if (!isTokenStoreConflict(error)) throw error;
          conflicts++;
        },
      );
    }
    return conflicts;
  },

  /** Holds the lock until told otherwise. */
  hold: () =>
    store.lock!(
      account,
      async () => {
        process.send!('held');
        await new Promise((resolve) => process.once('message', resolve));
      },
      signal,
    ),

  /** Dies in the place of the system call with this number, or in the middle of it where it writes; says which ones it has made. */
  async die() {
    const made: string[] = [];
    const fs = watchedFs(async (call, [data], file) => {
      if (made.length === Number(argument)) {
        if (call === 'file.writeFile') await file!.write(String(data).slice(0, 40));
        if (call === 'file.write') await file!.write((data as Buffer).subarray(0, 16), 0, 16, 0);
        writeSync(1, JSON.stringify(made));
        process.kill(process.pid, 'SIGKILL');
        await sleep(60_000);
      }
      made.push(call);
    });
    await renewal(createFileStore({ place: placeInFolder(directory), kernel: loadKernelLocks(), fs }));
  },
};

process.send!('ready');
process.once('message', () => {
  void jobs[job]!().then((result) => {
    process.send!({ result });
    process.disconnect();
  });
});
