import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Accounts } from './accounts.js';
import { createAdapters, type Adapter } from '../axios/adapter.js';
import { canceledError, unwrapped } from '../axios/versions.js';
import type { AxiosCopy } from '../axios/copy.js';
import type { CallEvents, ToldCall } from './call-events.js';
import { bearerIn, seenOf, type Brought } from './brought.js';
import { bridgeCancellation } from './cancellation.js';
import type { Choices } from './choices.js';
import { createDestinations } from './destinations.js';
import type { Env } from '../time/env.js';
import { AccountUndecidedError, DeadlineError, WrongEnvironmentError } from '../failure/errors.js';
import type { Events } from '../observe/events.js';
import { checkRequestOptions } from '../options/checks.js';
import type { Settings } from '../options/options.js';
import { unsentError } from './outcome.js';
import { timedOutUnsent, timerEarlyMs } from './overtime.js';
import type { Request } from './request.js';
import { Story } from './story.js';
import type { TokenSource } from '../token/source.js';
import { wrongEnvironmentText } from '../wire/wrong-environment.js';
import type { Destination, TokenOrigins } from '../wire/destination.js';
import { awakeNow } from '../time/within.js';
import { createEndpointWatch } from './endpoint-watch.js';
import { createWayWatch, type WayWarnings } from './way-watch.js';

/** Handles one call of the application to `/oauth/…`. `accountOf` returns the account whose tokens the call would use. */
export type OauthPassage = (
  config: AxiosRequestConfig,
  url: string,
  adapter: Adapter,
  accountOf: (config: AxiosRequestConfig) => string | undefined,
) => Promise<AxiosResponse>;

/** What the dispatch of one attach needs. */
export interface DispatchDeps extends WayWarnings {
  env: Env;
  /** The axios that the instance comes from. */
  copy: AxiosCopy;
  settings: Settings;
  origins: TokenOrigins;
  choices: Choices;
  sourceOf: (account: string) => TokenSource;
  /** Set where each user is an account (option `account: accountBySubject`). */
  accounts: Accounts | undefined;
  /** Handles the application's own calls to `/oauth/…`. */
  oauth: OauthPassage;
  warnOnce: Events['warnOnce'];
  callEvents: Pick<CallEvents, 'waitsForAccount' | 'neverSent' | 'goesOn'>;
  /** Sends a call on the straight path; undefined for a call that cannot take it. */
  straight: (request: Request) => Promise<AxiosResponse> | undefined;
  /** Sends a call on the long path. */
  takeLongPath: (request: Request) => Promise<AxiosResponse>;
}

/**
 * Takes a call at the entrance. `chosen` is the adapter that the application has chosen. `isUnwrapped` says that axios has called the
 * entrance itself, with the configuration that it has made for this call, so that no wrapper of the adapter has that configuration too.
 */
export type Dispatch = (
  config: AxiosRequestConfig,
  chosen: unknown,
  isUnwrapped: boolean,
) => Promise<AxiosResponse>;

/** Creates the decision, by the final configuration, where a call leads: one to Procore goes through the line, any other is sent unchanged. */
export function createDispatch(deps: DispatchDeps): Dispatch {
  const { env, copy, settings, choices, callEvents, accounts } = deps;
  const { accountOf } = choices;
  const destinationOf = createDestinations(deps.origins);
  const adapterOf = createAdapters(copy);
  const lookAtWay = createWayWatch(deps);
  const lookAtEndpoint = createEndpointWatch({
    deprecated: settings.deprecatedEndpoints,
    warnOnce: deps.warnOnce,
  });

  function dispatch(
    config: AxiosRequestConfig,
    chosen: unknown,
    isUnwrapped: boolean,
  ): Promise<AxiosResponse> {
    const seen = seenOf(config);
    const destination = destinationOf(seen);
    const chosenAdapter = adapterOf(chosen, config);
    const { adapter } = chosenAdapter;
    if (destination.kind === 'foreign') return adapter(config);
    if (destination.kind === 'oauth') {
      const passing = (sent: AxiosRequestConfig) => passedOn(adapter, sent);
      return deps.oauth(config, destination.url, passing, accountOf);
    }
    if (destination.kind === 'unlisted') {
      warnOfUnlisted(destination.origin);
      return passedOn(adapter, config);
    }
    const named = namedBy(config, seen, destination);
    if (named === undefined) return passedOn(adapter, config);
    const withToken = seen.procore?.auth !== false;
    if (destination.kind === 'wrong-environment') {
      if (!withToken) return passedOn(adapter, config);
      const error = unsentError(copy, wrongEnvironment(destination), config, destination.path);
      const account = accounts && seen.procore?.account === undefined ? undefined : named;
      throw toldOf({ config, seen, destination, account }, error);
    }
    const boundMs = choices.boundOf(config);
    // The clock is read only where it is needed, because reading it would take time on every call.
    const startedAtMs = boundMs === undefined ? 0 : awakeNow(env);
    const isNamed = seen.procore?.account !== undefined || (settings.account !== undefined && !accounts);
    const bearer = withToken ? bearerIn(seen, destination) : undefined;
    const known = accounts && withToken && !isNamed ? accounts.known(bearer) : named;
    const brought = {
      config,
      seen,
      destination,
      chosenAdapter,
      withToken,
      bearer,
      isNamed,
      startedAtMs,
      boundMs,
      deadlineMs: seen.procore?.deadlineMs ?? settings.deadlineMs,
    };
    if (known !== undefined) return enter(brought, known, isUnwrapped);
    const story = new Story(env.now());
    const waitsSinceMs = awakeNow(env);
    return userOf(brought, story, accounts!).then((account) => {
      const waitedMs = awakeNow(env) - waitsSinceMs;
      const leftMs = brought.deadlineMs === undefined ? undefined : brought.deadlineMs - waitedMs;
      return enter({ ...brought, deadlineMs: leftMs }, account, false, story);
    });
  }

  /** The account that the options name; undefined for a call that the plugin leaves alone. */
  function namedBy(
    config: AxiosRequestConfig,
    seen: AxiosRequestConfig,
    destination: ToldCall['destination'],
  ): string | undefined {
    try {
      if (seen.procore !== undefined) checkRequestOptions(seen.procore);
      return accountOf(seen);
    } catch (error) {
      throw toldOf({ config, seen, destination, account: undefined }, error);
    }
  }

  /** Tells of a call that ends with this error before it has begun. */
  function toldOf(call: Omit<ToldCall, 'story'>, error: unknown, story = new Story(env.now())): unknown {
    callEvents.neverSent({ ...call, story }, error);
    return error;
  }

  function warnOfUnlisted(origin: string): void {
    const remedy = origin.startsWith('https:')
      ? 'name it in the option "origins" if they should'
      : 'tokens travel over https only';
    deps.warnOnce(
      'unlisted-procore-host',
      origin,
      `${origin} is not one of this environment's origins, so its calls get no token; ${remedy}`,
    );
  }

  async function userOf(
    { config, seen, bearer, destination, startedAtMs, boundMs = Infinity, deadlineMs }: Brought,
    story: Story,
    { ofCall }: Accounts,
  ): Promise<string> {
    const call = { config, seen, destination, account: undefined };
    const { signal, interruption, release } = bridgeCancellation(copy, config, env, deadlineMs);
    try {
      const maxMs = Math.min(settings.maxWaitMs, boundMs);
      callEvents.waitsForAccount({ ...call, story });
      const account = await ofCall(bearer, { maxMs, signal, way: config });
      callEvents.goesOn({ story });
      return account;
    } catch (error) {
      throw toldOf(call, errorOf(error), story);
    } finally {
      release();
    }

    function errorOf(error: unknown): unknown {
      if (!(error instanceof AccountUndecidedError)) return error;
      if (interruption()?.kind === 'deadline') {
        const late = new DeadlineError('its deadlineMs has passed while it waited.');
        return unsentError(copy, late, config, destination.path);
      }
      if (signal?.aborted) return canceledError(copy, config);
      const isOver = awakeNow(env) + timerEarlyMs >= startedAtMs + boundMs;
      return isOver ? timedOutUnsent(copy, config) : unsentError(copy, error, config, destination.path);
    }
  }

  function wrongEnvironment({
    origin,
    environment,
  }: Destination & { kind: 'wrong-environment' }): WrongEnvironmentError {
    return new WrongEnvironmentError(
      wrongEnvironmentText({ name: environment, apiUrl: origin }, settings.environment),
    );
  }

  function enter(
    brought: Brought,
    account: string,
    isUnwrapped: boolean,
    story?: Story,
  ): Promise<AxiosResponse> {
    const { config, seen, destination, chosenAdapter, bearer, isNamed, startedAtMs, boundMs, deadlineMs } =
      brought;
    try {
      lookAtWay(config, seen);
      lookAtEndpoint(seen.method, destination.path);
      const companyId = choices.companyOf(seen, destination.path);
      const gate = choices.gateOf(seen, account, companyId);
      const request: Request = {
        config,
        seen,
        destination,
        chosenAdapter,
        account,
        source: brought.withToken ? deps.sourceOf(account) : undefined,
        bearer,
        isNamed,
        companyId,
        idempotencyToken: choices.idempotencyTokenOf(seen),
        gate,
        ticket: gate?.ticket(),
        startedAtMs,
        boundMs,
        deadlineMs,
        story,
      };
      return (isUnwrapped ? deps.straight(request) : undefined) ?? deps.takeLongPath(request);
    } catch (error) {
      throw toldOf({ config, seen, destination, account }, error, story);
    }
  }

  return (config, chosen, isUnwrapped) => {
    try {
      return dispatch(config, chosen, isUnwrapped);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

/** Sends a call to Procore that the plugin leaves alone. Only an error that the adapter has wrapped is unwrapped. */
async function passedOn(adapter: Adapter, config: AxiosRequestConfig): Promise<AxiosResponse> {
  try {
    return await adapter(config);
  } catch (error) {
    throw unwrapped(error);
  }
}
