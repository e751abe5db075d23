import type { AxiosRequestConfig } from 'axios';
import { copyOf, endBy, keepQuery } from '../axios/versions.js';
import type { Call } from './call.js';
import { mayHaveToken, type Destination, type TokenOrigins } from '../wire/destination.js';
import { ownValue, hidePollution } from '../wire/prototype-pollution.js';
import { headerOf, undress } from '../wire/headers.js';

/** Redirects, as follow-redirects tells of them. */
type BeforeRedirect = (
  options: { href?: string; headers: Record<string, unknown> },
  ...rest: unknown[]
) => void;
type PrivateConfig = Omit<AxiosRequestConfig, 'beforeRedirect'> & {
  beforeRedirect?: BeforeRedirect;
  'axios-retry'?: object;
};

/** The line works on a copy: what it needs to change, the application never sees. */
export function privateConfig(
  call: Call,
  destination: Destination & { kind: 'procore' },
  origins: TokenOrigins,
): AxiosRequestConfig {
  const copy = copyOf(call.config) as PrivateConfig;
  const baseUrl = ownValue(destination, 'baseUrl');
  if (baseUrl !== undefined) copy.baseURL = baseUrl;
  if (call.source) delete copy.auth;
  const url = ownValue(destination, 'url');
  const urlOfItsOwn = ownValue(destination, 'urlOfItsOwn') ?? url;
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
  const beforeRedirect = ownValue(copy, 'beforeRedirect');
  copy.beforeRedirect = (options, ...rest) => {
    call.redirected = true;
    if (!options.href || !mayHaveToken(options.href, origins)) {
      call.left = true;
      undress(options.headers, call.source !== undefined);
    }
    // Whoever follows takes it off between any two origins.
    call.tokenless ||= headerOf(options.headers, 'authorization') === undefined;
    beforeRedirect?.(options, ...rest);
  };
  // What was decided is what is sent: older axios reads what every object seems to have.
  return hidePollution(copy) as AxiosRequestConfig;
}
