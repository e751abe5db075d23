import { tokensInMemory } from '../../attach/instance.js';
import type { TokenSet } from '../../store/store.js';
import { stateOf, tokensOf } from '../account-state.js';
import { Interrupted, type Answer } from '../answer.js';
import type { Settings } from '../cleaning.js';
import type { Io } from '../io.js';
import { keeping } from '../keeping.js';
import { open } from '../opened.js';
import { telling } from '../telling.js';

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
  const isDue = (tokens: TokenSet | undefined) =>
    ['aging', 'expired'].includes(stateOf(account, tokens, io.env.now()).state);
  const held = () => tokensInMemory(opened.instance, account);
  const print = async () => {
    // Calls try a token whose end is in doubt, because an answer corrects them. Nobody corrects what is printed here.
    if (!isDue(before)) {
      const accessToken = await opened.handle.getAccessToken(account);
      if (!isDue(held())) return accessToken;
    }
    return (await opened.handle.renew(account)).access_token;
  };
  const printed = await telling(io, settings, opened, { account, text: 'Getting an access token' }, () =>
    keeping(io, opened, { account, before }, print),
  );
  // A renewal in the background may have replaced what was handed out.
  const accessToken = held()?.access_token || printed;
  const { expiresAt } = opened.handle.status(account);
  return {
    data: { account, accessToken, ...(expiresAt === undefined ? {} : { expiresAt }) },
    lines: () => [accessToken],
  };
}
