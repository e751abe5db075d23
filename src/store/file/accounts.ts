import { join } from 'node:path';
import { accountIn } from './format.js';
import { fileNameOf } from './names.js';
import { codeOf, systemError, type FileSystem } from './system.js';

/** Creates the function that lists the accounts whose token files are in a folder. */
export function createAccountList(directory: string, fs: FileSystem): () => Promise<readonly string[]> {
  /** Accounts by file name. They are cached, because the account of a file never changes. */
  let known = new Map<string, string>();

  async function accountOf(name: string): Promise<string | undefined> {
    const account = known.get(name) ?? accountIn(await fs.readFile(join(directory, name)));
    // A file that was copied or renamed by hand is ignored.
    return account !== undefined && `${fileNameOf(account)}.json` === name ? account : undefined;
  }

  return async () => {
    let names: string[];
    try {
      names = (await fs.readdir(directory)).filter((name) => name.endsWith('.json'));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw systemError(`The folder for tokens ${directory} could not be read`, error);
    }
    const found = new Map<string, string>();
    for (const name of names) {
      const account = await accountOf(name).catch((error: unknown) => {
        // The file was deleted after the folder was listed: its user has logged out.
        if (codeOf(error) === 'ENOENT') return undefined;
        throw systemError(`The token file ${join(directory, name)} could not be read`, error);
      });
      if (account !== undefined) found.set(name, account);
    }
    known = found;
    return [...found.values()];
  };
}
