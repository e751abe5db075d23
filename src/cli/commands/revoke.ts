import { tokensOf } from '../account-state.js';
import type { Answer } from '../answer.js';
import type { Settings } from '../cleaning.js';
import type { Io } from '../io.js';
import { open, placeOf } from '../opened.js';
import { telling } from '../telling.js';

/** Revokes the tokens at the login host, and removes them from the store. */
export async function revoke(
  io: Io,
  settings: Settings,
  { account: named }: { account?: string | undefined },
): Promise<Answer> {
  const opened = open(io, settings);
  const account = named ?? opened.ownAccount;
  const store = placeOf(opened, account);
  const isHeld = (await tokensOf(io, opened, account)) !== undefined;
  if (!isHeld)
    return {
      data: { account, revoked: false, store },
      lines: () => [`There are no tokens of account ${account} in ${store}: nothing was revoked.`],
    };
  await telling(io, settings, opened, { account, text: 'Revoking the tokens' }, () =>
    opened.handle.revoke(account).finally(() => opened.handle.idle()),
  );
  return {
    data: { account, revoked: true, store },
    lines: (paint) => [
      `${paint.good('Revoked')} the tokens of account ${account} at ${opened.options.environment.loginUrl}, and removed them from ${store}.`,
      'To use the account again, run: axios-procore login',
    ],
  };
}
