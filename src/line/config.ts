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
  /** The Authorization header was stripped at a redirect between two origins of Procore, so the answer says nothing about the token. */
  tokenless: boolean;
}

/** Makes the copy of the configuration that the line works on, so that the application never sees what is changed for the send. */
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
  // An adapter listens to the application's CancelToken and, as a rule, its signal; the signal that has the deadline it must be given.
  const { signal } = cancellation;
  if (signal && (deadlineAtMs < Infinity || !copy.knowsSignal)) endBy(copy, signal, own);
  keepQuery(copy, own);
  // For the axios-retry of the line; a setting of the application's own stays on its own configuration.
  own['axios-retry'] = retriesOfTheLine;
  // Older axios reads what a polluted `Object.prototype` lends to every object, which must not change where the call goes.
  return hidePollution(own);
}

/** One object for all calls: axios-retry copies it when an attempt fails. */
const retriesOfTheLine = Object.freeze({ retries: Infinity });

/**
 * Creates the hook that axios calls before it follows a redirect: it notes the redirect, and strips the headers that must not leave Procore.
 * `next` is the application's own hook.
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
    // Whatever follows the redirect strips the Authorization header between any two origins.
    trail.tokenless ||= headerOf(options.headers, 'authorization') === undefined;
    next?.(options, ...rest);
  };
}
