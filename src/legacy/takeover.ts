import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Accounts } from '../line/accounts.js';
import type { Adapter } from '../axios/adapter.js';
import { captureContext } from '../time/async-context.js';
import { acceptsStatus, canceledError } from '../axios/versions.js';
import type { AxiosCopy } from '../axios/copy.js';
import { bridgeCancellation } from '../line/call.js';
import type { Env } from '../time/env.js';
import {
  ClientRejectedError,
  ReauthenticationRequiredError,
  TokenRenewalError,
  TokenStoreError,
  type ProcoreError,
} from '../failure/errors.js';
import type { Events } from '../observe/events.js';
import type { Settings } from '../options/options.js';
import { unsentError } from '../line/outcome.js';
import type { TokenSet } from '../store/store.js';
import { fingerprint } from '../token/pair/fingerprint.js';
import { withRedeemed } from '../token/pair/lineage.js';
import type { Locked } from '../token/grant/lock.js';
import type { GrantMutex } from '../token/grant/registry.js';
import type { TokenSource } from '../token/source.js';
import { successorOf } from '../token/grant/successor.js';
import { epochMs } from '../token/pair/moments.js';
import { localExpiryMs } from '../token/pair/token-set.js';
import { readByProxyText } from '../wire/in-clear.js';
import { within, type Patience } from '../time/within.js';
import { syntheticResponse } from '../failure/synthetic.js';
import { createInTime, type AnsweredCall } from './in-time.js';
import type { createHearing } from './passage.js';
import { tokenAnswer, type PairInUse } from './token-answer.js';
import type { LegacyTokenRequest } from './token-request.js';

/** One token request of the application. */
export interface LegacyCall {
  readonly config: AxiosRequestConfig;
  readonly url: string;
  readonly adapter: Adapter;
  readonly accountOf: (config: AxiosRequestConfig) => string | undefined;
}

type RefreshRequest = LegacyTokenRequest & { readonly grant: 'refresh_token' };

/** Answers the application's own token request. */
export type Takeover = (request: LegacyTokenRequest, call: LegacyCall) => Promise<AxiosResponse>;

/**
 * The application goes on refreshing by itself, and every one of its requests is answered from the one renewal. What it authorises anew
 * passes through, and the answer is kept.
 */
export function createTakeover(deps: {
  env: Env;
  copy: AxiosCopy;
  settings: Pick<Settings, 'clientId' | 'grant' | 'legacy' | 'maxWaitMs'>;
  mutex: GrantMutex;
  hear: ReturnType<typeof createHearing>;
  sources: () => Iterable<TokenSource>;
  sourceOf: (account: string) => TokenSource;
  /** Where accounts are the users themselves. */
  accounts: Accounts | undefined;
  /** Runs while no other process presents this refresh token, which nobody knows. */
  alone: <T>(refreshToken: string, work: () => Promise<T>) => Promise<Locked<T>>;
  /** Whether it is the plugin itself that lets the application's function present a grant. */
  isRenewal: () => boolean;
  /** Whether a request with this configuration would go to a proxy that reads it. */
  goesInClear: (config: AxiosRequestConfig, url: string) => boolean;
  serverOffsetMs: () => number;
  warnOnce: Events['warnOnce'];
}): Takeover {
  const { env, copy, settings, mutex, hear, warnOnce, accounts } = deps;
  const inTime = createInTime(deps);
  /** Saves of what the application has redeemed by itself, by token. */
  const keeping = new Map<string, Promise<void>>();

  function sourceFor(refreshToken: string | undefined, call: LegacyCall): TokenSource | undefined {
    const known =
      refreshToken === undefined ? [] : [...deps.sources()].filter((source) => source.knows(refreshToken));
    if (known[0] || accounts) return known[0];
    const account = call.accountOf(call.config);
    return account === undefined ? undefined : deps.sourceOf(account);
  }

  /** Waits as long as the application itself would for the answer. */
  async function patiently<T>(
    { config, endsAtMs }: AnsweredCall,
    work: (patience: Patience) => Promise<T>,
  ): Promise<T> {
    const { signal, release } = bridgeCancellation(copy, config, env);
    try {
      const maxMs = Math.max(0, Math.min(settings.maxWaitMs, endsAtMs - env.now()));
      return await work({ maxMs, signal, way: config });
    } finally {
      release();
    }
  }

  async function answerFrom(
    source: TokenSource,
    request: LegacyTokenRequest,
    call: AnsweredCall,
  ): Promise<AxiosResponse> {
    const refreshToken = request.grant === 'refresh_token' ? request.refreshToken : undefined;
    const presented = await patiently(call, (patience) => source.present(refreshToken, patience));
    switch (presented.kind) {
      case 'lease': {
        const { held, aliveAtMs } = presented.lease;
        const scales = { serverOffsetMs: deps.serverOffsetMs(), aliveAtMs };
        return granted(call, { set: held.set, expiresAtMs: localExpiryMs(held, scales) });
      }
      case 'failed':
        return refused(call, presented.error);
      case 'aborted':
        throw canceledError(copy, call.config);
      case 'unknown':
        return redeemOnce(request as RefreshRequest, source, call);
    }
  }

  /** Whose the tokens are shows in the answer: until then no account is concerned. */
  async function redeemForItsUser(request: RefreshRequest, call: AnsweredCall): Promise<AxiosResponse> {
    const { refreshToken } = request;
    const found = () => patiently(call, (patience) => accounts!.ofRefreshToken(refreshToken, patience));
    const holder = await found();
    if (holder) return answerFrom(holder, request, call);
    const inCaller = captureContext();
    const redeem = async (): Promise<AxiosResponse> => {
      // Another process may have been faster.
      const other = await found();
      return other ? answerFrom(other, request, call) : redeemOnce(request, undefined, call);
    };
    const redeemed = await deps.alone(refreshToken, () => inCaller(redeem));
    if (redeemed.kind === 'ran') return redeemed.value;
    const text = `a refresh token was not presented, because the token store failed: ${redeemed.why}. Try again.`;
    return refused(call, new TokenStoreError(text, { cause: redeemed.cause }));
  }

  /** The source that keeps what the application has got. */
  async function keeperOf(
    tokens: TokenSet,
    source: TokenSource | undefined,
  ): Promise<TokenSource | undefined> {
    if (!accounts) return source;
    return deps.sourceOf(await accounts.ofTokens(tokens, { maxMs: settings.maxWaitMs, signal: undefined }));
  }

  /**
   * Nobody here can say what this token is: the server can. Who presents it beside this request gets the same answer, and what has
   * become of it counts for whoever holds it. Without a source the answer is the application's alone.
   */
  async function redeemOnce(
    request: RefreshRequest,
    source: TokenSource | undefined,
    call: AnsweredCall,
  ): Promise<AxiosResponse> {
    const { refreshToken } = request;
    const key = fingerprint(refreshToken);
    const refuse = () => {
      // The server says the same of another client's token.
      if (request.clientId !== undefined)
        mutex.record(key, { kind: 'dead', reason: 'refresh-token-invalid' });
    };
    const redeem = async () => {
      const successor = successorOf(refreshToken, mutex.outcomeOf);
      if (successor) return granted(call, { set: successor, expiresAtMs: epochMs(successor.expires_at) });
      if (mutex.outcomeOf(key)?.kind === 'dead') return refused(call, known(call));
      if (isInClear(call)) return refused(call, unsendable(call));
      const { response, tokens, expiresAtMs } = await hear(call.config, call.adapter, refuse);
      if (!tokens?.refresh_token || tokens.refresh_token === refreshToken) return response;
      const remembering = withRedeemed(tokens, refreshToken);
      mutex.record(key, { kind: 'renewed', tokens: remembering, expiresAtMs });
      // Not in here: what saves it may have to wait for this very token.
      if (source || accounts)
        keeping.set(
          key,
          keeperOf(remembering, source)
            .then((keeper) => keeper && keep(keeper, remembering, true))
            .finally(() => keeping.delete(key)),
        );
      return response;
    };
    const response = await patiently(call, async ({ maxMs, signal }) => {
      if (signal?.aborted) throw canceledError(copy, call.config);
      if (maxMs === 0) return refused(call, occupied(call));
      const patience = new AbortController();
      const redeemed = mutex.run(key, redeem, patience.signal);
      const { kind } = await within(env, maxMs, redeemed, signal);
      if (kind === 'elapsed' || kind === 'aborted') patience.abort();
      // Once its turn has come, its own time-out bounds it, and its answer counts.
      const answered = await redeemed;
      if (answered) return answered;
      if (kind === 'elapsed') return refused(call, occupied(call));
      throw canceledError(copy, call.config);
    });
    await keeping.get(key);
    return response;
  }

  /** The tokens of a new authorisation, unless they are another user's than those that work. */
  async function keep(source: TokenSource, tokens: TokenSet, sure: boolean): Promise<void> {
    if (await source.takeOwn(tokens, sure)) return;
    warnOnce(
      'legacy-refresh',
      'another user',
      'the application has got tokens of another user than those of this account, or nobody can say whose: they are left to it; tell whose tokens a call uses by the option "account"',
    );
  }

  function known({ config, accountOf }: LegacyCall): ProcoreError {
    return new ReauthenticationRequiredError(
      'the refresh token that the application came with is spent or revoked, as the token endpoint has said before: it was not presented again. The user must authorise anew.',
      { account: accountOf(config) ?? 'default', reason: 'refresh-token-invalid' },
    );
  }

  function occupied({ config, accountOf }: LegacyCall): ProcoreError {
    return new TokenRenewalError(
      'another request presents the refresh token that the application came with, and has no answer yet: it was not presented a second time. Try again.',
      { account: accountOf(config) ?? 'default' },
    );
  }

  const isInClear = ({ config, url }: LegacyCall): boolean => deps.goesInClear(config, url);

  function unsendable({ config, accountOf }: LegacyCall): ProcoreError {
    const text = `the application's own token request was stopped: ${readByProxyText}.`;
    return new TokenRenewalError(text, { account: accountOf(config) ?? 'default' });
  }

  function granted({ config }: LegacyCall, pair: PairInUse): AxiosResponse {
    return syntheticResponse(config, 200, tokenAnswer(pair, env.now()));
  }

  /** In the words of RFC 6749, section 5.2, which the application's own code looks for. */
  function refused({ config, url }: LegacyCall, error: ProcoreError): AxiosResponse {
    const path = new URL(url).pathname;
    const code =
      error instanceof ReauthenticationRequiredError
        ? 'invalid_grant'
        : error instanceof ClientRejectedError
          ? 'invalid_client'
          : undefined;
    if (!code) throw unsentError(copy, error, config, path);
    const body = { error: code, error_description: error.message };
    const response = syntheticResponse(config, code === 'invalid_grant' ? 400 : 401, body);
    if (acceptsStatus(config, response.status)) return response;
    throw unsentError(copy, error, config, path, response);
  }

  return async (request, call) => {
    const isForeign = request.clientId !== undefined && request.clientId !== settings.clientId;
    // To answer a renewal's own request from that renewal would be to wait for oneself.
    if (isForeign || deps.isRenewal()) return call.adapter(call.config);
    if (request.grant === 'refresh_token' && settings.grant === 'refresh_token') {
      const source = sourceFor(request.refreshToken, call);
      return inTime(call, (answered) => {
        if (!source && accounts) return redeemForItsUser(request, answered);
        return source ? answerFrom(source, request, answered) : redeemOnce(request, undefined, answered);
      });
    }
    if (request.grant === 'client_credentials' && settings.grant === 'client_credentials') {
      const source = accounts ? deps.sourceOf('default') : sourceFor(undefined, call);
      if (source) return inTime(call, (answered) => answerFrom(source, request, answered));
    }
    if (request.grant === 'authorization_code' && settings.grant === 'refresh_token') {
      if (isInClear(call)) return refused(call, unsendable(call));
      const { response, tokens } = await hear(call.config, call.adapter);
      const source = tokens && (await keeperOf(tokens, sourceFor(undefined, call)));
      if (source) await keep(source, tokens, accounts?.mustBeSameUser(tokens) ?? false);
      return response;
    }
    return call.adapter(call.config);
  };
}
