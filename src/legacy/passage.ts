import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Adapter } from '../axios/adapter.js';
import { isAxiosError } from '../axios/versions.js';
import type { OauthPassage } from '../line/dispatch.js';
import type { Env } from '../time/env.js';
import type { Events } from '../observe/events.js';
import type { TokenSet } from '../store/store.js';
import { fingerprint } from '../token/pair/fingerprint.js';
import { judgeAnswer, type Verdict } from '../token/endpoint/verdict.js';
import type { ClientGrants } from '../token/grant/registry.js';
import { holdAnswer, localExpiryMs, withExpiresAt } from '../token/pair/token-set.js';
import type { OwnRevocation } from './own-revocation.js';
import { legacyRevocation } from './revocation-request.js';
import { legacyTokenRequest } from './token-request.js';
import type { Takeover } from './takeover.js';

/** The answer to the application's own token request, and the tokens in it. */
interface ApplicationTokenAnswer {
  readonly response: AxiosResponse;
  /** Undefined where the answer granted none. */
  readonly tokens: TokenSet | undefined;
  /** When the access token expires, on this machine's clock. */
  readonly expiresAtMs: number | undefined;
}

/** Sends a token request of the application unchanged and reads its answer. Calls `onInvalidGrant` when that is `invalid_grant`. */
export type SendTokenRequest = (
  config: AxiosRequestConfig,
  adapter: Adapter,
  onInvalidGrant?: () => void,
) => Promise<ApplicationTokenAnswer>;

/** Creates {@link SendTokenRequest}. */
export function createSendTokenRequest(deps: { env: Env; serverOffsetMs: () => number }): SendTokenRequest {
  const { env, serverOffsetMs } = deps;

  function judge({ status, data }: AxiosResponse): Verdict {
    const answer = { status, body: textOf(data), retryAfter: undefined, location: undefined };
    return judgeAnswer(answer, env.now());
  }

  return async (config, adapter, onInvalidGrant) => {
    const sentAtMs = env.now();
    const response = await adapter(config).catch((error: unknown) => {
      if (isAxiosError(error) && error.response && judge(error.response).kind === 'invalid-grant')
        onInvalidGrant?.();
      throw error;
    });
    const verdict = judge(response);
    if (verdict.kind === 'invalid-grant') onInvalidGrant?.();
    if (verdict.kind !== 'renewed') return { response, tokens: undefined, expiresAtMs: undefined };
    const held = holdAnswer(verdict.answer, sentAtMs, { aheadMs: undefined, draw: 0 });
    const offsetMs = serverOffsetMs();
    return {
      response,
      tokens: withExpiresAt(held, offsetMs),
      expiresAtMs: localExpiryMs(held, { serverOffsetMs: offsetMs }),
    };
  };
}

/**
 * Creates the handling of the application's own calls to Procore's `/oauth/…`. They pass unchanged, with three exceptions. With `takeover`
 * (`legacy.takeOverRefresh`) the plugin answers a token request of the application itself. Without it, a refresh by the application spends
 * the refresh token that the plugin holds: the plugin warns once and adopts the new pair, so that it does not present the spent token.
 * A revocation is sent, and the account of the token forgets its tokens.
 */
export function createOauthPassage(deps: {
  sendTokenRequest: SendTokenRequest;
  grants: ClientGrants;
  /** The accounts that hold this refresh token take what it was redeemed for. */
  redeemedElsewhere: (refreshToken: string) => void;
  warnOnce: Events['warnOnce'];
  takeover: Takeover | undefined;
  ownRevocation: OwnRevocation;
}): OauthPassage {
  const { sendTokenRequest, grants, warnOnce, takeover, ownRevocation } = deps;

  async function adoptRefresh(
    config: AxiosRequestConfig,
    adapter: Adapter,
    refreshToken: string,
  ): Promise<AxiosResponse> {
    warnOnce(
      'legacy-refresh',
      '',
      'the application still refreshes tokens by itself; its answer is taken over, but two refreshers race for a single-use token: remove that code, or set legacy: { takeOverRefresh: true }',
    );
    const { response, tokens, expiresAtMs } = await sendTokenRequest(config, adapter);
    // An answer with the same refresh token means that it is not single-use: it was not spent, and the plugin's pair still works.
    if (tokens?.refresh_token && tokens.refresh_token !== refreshToken) {
      grants.record(fingerprint(refreshToken), { kind: 'renewed', tokens, expiresAtMs });
      deps.redeemedElsewhere(refreshToken);
    }
    return response;
  }

  return async (config, url, adapter, accountOf) => {
    const revocation = legacyRevocation(config, url);
    if (revocation) return ownRevocation(revocation, { config, url, adapter, accountOf });
    const request = legacyTokenRequest(config, url);
    if (!request) return adapter(config);
    if (takeover) return takeover(request, { config, url, adapter, accountOf });
    return request.grant === 'refresh_token'
      ? adoptRefresh(config, adapter, request.refreshToken)
      : adapter(config);
  };
}

/** The body of an answer, decoded where it is bytes (`responseType: 'arraybuffer'`). */
export function textOf(data: unknown): unknown {
  return data instanceof ArrayBuffer || data instanceof Uint8Array ? new TextDecoder().decode(data) : data;
}
