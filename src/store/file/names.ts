import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';

const readableLength = 40;
/** The format of `randomUUID`. */
const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** The paths of the files of one account. */
export interface AccountFiles {
  readonly tokens: string;
  /** The lock file of renewals, which also contains the lock's record. */
  readonly lock: string;
  /** The lock file of saves, which is held for milliseconds. */
  readonly saveLock: string;
  /** A new path for a temporary file, unique and impossible to guess. */
  temporary(): string;
  /** Whether this is the file name of a temporary file of this account. */
  isTemporary(name: string): boolean;
}

/** The files of one account, whose names all begin with `base`. */
export function filesNamed(directory: string, base: string, extension: string): AccountFiles {
  return {
    tokens: join(directory, `${base}${extension}`),
    lock: join(directory, `${base}.lock`),
    saveLock: join(directory, `${base}.save.lock`),
    temporary: () => join(directory, `${base}.${randomUUID()}.tmp`),
    isTemporary: (name) =>
      name.startsWith(`${base}.`) &&
      name.endsWith('.tmp') &&
      // Only names with a UUID count, because other programs' files in the folder may begin with `base` too, such as "tokens.json.old.tmp".
      uuid.test(name.slice(base.length + 1, -'.tmp'.length)),
  };
}

/**
 * An account as the beginning of a file name: its letters and digits, for people, then 128 bits of the SHA-256 of its UTF-16. The hash
 * makes the names distinct, also on file systems that ignore case, normalise Unicode or cut long names. The name cannot lead out of the
 * folder, and is no device name of Windows.
 */
export function fileNameOf(account: string): string {
  const readable = account
    .slice(0, readableLength)
    .replace(/[^A-Za-z0-9_-]/g, '_')
    .replace(/^-|^$/, '_');
  // UTF-16 is hashed and not UTF-8, which replaces all unpaired surrogates by the same character: two accounts would share a file.
  const hash = createHash('sha256').update(Buffer.from(account, 'utf16le')).digest('hex').slice(0, 32);
  return `${readable}-${hash}`;
}
