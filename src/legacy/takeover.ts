import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Accounts } from '../line/accounts.js';
import type { Adapter } from '../axios/adapter.js';
import { captureContext } from '../time/async-context.js';
import { canceledError } from '../axios/versions.js';
import type { AxiosCopy } from '../axios/copy.js';
import { bridgeCancellation } from '../line/cancellation.js';
import type { Env } from '../time/env.js';
import { TokenStoreError } from '../failure/errors.js';
import type { Events } from '../observe/events.js';
import type { Settings } from '../options/options.js';
import type { TokenSet } from '../store/store.js';
import { fingerprint } from '../token/pair/fingerprint.js';
import { withRedeemed } from '../token/pair/token-history.js';
import type { Locked } from '../token/grant/critical-section.js';
import type { ClientGrants } from '../token/grant/registry.js';
import type { TokenSource } from '../token/source.js';
import { successorOf } from '../token/grant/outcomes.js';
import { epochMs } from '../token/pair/moments.js';
import { localExpiryMs } from '../token/pair/token-set.js';
import { within, type WaitBounds } from '../time/within.js';
import { createInTime, type AnsweredCall } from './in-time.js';
import type { SendTokenRequest } from './passage.js';
import { createTakeoverAnswers } from './takeover-answers.js';
import type { LegacyTokenRequest } from './token-request.js';
import type { OwnTokenRequests } from './unseen-renewals.js';

/** A token request of the application, before it is sent. */
export interface LegacyCall {
  readonly config: AxiosRequestConfig;
  readonly url: string;
  readonly adapter: Adapter;
  readonly accountOf: (config: AxiosRequestConfig) => string | undefined;
}

type RefreshRequest = LegacyTokenRequest & { readonly grant: 'refresh_token' };

/** Answers a token request of the application's own code, or sends it. */
export type Takeover = (request: LegacyTokenRequest, call: LegacyCall) => Promise<AxiosResponse>;

/**
 * Creates the handling of the application's own token requests under `legacy.takeOverRefresh`. A refresh and a `client_credentials` request
 * are answered from the plugin's one renewal, so that application and plugin do not compete for a single-use refresh token. The exchange of
 * an authorization code is sent, and the plugin saves the tokens of its answer.
 */
export function createTakeover(deps: {
  env: Env;
  copy: AxiosCopy;
  settings: Pick<Settings, 'clientId' | 'grant' | 'legacy' | 'maxWaitMs'>;
  grants: ClientGrants;
  sendTokenRequest: SendTokenRequest;
  sources: () => Iterable<TokenSource>;
  /** The source of the account at rest that holds this refresh token: one that other attaches use, which take nothing over. */
  wakened: (refreshToken: string) => TokenSource | undefined;
  sourceOf: (account: string) => TokenSource;
  /** Set where each user is an account of its own (option `account: accountBySubject`). */
  accounts: Accounts | undefined;
  /** Runs `work` while no other process presents this refresh token, whose account is not known. */
  alone: <T>(refreshToken: string, work: () => Promise<T>) => Promise<Locked<T>>;
  /** Whether the request is made by the application's own `exchange` function, for a renewal of the plugin. */
  isRenewal: () => boolean;
  /** Whether a proxy could read a request with this configuration (see `wire/in-clear`). */
  goesInClear: (config: AxiosRequestConfig, url: string) => boolean;
  serverOffsetMs: () => number;
  requests: OwnTokenRequests;
  warnOnce: Events['warnOnce'];
}): Takeover {
  const { env, copy, settings, grants, sendTokenRequest, warnOnce, accounts } = deps;
  const inTime = createInTime(deps);
  const answers = createTakeoverAnswers({ env, copy });
  /**
   * The saves under way of pairs that answered the application's own requests, by the fingerprint of the refresh token that was redeemed.
   */
  const saves = new Map<string, Promise<void>>();

  function sourceFor(refreshToken: string | undefined, call: LegacyCall): TokenSource | undefined {
    const known =
      refreshToken === undefined
        ? undefined
        : ([...deps.sources()].find((source) => source.knows(refreshToken)) ?? deps.wakened(refreshToken));
    if (known || accounts) return known;
    const account = call.accountOf(call.config);
    return account === undefined ? undefined : deps.sourceOf(account);
  }

  /** Runs `work` with the bounds of the application's request: its `timeout`, its cancellation, and `maxWaitMs`. */
  async function boundedByCall<T>(
    { config, endsAtMs }: AnsweredCall,
    work: (bounds: WaitBounds) => Promise<T>,
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
    const result = await boundedByCall(call, (bounds) => source.answerApplication(refreshToken, bounds));
    switch (result.kind) {
      case 'lease': {
        const { held, aliveAtMs } = result.lease;
        const scales = { serverOffsetMs: deps.serverOffsetMs(), aliveAtMs };
        return answers.granted(call, { set: held.set, expiresAtMs: localExpiryMs(held, scales) });
      }
      case 'failed':
        return answers.refused(call, result.error);
      case 'aborted':
        throw canceledError(copy, call.config);
      case 'unknown':
        return redeemOnce(request as RefreshRequest, source, call);
    }
  }

  /**
   * Redeems a refresh token that no account in memory holds, where each user is an account. It is looked for in the store first, again
   * under the lock; otherwise only the answer shows which user it belongs to.
   */
  async function redeemForUnknownUser(request: RefreshRequest, call: AnsweredCall): Promise<AxiosResponse> {
    const { refreshToken } = request;
    const findHolder = () => boundedByCall(call, (bounds) => accounts!.ofRefreshToken(refreshToken, bounds));
    const holder = await findHolder();
    if (holder) return answerFrom(holder, request, call);
    const inCaller = captureContext();
    const redeem = async (): Promise<AxiosResponse> => {
      // Another process may have redeemed the token and saved the new pair meanwhile.
      const other = await findHolder();
      return other ? answerFrom(other, request, call) : redeemOnce(request, undefined, call);
    };
    const redeemed = await deps.alone(refreshToken, () => inCaller(redeem));
    if (redeemed.kind === 'ran') return redeemed.value;
    const text = `a refresh token was not presented, because the token store failed: ${redeemed.why}. Try again.`;
    return answers.refused(call, new TokenStoreError(text, { cause: redeemed.cause }));
  }

  /** The token source of the account that these tokens belong to. */
  async function sourceOfTokens(
    tokens: TokenSet,
    source: TokenSource | undefined,
  ): Promise<TokenSource | undefined> {
    if (!accounts) return source;
    return deps.sourceOf(await accounts.ofTokens(tokens, { maxMs: settings.maxWaitMs, signal: undefined }));
  }

  /**
   * Sends the application's request with a refresh token that this process does not know. Requests with the same token that come meanwhile
   * get the same answer, and the outcome is recorded for every account that holds the token. The new pair is saved to the account of
   * `source`, or of the user it belongs to; without either only the application gets it.
   */
  async function redeemOnce(
    request: RefreshRequest,
    source: TokenSource | undefined,
    call: AnsweredCall,
  ): Promise<AxiosResponse> {
    const { refreshToken } = request;
    const key = fingerprint(refreshToken);
    const recordInvalidGrant = () => {
      // A request without a client id may be of another client, for whose tokens the server answers `invalid_grant` as well.
      if (request.clientId !== undefined)
        grants.record(key, { kind: 'dead', reason: 'refresh-token-invalid' });
    };
    const redeem = async () => {
      const known = successorOf(refreshToken, grants.outcomeOf);
      if (known) return answers.granted(call, { set: known, expiresAtMs: epochMs(known.expires_at) });
      if (grants.outcomeOf(key)?.kind === 'dead') return answers.deadToken(call);
      if (deps.goesInClear(call.config, call.url)) return answers.readByProxy(call);
      const { response, tokens, expiresAtMs } = await sendTokenRequest(
        call.config,
        call.adapter,
        recordInvalidGrant,
      );
      if (!tokens?.refresh_token || tokens.refresh_token === refreshToken) return response;
      const successor = withRedeemed(tokens, refreshToken);
      grants.record(key, { kind: 'renewed', tokens: successor, expiresAtMs });
      // The save is not awaited in here, where the token's queue is held: it may have to wait for that queue.
      if (source || accounts)
        saves.set(
          key,
          sourceOfTokens(successor, source)
            .then((owner) => owner && save(owner, successor, true))
            .finally(() => saves.delete(key)),
        );
      return response;
    };
    const response = await boundedByCall(call, async ({ maxMs, signal }) => {
      if (signal?.aborted) throw canceledError(copy, call.config);
      if (maxMs === 0) return answers.presentedByAnother(call);
      const wait = new AbortController();
      const redeemed = grants.run(key, redeem, wait.signal);
      const { kind } = await within(env, maxMs, redeemed, signal);
      if (kind === 'elapsed' || kind === 'aborted') wait.abort();
      // A request that has been sent already is awaited all the same: its own `timeout` bounds it, and its answer must not be lost.
      const answered = await redeemed;
      if (answered) return answered;
      if (kind === 'elapsed') return answers.presentedByAnother(call);
      throw canceledError(copy, call.config);
    });
    await saves.get(key);
    return response;
  }

  /** Saves tokens that the application has got by itself, unless they belong to another user than the account; warns once where they do. */
  async function save(source: TokenSource, tokens: TokenSet, sure: boolean): Promise<void> {
    if (await source.takeOwn(tokens, sure)) return;
    warnOnce(
      'legacy-refresh',
      'another user',
      'the application has got tokens of another user than those of this account, or nobody can say whose: they are left to it; tell whose tokens a call uses by the option "account"',
    );
  }

  return async (request, call) => {
    // The request of a renewal is sent: answered from that same renewal, it would wait for itself.
    if (deps.isRenewal()) return call.adapter(call.config);
    // Also by one of another client, which is not answered: the code that makes it is not out of sight.
    deps.requests.haveBeenSeen = true;
    if (request.clientId !== undefined && request.clientId !== settings.clientId)
      return call.adapter(call.config);
    if (request.grant === 'refresh_token' && settings.grant === 'refresh_token') {
      const source = sourceFor(request.refreshToken, call);
      return inTime(call, (answered) => {
        if (!source && accounts) return redeemForUnknownUser(request, answered);
        return source ? answerFrom(source, request, answered) : redeemOnce(request, undefined, answered);
      });
    }
    if (request.grant === 'client_credentials' && settings.grant === 'client_credentials') {
      const source = accounts ? deps.sourceOf('default') : sourceFor(undefined, call);
      if (source) return inTime(call, (answered) => answerFrom(source, request, answered));
    }
    if (request.grant === 'authorization_code' && settings.grant === 'refresh_token') {
      if (deps.goesInClear(call.config, call.url)) return answers.readByProxy(call);
      const { response, tokens } = await sendTokenRequest(call.config, call.adapter);
      const source = tokens && (await sourceOfTokens(tokens, sourceFor(undefined, call)));
      if (source) await save(source, tokens, accounts?.mustBeSameUser(tokens) ?? false);
      return response;
    }
    return call.adapter(call.config);
  };
}
