/** The facts of the process that the meaning of a path depends on. */
export interface Place {
  readonly home: string | undefined;
  readonly platform: string;
}

/** `mayBeShown` is true where the value certainly is a path. `none` means that it is no path, and may be a secret. */
export type PathRead =
  | { readonly kind: 'path'; readonly path: string; readonly mayBeShown: boolean }
  | { readonly kind: 'none'; readonly why: string };

const anchored = /^(?:\.{0,2}[\\/]|~|[A-Za-z]:[\\/])/;
const knownEnding = /\.(?:json|jsonc|[cm]?js|[cm]?ts|txt|tok|tokens?|dat|data|db)$/;
const plain = /^[\w .,@~:\\/()-]+$/;
/** Usual names of files without an extension. */
const plainName = /^[a-z][a-z._-]{3,20}$/;
/** A long name with digits, which may be a secret. */
const secretLike = /^(?=.*\d).{20,}$/;

/** Reads the value of a variable that should be a path. `why` does not quote the value. */
export function readPath(value: string, { home, platform }: Place): PathRead {
  const isWindows = platform === 'win32';
  if (/^file:\/\/\//i.test(value)) return readPath(fileUrlPath(value, isWindows), { home, platform });
  if (/[\n\r\0"'`{}<>|*?&=]|^\[|:\/\/|^eyJ/.test(value.replace(/^\\\\\?\\/, '')))
    return none('it holds something else than a path');
  if (/\$\w|\$\(|%\w+%/.test(value)) return none('nobody has put in the value of the variable that it names');
  if (!isWindows && (/^[A-Za-z]:[\\/]|^\\\\/.test(value) || (value.includes('\\') && !value.includes('/'))))
    return none(`it holds a path of Windows, and this process runs on ${platform}`);
  const looksLikePath = anchored.test(value) || knownEnding.test(value);
  if (!looksLikePath && (secretLike.test(value) || !plain.test(value)))
    return none('it holds something else than a path; one that looks like a secret begins with ./');
  const path = home !== undefined && /^~(?=$|[\\/])/.test(value) ? home + value.slice(1) : value;
  const names = value.split(/[\\/]/);
  // A value that begins like a path and ends like a file is no secret, even if the names of its folders are long.
  const isWhole = anchored.test(value) && (knownEnding.test(value) || plainName.test(names.at(-1)!));
  const mayBeShown = looksLikePath && plain.test(value) && (isWhole || !names.some(isSecretName));
  return { kind: 'path', path, mayBeShown };
}

function isSecretName(name: string): boolean {
  return /^[\w-]{32,}$/.test(name) && /\d/.test(name);
}

function fileUrlPath(value: string, isWindows: boolean): string {
  try {
    const path = decodeURIComponent(new URL(value).pathname);
    return isWindows ? path.replace(/^\/(?=[A-Za-z]:)/, '') : path;
  } catch {
    return value.slice('file://'.length);
  }
}

function none(why: string): PathRead {
  return { kind: 'none', why };
}
