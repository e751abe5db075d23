import { basename, dirname, join } from 'node:path';
import type { TokenSet } from '../store.js';
import {
  expectedFormat,
  expectedTokenSet,
  formatTokenFile,
  formatTokenSet,
  parseTokenFile,
  parseTokenSet,
  type ParsedFile,
} from './format.js';
import { fileNameOf, filesNamed, type AccountFiles } from './names.js';

/** Where the accounts of a store are kept, and what their files look like. */
export interface Place {
  /** The folder that all files are in, absolute. */
  readonly directory: string;
  /** The token file, where there is but one. */
  readonly only?: string;
  /** @throws Error for an account that this place does not keep. */
  filesOf(account: string): AccountFiles;
  /** The content of a token file; undefined where the set is not JSON. */
  format(tokens: TokenSet, account: string): string | undefined;
  parse(bytes: Uint8Array, account: string): ParsedFile;
  /** What a token file has to be, in words. */
  readonly expected: string;
}

/** A file for each account. */
export function placeInFolder(directory: string): Place {
  return {
    directory,
    filesOf: (account) => filesNamed(directory, fileNameOf(account), '.json'),
    format: formatTokenFile,
    parse: parseTokenFile,
    expected: expectedFormat,
  };
}

/** One file for the one account: the token set as Procore answers it, so that the application's own code can read it too. */
export function placeInFile(path: string): Place {
  const files = filesNamed(dirname(path), basename(path), '');
  let only: string | undefined;
  return {
    directory: dirname(path),
    only: path,
    filesOf(account) {
      only ??= account;
      if (account === only) return files;
      throw new Error(
        `The token file ${path} keeps one account, ${JSON.stringify(only)}, and not ${JSON.stringify(account)}: for several use fileTokenStore({ directory: ${JSON.stringify(join(dirname(path), 'tokens'))} }).`,
      );
    },
    format: formatTokenSet,
    parse: parseTokenSet,
    expected: expectedTokenSet,
  };
}
