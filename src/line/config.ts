import type { AxiosRequestConfig } from 'axios';
import { endBy, keepQuery } from '../axios/versions.js';
import { lightCopyOf } from '../axios/light-copy.js';
import { mayHaveToken, type TokenOrigins } from '../wire/destination.js';
import { hidePollution } from '../wire/prototype-pollution.js';
import { headerOf, strip } from '../wire/headers.js';
import type { Terms } from './call.js';
import type { Request } from './request.js';

/** Redirects, as follow-redirects tells of them. */
export type BeforeRedirect = (
  options: { href?: string; headers: Record<string, unknown> },
  ...rest: unknown[]
) => void;
/** What redirects have made of an attempt. */
export interface Trail {
  /** A redirect was followed: the call itself has run, whatever became of the rest. */
  redirected: boolean;
  /** A redirect has left Procore: the answer is not Procore's. */
  left: boolean;
  /** A redirect has taken the token off on its way between two origins of Procore: the answer says nothing about it. */
  tokenless: boolean;
}

/** The line works on a copy: what it needs to change, the application never sees. */
export function privateConfig(
  { config, destination, source }: Request,
  { copy, cancellation, deadlineAtMs }: Terms,
): AxiosRequestConfig {
  const own = lightCopyOf(config) as AxiosRequestConfig & { 'axios-retry'?: object };
  const { baseUrl, url, urlOfItsOwn = url } = destination;
  if (baseUrl !== undefined) own.baseURL = baseUrl;
  if (source) delete own.auth;
  if (url !== undefined) {
    own.url = source ? url : urlOfItsOwn;
    delete own.baseURL;
  }
  // The adapter knows the application's own token, and the signal as a rule; the deadline it must hear from us.
  const { signal } = cancellation;
  if (signal && (deadlineAtMs < Infinity || !copy.knowsSignal)) endBy(copy, signal, own);
  keepQuery(copy, own);
  // How often is decided on the line; the application's own count stays the application's.
  own['axios-retry'] = retriesOfTheLine;
  // What was decided is what is sent: older axios reads what every object seems to have.
  return hidePollution(own);
}

/** axios-retry makes a state of its own of it when an attempt fails, and leaves this one alone. */
const retriesOfTheLine = Object.freeze({ retries: Infinity });

/**
 * The hook that axios asks before it follows a redirect: notes it, and takes off what must not leave Procore. `next` is the application's
 * own.
 */
export function watchingRedirects(
  trail: Trail,
  hasOurBearer: boolean,
  origins: TokenOrigins,
  next: BeforeRedirect | undefined,
): BeforeRedirect {
  return (options, ...rest) => {
    trail.redirected = true;
    if (!options.href || !mayHaveToken(options.href, origins)) {
      trail.left = true;
      strip(options.headers, hasOurBearer);
    }
    // Whoever follows takes it off between any two origins.
    trail.tokenless ||= headerOf(options.headers, 'authorization') === undefined;
    next?.(options, ...rest);
  };
}
