import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Adapter } from '../axios/adapter.js';
import { isAxiosError } from '../axios/versions.js';
import type { OauthPassage } from '../line/dispatch.js';
import type { Env } from '../time/env.js';
import type { Events } from '../observe/events.js';
import type { TokenSet } from '../store/store.js';
import { fingerprint } from '../token/pair/fingerprint.js';
import { judgeAnswer, type Verdict } from '../token/endpoint/verdict.js';
import type { GrantMutex } from '../token/grant/registry.js';
import type { TokenSource } from '../token/source.js';
import { holdAnswer, localExpiryMs, withExpiresAt } from '../token/pair/token-set.js';
import type { OwnRevocation } from './own-revocation.js';
import { legacyRevocation } from './revocation-request.js';
import { legacyTokenRequest } from './token-request.js';
import type { Takeover } from './takeover.js';

/** What an answer to the application's own token request brought, with its expiry by this machine's clock. */
export interface Heard {
  readonly response: AxiosResponse;
  readonly tokens: TokenSet | undefined;
  readonly expiresAtMs: number | undefined;
}

/** Makes the application's own token request and reads its answer; calls `refused` when it is `invalid_grant`. */
export function createHearing(deps: {
  env: Env;
  serverOffsetMs: () => number;
}): (config: AxiosRequestConfig, adapter: Adapter, refused?: () => void) => Promise<Heard> {
  const { env, serverOffsetMs } = deps;

  function judge({ status, data }: AxiosResponse): Verdict {
    const answer = { status, body: textOf(data), retryAfter: undefined, location: undefined };
    return judgeAnswer(answer, env.now());
  }

  return async (config, adapter, refused) => {
    const sentAtMs = env.now();
    const response = await adapter(config).catch((error: unknown) => {
      if (isAxiosError(error) && error.response && judge(error.response).kind === 'invalid-grant')
        refused?.();
      throw error;
    });
    const verdict = judge(response);
    if (verdict.kind === 'invalid-grant') refused?.();
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
 * Lets Procore's own `/oauth/…` calls pass untouched. A refresh that the application still does by itself spends the token that the
 * plugin holds: it is answered by the plugin where that is wished (`takeover`). Else it is warned of once, and its answer is taken over,
 * so that the spent token is not presented again. Of a token that the application revokes by itself, note is taken.
 */
export function createOauthPassage(deps: {
  hear: ReturnType<typeof createHearing>;
  mutex: GrantMutex;
  sources: () => Iterable<TokenSource>;
  warnOnce: Events['warnOnce'];
  takeover: Takeover | undefined;
  ownRevocation: OwnRevocation;
}): OauthPassage {
  const { hear, mutex, sources, warnOnce, takeover, ownRevocation } = deps;

  async function watch(
    config: AxiosRequestConfig,
    adapter: Adapter,
    presented: string,
  ): Promise<AxiosResponse> {
    warnOnce(
      'legacy-refresh',
      '',
      'the application still refreshes tokens by itself; its answer is taken over, but two refreshers race for a single-use token: remove that code, or set legacy: { takeOverRefresh: true }',
    );
    const { response, tokens, expiresAtMs } = await hear(config, adapter);
    // The same token again: it was not spent, and nothing has changed.
    if (tokens?.refresh_token && tokens.refresh_token !== presented) {
      mutex.record(fingerprint(presented), { kind: 'renewed', tokens, expiresAtMs });
      for (const source of sources()) source.redeemedElsewhere(presented);
    }
    return response;
  }

  return async (config, url, adapter, accountOf) => {
    const revocation = legacyRevocation(config, url);
    if (revocation) return ownRevocation(revocation, { config, url, adapter, accountOf });
    const request = legacyTokenRequest(config, url);
    if (!request) return adapter(config);
    if (takeover) return takeover(request, { config, url, adapter, accountOf });
    return request.grant === 'refresh_token' ? watch(config, adapter, request.refreshToken) : adapter(config);
  };
}

/** With `responseType: 'arraybuffer'` the answer is bytes. */
export function textOf(data: unknown): unknown {
  return data instanceof ArrayBuffer || data instanceof Uint8Array ? new TextDecoder().decode(data) : data;
}
