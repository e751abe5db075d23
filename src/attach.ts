import type { AxiosResponse } from 'axios';
import { createAuthorisation } from './authorise.js';
import { createPostForm, isAxiosError, statusError, type AxiosLike } from './axios.js';
import { createCalls, type Call } from './call.js';
import { createDispatch } from './dispatch.js';
import { systemEnv, type Env } from './env.js';
import { createInstaller } from './install.js';
import { createOauthPassage } from './legacy.js';
import { createLine } from './line.js';
import { createEvents, type ProcoreEvents } from './observe/events.js';
import { resolveOptions } from './option-checks.js';
import { type ProcoreOptions } from './options.js';
import { scheduleRetries } from './retry/schedule.js';
import { createShared, type Shared } from './shared.js';
import { memoryTokenStore } from './store/memory.js';
import type { TokenSet, TokenStore } from './store/store.js';
import { headerOf } from './wire/headers.js';
import { createExchange } from './token/exchange.js';
import { createKeeper } from './token/keeper.js';
import { createGrantMutex } from './token/mutex.js';
import { createTokenSource, type TokenSource, type TokenStatus } from './token/source.js';

/** What `attachProcore` returns. */
export interface Procore {
  /**
   * An access token that is valid now, for sockets, other clients and legacy helpers. Renews if it must.
   *
   * @param account default `'default'`, or the `account` option where it is a string.
   * @throws the errors of a renewal: {@link ReauthenticationRequiredError}, {@link TokenRenewalError}, {@link ClientRejectedError},
   * {@link TokenStoreError}.
   */
  getAccessToken(account?: string): Promise<string>;
  /**
   * Takes tokens of a new authorisation: saves and uses them, and clears the need to re-authenticate. What is under way for the old ones
   * is neither saved nor used.
   *
   * @throws TokenStoreError when they could not be saved; they are used all the same and saved later.
   */
  setTokens(tokens: TokenSet, account?: string): Promise<void>;
  /** Renews now, whatever the life that is left; joins a renewal under way. Throws as {@link Procore.getAccessToken}. */
  renew(account?: string): Promise<TokenSet>;
  /** State, expiry, last renewal; no secret. */
  status(account?: string): TokenStatus;
  /** The newest tokens while their save fails: the last chance to keep them by hand. */
  unsavedTokens(account?: string): TokenSet | undefined;
  /** Resolves when no renewal or late save is under way: await it before `process.exit` or the end of a Lambda. */
  idle(): Promise<void>;
  /** Listens to an event; returns the function that stops listening. */
  on<E extends keyof ProcoreEvents>(event: E, listener: (detail: ProcoreEvents[E]) => void): () => void;
  /** The instance behaves as before; a renewal or a late save under way goes on. */
  detach(): void;
}

/** Found on an attached instance by every copy of the package. */
const attached = Symbol.for('axios-procore.attached');

/** Attaches the plugin to one axios instance: see the README. */
export type AttachProcore = (instance: AxiosLike, options: ProcoreOptions) => Procore;

/**
 * Creates `attachProcore` over a clock, chance and timers. Attaches that share a store object share its token sources: the one piece of
 * state between them.
 */
export function createAttach(env: Env, registry: object = globalThis): AttachProcore {
  const sharedByStore = new WeakMap<TokenStore, Shared>();
  const mutex = createGrantMutex(registry);

  return (instance, options) => {
    checkInstance(instance);
    const settings = resolveOptions(options);
    const store = settings.store ?? memoryTokenStore();
    const shared = sharedByStore.get(store) ?? createShared(env);
    sharedByStore.set(store, shared);
    const events = createEvents(settings.logger);
    shared.tellTo(events);
    const { loginUrl } = settings.environment;
    const { serverOffsetMs, emit } = shared;

    const post = createPostForm(instance);
    const exchange = createExchange({
      env,
      async post(...request) {
        const answer = await post(...request);
        shared.learn(answer.date);
        return answer;
      },
      loginUrl,
      clientId: settings.clientId,
      clientSecret: settings.clientSecret,
      redirectUri: settings.redirectUri,
      custom: settings.exchange,
      secretTimeoutMs: settings.renewal.storeTimeoutMs,
      serverOffsetMs,
      outliving: shared.outliving,
    });
    /** Looked up on every call: the key of the shared source takes longer to make. */
    const sources = new Map<string, TokenSource>();
    const sourceOf = (account: string): TokenSource => {
      const source = sources.get(account) ?? sharedSource(account);
      sources.set(account, source);
      return source;
    };
    const sharedSource = (account: string): TokenSource => {
      const clientKey = JSON.stringify([loginUrl, settings.clientId, settings.grant, account]);
      // The latest attach knows best: a secret may have been corrected.
      shared.exchanges.set(clientKey, exchange);
      return shared.source(clientKey, () =>
        createTokenSource({
          env,
          account,
          grant: settings.grant,
          clientKey,
          store,
          keeper: createKeeper({
            store,
            account,
            env,
            storeTimeoutMs: settings.renewal.storeTimeoutMs,
            saves: mutex.savesOf(store),
          }),
          mutex,
          exchange: (grant, context) => shared.exchanges.get(clientKey)!(grant, context),
          settings: settings.renewal,
          maxWaitMs: settings.maxWaitMs,
          serverOffsetMs,
          emit,
          warnOnce: shared.warnOnce,
        }),
      );
    };

    const calls = createCalls();
    /** The end of the line: one attempt over the caller's own adapter. */
    const line = createLine((config) => {
      const call = calls.of(config)!;
      const { source, lease } = call;
      call.attempts++;
      call.refusedByStatus = false;
      call.redirected = false;
      const answered = (response: AxiosResponse | undefined) => {
        const status = call.left ? undefined : response?.status;
        if (status !== undefined) shared.learn(headerOf(response?.headers, 'date'));
        if (!source || !lease) return;
        source.answered(lease, status);
        if (call.proves && status !== undefined && status !== 401) source.replayAccepted();
      };
      source?.sent();
      let sending: Promise<AxiosResponse>;
      try {
        sending = call.adapter(config);
      } catch (error) {
        sending = Promise.reject(error);
      }
      return sending.then(
        (response) => {
          answered(response);
          if (isRefused(response, call)) {
            call.lenient = true;
            throw statusError(response, config);
          }
          return response;
        },
        (error: unknown) => {
          if (isAxiosError(error)) {
            // Whatever the adapter made of it: the handlers of the line know the call by its configuration.
            error.config = config;
            answered(error.response);
          } else answered(undefined);
          throw error;
        },
      );
    });
    /** Some mocks resolve whatever the status is; inside the line the status decides. */
    const isRefused = ({ status }: AxiosResponse, call: Call) => {
      call.refusedByStatus = !call.left && (status < 200 || status >= 300);
      return call.refusedByStatus;
    };
    const authorisation = createAuthorisation({ env, calls, line, emit: events.emit });
    // Request interceptors run last in, first out: authorisation comes after everything that may wait.
    line.interceptors.request.use(authorisation.request);
    line.interceptors.response.use(null, authorisation.rejected);
    scheduleRetries(line, { env, calls, serverNowMs: () => env.now() + serverOffsetMs(), emit: events.emit });

    const oauth = createOauthPassage({
      env,
      mutex,
      serverOffsetMs,
      sources: shared.sources,
      warnOnce: events.warnOnce,
    });
    const dispatch = createDispatch({ env, settings, calls, line, sourceOf, oauth, events });
    const bypassed = () =>
      events.warnOnce(
        'adapter-replaced',
        '',
        'a request interceptor that runs after attachProcore replaces config.adapter, so those calls bypass the plugin; register that interceptor after attachProcore, or hand its adapter over as instance.defaults.adapter',
      );
    const id = instance.interceptors.request.use(createInstaller({ env, dispatch, bypassed }));
    Object.defineProperty(instance, attached, { value: true, configurable: true });

    let detached = false;
    const named = (account?: string): TokenSource =>
      sourceOf(account ?? (typeof settings.account === 'string' ? settings.account : 'default'));
    return {
      async getAccessToken(account) {
        const acquired = await named(account).acquire({ maxMs: settings.maxWaitMs, signal: undefined });
        if (acquired.kind === 'lease') return acquired.lease.held.accessToken ?? '';
        throw acquired.kind === 'failed' ? acquired.error : new Error('unreachable: no signal was given');
      },
      setTokens: (tokens, account) => named(account).setTokens(tokens),
      renew: (account) => named(account).renew(),
      status: (account) => named(account).status(),
      unsavedTokens: (account) => named(account).unsavedTokens(),
      idle: shared.idle,
      on: events.on,
      detach() {
        if (detached) return;
        detached = true;
        instance.interceptors.request.eject(id);
        delete (instance as { [attached]?: boolean })[attached];
      },
    };
  };
}

/** Attaches the plugin to one axios instance; see the README. */
export const attachProcore: AttachProcore = createAttach(systemEnv);

function checkInstance(instance: AxiosLike): void {
  const use: unknown = (instance as Partial<AxiosLike> | undefined)?.interceptors?.request?.use;
  if (typeof use !== 'function') {
    throw new TypeError(
      'axios-procore: attachProcore takes an axios instance (axios itself, or what axios.create returns) as its first argument.',
    );
  }
  if (attached in instance) {
    throw new TypeError(
      'axios-procore: this axios instance is attached already; call detach() on the handle of the first attachProcore before attaching anew.',
    );
  }
}
