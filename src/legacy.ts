import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Adapter } from './axios.js';
import type { Env } from './env.js';
import type { Events } from './observe/events.js';
import { fingerprint } from './token/fingerprint.js';
import { judgeAnswer } from './token/grant.js';
import type { GrantMutex } from './token/mutex.js';
import type { TokenSource } from './token/source.js';
import { holdAnswer, localExpiryMs, withExpiresAt } from './token/token-set.js';

/**
 * Lets Procore's own `/oauth/…` calls pass untouched. A refresh that the application still does by itself spends the token that the
 * plugin holds: it is warned of once, and its answer is taken over, so that the spent token is not presented again.
 */
export function createOauthPassage(deps: {
  env: Env;
  mutex: GrantMutex;
  serverOffsetMs: () => number;
  sources: () => Iterable<TokenSource>;
  warnOnce: Events['warnOnce'];
}): (config: AxiosRequestConfig, url: string, adapter: Adapter) => Promise<AxiosResponse> {
  const { env, mutex, serverOffsetMs, sources, warnOnce } = deps;
  return async (config, url, adapter) => {
    const presented = presentedRefreshToken(config, url);
    if (presented === undefined) return adapter(config);
    warnOnce(
      'legacy-refresh',
      '',
      'the application still refreshes tokens by itself; its answer is taken over, but two refreshers race for a single-use token: remove that code',
    );
    const sentAtMs = env.now();
    const response = await adapter(config);
    const verdict = judgeAnswer(
      { status: response.status, body: textOf(response.data), retryAfter: undefined, location: undefined },
      env.now(),
    );
    const successor = verdict.kind === 'renewed' ? verdict.answer.refresh_token : undefined;
    // The same token again: it was not spent, and nothing has changed.
    if (verdict.kind === 'renewed' && successor && successor !== presented) {
      const held = holdAnswer(verdict.answer, sentAtMs, { aheadMs: undefined, draw: 0 });
      const offsetMs = serverOffsetMs();
      const tokens = withExpiresAt(held, offsetMs);
      mutex.record(fingerprint(presented), {
        kind: 'renewed',
        tokens,
        expiresAtMs: localExpiryMs(held.expiry, offsetMs),
      });
      for (const source of sources()) source.redeemedElsewhere(presented);
    }
    return response;
  };
}

/** The refresh token of a legacy refresh, wherever it was put: form, JSON or query string. */
function presentedRefreshToken(config: AxiosRequestConfig, url: string): string | undefined {
  const { pathname, searchParams } = new URL(url);
  if (pathname !== '/oauth/token' || config.method?.toLowerCase() !== 'post') return undefined;
  const fields = [searchParams, fieldsOf(config.params), fieldsOf(config.data)];
  const value = (name: string) => fields.map((from) => from?.get(name)).find((found) => found);
  return value('grant_type') === 'refresh_token' ? (value('refresh_token') ?? undefined) : undefined;
}

/** With `responseType: 'arraybuffer'` the answer is bytes. */
function textOf(data: unknown): unknown {
  return data instanceof ArrayBuffer || data instanceof Uint8Array ? new TextDecoder().decode(data) : data;
}

function fieldsOf(data: unknown): URLSearchParams | undefined {
  if (data instanceof URLSearchParams) return data;
  if (typeof data === 'string') {
    try {
      return fieldsOf(JSON.parse(data));
    } catch {
      return new URLSearchParams(data);
    }
  }
  if (typeof data !== 'object' || data === null) return undefined;
  const texts = Object.entries(data).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return new URLSearchParams(texts);
}
