import type { AxiosResponse } from 'axios';
import { accountOfSubject } from '../options/account-by-subject.js';
import type { Accounts } from '../line/accounts.js';
import type { AxiosCopy } from '../axios/copy.js';
import { bridgeCancellation } from '../line/call.js';
import type { Env } from '../time/env.js';
import type { Settings } from '../options/options.js';
import { timeoutMsOf } from '../axios/timeout.js';
import { judgeRevocation } from '../token/endpoint/revocation-form.js';
import type { TokenSource } from '../token/source.js';
import { subjectOf } from '../wire/jwt.js';
import { within, type Patience } from '../time/within.js';
import { textOf } from './passage.js';
import type { LegacyRevocation } from './revocation-request.js';
import type { LegacyCall } from './takeover.js';

/** Lets the application's own revocation pass, and notices which tokens are dead then. */
export type OwnRevocation = (request: LegacyRevocation, call: LegacyCall) => Promise<AxiosResponse>;

/**
 * Creates the one who watches the application's own `POST /oauth/revoke`. It passes as it is. After a 200 the account that holds the
 * token now, in memory or in the store, forgets its tokens as `revoke()` lets it, so that the next log-in is taken. The application gets
 * the server's answer, whatever becomes of that.
 */
export function createOwnRevocation(deps: {
  env: Env;
  copy: AxiosCopy;
  settings: Pick<Settings, 'clientId' | 'maxWaitMs'>;
  sources: () => Iterable<TokenSource>;
  sourceOf: (account: string) => TokenSource;
  /** Where accounts are the users themselves. */
  accounts: Accounts | undefined;
  /** Whether it is the plugin itself that lets the application's function present a grant. */
  isRenewal: () => boolean;
}): OwnRevocation {
  const { env, settings, sources, sourceOf, accounts } = deps;

  /** The sources that may hold the token. */
  async function keepersOf(
    token: string,
    { config, accountOf }: LegacyCall,
    patience: Patience,
  ): Promise<TokenSource[]> {
    const holders = [...sources()].filter((source) => {
      const { access_token, refresh_token } = source.held()?.tokens ?? {};
      return token === access_token || token === refresh_token;
    });
    if (holders.length > 0) return holders;
    if (!accounts) {
      const account = accountOf(config);
      return account === undefined ? [] : [sourceOf(account)];
    }
    const subject = subjectOf(token);
    if (subject !== undefined) return [sourceOf('default'), sourceOf(accountOfSubject(subject))];
    const holder = await accounts.ofRefreshToken(token, patience);
    return [holder ?? sourceOf('default')];
  }

  return async (request, call) => {
    const { config, adapter } = call;
    const endsAtMs = env.now() + (timeoutMsOf(config.timeout) ?? Infinity);
    const response = await adapter(config);
    const answer = { ...response, body: textOf(response.data), retryAfter: undefined, location: undefined };
    const isForeign = request.clientId !== undefined && request.clientId !== settings.clientId;
    // What waits for the renewal that makes this very request would wait for itself.
    if (isForeign || deps.isRenewal() || judgeRevocation(answer, env.now()).kind !== 'revoked')
      return response;
    const maxMs = Math.max(0, Math.min(settings.maxWaitMs, endsAtMs - env.now()));
    const { signal, release } = bridgeCancellation(deps.copy, config, env);
    // Whoever waits no longer than this has the answer then; the note is taken all the same.
    const notice = async () => {
      for (const source of await keepersOf(request.token, call, {
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
