import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defined, resolveOptions } from '../option-checks.js';
import type { ProcoreOptions } from '../options.js';
import { fileTokenStore } from '../store/file.js';
import { checkAtStart } from '../store/file/at-start.js';
import { expectedTokenSet, parseTokenSet } from '../store/file/format.js';
import { fileBehind } from '../store/file/links.js';
import { isMemoryTokenStore, memoryTokenStore } from '../store/memory.js';
import type { TokenStore } from '../store/store.js';
import type { Registration } from './settings.js';

/**
 * The options for every instance of the process, with the one store.
 *
 * @throws Error that says in one line what is missing or wrong.
 */
export function configure(
  { options, file, config }: Registration & { kind: 'on' },
  load: (name: string) => unknown,
): ProcoreOptions {
  const own = config === undefined ? {} : optionsIn(config, options, load);
  const merged = { ...options, ...defined(own) };
  if (merged.clientId === undefined)
    throw new Error('PROCORE_CLIENT_ID is missing, and PROCORE_CONFIG gives no clientId');
  if (merged.clientSecret === undefined && merged.exchange === undefined)
    throw new Error(
      'PROCORE_CLIENT_SECRET is missing, and PROCORE_CONFIG gives neither clientSecret nor exchange',
    );
  const complete = {
    ...merged,
    store: storeOf(merged, file),
    legacy: { takeOverRefresh: true, ...merged.legacy },
  } as ProcoreOptions;
  resolveOptions(complete);
  return complete;
}

function optionsIn(
  config: string,
  options: Partial<ProcoreOptions>,
  load: (name: string) => unknown,
): Partial<ProcoreOptions> {
  let exported: unknown;
  try {
    const loaded = load(config);
    exported = (loaded as { default?: unknown } | undefined)?.default ?? loaded;
    if (typeof exported === 'function') exported = (exported as (from: object) => unknown)({ ...options });
  } catch (error) {
    const { message = String(error), code } = error as { message?: string; code?: string };
    const remedy = code?.startsWith('ERR_REQUIRE_')
      ? '; make it CommonJS (.cjs), without top-level await'
      : '';
    throw new Error(
      `PROCORE_CONFIG: ${config} could not be loaded: ${unquoted(error) ?? message.split('\n')[0]}${remedy}`,
    );
  }
  const isOptions = typeof exported === 'object' && exported !== null && !(exported instanceof Promise);
  if (isOptions) return exported as Partial<ProcoreOptions>;
  const got = exported instanceof Promise ? 'a promise' : typeof exported;
  throw new Error(
    `PROCORE_CONFIG: ${config} gives ${got}; it takes an object with options of attachProcore, or a function that returns one`,
  );
}

/** In place of a message that quotes what stands there, a secret perhaps. */
function unquoted(error: unknown): string | undefined {
  if (error instanceof ReferenceError)
    return 'it uses a name that is not defined; is something not in quotes?';
  return error instanceof SyntaxError ? syntaxErrorOf(error) : undefined;
}

function syntaxErrorOf({ stack = '' }: SyntaxError): string {
  const place = /^(?!SyntaxError)(.+:\d+)\n/.exec(stack)?.[1];
  return `there is a syntax error${place === undefined ? '' : ` in ${place}`}`;
}

/** One for the whole process. */
function storeOf({ store, grant }: Partial<ProcoreOptions>, file: string | undefined): TokenStore {
  const isKept = grant !== 'client_credentials';
  if (store && isKept && isMemoryTokenStore(store))
    throw new Error(
      'a memory store loses the refresh token with the process, and nobody would be asked; set PROCORE_TOKEN_FILE, or give another store in PROCORE_CONFIG',
    );
  if (store && file !== undefined)
    throw new Error('PROCORE_TOKEN_FILE is set, and PROCORE_CONFIG gives a store; it takes one of them');
  if (store) return store;
  if (file !== undefined) return storeIn(file);
  if (!isKept) return memoryTokenStore();
  throw new Error(
    'there is no token store; set PROCORE_TOKEN_FILE to the path of a file on a disk that outlives the process, or give one in PROCORE_CONFIG',
  );
}

/** A file that cannot be used is found out before the application starts, not in its first call. */
function storeIn(path: string): TokenStore {
  const file = fileThatWorks(path);
  const store = fileTokenStore({ file });
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOENT') return store;
    throw new Error(`PROCORE_TOKEN_FILE: ${file} could not be read (${code})`);
  }
  const parsed = parseTokenSet(bytes);
  if (parsed.kind === 'tokens') return store;
  throw new Error(
    `PROCORE_TOKEN_FILE: ${file} cannot be used: ${parsed.what}; expected: ${expectedTokenSet}. It is left as it is: put a good copy in its place, or move it away and authorise anew`,
  );
}

/** The file itself, in a folder in which it can be saved. */
function fileThatWorks(path: string): string {
  try {
    const file = fileBehind(resolve(path));
    checkAtStart(file);
    return file;
  } catch (error) {
    throw new Error(`PROCORE_TOKEN_FILE: ${(error as Error).message}`);
  }
}
