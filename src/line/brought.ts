import type { AxiosRequestConfig } from 'axios';
import type { ProcoreDestination } from '../wire/destination.js';
import { bearerOf, hasAuthorization } from '../wire/headers.js';
import { isUnpolluted, unpolluted } from '../wire/prototype-pollution.js';
import type { Request } from './request.js';

/** What is known of a call before its account is. */
export type Brought = Pick<
  Request,
  | 'config'
  | 'seen'
  | 'destination'
  | 'chosenAdapter'
  | 'bearer'
  | 'isNamed'
  | 'startedAtMs'
  | 'boundMs'
  | 'deadlineMs'
> & { readonly withToken: boolean };

/** The configuration, without the properties that every object seems to have where `Object.prototype` is polluted. */
export function seenOf(config: AxiosRequestConfig): AxiosRequestConfig {
  if (isUnpolluted(config) && (config.procore === undefined || isUnpolluted(config.procore))) return config;
  const seen = unpolluted(config);
  if (seen !== config && seen.procore) seen.procore = unpolluted(seen.procore);
  return seen;
}

/** The bearer that the call brings along; undefined beside `auth` or credentials in the URL, which axios sends instead of the header. */
export function bearerIn(config: AxiosRequestConfig, destination: ProcoreDestination): string | undefined {
  if (!hasAuthorization(config.headers)) return undefined;
  const hasItsOwn = config.auth || destination.urlOfItsOwn !== undefined;
  return hasItsOwn ? undefined : bearerOf(config.headers);
}
