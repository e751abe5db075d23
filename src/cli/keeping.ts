import { open } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { TokenSet } from '../store/store.js';
import { CommandError } from './answer.js';
import type { Io } from './io.js';
import { placeOf, type Opened } from './opened.js';

/**
 * Runs what may bring new tokens, and waits until they are saved. A refresh token is redeemed once only: tokens that the store does not
 * take after a minute of tries are put into a file of their own before the process ends.
 *
 * @throws CommandError that names that file; otherwise what `work` rejects with.
 */
export async function keeping<T>(
  io: Io,
  opened: Opened,
  account: string,
  work: () => Promise<T>,
): Promise<T> {
  const { handle } = opened;
  const affected = new Set([account]);
  const stop = handle.on('token-save-failed', (failed) => void affected.add(failed.account));
  const tell = () =>
    io.err(
      '\nWhat was begun with the tokens is ended first, so that none is lost: that takes 90 s at most.\n',
    );
  io.interrupted.addEventListener('abort', tell, { once: true });
  const result = await work().then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  await handle.idle();
  io.interrupted.removeEventListener('abort', tell);
  stop();
  for (const one of affected) {
    const tokens = handle.unsavedTokens(one);
    if (tokens === undefined) continue;
    const place = placeOf(opened, one);
    const folders = [dirname(resolve(place)), homedir(), tmpdir()];
    const file = await putAside(tokens, folders, io.env.now());
    throw new CommandError(
      `The new tokens could not be saved in ${place}. They are in ${file}, which only you can read: mend the store, and put them there`,
    );
  }
  if ('error' in result) throw result.error;
  return result.value;
}

/** Writes the tokens to a new file in the first of these folders that takes it. */
export async function putAside(tokens: TokenSet, folders: readonly string[], nowMs: number): Promise<string> {
  let last: unknown;
  for (const folder of folders) {
    const file = join(folder, `axios-procore-unsaved-${nowMs}.json`);
    try {
      const handle = await open(file, 'wx', 0o600);
      try {
        await handle.writeFile(`${JSON.stringify(tokens, null, 2)}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      return file;
    } catch (error) {
      last = error;
    }
  }
  throw new CommandError(
    'The new tokens could not be saved, and no other folder takes them: log in once more',
    {
      cause: last,
    },
  );
}
