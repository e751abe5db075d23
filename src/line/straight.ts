import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { AxiosCopy } from '../axios/copy.js';
import { isStream } from '../axios/conceal.js';
import { lightCopyOf } from '../axios/light-copy.js';
import { copyOf } from '../axios/versions.js';
import type { Env } from '../time/env.js';
import type { Lease } from '../token/pair/pairs.js';
import { readAnswer, type Answer } from '../wire/answer.js';
import type { TokenOrigins } from '../wire/destination.js';
import { headersToSend } from '../wire/headers.js';
import { isReplayable } from '../wire/replayable.js';
import { watchingRedirects, type BeforeRedirect, type Trail } from './redirect-trail.js';
import type { Outcomes } from './outcome.js';
import type { CallEvents } from './call-events.js';
import type { Request } from './request.js';

/** The first attempt of a call, made on the straight path. */
export interface FirstAttempt extends Trail {
  readonly lease: Lease;
  readonly sentAtMs: number;
}

/** Takes the straight path; undefined: this call has to take the long one. */
export type StraightPath = (request: Request) => Promise<AxiosResponse> | undefined;

/** What of a configuration is changed while an adapter has it. */
type Lent = Omit<AxiosRequestConfig, 'beforeRedirect'> & { beforeRedirect?: BeforeRedirect | undefined };

/**
 * Creates the straight path: a call that has nothing to wait for, and that can end in no other way than by its adapter, is sent without a
 * record. Nearly every call is such a one. What is changed on its configuration for the send is put back before anybody sees it. Whatever
 * comes back but a plain success is the first attempt of a call on the long path.
 *
 * The conditions: the account is known at once and the adapter is not wrapped (`dispatch.ts`); `isStraight`; then a place at the gate and a
 * usable token.
 */
export function createStraightPath(deps: {
  env: Env;
  copy: AxiosCopy;
  origins: TokenOrigins;
  /** Learns the server's clock from a `Date` header. */
  learn: (date: unknown) => void;
  outcomes: Pick<Outcomes, 'plain'>;
  callEvents: Pick<CallEvents, 'answeredAtOnce'>;
  /** Goes on with what an attempt has come to. */
  goOn: (request: Request, first: FirstAttempt, sent: Promise<AxiosResponse>) => Promise<AxiosResponse>;
}): StraightPath {
  const { env, copy, origins, learn, outcomes, callEvents } = deps;

  function isStraight(request: Request): boolean {
    const { config, seen, destination, chosenAdapter, source, bearer, isNamed } = request;
    const { signal, procore } = config;
    const data: unknown = config.data;
    return (
      seen === config &&
      request.deadlineMs === undefined &&
      request.boundMs === undefined &&
      procore?.body === undefined &&
      source !== undefined &&
      (isNamed || bearer === undefined || source.owns(bearer)) &&
      (destination.url === undefined || destination.url === config.url) &&
      !config.auth &&
      !config.cancelToken &&
      (!signal || (copy.knowsSignal && !signal.aborted)) &&
      isReplayable(data) &&
      !chosenAdapter.hidesRedirects &&
      !copy.losesQueries &&
      Object.isExtensible(config)
    );
  }

  function send(
    request: Request,
    source: NonNullable<Request['source']>,
    lease: Lease,
  ): Promise<AxiosResponse> {
    const { chosenAdapter, destination, gate, ticket } = request;
    // The application's interceptors may still hold its configuration, and print or send it while the call is under way. An adapter of axios's
    // own has read the headers by the time it returns; a function of the application's is given a copy.
    const config = (chosenAdapter.isOwn ? request.config : lightCopyOf(request.config)) as Lent;
    const first: FirstAttempt = {
      lease,
      sentAtMs: env.now(),
      redirected: false,
      left: false,
      tokenless: false,
    };
    const { headers, baseURL, beforeRedirect } = config;
    const isHooked = Object.hasOwn(config, 'beforeRedirect');
    const base = destination.url === undefined ? (destination.baseUrl ?? baseURL) : undefined;
    const isBased = base !== baseURL && Object.hasOwn(config, 'baseURL');

    /** Returns the call as the application made it: on a copy where somebody has sealed or frozen its configuration meanwhile. */
    function putBack(): Request {
      const own = Object.isSealed(config) ? copyOf(config) : config;
      own.headers = headers;
      if (isHooked) own.beforeRedirect = beforeRedirect;
      else delete own.beforeRedirect;
      if (base !== baseURL) {
        if (isBased) own.baseURL = baseURL;
        else delete own.baseURL;
      }
      if (own === config || config !== request.config) return request;
      return { ...request, config: own as AxiosRequestConfig, seen: own as AxiosRequestConfig };
    }

    config.headers = headersToSend(headers, lease.held.accessToken ?? '', request);
    config.beforeRedirect = watchingRedirects(first, true, origins, beforeRedirect);
    if (base !== baseURL) config.baseURL = base;
    source.sent();
    try {
      const sending = native(chosenAdapter.adapter(config as AxiosRequestConfig));
      if (chosenAdapter.isOwn) Reflect.set(config, 'headers', headers);
      return sending.then(answered, failed);
    } catch (error) {
      return failed(error);
    }

    function answered(response: AxiosResponse): AxiosResponse | Promise<AxiosResponse> {
      const own = putBack();
      const answer = first.redirected ? undefined : plainSuccess(response);
      if (!answer) return deps.goOn(own, first, Promise.resolve(response));
      const { status, date, rateLimit } = answer;
      // Before the gate hears of it: a reset is a moment on the server's clock.
      learn(date);
      gate?.answered(ticket!, { status, rateLimit, retryAfterMs: undefined });
      source.answered(lease, status, first.sentAtMs);
      callEvents.answeredAtOnce(own, response, first.sentAtMs);
      return outcomes.plain(own.config, response);
    }

    function failed(error: unknown): Promise<AxiosResponse> {
      return deps.goOn(putBack(), first, Promise.reject(error));
    }
  }

  return (request) => {
    const { source, gate, ticket, config } = request;
    if (!isStraight(request)) return undefined;
    if (gate && !gate.tryPass(ticket!)) return undefined;
    try {
      const lease = source!.peek(config);
      // Without one the call takes the long path, where the gate takes this place back and gives another.
      return lease && send(request, source!, lease);
    } catch (error) {
      // A getter of the application's may throw.
      gate?.release(ticket!);
      throw error;
    }
  };
}

/** What there is to read on a plain success; undefined for any other answer, and for one that cannot be read. */
function plainSuccess(response: AxiosResponse | undefined): Answer | undefined {
  try {
    // A mock may answer with nothing at all.
    const status = response?.status ?? 0;
    if (!(status >= 200 && status < 300) || isStream(response!.data)) return undefined;
    return readAnswer(status, response!.headers);
  } catch {
    return undefined;
  }
}

/** What an adapter has returned may be a promise of any library, or none: axios itself fails on that. */
function native(sending: Promise<AxiosResponse>): Promise<AxiosResponse> {
  if ((sending as unknown) instanceof Promise) return sending;
  return new Promise((resolve, reject) => void sending.then(resolve, reject));
}
