import { open, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { tokensInMemory } from '../attach/instance.js';
import type { TokenSet } from '../store/store.js';
import { CommandError } from './answer.js';
import type { Io } from './io.js';
import { placeOf, type Opened } from './opened.js';

/** An account of which tokens may come, and what its store held before. */
interface Affected {
  readonly account: string;
  readonly before: TokenSet | undefined;
}

/**
 * Runs what may bring new tokens, and waits until they are saved. A refresh token is redeemed once only: tokens that the store does not
 * take after a minute of tries, and those of a renewal that it has not kept though its save resolved, are put into a file of their own before
 * the process ends.
 *
 * @throws CommandError that names that file; otherwise what `work` rejects with.
 */
export async function keeping<T>(
  io: Io,
  opened: Opened,
  { account, before }: Affected,
  work: () => Promise<T>,
): Promise<T> {
  const { handle, instance } = opened;
  const affected = new Set([account]);
  const renewed = new Set<string>();
  const stops = [
    handle.on('token-save-failed', (failed) => void affected.add(failed.account)),
    handle.on('token-renewed', (renewal) => void renewed.add(renewal.account)),
  ];
  const tell = () => io.err('\nWhat was begun with the tokens is ended first, so that none is lost.\n');
  io.interrupted.addEventListener('abort', tell, { once: true });
  const result = await work().then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  await handle.idle();
  io.interrupted.removeEventListener('abort', tell);
  for (const stop of stops) stop();
  for (const one of affected) {
    const tokens = handle.unsavedTokens(one);
    if (tokens !== undefined) await notSaved(io, opened, one, tokens);
  }
  for (const one of renewed) {
    const tokens = tokensInMemory(instance, one);
    if (tokens) await checkKept(io, opened, one, { tokens, before: one === account ? before : undefined });
  }
  if ('error' in result) throw result.error;
  return result.value;
}

/** Reads of a store may lag behind its last save. */
const looksMs = [0, 250, 1_750];
const loadMs = 5_000;

/**
 * Looks whether the store has kept these tokens: one of the application's own (PROCORE_CONFIG) may resolve a save and keep nothing. Where
 * it holds others than `before`, somebody has renewed them since; where nobody knows what it held before, it has to show these.
 *
 * @throws CommandError that names the file that they have been put into.
 */
export async function checkKept(
  io: Io,
  opened: Opened,
  account: string,
  { tokens, before }: { tokens: TokenSet; before: TokenSet | undefined },
): Promise<void> {
  const { refresh_token: wanted } = tokens;
  if (!wanted) return;
  for (const waitMs of looksMs) {
    await io.env.sleep(waitMs);
    const load = async () => opened.store.load(account);
    // Not ended by Ctrl-C, but by its time: the tokens are nowhere else, if they are not here.
    const loaded = await Promise.race([load().catch(() => undefined), io.env.sleep(loadMs, { ref: false })]);
    const kept = loaded?.refresh_token;
    if (kept && (kept === wanted || (before && kept !== before.refresh_token))) return;
  }
  await notSaved(io, opened, account, tokens);
}

async function notSaved(io: Io, opened: Opened, account: string, tokens: TokenSet): Promise<never> {
  const place = placeOf(opened, account);
  const beside = 'pathOf' in opened.store ? [dirname(place)] : [];
  const file = await putAside(tokens, [...beside, homedir(), tmpdir()], io.env.now());
  throw new CommandError(
    `The new tokens could not be saved in ${place}. They are in ${file}, which only you can read: mend the store, and put them there`,
    { shown: `${place} ${file}` },
  );
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
      } catch (error) {
        await rm(file, { force: true });
        throw error;
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
