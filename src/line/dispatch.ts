import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Accounts } from './accounts.js';
import { hidesRedirects, resolveAdapter, type Adapter } from '../axios/adapter.js';
import { canceledError, unwrapped } from '../axios/versions.js';
import type { AxiosCopy } from '../axios/copy.js';
import { bridgeCancellation, type Call, type Calls } from './call.js';
import type { Env } from '../time/env.js';
import { AccountUndecidedError, WrongEnvironmentError } from '../failure/errors.js';
import { described, kindOf } from '../text/words.js';
import type { Line } from './chain.js';
import type { Events } from '../observe/events.js';
import { accountHint } from '../options/hints.js';
import { checkRequestOptions, defined, isCompanyId } from '../options/checks.js';
import { retryDefaults, type CompanyId, type Settings } from '../options/options.js';
import { unsentError, type Outcomes } from './outcome.js';
import type { Gate } from '../pacing/gate.js';
import { timedOutUnsent, timerEarlyMs } from './overtime.js';
import { privateConfig } from './config.js';
import { following } from '../axios/redirects.js';
import { isIdempotent } from '../retry/decide.js';
import { timeoutMsOf } from '../axios/timeout.js';
import type { TokenSource } from '../token/source.js';
import { wrongEnvironmentText } from '../wire/wrong-environment.js';
import { destinationOf, type Destination, type TokenOrigins } from '../wire/destination.js';
import { ownValue, unpolluted } from '../wire/prototype-pollution.js';
import { bearerOf, companyIn } from '../wire/headers.js';
import { awakeNow } from '../time/within.js';

/** One `/oauth/…` call of the application; `accountOf` says whose tokens it would use. */
export type OauthPassage = (
  config: AxiosRequestConfig,
  url: string,
  adapter: Adapter,
  accountOf: (config: AxiosRequestConfig) => string | undefined,
) => Promise<AxiosResponse>;

export interface DispatchDeps {
  env: Env;
  /** The axios that the instance comes from. */
  copy: AxiosCopy;
  settings: Settings;
  calls: Calls;
  line: Line;
  outcomes: Outcomes;
  sourceOf: (account: string) => TokenSource;
  /** Where accounts are the users themselves. */
  accounts: Accounts | undefined;
  /** Where the calls of one limit wait. */
  gateOf: (scope: string) => Gate;
  /** Sees Procore's own `/oauth/…` calls go by. */
  oauth: OauthPassage;
  /** Warns where a call would go to a proxy that reads it. */
  warnOfProxy: (config: AxiosRequestConfig) => void;
  /** Warns where a call would go to a server that nobody has checked. */
  warnOfTls: (config: AxiosRequestConfig) => void;
  events: Events;
}

/** Decides, by the final configuration, whose call this is: ours goes through the line, everybody else's goes on untouched. */
export function createDispatch(
  deps: DispatchDeps,
): (config: AxiosRequestConfig, original: unknown) => Promise<AxiosResponse> {
  const { env, copy, settings, calls, line, outcomes, events, accounts } = deps;
  const origins: TokenOrigins = { allowed: settings.allowedOrigins, apiUrl: settings.environment.apiUrl };
  let isFirst = true;
  let defaultAgent: unknown;

  return async (config, original) => {
    const startedAtMs = awakeNow(env);
    const seen = seenOf(config);
    const destination = destinationOf(seen, origins);
    const adapter = resolveAdapter(copy, original, config);
    const passing = (sent: AxiosRequestConfig) => passedOn(adapter, sent);
    if (destination.kind === 'foreign') return adapter(config);
    if (destination.kind === 'oauth') return deps.oauth(config, destination.url, passing, accountOf);
    if (destination.kind === 'unlisted') {
      const { origin } = destination;
      const remedy = origin.startsWith('https:')
        ? 'name it in the option "origins" if they should'
        : 'tokens travel over https only';
      events.warnOnce(
        'unlisted-procore-host',
        origin,
        `${origin} is not one of this environment's origins, so its calls get no token; ${remedy}`,
      );
      return passing(config);
    }
    if (seen.procore !== undefined) checkRequestOptions(seen.procore);
    const named = accountOf(seen);
    if (named === undefined) return passing(config);
    const withToken = seen.procore?.auth !== false;
    if (destination.kind === 'wrong-environment') {
      if (!withToken) return passing(config);
      throw unsentError(copy, wrongEnvironment(destination), config, destination.path);
    }
    const isNamed = seen.procore?.account !== undefined || (settings.account !== undefined && !accounts);
    const bearer = withToken ? bearerIn(seen, destination) : undefined;
    const account =
      accounts && withToken && !isNamed
        ? (accounts.known(bearer) ?? (await userOf(bearer, startedAtMs, config, destination.path, accounts)))
        : named;
    const brought = { bearer, isNamed, startedAtMs };
    return send(config, seen, destination, { adapter, chosen: original }, account, withToken, brought);
  };

  /** Undefined: the application wants this call left alone. */
  function accountOf(config: AxiosRequestConfig): string | undefined {
    const chosen = config.procore?.account ?? (accounts ? undefined : settings.account) ?? 'default';
    const account = typeof chosen === 'function' ? chosen(config) : chosen;
    if (account === undefined || account === null) return undefined;
    if (typeof account === 'string' && account.trim() !== '') return account;
    throw new TypeError(
      `axios-procore: option "account" returned ${described(account)}; it takes a non-empty string, or undefined for a call that is to be left alone. ${accountHint(account)}.`,
    );
  }

  async function userOf(
    bearer: string | undefined,
    startedAtMs: number,
    config: AxiosRequestConfig,
    path: string,
    { ofCall }: Accounts,
  ): Promise<string> {
    const { signal, release } = bridgeCancellation(copy, config, env);
    try {
      const maxMs = Math.min(settings.maxWaitMs, boundOf(config) ?? Infinity);
      return await ofCall(bearer, { maxMs, signal, way: config });
    } catch (error) {
      if (!(error instanceof AccountUndecidedError)) throw error;
      if (signal?.aborted) throw canceledError(copy, config);
      const isOver = awakeNow(env) + timerEarlyMs >= startedAtMs + (boundOf(config) ?? Infinity);
      throw isOver ? timedOutUnsent(copy, config) : unsentError(copy, error, config, path);
    } finally {
      release();
    }
  }

  function companyOf(config: AxiosRequestConfig): CompanyId | undefined {
    const chosen = config.procore?.companyId ?? settings.companyId;
    const company: unknown = typeof chosen === 'function' ? chosen(config) : chosen;
    if (company === undefined || company === null || isCompanyId(company)) return company ?? undefined;
    throw new TypeError(
      `axios-procore: option "companyId" returned ${kindOf(company)} that is no company id; it takes digits in a string, a positive safe integer, or undefined.`,
    );
  }

  /** Milliseconds that its own `timeout` gives a whole call; undefined: it bounds none, or each attempt. */
  function boundOf({ timeout }: AxiosRequestConfig): number | undefined {
    return settings.legacy.timeoutBoundsCall ? timeoutMsOf(timeout) : undefined;
  }

  /** Undefined: calls are not paced. */
  function gateFor(
    config: AxiosRequestConfig,
    account: string,
    company: CompanyId | undefined,
  ): Gate | undefined {
    if (!settings.rateLimit) return undefined;
    const { scope } = settings.rateLimit;
    if (typeof scope === 'function') {
      const named: unknown = scope(config);
      if (typeof named === 'string') return deps.gateOf(`by name: ${named}`);
      throw new TypeError(
        `axios-procore: option "rateLimit.scope" returned ${kindOf(named)}; it takes a string that names the limit.`,
      );
    }
    if (scope === 'app') return deps.gateOf('app');
    if (scope === 'account') return deps.gateOf(`account: ${account}`);
    // A header of the call's own is what is sent.
    return deps.gateOf(`company ${companyIn(config.headers) ?? company ?? '-'}: ${account}`);
  }

  function wrongEnvironment({
    origin,
    environment,
  }: {
    origin: string;
    environment: string;
  }): WrongEnvironmentError {
    return new WrongEnvironmentError(
      wrongEnvironmentText({ name: environment, apiUrl: origin }, settings.environment),
    );
  }

  async function send(
    config: AxiosRequestConfig,
    seen: AxiosRequestConfig,
    destination: Destination & { kind: 'procore' },
    { adapter, chosen }: { adapter: Adapter; chosen: unknown },
    account: string,
    withToken: boolean,
    brought: Pick<Call, 'bearer' | 'isNamed' | 'startedAtMs'>,
  ): Promise<AxiosResponse> {
    const { procore } = seen;
    // Interceptors, defaults and the environment may have changed since the attach.
    if (isFirst) deps.warnOfProxy(config);
    // Any call may bring an agent of its own.
    if (isFirst || seen.httpsAgent !== defaultAgent) deps.warnOfTls(seen);
    if (isFirst) defaultAgent = seen.httpsAgent;
    isFirst = false;
    const companyId = companyOf(seen);
    const gate = gateFor(seen, account, companyId);
    const method = (config.method ?? 'get').toUpperCase();
    const deadlineMs = procore?.deadlineMs ?? settings.deadlineMs;
    const { signal, interruption, interrupted, release } = bridgeCancellation(copy, config, env, deadlineMs);
    const call: Call = {
      config,
      adapter: hidesRedirects(copy, adapter, chosen, config) ? following(copy, env, adapter) : adapter,
      copy,
      method,
      path: destination.path,
      source: withToken ? deps.sourceOf(account) : undefined,
      ...brought,
      companyId,
      retry: retryOf(procore?.retry),
      idempotent: isIdempotent(method, procore?.idempotent),
      makeBody: procore?.body,
      gate,
      ticket: gate?.ticket(),
      signal,
      interruption,
      interrupted,
      deadlineAtMs: deadlineMs === undefined ? Infinity : awakeNow(env) + deadlineMs,
      timeoutAtMs: brought.startedAtMs + (boundOf(config) ?? Infinity),
      maxWaitMs: settings.maxWaitMs,
      attempts: 0,
      body: undefined,
      brokenBody: undefined,
      thrown: undefined,
      failure: undefined,
      mayHaveRun: false,
      turnedAway: undefined,
      retryAtMs: undefined,
      gaveUp: undefined,
      lease: undefined,
      sentAtMs: 0,
      left: false,
      tokenless: false,
      redirected: false,
      refusedByStatus: false,
      lenient: false,
      replays: 0,
      renewed: false,
      proves: false,
      response: undefined,
    };
    try {
      const config = privateConfig(call, destination, origins);
      calls.put(config, call);
      return outcomes.finish(call, await line(config));
    } catch (error) {
      return outcomes.fail(call, error);
    } finally {
      release(call.response);
      if (gate) gate.release(call.ticket!);
      const { path, attempts } = call;
      const status = call.response?.status;
      events.emit('request-settled', {
        account,
        method,
        path,
        attempts,
        ...(status === undefined ? {} : { status }),
      });
    }
  }

  function retryOf(own: Settings['retry'] | undefined | object): Settings['retry'] {
    if (own === undefined) return settings.retry;
    if (own === false) return false;
    return { ...retryDefaults, ...(settings.retry || {}), ...defined(own) };
  }
}

/** The configuration with what is its own, and nothing that every object seems to have. */
function seenOf(config: AxiosRequestConfig): AxiosRequestConfig {
  const seen = unpolluted(config);
  if (seen !== config && seen.procore) seen.procore = unpolluted(seen.procore);
  return seen;
}

/** axios itself sends `auth`, and credentials in a URL, instead of an `Authorization` header. */
function bearerIn(
  config: AxiosRequestConfig,
  destination: Destination & { kind: 'procore' },
): string | undefined {
  const hasItsOwn = config.auth || ownValue(destination, 'urlOfItsOwn') !== undefined;
  return hasItsOwn ? undefined : bearerOf(config.headers);
}

/** A call to Procore that is none of ours: as the adapter makes it. */
async function passedOn(adapter: Adapter, config: AxiosRequestConfig): Promise<AxiosResponse> {
  try {
    return await adapter(config);
  } catch (error) {
    throw unwrapped(error);
  }
}
