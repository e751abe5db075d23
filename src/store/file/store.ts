import { createAccountList } from './accounts.js';
import { createFolder } from './folder.js';
import type { KernelLocks } from './kernel.js';
import { acquireLock, watchLock } from './lock.js';
import { createFileNotices } from './notices.js';
import type { AccountFiles } from './names.js';
import type { Place } from './place.js';
import { createRecord } from './record.js';
import { replaceTokens, sweepTemporary } from './replace.js';
import { proveRoom } from './room.js';
import { codeOf, systemError, type FileSystem } from './system.js';
import { obstacleTo } from '../replaces.js';
import { TokenStoreConflict, type LockRecord, type TokenSet, type TokenStore } from '../store.js';

/** A token store in files. */
export interface FileTokenStore extends TokenStore {
  load(account: string): Promise<TokenSet | undefined>;
  save(tokens: TokenSet, account: string, previous: TokenSet | undefined): Promise<void>;
  /** Deletes the account's token file, even where it contains something else. */
  remove(account: string): Promise<void>;
  /** Returns the path of the account's token file, whether or not it exists. */
  pathOf(account: string): string;
}

/**
 * The longest wait for the lock of a save, which is held for milliseconds. It is shorter than the default `storeTimeoutMs`, so that this
 * lock's own error is reported and not a timeout of the store.
 */
const saveLockWaitMs = 4_000;
/**
 * The age from which a temporary file is deleted by a store without a lock: a younger one may be that of a process that is still writing.
 */
const leftoverAgeMs = 60_000;

/** Creates the store. Without `kernel` it has no lock, and its saves exclude each other only within this process. */
export function createFileStore(deps: {
  place: Place;
  kernel: KernelLocks | undefined;
  fs: FileSystem;
  saveLockWaitMs?: number;
}): FileTokenStore {
  const { place, kernel, fs } = deps;
  const { directory, only } = place;
  const folder = createFolder(directory, fs, only === undefined ? {} : { only });
  const tails = new Map<string, Promise<unknown>>();

  /** Runs `work` under the lock of saves. A save compares and then writes, and some saves run without the lock of renewals. */
  async function exclusively<T>(account: string, files: AccountFiles, work: () => Promise<T>): Promise<T> {
    if (!kernel) return inTurn(account, () => folder.make().then(work));
    await folder.make();
    const held = await acquireLock({ kernel, fs, folder }, files.saveLock, {
      maxMs: deps.saveLockWaitMs ?? saveLockWaitMs,
    });
    try {
      return await work();
    } finally {
      await held.release();
    }
  }

  function inTurn<T>(account: string, work: () => Promise<T>): Promise<T> {
    const run = (tails.get(account) ?? Promise.resolve()).then(work);
    const done = () => {
      if (tails.get(account) === tail) tails.delete(account);
    };
    const tail: Promise<void> = run.then(done, done);
    tails.set(account, tail);
    return run;
  }

  async function read(account: string, files: AccountFiles): Promise<TokenSet | undefined> {
    let bytes: Uint8Array;
    try {
      bytes = await fs.readFile(files.tokens);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw systemError(`The token file ${files.tokens} could not be read`, error);
    }
    const parsed = place.parse(bytes, account);
    if (parsed.kind === 'tokens') return parsed.tokens;
    throw new Error(
      `The token file ${files.tokens} cannot be used: ${parsed.what}. Expected: ${place.expected}. ` +
        'It is left as it is: put a good copy in its place, or move it away and authorize the account anew.',
    );
  }

  async function save(tokens: TokenSet, account: string, previous: TokenSet | undefined): Promise<void> {
    const files = place.filesOf(account);
    const content = place.format(tokens, account);
    if (content === undefined) {
      throw new TypeError(
        `The token set for ${files.tokens} cannot be written as JSON: it holds a bigint or refers to itself.`,
      );
    }
    await exclusively(account, files, async () => {
      const obstacle = obstacleTo(tokens, await read(account, files), previous);
      if (obstacle !== undefined) {
        const what =
          obstacle === 'gone'
            ? 'has been deleted, with the token set that this save replaces: it is not written anew.'
            : 'holds another token set than the one that this save replaces.';
        throw new TokenStoreConflict(`The token file ${files.tokens} ${what}`);
      }
      const writtenAtMs = await replaceTokens(fs, folder, files, content);
      await sweepTemporary(fs, directory, files, kernel ? undefined : writtenAtMs - leftoverAgeMs);
    });
  }

  async function remove(account: string): Promise<void> {
    const files = place.filesOf(account);
    if (!(await folder.exists())) return;
    await exclusively(account, files, async () => {
      try {
        await fs.unlink(files.tokens);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT')
          throw systemError(`The token file ${files.tokens} could not be deleted`, error);
      }
      await sweepTemporary(fs, directory, files);
      await folder.sync().catch((error: unknown) => {
        throw systemError(
          `The token file ${files.tokens} is deleted, but a power failure may bring it back`,
          error,
        );
      });
    });
  }

  async function lock<T>(
    locks: KernelLocks,
    account: string,
    critical: (lost?: AbortSignal, record?: LockRecord) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const files = place.filesOf(account);
    const path = files.lock;
    signal.throwIfAborted();
    await folder.make();
    const held = await acquireLock({ kernel: locks, fs, folder }, path, { signal });
    const lost = new AbortController();
    const onLost = () => lost.abort();
    const record = createRecord(path, held, onLost, () => proveRoom(fs, files));
    const endWatch = watchLock(held, onLost);
    try {
      return await critical(lost.signal, record);
    } finally {
      endWatch();
      await record.end();
      await held.release();
    }
  }

  return {
    async load(account) {
      return (await folder.exists()) ? read(account, place.filesOf(account)) : undefined;
    },
    save,
    remove,
    pathOf: (account) => place.filesOf(account).tokens,
    ...(only === undefined ? { accounts: createAccountList(directory, fs) } : {}),
    ...(kernel
      ? {
          lock: <T>(
            account: string,
            critical: (lost?: AbortSignal, record?: LockRecord) => Promise<T>,
            signal: AbortSignal,
          ) => lock(kernel, account, critical, signal),
          // The kernel holds the lock until the file is closed, by this store or by the end of the process.
          renewsLock: true,
          readsAreFresh: true,
          notices: createFileNotices({ path: place.notices, fs, folder, kernel }),
        }
      : {}),
  };
}
