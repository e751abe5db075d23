/** What is known of the process that paths are for. */
export interface Place {
  readonly home: string | undefined;
  readonly platform: string;
}

/** `mayBeShown`: it looks like a path and like nothing else. `none`: it is no path, and may be a secret. */
export type PathRead =
  | { readonly kind: 'path'; readonly path: string; readonly mayBeShown: boolean }
  | { readonly kind: 'none'; readonly why: string };

const anchored = /^(?:\.{0,2}[\\/]|~|[A-Za-z]:[\\/])/;
const knownEnding = /\.(?:json|jsonc|[cm]?js|[cm]?ts|txt|tok|tokens?|dat|data|db)$/;
const plain = /^[\w .,@~:\\/()-]+$/;
/** What people call a file that has no ending. */
const plainName = /^[a-z][a-z._-]{3,20}$/;
/** A long name with digits in it, like a secret's. */
const secretLike = /^(?=.*\d).{20,}$/;

/** Reads the value of a variable that takes a path. What it gives as `why` does not repeat the value. */
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
  // Folders may have long names: a secret does not begin as a path does and end as a file does.
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
