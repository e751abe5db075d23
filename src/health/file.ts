import { randomUUID } from 'node:crypto';
import { promises, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '../text/words.js';
import { nothingKept, readKept, writeKept, type Kept } from './file-format.js';

/** The parts of `node:fs` that the health file uses. They are passed as an argument so that tests can make each call fail. */
export interface HealthFileSystem {
  readonly readFileSync: (path: string, encoding: 'utf8') => string;
  readonly renameSync: (from: string, to: string) => void;
  readonly promises: Pick<typeof promises, 'mkdir' | 'open' | 'rename' | 'unlink'>;
}

/** The file that a recorder keeps what it has recorded in. */
export interface HealthFile {
  /** Reads it once, at the start. Never throws: what is wrong is told as a warning. */
  read(): Kept;
  /** Replaces its content atomically. Never rejects. */
  save(kept: Kept): Promise<void>;
}

/** Node's own file system. */
export const nodeFileSystem: HealthFileSystem = { readFileSync, renameSync, promises };

/** Creates the file of one recorder. */
export function createHealthFile(
  path: string,
  { fs, now, warn }: { fs: HealthFileSystem; now: () => number; warn: (message: string) => void },
): HealthFile {
  /** False where the file that is there must not be written over. */
  let mayWrite = true;
  /** The message of the failure that was told last: one that lasts is told once. */
  let told: string | undefined;

  function tell(what: string, error?: unknown): void {
    const message = error === undefined ? `${what}.` : `${what} (${codeOf(error)}).`;
    if (message !== told) warn(message);
    told = message;
  }

  /** A file that cannot be understood is renamed, so that it can be looked at. */
  function keepAside(): void {
    const aside = `${path}.broken-${new Date(now()).toISOString().replaceAll(':', '-')}`;
    try {
      fs.renameSync(path, aside);
      tell(
        `The health file ${path} is not one that this release reads. It is kept as ${aside}, and recording begins anew`,
      );
    } catch (error) {
      mayWrite = false;
      tell(
        `The health file ${path} is not one that this release reads, and cannot be renamed. It is left alone`,
        error,
      );
    }
  }

  return {
    read() {
      let text: string;
      try {
        text = fs.readFileSync(path, 'utf8');
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return nothingKept;
        mayWrite = false;
        tell(`The health file ${path} could not be read, and is left alone`, error);
        return nothingKept;
      }
      const kept = readKept(text);
      if (kept) return kept;
      keepAside();
      return nothingKept;
    },
    async save(kept) {
      if (!mayWrite) return;
      try {
        await replace(writeKept(kept));
        told = undefined;
      } catch (error) {
        tell(`The health file ${path} could not be written, and is as it was before`, error);
      }
    },
  };

  async function replace(content: string): Promise<void> {
    const temporary = `${path}.${randomUUID()}.tmp`;
    await fs.promises.mkdir(dirname(path), { recursive: true });
    try {
      const handle = await fs.promises.open(temporary, 'wx');
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await fs.promises.rename(temporary, path);
    } catch (error) {
      await fs.promises.unlink(temporary).catch(() => undefined);
      throw error;
    }
  }
}
