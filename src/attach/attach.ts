import type { AxiosRequestConfig } from 'axios';
import { checkFree, checkInstance } from './check-instance.js';
import { createClient } from './client.js';
import { createHandle } from './create-handle.js';
import { createOauth } from './oauth.js';
import { captureContext } from '../time/async-context.js';
import { mark, reclaim, replaceable, unmark } from './instance.js';
import { createAuthorize } from '../line/authorize.js';
import { ejectOwn, replaceInterceptor, type AxiosLike } from '../axios/versions.js';
import { createAxiosCopies, type AxiosCopies } from '../axios/copies.js';
import { limitsToTell } from '../axios/limits.js';
import { createCallEvents } from '../line/call-events.js';
import { createCalls } from '../line/call.js';
import { createChoices } from '../line/choices.js';
import { createDispatch } from '../line/dispatch.js';
import { systemEnv, type Env } from '../time/env.js';
import { raisingIn } from '../failure/raised.js';
import { createInstaller } from '../line/entrance.js';
import { createBodyMaker } from '../line/body.js';
import { createLine } from '../line/chain.js';
import { createEvents } from '../observe/events.js';
import { createLog } from '../observe/log.js';
import { resolveOptions } from '../options/checks.js';
import { type ProcoreOptions } from '../options/options.js';
import { createOutcomes } from '../line/outcome.js';
import { createEnter } from '../line/enter.js';
import { replayUnauthorized } from '../line/replay.js';
import { createScopes } from './scopes.js';
import { createPostForm } from '../token/endpoint/post-form.js';
import type { Procore } from './handle.js';
import { createProxyWarning } from './proxy-warning.js';
import { createUnseenRenewals } from '../legacy/unseen-renewals.js';
import { createLongPath } from '../line/long-path.js';
import { scheduleRetries } from '../line/retry.js';
import { createSender } from '../line/send.js';
import { createSettle } from '../line/settle.js';
import { createStraightPath } from '../line/straight.js';
import { createShared, type Shared } from './shared.js';
import { memoryTokenStore } from '../store/memory.js';
import type { TokenStore } from '../store/store.js';
import { createGrantRegistry } from '../token/grant/registry.js';
import { createTlsWarning } from './tls-warning.js';
import { warnOfHttp } from './http-warning.js';

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

  return (instance, options, isEarly = false) => {
    checkInstance(instance);
    const settings = resolveOptions(options);
    checkFree(instance, settings.replace);
    reclaim(instance);
    const before = settings.replace ? replaceable(instance) : undefined;
    const of = before && sharedByHandle.get(before.handle);
    const sharedBefore = of?.shared;
    // Other instances may stay on the store before. Then they keep what they share, and this attach gets its own.
    const isAlone = sharedBefore?.attached.items().every((handle) => handle === before?.handle);
    const store = settings.store ?? memoryTokenStore();
    const shared =
      sharedByStore.get(store) ??
      (isAlone ? sharedBefore : undefined) ??
      createShared(env, (ofGates) => createScopes(env, ofGates), sharedBefore?.gates);
    if (of && shared === sharedBefore) sharedByStore.delete(of.store);
    sharedByStore.set(store, shared);
    const inContext = captureContext();
    const log = createLog(settings.logger, env.now);
    const events = createEvents(log, shared.loggedBy(settings.logger), inContext);
    shared.tellTo(events);
    const copy = copies.of(instance);
    for (const { what, here } of limitsToTell(copy.version)) {
      events.warnOnce('axios-version', what, `axios ${copy.version} ${what}; ${here}`);
    }
    const { loginUrl } = settings.environment;
    const warnOfProxy = createProxyWarning(copy, [loginUrl, ...settings.allowedOrigins], events.warnOnce);
    warnOfHttp([loginUrl, ...settings.allowedOrigins], events.warnOnce);
    const warnOfTls = createTlsWarning([loginUrl, ...settings.allowedOrigins], events.warnOnce);
    if (!isEarly) {
      warnOfProxy(instance.defaults as AxiosRequestConfig);
      warnOfTls(instance.defaults as AxiosRequestConfig);
    }
    const client = createClient({
      env,
      settings,
      store,
      before,
      registry: grants,
      shared,
      goesOn: shared === sharedBefore,
      post: createPostForm(instance, copy, warnOfTls),
      inContext,
    });
    if (shared === sharedBefore && isAlone && !settings.legacy.takeOverRefresh)
      for (const source of shared.sources()) source.stopTakingOver();
    const { sourceOf, accounts } = client;

    const calls = createCalls();
    const callEvents = createCallEvents({ env, events });
    const ofCalls = { env, calls, callEvents };
    const origins = { allowed: settings.allowedOrigins, apiUrl: settings.environment.apiUrl };
    const enter = createEnter({ env, callEvents });
    const authorize = createAuthorize({
      env,
      enter,
      warnOnce: events.warnOnce,
      callEvents,
      takesOver: settings.legacy.takeOverRefresh,
      isByUser: accounts !== undefined,
      isInUse: client.isInUse,
    });
    const settle = createSettle({
      env,
      calls,
      learn: shared.learn,
      serverNowMs: () => env.now() + shared.serverOffsetMs(),
      ownBearerAnswered:
        settings.legacy.takeOverRefresh && settings.grant === 'refresh_token'
          ? createUnseenRenewals({
              env,
              requests: shared.ownTokenRequests,
              serverOffsetMs: shared.serverOffsetMs,
              bounds: client.bounds,
              warnOnce: events.warnOnce,
            })
          : undefined,
    });
    const makeBody = createBodyMaker(env);
    const sender = createSender({ env, calls, origins, enter, makeBody, authorize, settle });
    const line = createLine(sender.sendAgain);
    replayUnauthorized(line, ofCalls);
    scheduleRetries(line, ofCalls);

    const oauth = createOauth({
      env,
      copy,
      settings,
      store,
      shared,
      client,
      inContext,
      warnOnce: events.warnOnce,
    });
    const outcomes = createOutcomes({ calls, grant: settings.grant });
    const choices = createChoices({
      settings,
      isByUser: accounts !== undefined,
      gatesUnder: shared.gates.under,
      warnOnce: events.warnOnce,
      newIdempotencyToken: () => crypto.randomUUID(),
    });
    const ofLine = { env, copy, settings, origins, choices };
    const longPath = createLongPath({ ...ofLine, ...ofCalls, enter, sender, settle, line, outcomes });
    const straight = createStraightPath({
      ...ofLine,
      learn: shared.learn,
      outcomes,
      callEvents,
      goOn: longPath.goOn,
    });
    const dispatch = createDispatch({
      ...ofLine,
      sourceOf,
      accounts,
      oauth,
      warnOfProxy,
      warnOfTls,
      warnOnce: events.warnOnce,
      callEvents,
      straight,
      takeLongPath: longPath.send,
    });
    const bypassed = () =>
      events.warnOnce(
        'adapter-replaced',
        '',
        'a request interceptor that runs after attachProcore replaces config.adapter, so those calls bypass the plugin; register that interceptor after attachProcore, or hand its adapter over as instance.defaults.adapter',
      );
    // Synchronous, because it never waits. With an asynchronous interceptor axios would read a body later, when the caller may have changed it.
    const installer = createInstaller({ env, dispatch, bypassed });
    const id =
      (before && replaceInterceptor(instance, before.interceptor, installer)) ??
      instance.interceptors.request.use(installer, undefined, { synchronous: true });

    const handle = createHandle({
      raising: raisingIn(copy),
      settings,
      shared,
      client,
      events,
      pacingOf: choices.pacingOf,
      detach() {
        ejectOwn(instance, id, installer);
        unmark(instance);
      },
    });
    sharedByHandle.set(handle, { shared, store });
    shared.attached.add(handle);
    before?.giveWay();
    mark(instance, {
      handle,
      interceptor: installer,
      store,
      held: shared.held,
      resting: shared.resting,
      lastFailure: (account) =>
        [...shared.sources()].find((source) => source.account === account)?.lastFailure(),
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
