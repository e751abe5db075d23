import type { AxiosResponse } from 'axios';
import { accountOfSubject } from '../options/account-by-subject.js';
import type { Accounts } from '../line/accounts.js';
import type { AxiosCopy } from '../axios/copy.js';
import { bridgeCancellation } from '../line/cancellation.js';
import type { Env } from '../time/env.js';
import type { Settings } from '../options/options.js';
import { timeoutMsOf } from '../axios/timeout.js';
import { judgeRevocation } from '../token/endpoint/verdict.js';
import type { TokenSource } from '../token/source.js';
import { subjectOf } from '../wire/jwt.js';
import { within, type WaitBounds } from '../time/within.js';
import { textOf } from './passage.js';
import type { LegacyRevocation } from './revocation-request.js';
import type { LegacyCall } from './takeover.js';

/** Sends the application's own revocation request as it is, and lets the account of a revoked token forget its tokens. */
export type OwnRevocation = (request: LegacyRevocation, call: LegacyCall) => Promise<AxiosResponse>;

/**
 * Creates the handling of the application's own `POST /oauth/revoke` (RFC 7009). The request is sent unchanged. After a 200 the account
 * that holds the token, in memory or in the store, forgets its tokens as `revoke()` makes it do, so that the tokens of the next log-in are
 * taken. The application gets the server's answer even where that fails.
 */
export function createOwnRevocation(deps: {
  env: Env;
  copy: AxiosCopy;
  settings: Pick<Settings, 'clientId' | 'maxWaitMs'>;
  sources: () => Iterable<TokenSource>;
  /** The source of the account at rest that holds this refresh token. */
  wakened: (refreshToken: string) => TokenSource | undefined;
  sourceOf: (account: string) => TokenSource;
  /** Set where each user is an account of its own (option `account: accountBySubject`). */
  accounts: Accounts | undefined;
  /** Whether the request is made by the application's own `exchange` function, for a renewal of the plugin. */
  isRenewal: () => boolean;
}): OwnRevocation {
  const { env, settings, sources, sourceOf, accounts } = deps;

  /** The token sources of the accounts that may hold the token. */
  async function sourcesHolding(
    token: string,
    { config, accountOf }: LegacyCall,
    bounds: WaitBounds,
  ): Promise<TokenSource[]> {
    const holders = [...sources()].filter((source) => {
      const { access_token, refresh_token } = source.held()?.tokens ?? {};
      return token === access_token || token === refresh_token;
    });
    if (holders.length > 0) return holders;
    const atRest = deps.wakened(token);
    if (atRest) return [atRest];
    if (!accounts) {
      const account = accountOf(config);
      return account === undefined ? [] : [sourceOf(account)];
    }
    const subject = subjectOf(token);
    if (subject !== undefined) return [sourceOf('default'), sourceOf(accountOfSubject(subject))];
    const holder = await accounts.ofRefreshToken(token, bounds);
    return [holder ?? sourceOf('default')];
  }

  return async (request, call) => {
    const { config, adapter } = call;
    const endsAtMs = env.now() + (timeoutMsOf(config.timeout) ?? Infinity);
    const response = await adapter(config);
    const answer = { ...response, body: textOf(response.data), retryAfter: undefined, location: undefined };
    const isForeign = request.clientId !== undefined && request.clientId !== settings.clientId;
    // A request that a renewal makes is not noted: the note waits for the renewal, which waits for this request.
    if (isForeign || deps.isRenewal() || judgeRevocation(answer, env.now()).kind !== 'revoked')
      return response;
    const maxMs = Math.max(0, Math.min(settings.maxWaitMs, endsAtMs - env.now()));
    const { signal, release } = bridgeCancellation(deps.copy, config, env);
    // The application waits for this for `maxMs` at the most, and then gets its answer; the accounts still forget their tokens after that.
    const notice = async () => {
      for (const source of await sourcesHolding(request.token, call, {
        maxMs: settings.maxWaitMs,
        signal: undefined,
      }))
        await source.revokedElsewhere(request.token);
    };
    await within(env, maxMs, notice(), signal);
    release();
    return response;
  };
}
