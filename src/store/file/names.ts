import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';

const readableLength = 40;
/** As `randomUUID` writes it. */
const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** The files of one account. */
export interface AccountFiles {
  readonly tokens: string;
  /** Whoever has locked this one may renew; it also holds the lock's record. */
  readonly lock: string;
  /** Whoever has locked this one may write; held for milliseconds. */
  readonly saveLock: string;
  /** A name that nobody else has or can guess. */
  temporary(): string;
  /** Whether this file name is the temporary one of a writer of this account. */
  isTemporary(name: string): boolean;
}

/** The files of one account, by what their names begin with. */
export function filesNamed(directory: string, base: string, extension: string): AccountFiles {
  return {
    tokens: join(directory, `${base}${extension}`),
    lock: join(directory, `${base}.lock`),
    saveLock: join(directory, `${base}.save.lock`),
    temporary: () => join(directory, `${base}.${randomUUID()}.tmp`),
    isTemporary: (name) =>
      name.startsWith(`${base}.`) &&
      name.endsWith('.tmp') &&
      // Files beside a single one are named by others: "tokens.json.old.tmp", or "tokens" of one store and "tokens.json" of another.
      uuid.test(name.slice(base.length + 1, -'.tmp'.length)),
  };
}

/**
 * An account as the beginning of a file name: its letters and digits, then 128 bits of the SHA-256 of its UTF-16. The hash alone makes
 * names distinct, so that neither upper case, nor Unicode forms, nor length matter to any file system; the readable part before it is for
 * people. Neither can leave the folder, and no device of Windows has such a name.
 */
export function fileNameOf(account: string): string {
  const readable = account
    .slice(0, readableLength)
    .replace(/[^A-Za-z0-9_-]/g, '_')
    .replace(/^-|^$/, '_');
  // UTF-8 has one replacement for all unpaired surrogates: two accounts would be one.
  const hash = createHash('sha256').update(Buffer.from(account, 'utf16le')).digest('hex').slice(0, 32);
  return `${readable}-${hash}`;
}
