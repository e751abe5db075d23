import { lockNameOf, markOwnStore, nameLocks } from '../own.js';
import type { ListingStore } from '../store.js';
import type { FileTokenStore } from './store.js';

/**
 * The file store of an application in which each user is an account. The account `default` is kept in a single file, as release 0.1.0 kept
 * its only account, and each other user in a file of their own in a folder.
 */
export function usersStore(
  first: FileTokenStore,
  others: FileTokenStore & ListingStore,
): FileTokenStore & ListingStore {
  const of = (account: string) => (account === 'default' ? first : others);
  const store: FileTokenStore & ListingStore = markOwnStore({
    load: (account) => of(account).load(account),
    save: (tokens, account, previous) => of(account).save(tokens, account, previous),
    remove: (account) => of(account).remove(account),
    pathOf: (account) => of(account).pathOf(account),
    lock: (account, critical, signal) => of(account).lock!(account, critical, signal),
    renewsLock: true,
    readsAreFresh: true,
    accounts: async () => ['default', ...(await others.accounts!())],
  });
  return nameLocks(store, (account) => lockNameOf(of(account), account));
}

/** The folder of all users but the first; it is beside the file of the first. */
export function usersFolder(file: string): string {
  return `${file}.users`;
}
