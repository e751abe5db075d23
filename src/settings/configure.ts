import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { accountOfFirstUserOrSubject, isBySubject } from '../options/account-by-subject.js';
import { codeOf } from '../text/words.js';
import { defined, resolveOptions } from '../options/checks.js';
import type { ProcoreOptions } from '../options/options.js';
import { fileTokenStore } from '../store/file.js';
import { checkAtStart } from '../store/file/at-start.js';
import { expectedTokenSet, parseTokenSet } from '../store/file/format.js';
import { fileBehind } from '../store/file/links.js';
import { usersFolder, usersStore } from '../store/file/users.js';
import { isMemoryTokenStore, memoryTokenStore } from '../store/memory.js';
import type { TokenStore } from '../store/store.js';
import { messageOf, plainWords } from './foreign.js';
import { formsOf } from './secrets.js';
import type { Fault, GivenPath, Registration } from './settings.js';

/** The functions by which {@link configure} loads the configuration and reports what it found. */
export interface Surroundings {
  /** Loads the module that PROCORE_CONFIG names. */
  load: (name: string) => unknown;
  /** Called with a line for each variable that is not used. */
  note?: (line: string) => void;
  /** Called with the secrets in the module's options, so that they are redacted. */
  hide?: (secrets: readonly string[]) => void;
}

/**
 * Makes the options for every instance of the process; all share one store.
 *
 * @throws Error that says in one line what is missing or wrong. Its message may quote a path.
 */
export function configure(
  { options, file, config, faults }: Registration & { kind: 'on' },
  { load, note = () => undefined, hide = () => undefined }: Surroundings,
): ProcoreOptions {
  const own: Partial<ProcoreOptions> = config === undefined ? {} : defined(optionsIn(config, options, load));
  if (typeof own.clientSecret === 'string') hide(formsOf([own.clientSecret]));
  const merged = { ...options, ...own };
  const standing = faults.filter((fault) => !isSaid(fault, merged, own)).map(({ what }) => what);
  if (standing.length > 0)
    throw new Error(
      `${standing.join('. ')}${config === undefined ? '' : `. ${config.name} does not give it`}`,
    );
  if (own.store && file !== undefined) note(`${file.name} is not used: ${config!.name} gives a store`);
  const account = accountOf(merged);
  const complete = {
    ...merged,
    ...(account === undefined ? {} : { account }),
    store: storeOf({ ...merged, account }, own.store ? undefined : file),
    // Background renewals are off by default, because a script may call process.exit() right after its last call, in the middle of one.
    renewal: { background: false, ...defined(merged.renewal ?? {}) },
    legacy: {
      takeOverRefresh: true,
      // With `deadlineMs` the application has chosen another bound for its calls.
      timeoutBoundsCall: own.deadlineMs === undefined,
      ...defined(merged.legacy ?? {}),
    },
  } as ProcoreOptions;
  resolveOptions(complete);
  return complete;
}

/** The option `account`. Without a choice of the application each user is an account; a service account is the account `default`. */
function accountOf({ account, grant }: Partial<ProcoreOptions>): ProcoreOptions['account'] {
  if (account !== undefined && !isBySubject(account)) return account;
  return grant === 'client_credentials' ? undefined : accountOfFirstUserOrSubject;
}

/** Whether the module's options contain what a missing or wrong variable should say. */
function isSaid({ option }: Fault, merged: Partial<ProcoreOptions>, own: Partial<ProcoreOptions>): boolean {
  if (option === undefined) return false;
  if (option === 'store' && merged.grant === 'client_credentials') return true;
  return own[option] !== undefined || (option === 'clientSecret' && own.exchange !== undefined);
}

function optionsIn(
  { name, path, mayBeShown }: GivenPath,
  options: Partial<ProcoreOptions>,
  load: (name: string) => unknown,
): Partial<ProcoreOptions> {
  const module = mayBeShown ? path : 'the module that it names';
  let exported: unknown;
  try {
    const loaded = load(path);
    exported = (loaded as { default?: unknown } | undefined)?.default ?? loaded;
    if (typeof exported === 'function') exported = (exported as (from: object) => unknown)({ ...options });
    // The copy evaluates getters of the module once, now.
    if (isOptions(exported)) return { ...exported };
  } catch (error) {
    throw new Error(`${name}: ${module} could not be loaded: ${reasonOf(error)}`);
  }
  const got = exported instanceof Promise ? 'a promise' : typeof exported;
  throw new Error(
    `${name}: ${module} gives ${got}; it takes an object with options of attachProcore, or a function that returns one`,
  );
}

function isOptions(exported: unknown): exported is Partial<ProcoreOptions> {
  return typeof exported === 'object' && exported !== null && !(exported instanceof Promise);
}

function reasonOf(error: unknown): string {
  const { text, whole } = plainWords(messageOf(error));
  const remedy = codeOf(error).startsWith('ERR_REQUIRE_')
    ? '; make it CommonJS (.cjs), without top-level await'
    : '';
  const cut = whole
    ? ''
    : '; what may be a secret is left out here: run the module by itself to see all of it';
  return `${unquoted(error) ?? `${text}${cut}`}${remedy}`;
}

/** A message without quotation for errors whose own message quotes the source, which may contain a secret. */
function unquoted(error: unknown): string | undefined {
  if (error instanceof ReferenceError)
    return 'it uses a name that is not defined; is something not in quotes?';
  return error instanceof SyntaxError ? syntaxErrorOf(error) : undefined;
}

function syntaxErrorOf({ stack = '' }: SyntaxError): string {
  const place = /^(?!SyntaxError)(.+:\d+)\n/.exec(stack)?.[1];
  return `there is a syntax error${place === undefined ? '' : ` in ${place}`}`;
}

/** The store, one for the whole process. */
function storeOf(
  { store, grant, account }: Partial<ProcoreOptions>,
  file: GivenPath | undefined,
): TokenStore {
  const isKept = grant !== 'client_credentials';
  if (store && isKept && isMemoryTokenStore(store))
    throw new Error(
      'a memory store loses the refresh token with the process, and nobody would be asked; set PROCORE_TOKEN_FILE, or give another store in PROCORE_CONFIG',
    );
  if (store) return store;
  if (file !== undefined) return storeIn(file, isBySubject(account));
  if (!isKept) return memoryTokenStore();
  throw new Error(
    'there is no token store; set PROCORE_TOKEN_FILE to the path of a file on a disk that outlives the process, or give one in PROCORE_CONFIG',
  );
}

/** The file store at this path. It is checked now, so that an unusable file is reported before the application starts. */
function storeIn({ name, path }: GivenPath, isForUsers: boolean): TokenStore {
  if (isFolder(path)) return fileTokenStore({ directory: dirname(fileThatWorks(name, join(path, 'any'))) });
  const file = fileThatWorks(name, path);
  if (isForUsers) fileThatWorks(name, join(usersFolder(file), 'any'));
  const first = fileTokenStore({ file });
  const store = isForUsers ? usersStore(first, fileTokenStore({ directory: usersFolder(file) })) : first;
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOENT') return store;
    throw new Error(`${name}: ${file} could not be read (${code})`);
  }
  const parsed = parseTokenSet(bytes);
  if (parsed.kind === 'tokens') return store;
  throw new Error(
    `${name}: ${file} cannot be used: ${parsed.what}; expected: ${expectedTokenSet}. It is left as it is: put a good copy in its place, or move it away and authorize anew`,
  );
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** The path, after a check that the file can be saved there. */
function fileThatWorks(name: string, path: string): string {
  try {
    const file = fileBehind(resolve(path));
    checkAtStart(file);
    return file;
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`);
  }
}
