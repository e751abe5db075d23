import { stateOf, tokensOf } from '../account-state.js';
import { Interrupted, type Answer } from '../answer.js';
import type { Settings } from '../cleaning.js';
import type { Io } from '../io.js';
import { keeping, renewAndKeep } from '../keeping.js';
import { open } from '../opened.js';

/** Prints an access token that works, and renews it first where it has to. The only command that shows a secret. */
export async function token(
  io: Io,
  settings: Settings,
  { account: named }: { account?: string | undefined },
): Promise<Answer> {
  const opened = open(io, settings);
  const account = named ?? opened.ownAccount;
  const before = await tokensOf(io, opened, account).catch((error: unknown) => {
    if (error instanceof Interrupted) throw error;
    // The plugin asks the store as well, and says what is wrong with it.
    return undefined;
  });
  const { state } = stateOf(account, before, io.env.now());
  // Calls try a token whose end is in doubt, because an answer corrects them. Nobody corrects what is printed here.
  const isDue = state === 'aging' || state === 'expired';
  const accessToken = isDue
    ? (await renewAndKeep(io, opened, account, before)).access_token
    : await keeping(io, opened, account, () => opened.handle.getAccessToken(account));
  const { expiresAt } = opened.handle.status(account);
  return {
    data: { account, accessToken, ...(expiresAt === undefined ? {} : { expiresAt }) },
    lines: () => [accessToken],
  };
}
