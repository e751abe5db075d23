import type { raisingIn } from '../failure/raised.js';
import type { Choices } from '../line/choices.js';
import type { Events } from '../observe/events.js';
import { checkAccount } from '../options/argument-checks.js';
import type { Settings } from '../options/options.js';
import type { TokenSet } from '../store/store.js';
import { readTokenSet } from '../token/pair/token-set.js';
import type { TokenSource } from '../token/source.js';
import { authorizationUrl, checkedCode, checkRevocation } from './authorization-url.js';
import type { Client } from './client.js';
import type { Procore } from './handle.js';
import type { Shared } from './shared.js';

/** Creates the handle of one attach. */
export function createHandle({
  raising,
  settings,
  shared,
  client,
  events,
  pacingOf,
  detach,
}: {
  /** Makes the errors of a method those of the instance's own axios. */
  raising: ReturnType<typeof raisingIn>;
  settings: Settings;
  shared: Shared;
  client: Client;
  events: Events;
  /** What is known of the limits of an account. */
  pacingOf: Choices['pacingOf'];
  /** Takes the plugin off the instance. */
  detach: () => void;
}): Procore {
  const { login, ownAccount, accounts, bounds, sourceOf } = client;
  let detached = false;
  const named = (method: string, account: string | undefined): TokenSource => {
    checkAccount(method, account);
    return sourceOf(account ?? ownAccount);
  };
  const sourceOfUser = async (tokens: TokenSet): Promise<TokenSource> =>
    sourceOf(await accounts!.ofTokens(tokens, bounds));
  /** Warns, because one user after another on an account is what an application may want, and two users at once are a mistake. */
  const changedOwner = () =>
    events.warnOnce(
      'account-changed-owner',
      '',
      'setTokens or exchangeCode, without "account", has brought tokens of another user than those that were held: from now on these are used, and those of the user before are no longer kept. That is right where one user follows another; for several users at once give each an account, { account: String(user.id) }, or set the option account: accountBySubject',
    );
  const handle: Procore = {
    getAccessToken: raising(async (account) => {
      const source = named('getAccessToken', account);
      const acquired = await source.acquire({ maxMs: settings.maxWaitMs, signal: undefined });
      if (acquired.kind === 'lease') return acquired.lease.held.accessToken ?? '';
      throw acquired.kind === 'failed' ? acquired.error : new Error('unreachable: no signal was given');
    }),
    setTokens: raising(async (tokens, account) => {
      const source = named('setTokens', account);
      if (account !== undefined) return source.setTokens(tokens);
      const read = accounts && readTokenSet(tokens);
      if (read?.kind === 'set') return (await sourceOfUser(read.set)).setTokens(tokens);
      return source.setTokens(tokens, changedOwner);
    }),
    renew: raising(async (account) => {
      return named('renew', account).renew();
    }),
    authorizationUrl: (request) => authorizationUrl(settings, request),
    exchangeCode: raising(async (request) => {
      const { account, code, redirectUri } = checkedCode(settings, request);
      const source = named('exchangeCode', account);
      return source.exchangeCode(login, { code, redirectUri }, async (held) => {
        if (account !== undefined) return source.take(held);
        if (accounts) return (await sourceOfUser(held.set)).take(held);
        return source.take(held, changedOwner);
      });
    }),
    revoke: raising(async (account) => {
      checkRevocation(settings);
      return named('revoke', account).revoke(login);
    }),
    status(account) {
      const source = named('status', account);
      const pacing = pacingOf(source.account);
      return { ...source.status(), ...(pacing ? { pacing } : {}) };
    },
    unsavedTokens: (account) => named('unsavedTokens', account).unsavedTokens(),
    idle: shared.idle,
    on: events.on,
    detach() {
      if (detached) return;
      detached = true;
      client.detach();
      shared.detached(handle);
      detach();
    },
  };
  return handle;
}
