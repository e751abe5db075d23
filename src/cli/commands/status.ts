import { environmentNamed } from '../../wire/environments.js';
import { accountsOf, stateOf, tokensOf, type AccountState } from '../account-state.js';
import type { Answer } from '../answer.js';
import type { Settings } from '../cleaning.js';
import type { Paint } from '../colors.js';
import type { Io } from '../io.js';
import { open, placeOf } from '../opened.js';
import { momentOf } from '../words.js';

/** Tells what is held of each account. It reads the store only: nothing is sent, and nothing is renewed. */
export async function status(
  io: Io,
  settings: Settings,
  { account }: { account?: string | undefined },
): Promise<Answer> {
  const opened = open(io, settings);
  const { environment, grant } = opened.options;
  const name = environmentNamed(environment) ?? environment.loginUrl;
  const nowMs = io.env.now();
  const accounts = await Promise.all(
    (await accountsOf(io, opened, account)).map(async (one) => ({
      ...stateOf(one, await tokensOf(io, opened, one), nowMs),
      store: placeOf(opened, one),
    })),
  );
  const isService = grant === 'client_credentials';
  const isGood = isService || accounts.some(({ state }) => state !== 'missing' && state !== 'unreadable');
  return {
    isGood,
    data: { environment: name, grant, accounts },
    lines: (paint) => [
      `Environment: ${name}, grant ${grant}.`,
      ...accounts.map((one) => lineOf(one, { isService, nowMs, paint })),
    ],
  };
}

function lineOf(
  { account, state, user, expiresAt, refreshToken, store }: AccountState & { store: string },
  { isService, nowMs, paint }: { isService: boolean; nowMs: number; paint: Paint },
): string {
  const who = `Account ${account}${user === undefined ? '' : ` (user ${user})`}`;
  if (state === 'missing' && isService)
    return `${who}: no token is kept; a service account asks for one when it is needed.`;
  if (state === 'missing') return `${who}: ${paint.bad('no tokens')} in ${store}. Run: axios-procore login`;
  if (state === 'unreadable')
    return `${who}: ${paint.bad('what is in the store is no token set')}: ${store}.`;
  const end = expiresAt === undefined ? '' : ` The access token ends ${momentOf(expiresAt, nowMs)}.`;
  const next =
    refreshToken === undefined && !isService
      ? paint.warning('There is no refresh token: log in again when it has ended.')
      : 'It is renewed when a call needs it.';
  const shown = state === 'expired' ? paint.warning(state) : paint.good(state);
  return `${who}: ${shown}, in ${store}.${end} ${next}`;
}
