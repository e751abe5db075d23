import type { AxiosRequestConfig } from 'axios';
import { copyOf, endBy, keepQuery } from '../axios/versions.js';
import type { Call } from './call.js';
import { mayHaveToken, type ProcoreDestination, type TokenOrigins } from '../wire/destination.js';
import { ownValue, hidePollution } from '../wire/prototype-pollution.js';
import { headerOf, strip } from '../wire/headers.js';

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

type PrivateConfig = Omit<AxiosRequestConfig, 'beforeRedirect'> & {
  beforeRedirect?: BeforeRedirect;
  'axios-retry'?: object;
};

/** The line works on a copy: what it needs to change, the application never sees. */
export function privateConfig(
  call: Call,
  destination: ProcoreDestination,
  origins: TokenOrigins,
): AxiosRequestConfig {
  const copy = copyOf(call.config) as PrivateConfig;
  const baseUrl = destination.baseUrl;
  if (baseUrl !== undefined) copy.baseURL = baseUrl;
  if (call.source) delete copy.auth;
  const url = destination.url;
  const urlOfItsOwn = destination.urlOfItsOwn ?? url;
  if (url !== undefined) {
    copy.url = call.source ? url : urlOfItsOwn;
    delete copy.baseURL;
  }
  // The adapter knows the application's own token, and the signal as a rule; the deadline it must hear from us.
  if (call.signal && (call.deadlineAtMs < Infinity || !call.copy.knowsSignal)) {
    endBy(call.copy, call.signal, copy as AxiosRequestConfig);
  }
  keepQuery(call.copy, copy as AxiosRequestConfig);
  // How often is decided on the line; the application's own count stays the application's.
  copy['axios-retry'] = { retries: Infinity };
  // Older axios takes over what every object seems to have: a throw in its adapter would leave the call without an end.
  const validateStatus =
    typeof call.config.validateStatus === 'function' ? call.config.validateStatus : undefined;
  copy.validateStatus = (status) => {
    // Inside the line the status decides; what the application calls a success is asked at the end.
    call.refusedByStatus = !(status >= 200 && status < 300 && (!validateStatus || validateStatus(status)));
    return !call.refusedByStatus;
  };
  copy.beforeRedirect = watchingRedirects(
    call,
    call.source !== undefined,
    origins,
    ownValue(copy, 'beforeRedirect'),
  );
  // What was decided is what is sent: older axios reads what every object seems to have.
  return hidePollution(copy) as AxiosRequestConfig;
}

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
