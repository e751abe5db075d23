import { randomUUID } from 'node:crypto';
import { watch, type FSWatcher, type promises } from 'node:fs';
import { join } from 'node:path';
import { keepOpen, type Connection } from '../keep-open.js';
import { createListeners } from '../listeners.js';
import { parseMessage, untilFinished, type Message } from '../messages.js';
import type { RenewalNotices } from '../store.js';
import type { Folder } from './folder.js';
import type { KernelLocks } from './kernel.js';
import { codeOf, type FileSystem } from './system.js';

/** What a file in the folder of notices is, by the end of its name. */
const ends = { listener: '.listener', notice: '.notice', finished: '.finished', temporary: '.tmp' } as const;
/** A file that a process that has died has left behind is deleted after this time. No renewal takes longer. */
const staleMs = 120_000;
const quiet = () => undefined;

/**
 * Creates the notices of a file store. A process that listens has a file with a kernel lock in the folder `path`, which ends with the process.
 * It watches the folder for the files of those who announce, and says by another file that its calls have finished. The folder is there once
 * somebody has listened; where nobody listens, an announcement only lists it.
 */
export function createFileNotices(deps: {
  path: string;
  fs: FileSystem;
  folder: Folder;
  kernel: KernelLocks;
}): RenewalNotices {
  const { path, fs, folder, kernel } = deps;
  const from = randomUUID();
  const at = (name: string) => join(path, name);
  const finishedBy = (id: string, listener: string) => `${id}.${listener}${ends.finished}`;
  const listeners = createListeners(() => keepOpen(() => true, connect));
  const unlink = (name: string) => fs.unlink(at(name)).catch(quiet);

  async function names(): Promise<readonly string[]> {
    return fs.readdir(path).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    });
  }

  /** Nobody sees a file before all of its content is there, and its lock where it has one. */
  async function put(
    name: string,
    content: string,
    ready?: (file: promises.FileHandle) => void,
  ): Promise<promises.FileHandle> {
    const temporary = at(`${randomUUID()}${ends.temporary}`);
    const file = await fs.open(temporary, 'wx+', 0o600);
    try {
      await file.writeFile(content);
      ready?.(file);
      await fs.rename(temporary, at(name));
      return file;
    } catch (error) {
      await file.close();
      await fs.unlink(temporary).catch(quiet);
      throw error;
    }
  }

  function connect(): Connection {
    const own = `${randomUUID()}${ends.listener}`;
    let isClosed = false;
    let watcher: FSWatcher | undefined;
    let presence: promises.FileHandle | undefined;
    const close = () => {
      isClosed = true;
      watcher?.close();
      if (!presence) return;
      void unlink(own);
      void presence.close().catch(quiet);
      presence = undefined;
    };
    const listen = async () => {
      await folder.make();
      await fs.mkdir(path, { recursive: true, mode: 0o700 });
      // What is there already may be of a process that has died, and whoever wrote it does not wait for this one.
      const before = (await names()).filter((name) => name.endsWith(ends.notice));
      if (isClosed) return;
      const heard = createEar(new Set(before));
      watcher = watch(path, { persistent: false }, heard);
      watcher.on('error', close);
      presence = await put(own, '', ({ fd }) => {
        if (!kernel.tryLock(fd)) throw new Error('a new file is locked');
      });
      if (isClosed) return close();
      heard();
    };
    listen().catch(close);
    return { isClosed: () => isClosed, close };
  }

  /** Looks at the folder whenever something has changed there, and not twice at once. `open`: the notices that have been seen. */
  function createEar(open: Set<string>): () => void {
    let state: 'idle' | 'looking' | 'again' = 'idle';

    async function look(): Promise<void> {
      const notices = new Set((await names()).filter((name) => name.endsWith(ends.notice)));
      for (const name of open) {
        if (notices.has(name)) continue;
        open.delete(name);
        listeners.over(name);
      }
      for (const name of notices) {
        if (open.has(name)) continue;
        open.add(name);
        void begun(name).catch(quiet);
      }
    }

    return () => {
      if (state !== 'idle') return void (state = 'again');
      void (async () => {
        do {
          state = 'looking';
          await look().catch(quiet);
        } while ((state as string) === 'again');
        state = 'idle';
      })();
    };
  }

  async function begun(name: string): Promise<void> {
    const message = parseMessage(await fs.readFile(at(name), 'utf8'));
    if (!message) return;
    // The own notice is among those that are counted.
    if (message.from !== from) await listeners.begun(name, message.account);
    await (await put(finishedBy(message.id, from), '')).close();
  }

  /** Counts the listeners that live, and deletes the files of those who have died. */
  async function listening(): Promise<number> {
    let count = 0;
    for (const name of await names()) if (name.endsWith(ends.listener) && (await isAlive(name))) count++;
    return count;
  }

  /** Deletes what processes that have died have left behind. The file system's own clock says how long ago: that of a new file. */
  async function sweep(newest: string): Promise<void> {
    const { mtimeMs: nowMs } = await fs.stat(at(newest));
    for (const name of await names()) {
      if (name.endsWith(ends.listener)) continue;
      const stat = await fs.stat(at(name)).catch(quiet);
      if (stat && nowMs - stat.mtimeMs > staleMs) await unlink(name);
    }
  }

  async function isAlive(name: string): Promise<boolean> {
    const file = await fs.open(at(name), 'r+').catch(quiet);
    if (!file) return false;
    try {
      if (!kernel.tryLock(file.fd)) return true;
      await unlink(name);
      return false;
    } finally {
      await file.close();
    }
  }

  return {
    listen: listeners.listen,
    isHeard: async () => (await listening()) > 0,
    async announce(account, maxMs, signal) {
      const count = await listening();
      if (count === 0) return undefined;
      const id = randomUUID();
      const message: Message = { from, id, account, kind: 'begins' };
      const notice = `${id}${ends.notice}`;
      await (await put(notice, JSON.stringify(message))).close();
      void sweep(notice).catch(quiet);
      const finished = async () =>
        (await names()).filter((name) => name.startsWith(`${id}.`) && name.endsWith(ends.finished));
      return {
        finished: untilFinished(async () => (await finished()).length, count, maxMs, signal),
        async over() {
          await unlink(notice);
          for (const name of await finished()) await unlink(name);
        },
      };
    },
  };
}
