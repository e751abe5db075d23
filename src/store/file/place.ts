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

/** Where a store keeps its accounts, and the format of their files. */
export interface Place {
  /** The absolute path of the folder of all files. */
  readonly directory: string;
  /** The path of the folder for notices of renewals. */
  readonly notices: string;
  /** The path of the token file of a store with a single one. */
  readonly only?: string;
  /** @throws Error for an account that cannot be kept here. */
  filesOf(account: string): AccountFiles;
  /** The content of a token file; undefined where the set cannot be written as JSON. */
  format(tokens: TokenSet, account: string): string | undefined;
  parse(bytes: Uint8Array, account: string): ParsedFile;
  /** The expected format of a token file in words, for messages. */
  readonly expected: string;
}

/** A folder with a file for each account. */
export function placeInFolder(directory: string): Place {
  return {
    directory,
    notices: join(directory, 'notices'),
    filesOf: (account) => filesNamed(directory, fileNameOf(account), '.json'),
    format: formatTokenFile,
    parse: parseTokenFile,
    expected: expectedFormat,
  };
}

/**
 * A single file for a single account. It contains the token set as Procore answers it, so that the application's own code can read it too.
 */
export function placeInFile(path: string): Place {
  const files = filesNamed(dirname(path), basename(path), '');
  let only: string | undefined;
  return {
    directory: dirname(path),
    notices: `${path}.notices`,
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
