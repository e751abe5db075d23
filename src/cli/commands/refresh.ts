import { stateOf, tokensOf } from '../account-state.js';
import type { Answer } from '../answer.js';
import type { Settings } from '../cleaning.js';
import type { Io } from '../io.js';
import { keeping } from '../keeping.js';
import { open, placeOf } from '../opened.js';
import { telling } from '../telling.js';
import { momentOf } from '../words.js';

/** Renews the tokens now, behind the same lock as every other process, and saves them. */
export async function refresh(
  io: Io,
  settings: Settings,
  { account: named }: { account?: string | undefined },
): Promise<Answer> {
  const opened = open(io, settings);
  const account = named ?? opened.ownAccount;
  const before = await tokensOf(io, opened, account);
  const tokens = await telling(io, settings, opened, { account, text: 'Renewing the tokens' }, () =>
    keeping(io, opened, { account, before }, () => opened.handle.renew(account)),
  );
  const nowMs = io.env.now();
  const held = stateOf(account, tokens, nowMs);
  const store = placeOf(opened, account);
  const isKept = opened.options.grant === 'refresh_token';
  return {
    data: { ...held, store },
    lines: (paint) => [
      `${paint.good('Renewed')} the tokens of account ${account}${isKept ? `, and saved them in ${store}` : ''}.`,
      ...(held.expiresAt ? [`The access token ends ${momentOf(held.expiresAt, nowMs)}.`] : []),
    ],
  };
}
