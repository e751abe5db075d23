import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { openFolderText } from '../../store/file/folder.js';
import { failureOf } from '../../text/words.js';
import type { Io } from '../io.js';
import { placeOf, type Opened } from '../opened.js';
import { failed, ok, skipped, warning, type Judged } from './finding.js';

const readableByOthers = 0o077;

/** Whether the file of the tokens and its folder are this user's alone. Whether it can be written to was found out at the start. */
export function permissionsOf(opened: Opened, account: string, platform: string): Judged {
  const place = placeOf(opened, account);
  if (!('pathOf' in opened.store)) return skipped('the store is that of PROCORE_CONFIG, and no file');
  if (platform === 'win32')
    return ok(`${place} can be written; Windows keeps its permissions in lists, which are not read here`);
  const folder = statOf(dirname(place));
  if (folder === undefined) return ok(`the folder of ${place} is made for this user alone at the first save`);
  const open = openFolderText(dirname(place), folder, platform);
  if (open !== undefined) return failed('others may write to the folder of the tokens', open);
  const file = statOf(place);
  if (file === undefined) return ok(`${place} is not there yet; its folder can be written`);
  const mode = (file.mode & 0o777).toString(8).padStart(4, '0');
  return (file.mode & readableByOthers) === 0
    ? ok(`${place} has the mode ${mode}`)
    : warning(`${place} has the mode ${mode}: others may read the tokens`, `Run: chmod 600 '${place}'`);
}

/** Whether the lock of the store can be taken and given back. */
export async function lockOf(io: Io, { store }: Opened, account: string): Promise<Judged> {
  if (!store.lock)
    return warning(
      'the store has no lock',
      'Run one process only, or use a store with a lock: without one, two processes may redeem one refresh token.',
    );
  const signal = new AbortController();
  const timer = new AbortController();
  const waited = io.env.sleep(5_000, { signal: timer.signal }).then(() => signal.abort());
  try {
    await store.lock(account, () => Promise.resolve(), signal.signal);
    return ok('the lock was taken and given back');
  } catch (error) {
    return signal.signal.aborted
      ? warning(
          'another process has held the lock for 5 s',
          'Look whether a process hangs in a renewal, and try again.',
        )
      : failed(
          `the lock could not be taken ${failureOf(error)}`,
          'Look at the permissions of the store, and whether its server can be reached.',
        );
  } finally {
    timer.abort();
    await waited;
  }
}

function statOf(path: string): { mode: number; uid: number } | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
