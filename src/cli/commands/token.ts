import type { Answer } from '../answer.js';
import type { Settings } from '../cleaning.js';
import type { Io } from '../io.js';
import { keeping } from '../keeping.js';
import { open } from '../opened.js';

/** Prints an access token that works, and renews it first where it has to. The only command that shows a secret. */
export async function token(
  io: Io,
  settings: Settings,
  { account: named }: { account?: string | undefined },
): Promise<Answer> {
  const opened = open(io, settings);
  const account = named ?? opened.ownAccount;
  const accessToken = await keeping(io, opened, account, () => opened.handle.getAccessToken(account));
  const { expiresAt } = opened.handle.status(account);
  return {
    data: { account, accessToken, ...(expiresAt === undefined ? {} : { expiresAt }) },
    lines: () => [accessToken],
  };
}
