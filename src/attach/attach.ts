import type { AxiosRequestConfig } from 'axios';
import { isBySubject, isFirstUserDefault } from '../options/account-by-subject.js';
import { createAccounts } from '../line/accounts.js';
import { checkAccount } from '../options/argument-checks.js';
import { captureContext } from '../time/async-context.js';
import { isFree, mark, reclaim, replaceable, unmark } from './instance.js';
import { authorizationUrl, checkedCode, checkRevocation } from './authorization-url.js';
import { createAuthorisation } from '../line/authorize.js';
import { ejectOwn, replaceInterceptor, type AxiosLike } from '../axios/versions.js';
import { createAxiosCopies, type AxiosCopies } from '../axios/copies.js';
import { limitsToTell } from '../axios/limits.js';
import { createCalls } from '../line/call.js';
import { createChoices } from '../line/choices.js';
import { createDispatch } from '../line/dispatch.js';
import { systemEnv, type Env } from '../time/env.js';
import { raisingIn } from '../failure/raised.js';
import { kindOf } from '../text/words.js';
import { createInstaller } from '../line/entrance.js';
import { instanceHint, isInstance } from './instance-hint.js';
import { createBodyMaker } from '../line/body.js';
import { createOwnRevocation } from '../legacy/own-revocation.js';
import { createSendTokenRequest, createOauthPassage } from '../legacy/passage.js';
import { createTakeover } from '../legacy/takeover.js';
import { createLine } from '../line/chain.js';
import { createEvents } from '../observe/events.js';
import { resolveOptions } from '../options/checks.js';
import { type ProcoreOptions } from '../options/options.js';
import { createOutcomes } from '../line/outcome.js';
import { createPacing } from '../line/pace.js';
import { createGate } from '../pacing/gate.js';
import { createGates } from '../pacing/gates.js';
import { createPostForm } from '../token/endpoint/post-form.js';
import type { Procore } from './handle.js';
import { createProxyWarning } from './proxy-warning.js';
import { goesInClear } from '../axios/rehearsal.js';
import { createLongPath } from '../line/long-path.js';
import { scheduleRetries } from '../line/retry.js';
import { createSend } from '../line/send.js';
import { createStraightPath } from '../line/straight.js';
import type { CreateSource } from './sources.js';
import { clientKey, createShared, type Shared } from './shared.js';
import { isMemoryTokenStore, memoryTokenStore } from '../store/memory.js';
import type { TokenSet, TokenStore } from '../store/store.js';
import { createExchange } from '../token/endpoint/exchange.js';
import { fingerprint } from '../token/pair/fingerprint.js';
import { runLocked } from '../token/grant/critical-section.js';
import { createLogin } from '../token/endpoint/login.js';
import { createLoginGate } from '../token/endpoint/login-gate.js';
import { createGrantRegistry } from '../token/grant/registry.js';
import { readTokenSet } from '../token/pair/token-set.js';
import { createTlsWarning } from './tls-warning.js';
import { createKeeper } from '../token/loading/bounded-store.js';
import type { ClientDeps } from '../token/parts.js';
import { createTokenSource, type TokenSource } from '../token/source.js';

/** Attaches the plugin to one axios instance: see the README. */
export type AttachProcore = (instance: AxiosLike, options: ProcoreOptions) => Procore;

/**
 * Creates `attachProcore` over a clock, chance and timers. Attaches that share a store object share its token sources: the one piece of
 * state between them. `isEarly`: the application has not seen the instance yet, and may still change its defaults.
 */
export function createAttach(
  env: Env,
  registry: object = globalThis,
  copies: AxiosCopies = createAxiosCopies(),
): (instance: AxiosLike, options: ProcoreOptions, isEarly?: boolean) => Procore {
  const sharedByStore = new WeakMap<TokenStore, Shared>();
  const sharedByHandle = new WeakMap<Procore, { shared: Shared; store: TokenStore }>();
  const grants = createGrantRegistry(registry);
  const createScopes = (serverOffsetMs: () => number) =>
    createGates(() => createGate({ env, serverOffsetMs }));

  return (instance, options, isEarly = false) => {
    checkInstance(instance);
    const settings = resolveOptions(options);
    checkFree(instance, settings.replace);
    reclaim(instance);
    const before = settings.replace ? replaceable(instance) : undefined;
    const of = before && sharedByHandle.get(before.handle);
    const sharedBefore = of?.shared;
    // Instances that stay on the store before go on with its tokens.
    const isAlone = sharedBefore?.attached.items().every((handle) => handle === before?.handle);
    const store = settings.store ?? memoryTokenStore();
    const shared =
      sharedByStore.get(store) ??
      (isAlone ? sharedBefore : undefined) ??
      createShared(env, createScopes, sharedBefore?.gates);
    if (of && shared === sharedBefore) sharedByStore.delete(of.store);
    sharedByStore.set(store, shared);
    const inContext = captureContext();
    const events = createEvents(settings.logger, shared.loggedBy(settings.logger), inContext);
    shared.tellTo(events);
    const copy = copies.of(instance);
    for (const { what, here } of limitsToTell(copy.version)) {
      events.warnOnce('axios-version', what, `axios ${copy.version} ${what}; ${here}`);
    }
    const { loginUrl } = settings.environment;
    const warnOfProxy = createProxyWarning(copy, [loginUrl, ...settings.allowedOrigins], events.warnOnce);
    const warnOfTls = createTlsWarning([loginUrl, ...settings.allowedOrigins], events.warnOnce);
    if (!isEarly) {
      warnOfProxy(instance.defaults as AxiosRequestConfig);
      warnOfTls(instance.defaults as AxiosRequestConfig);
    }
    const patience = { maxMs: settings.maxWaitMs, signal: undefined };
    const { serverOffsetMs, emit } = shared;
    const mutex = grants.of(store, {
      client: JSON.stringify([loginUrl, settings.clientId]),
      isPrivate: isMemoryTokenStore(store),
      replaces: before?.store,
    });

    const post = createPostForm(instance, copy, warnOfTls);
    const login = createLogin({
      env,
      async post(...request) {
        const answer = await post(...request);
        shared.learn(answer.date);
        return answer;
      },
      loginUrl,
      clientId: settings.clientId,
      clientSecret: settings.clientSecret,
      secretTimeoutMs: settings.renewal.storeTimeoutMs,
      serverOffsetMs,
    });
    const exchange = createExchange({
      env,
      login,
      redirectUri: settings.redirectUri,
      custom: settings.exchange,
      ownRenewals: shared.ownRenewals,
      totalMs: settings.renewal.totalMs,
      serverOffsetMs,
      outliving: shared.outliving,
      broughtLate: (refreshToken) => redeemedElsewhere(refreshToken),
    });
    const client = JSON.stringify([loginUrl, settings.clientId, settings.grant]);
    const clientAccounts = shared.of(client, store);
    const user = {
      order: shared.nextOrder(),
      exchange,
      takesOver: settings.legacy.takeOverRefresh,
    };
    /** Whose tokens the handle means where it is told no account. */
    const ownAccount = typeof settings.account === 'string' ? settings.account : 'default';
    const own = {
      account: ownAccount,
      inContext,
      isBySubject: isBySubject(settings.account),
      maxWaitMs: settings.maxWaitMs,
    };
    clientAccounts.attached(own);
    mutex.findsResting(clientAccounts.atRest);
    const deps: ClientDeps = {
      env,
      client,
      grant: settings.grant,
      mutex,
      keeperOf: (store, account, kept, held) =>
        createKeeper({
          store,
          account,
          env,
          storeTimeoutMs: settings.renewal.storeTimeoutMs,
          saves: grants.savesOf(store),
          kept,
          held,
        }),
      isBeside: shared.isOfSource,
      restingWith: shared.restingWith,
      server: clientAccounts.server,
      untilDetached: shared.untilDetached,
      loginGate: () => mutex.loginGate(() => createLoginGate(env)),
      settings: settings.renewal,
      maxWaitMs: settings.maxWaitMs,
      serverOffsetMs,
      emit,
      warnOnce: shared.warnOnce,
    };
    const createSource = (account: string, ...[used, before]: Parameters<CreateSource>) => {
      const store = clientAccounts.restsIn(account) ?? clientAccounts.store;
      // Not that of its first call: that one may come by an instance that was attached later, inside of a request.
      const context = clientAccounts.contextOf(account) ?? inContext;
      const inherited = shared.inheritedBy(clientKey(client, account));
      const source = createTokenSource(deps, { account, store, inContext: context, before, used }, user);
      const begin = () => {
        if (inherited) source.inherit(inherited);
        // It was let go in the store before, and is brought from there, before anything else; or goes on without what that one does not tell.
        if (store === clientAccounts.store) return;
        void source.look(patience);
        source.moveTo(clientAccounts.store);
      };
      return { source, begin };
    };
    const sourceOf = (account: string): TokenSource => {
      mutex.used();
      const source = clientAccounts.source(account, (used, before) => createSource(account, used, before));
      source.usedBy(user);
      return source;
    };
    /** The account at rest that has this refresh token, as it was when it was let go. */
    const wakened = (refreshToken: string): TokenSource | undefined => {
      const resting = clientAccounts.restingWith(fingerprint(refreshToken));
      return resting && sourceOf(resting.account);
    };
    const redeemedElsewhere = (refreshToken: string) => {
      for (const source of shared.sources()) source.redeemedElsewhere(refreshToken);
      const source = wakened(refreshToken);
      void source?.look(patience).finally(() => source.redeemedElsewhere(refreshToken));
    };

    /** How the keys of this client's accounts begin. */
    const clientKeys = clientKey(client, '').slice(0, -'""]'.length);
    if (shared === sharedBefore) {
      clientAccounts.moveTo(store);
      if (isAlone && !settings.legacy.takeOverRefresh)
        for (const source of shared.sources()) source.isTakenOver(false);
    } else {
      for (const [key, held] of before?.held() ?? []) {
        if (!key.startsWith(clientKeys)) continue;
        const account = (JSON.parse(key) as string[])[3]!;
        if (clientAccounts.has(account)) continue;
        shared.inherit(key, held);
        // What is in memory only is saved, whether or not a call comes for it.
        if (held.unsaved) sourceOf(account);
      }
      for (const [key, place] of before?.resting?.() ?? [])
        if (key.startsWith(clientKeys)) clientAccounts.rest((JSON.parse(key) as string[])[3]!, place);
    }
    const accounts = isBySubject(settings.account)
      ? createAccounts({
          store,
          sources: clientAccounts.all,
          resting: clientAccounts.resting,
          sourceOf,
          inContext,
          env,
          isFirstUserDefault: isFirstUserDefault(settings.account),
        })
      : undefined;

    const calls = createCalls();
    const serverNowMs = () => env.now() + serverOffsetMs();
    const sender = createSend({ env, calls, learn: shared.learn, serverNowMs });
    const line = createLine(sender.send);
    const pacing = createPacing({ env, calls, emit: events.emit });
    const authorisation = createAuthorisation({
      env,
      calls,
      line,
      enter: pacing.enter,
      events,
      takesOver: settings.legacy.takeOverRefresh,
      isByUser: accounts !== undefined,
      isInUse() {
        for (const source of shared.sources()) if (source.holds()) return true;
        for (const _account of clientAccounts.resting()) return true;
        return false;
      },
    });
    // Request interceptors run last in, first out: authorisation comes after everything that may wait.
    line.interceptors.request.use(authorisation.request);
    line.interceptors.request.use(createBodyMaker({ env, calls }).request);
    line.interceptors.request.use(pacing.request);
    line.interceptors.response.use(null, authorisation.rejected);
    scheduleRetries(line, { env, calls, emit: events.emit });

    const { warnOnce } = events;
    const { sources: allSources } = shared;
    const sendTokenRequest = createSendTokenRequest({ env, serverOffsetMs });
    const takeover = settings.legacy.takeOverRefresh
      ? createTakeover({
          env,
          copy,
          settings,
          mutex,
          sendTokenRequest,
          sources: allSources,
          wakened,
          sourceOf,
          accounts,
          alone: (refreshToken, work) =>
            inContext(() =>
              runLocked(
                {
                  env,
                  store,
                  // A few hundred locks, and not one for each token: they leave files behind.
                  account: `unknown refresh tokens ${fingerprint(refreshToken).slice(0, 2)}`,
                  waitMs: settings.maxWaitMs,
                  releaseMs: settings.renewal.storeTimeoutMs,
                  warn: (why) => warnOnce('lock-contract', why, why),
                },
                work,
                new AbortController().signal,
              ),
            ),
          isRenewal: shared.ownRenewals.isInside,
          goesInClear: (config, url) => goesInClear(copy, config.adapter, url, config),
          serverOffsetMs,
          warnOnce,
        })
      : undefined;
    const ownRevocation = createOwnRevocation({
      env,
      copy,
      settings,
      sources: allSources,
      wakened,
      sourceOf,
      accounts,
      isRenewal: shared.ownRenewals.isInside,
    });
    const oauth = createOauthPassage({
      mutex,
      sendTokenRequest,
      redeemedElsewhere,
      warnOnce,
      takeover,
      ownRevocation,
    });
    const outcomes = createOutcomes({ calls });
    const origins = { allowed: settings.allowedOrigins, apiUrl: settings.environment.apiUrl };
    const choices = createChoices({ settings, isByUser: accounts !== undefined, gateOf: shared.gates.of });
    const ofLine = { env, copy, settings, origins, choices };
    const longPath = createLongPath({ ...ofLine, calls, line, sender, outcomes, emit: events.emit });
    const straight = createStraightPath({
      ...ofLine,
      learn: shared.learn,
      outcomes,
      events,
      goOn: longPath.goOn,
    });
    const dispatch = createDispatch({
      ...ofLine,
      sourceOf,
      accounts,
      oauth,
      warnOfProxy,
      warnOfTls,
      events,
      straight,
      takeLongPath: longPath.send,
    });
    const bypassed = () =>
      events.warnOnce(
        'adapter-replaced',
        '',
        'a request interceptor that runs after attachProcore replaces config.adapter, so those calls bypass the plugin; register that interceptor after attachProcore, or hand its adapter over as instance.defaults.adapter',
      );
    // Synchronous, because it never fails: one that is not would let axios read each body later, after the caller may have changed it.
    const installer = createInstaller({ env, dispatch, bypassed });
    const id =
      (before && replaceInterceptor(instance, before.interceptor, installer)) ??
      instance.interceptors.request.use(installer, undefined, { synchronous: true });

    let detached = false;
    const raising = raisingIn(copy);
    const named = (method: string, account: string | undefined): TokenSource => {
      checkAccount(method, account);
      return sourceOf(account ?? ownAccount);
    };
    const sourceOfUser = async (tokens: TokenSet): Promise<TokenSource> =>
      sourceOf(await accounts!.ofTokens(tokens, patience));
    /** One user after another on one account is legitimate; two at once are not. */
    const changedOwner = () =>
      warnOnce(
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
      status: (account) => named('status', account).status(),
      unsavedTokens: (account) => named('unsavedTokens', account).unsavedTokens(),
      idle: shared.idle,
      on: events.on,
      detach() {
        if (detached) return;
        detached = true;
        clientAccounts.detached(own);
        shared.detached(handle);
        ejectOwn(instance, id, installer);
        unmark(instance);
      },
    };
    sharedByHandle.set(handle, { shared, store });
    shared.attached.add(handle);
    before?.giveWay();
    mark(instance, {
      handle,
      interceptor: installer,
      store,
      held: shared.held,
      resting: shared.resting,
      giveWay() {
        handle.detach();
        shared.tellNoMore(events);
      },
    });
    return handle;
  };
}

const axiosCopies = createAxiosCopies();

const attach = createAttach(systemEnv, globalThis, axiosCopies);

/** Attaches the plugin to one axios instance; see the README. */
export const attachProcore: AttachProcore = (instance, options) => attach(instance, options);

/** The same for an instance that the application has not seen yet. */
export const attachEarly: AttachProcore = (instance, options) => attach(instance, options, true);

/** Notes what a copy of axios exports, for attaches to its instances. */
export const knowAxios: AxiosCopies['know'] = axiosCopies.know;

function checkInstance(instance: AxiosLike): void {
  if (!isInstance(instance)) {
    throw new TypeError(
      `axios-procore: attachProcore got ${kindOf(instance)}; it takes an axios instance (axios itself, or what axios.create returns) as its first argument. ${instanceHint(instance)}`,
    );
  }
  if (!Object.isExtensible(instance)) {
    throw new TypeError(
      'axios-procore: this axios instance cannot be attached, because Object.freeze, or the like, has been called on it; attach before that.',
    );
  }
}

function checkFree(instance: AxiosLike, replace: boolean): void {
  if (isFree(instance)) return;
  if (!replace) {
    throw new TypeError(
      'axios-procore: this axios instance is attached already; call detach() on the handle of the first attachProcore before attaching anew, or give replace: true where a module runs again in the same process (hot reload).',
    );
  }
  if (!replaceable(instance)) {
    throw new TypeError(
      'axios-procore: this axios instance is attached already, by release 0.1.0 of the package, which replace: true cannot detach; call detach() on its handle, or start the process anew.',
    );
  }
}
