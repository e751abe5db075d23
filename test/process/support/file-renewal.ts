import type { FileTokenStore } from '../../../src/store/file/store.js';
import { shortFingerprint } from '../../../src/token/pair/fingerprint.js';

export const account = 'acme';
export const before = { access_token: 'access-1', refresh_token: 'refresh-1' };
export const after = { access_token: 'access-2', refresh_token: 'refresh-2' };
export const underWay = shortFingerprint(before.refresh_token);

/** What a renewal asks of the store; the answer of the token endpoint would come between record and save. */
export async function renewal(store: FileTokenStore): Promise<void> {
  await store.lock!(
    account,
    async (_, record) => {
      await store.load(account);
      await record!.write(underWay);
      await store.save(after, account, before);
      await record!.write(undefined);
    },
    new AbortController().signal,
  );
}
