import type { Env } from '../../time/env.js';
import { ClientRejectedError, TokenRenewalError, type ProcoreError } from '../../failure/errors.js';
import type { Settings } from '../../options/options.js';
import type { TokenSet } from '../../store/store.js';
import { askUntilVerdict, type Unasked } from '../endpoint/until-verdict.js';
import type { Login } from '../endpoint/login.js';
import { revocationForm } from '../endpoint/forms.js';
import { judgeRevocation, type RevocationVerdict } from '../endpoint/verdict.js';

/** Revoking twice does no harm: a request whose answer was lost is sent again. */
const resends = 3;

/** Asks the login host to revoke one set; resolves with the failure, if it has failed. */
export type RevokeSet = (
  login: Login,
  set: TokenSet,
  leave: { readonly endsAtMs: number; readonly signal: AbortSignal },
) => Promise<ProcoreError | undefined>;

/** Creates the requests that revoke tokens of one account. `onWait` is called with the failure before each request that is sent again. */
export function createRevokeSet(
  env: Env,
  account: string,
  settings: Settings['renewal'],
  onWait: (failure: ProcoreError) => void,
): RevokeSet {
  const { answerTimeoutMs, totalMs } = settings;
  const leastAnswerMs = Math.min(answerTimeoutMs, totalMs / 4);
  const name = JSON.stringify(account);

  function errorOf(
    verdict: Exclude<RevocationVerdict, { kind: 'revoked' }> | Unasked,
    retryAtMs?: number,
  ): ProcoreError {
    const { kind, why } = verdict;
    if (kind === 'client-rejected') {
      const text = `the login host refused this client: asked to revoke the tokens of account ${name}, ${why}. Check clientId, clientSecret and environment; the tokens are kept.`;
      return new ClientRejectedError(text, { account });
    }
    const text = `the tokens of account ${name} could not be revoked: asked to, ${why}. They are kept: try again.`;
    return new TokenRenewalError(text, {
      account,
      cause: 'cause' in verdict ? verdict.cause : undefined,
      retryAt: retryAtMs === undefined ? undefined : new Date(retryAtMs),
    });
  }

  return async (login, set, { endsAtMs, signal }) => {
    // The refresh token first: with it the access tokens of its grant go (RFC 7009, section 2.1), also where the access token has
    // expired, and servers take that one for unknown. Then the access token, which is what Procore's page asks for.
    for (const token of [set.refresh_token, set.access_token]) {
      if (!token) continue;
      const verdict = await askUntilVerdict<RevocationVerdict>(
        env,
        // Not beyond the time that the lock is held for.
        {
          ...{ endsAtMs, answerTimeoutMs, leastAnswerMs, resends, signal },
          onWait(verdict) {
            if (verdict.kind !== 'revoked') onWait(errorOf(verdict));
          },
        },
        (answerTimeoutMs) =>
          login.send<RevocationVerdict>(
            {
              path: '/oauth/revoke',
              form: (client) => revocationForm(token, client),
              secrets: [token],
              judge: judgeRevocation,
            },
            { signal, answerTimeoutMs },
          ),
      );
      if (verdict.kind !== 'revoked') return errorOf(verdict, verdict.retryAtMs);
    }
    return undefined;
  };
}
