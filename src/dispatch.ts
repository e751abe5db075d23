import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import {
  copyOf,
  isAxiosError,
  isCancel,
  resolveAdapter,
  type Adapter,
  type AxiosErrorLike,
} from './axios.js';
import { bridgeCancellation, interruptedError, type Call, type Calls } from './call.js';
import type { Env } from './env.js';
import {
  AccountUndecidedError,
  isProcoreError,
  WrongEnvironmentError,
  type ProcoreError,
} from './failure/errors.js';
import type { Line } from './line.js';
import type { Events } from './observe/events.js';
import { checkRequestOptions, defined, isCompanyId } from './option-checks.js';
import { retryDefaults, type CompanyId, type Settings } from './options.js';
import type { TokenSource } from './token/source.js';
import { destinationOf, mayHaveToken, type Destination, type TokenOrigins } from './wire/destination.js';
import { bearerOf, undress } from './wire/headers.js';
import { isAnotherUser, liveBearer, type Bearer } from './wire/subjects.js';

/** Redirects, as follow-redirects tells of them. */
type BeforeRedirect = (
  options: { href?: string; headers: Record<string, unknown> },
  ...rest: unknown[]
) => void;
type PrivateConfig = Omit<AxiosRequestConfig, 'beforeRedirect'> & {
  beforeRedirect?: BeforeRedirect;
  'axios-retry'?: object;
};

export interface DispatchDeps {
  env: Env;
  settings: Settings;
  calls: Calls;
  line: Line;
  sourceOf: (account: string) => TokenSource;
  /** Sees Procore's own `/oauth/…` calls go by. */
  oauth: (config: AxiosRequestConfig, url: string, adapter: Adapter) => Promise<AxiosResponse>;
  events: Events;
}

/** Decides, by the final configuration, whose call this is: ours goes through the line, everybody else's goes on untouched. */
export function createDispatch(
  deps: DispatchDeps,
): (config: AxiosRequestConfig, original: unknown) => Promise<AxiosResponse> {
  const { env, settings, calls, line, events } = deps;
  const origins: TokenOrigins = { allowed: settings.allowedOrigins, apiUrl: settings.environment.apiUrl };
  let user: Bearer | undefined;

  return async (config, original) => {
    const destination = destinationOf(config, origins);
    const adapter = resolveAdapter(original, config);
    if (destination.kind === 'foreign') return adapter(config);
    if (destination.kind === 'oauth') return deps.oauth(config, destination.url, adapter);
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
      return adapter(config);
    }
    if (config.procore !== undefined) checkRequestOptions(config.procore);
    const account = accountOf(config);
    if (account === undefined) return adapter(config);
    const withToken = config.procore?.auth !== false;
    if (destination.kind === 'wrong-environment') {
      if (!withToken) return adapter(config);
      throw ownError(wrongEnvironment(destination), config, destination.path);
    }
    if (withToken) refuseMixedUsers(config, destination.path);
    return send(config, destination, adapter, withToken ? deps.sourceOf(account) : undefined);
  };

  /** Undefined: the application wants this call left alone. */
  function accountOf(config: AxiosRequestConfig): string | undefined {
    const chosen = config.procore?.account ?? settings.account ?? 'default';
    const account = typeof chosen === 'function' ? chosen(config) : chosen;
    if (account === undefined || account === null) return undefined;
    if (typeof account === 'string' && account.trim() !== '') return account;
    throw new TypeError(
      `axios-procore: option "account" returned ${typeof account}; it takes a non-empty string, or undefined.`,
    );
  }

  function companyOf(config: AxiosRequestConfig): CompanyId | undefined {
    const chosen = config.procore?.companyId ?? settings.companyId;
    const company: unknown = typeof chosen === 'function' ? chosen(config) : chosen;
    if (company === undefined || company === null || isCompanyId(company)) return company ?? undefined;
    throw new TypeError(
      `axios-procore: option "companyId" returned a ${typeof company} that is no company id; it takes digits in a string, a positive safe integer, or undefined.`,
    );
  }

  /** Callers who bring bearers of different users must not all run as the one whose tokens are in the store. */
  function refuseMixedUsers(config: AxiosRequestConfig, path: string): void {
    if (settings.account !== undefined || config.procore?.account !== undefined) return;
    const token = bearerOf(config.headers);
    const bearer = token === undefined ? undefined : liveBearer(token, env.now());
    if (!bearer) return;
    if (isAnotherUser(user, bearer, env.now())) {
      const summary =
        'it was not sent: calls on this instance carry bearers of different users, and the plugin would send them all as one. Tell whose tokens a call uses: option "account", or { procore: { account } } on the call.';
      throw ownError(new AccountUndecidedError(summary), config, path);
    }
    user = bearer;
  }

  function wrongEnvironment({
    origin,
    environment,
  }: {
    origin: string;
    environment: string;
  }): WrongEnvironmentError {
    return new WrongEnvironmentError(
      `it was not sent: ${origin} belongs to the environment "${environment}", the tokens to ${settings.environment.apiUrl}, and tokens are not transferable across environments. Set the option "environment".`,
    );
  }

  async function send(
    config: AxiosRequestConfig,
    destination: Destination & { kind: 'procore' },
    adapter: Adapter,
    source: TokenSource | undefined,
  ): Promise<AxiosResponse> {
    const { procore } = config;
    const companyId = companyOf(config);
    const deadlineMs = procore?.deadlineMs ?? settings.deadlineMs;
    const { signal, interruption, release } = bridgeCancellation(config, env, deadlineMs);
    const call: Call = {
      config,
      adapter,
      method: (config.method ?? 'get').toUpperCase(),
      path: destination.path,
      source,
      companyId,
      retry: retryOf(procore?.retry),
      idempotent: procore?.idempotent,
      signal,
      interruption,
      deadlineAtMs: deadlineMs === undefined ? Infinity : env.now() + deadlineMs,
      maxWaitMs: settings.maxWaitMs,
      attempts: 0,
      lease: undefined,
      left: false,
      redirected: false,
      refusedByStatus: false,
      lenient: false,
      replays: 0,
      renewed: false,
      proves: false,
      response: undefined,
    };
    try {
      return finish(call, await line(privateConfig(call, destination)));
    } catch (error) {
      return fail(call, error);
    } finally {
      release();
      const { method, path, attempts } = call;
      const status = call.response?.status;
      events.emit('request-settled', { method, path, attempts, ...(status === undefined ? {} : { status }) });
    }
  }

  function retryOf(own: Settings['retry'] | undefined | object): Settings['retry'] {
    if (own === undefined) return settings.retry;
    if (own === false) return false;
    return { ...retryDefaults, ...(settings.retry || {}), ...defined(own) };
  }

  /** The line works on a copy: what it needs to change, the application never sees. */
  function privateConfig(call: Call, destination: Destination & { kind: 'procore' }): AxiosRequestConfig {
    const copy = copyOf(call.config) as PrivateConfig;
    if (destination.baseUrl !== undefined) copy.baseURL = destination.baseUrl;
    if (call.source) {
      delete copy.auth;
      if (destination.url !== undefined) {
        copy.url = destination.url;
        delete copy.baseURL;
      }
    }
    // The adapter knows the application's own signal and token; the deadline it must hear from us.
    if (call.deadlineAtMs < Infinity) copy.signal = call.signal;
    copy['axios-retry'] = { retries: call.retry ? call.retry.retries : 0 };
    const { validateStatus } = call.config;
    copy.validateStatus = (status) => {
      // Inside the line the status decides; what the application calls a success is asked at the end.
      call.refusedByStatus = !(status >= 200 && status < 300 && (!validateStatus || validateStatus(status)));
      return !call.refusedByStatus;
    };
    const { beforeRedirect } = copy;
    copy.beforeRedirect = (options, ...rest) => {
      call.redirected = true;
      if (!options.href || !mayHaveToken(options.href, origins)) {
        call.left = true;
        undress(options.headers, call.source !== undefined);
      }
      beforeRedirect?.(options, ...rest);
    };
    calls.put(copy as AxiosRequestConfig, call);
    return copy as AxiosRequestConfig;
  }

  function finish(call: Call, response: AxiosResponse): AxiosResponse {
    call.response = response;
    response.config = call.config as AxiosResponse['config'];
    return response;
  }

  function fail(call: Call, failure: unknown): AxiosResponse {
    // However the adapter puts it: it was us who stopped it.
    const error = call.interruption() && isCancel(failure) ? interruptedError(call) : failure;
    if (isProcoreError(error)) {
      const answer = call.response && finish(call, call.response);
      // Whoever takes every status for a success gets the 401 that was really answered.
      if (answer && accepts(call, answer.status)) return answer;
      throw ownError(error, call.config, call.path, answer);
    }
    if (!isAxiosError(error)) throw disowned(error, call);
    error.config = call.config;
    if (error.response) {
      const response = finish(call, error.response);
      if (call.refusedByStatus && accepts(call, response.status)) return response;
    }
    if (call.retry) silenceAxiosRetry(error);
    throw error;
  }

  function accepts({ config, lenient }: Call, status: number): boolean {
    return lenient || !config.validateStatus || config.validateStatus(status);
  }

  /** An adapter's own kind of error may carry the configuration that it was given, bearer and all. */
  function disowned(error: unknown, call: Call): unknown {
    if (typeof error !== 'object' || error === null) return error;
    for (const bearer of [error, (error as { response?: object }).response]) {
      const carrier = bearer as { config?: AxiosRequestConfig } | undefined;
      if (carrier?.config && calls.of(carrier.config) === call) carrier.config = call.config;
    }
    return error;
  }
}

function ownError(
  error: ProcoreError,
  config: AxiosRequestConfig,
  path: string,
  response?: AxiosResponse,
): ProcoreError {
  const told = error.forCall({ config, path, response, request: response?.request as unknown });
  Object.assign(config, { 'axios-retry': { retries: 0 } });
  return told;
}

/** An axios-retry on the application's instance would multiply attempts that the line has made already. */
function silenceAxiosRetry({ config }: AxiosErrorLike): void {
  const state = (config as PrivateConfig)['axios-retry'];
  if (state) Object.assign(state, { retries: 0 });
}
