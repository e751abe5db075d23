import type { AxiosRequestConfig } from 'axios';
import { lightCopyOf } from '../axios/light-copy.js';
import { endBy, keepQuery } from '../axios/versions.js';
import { hidePollution } from '../wire/prototype-pollution.js';
import type { Terms } from './call.js';
import type { Request } from './request.js';

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
  // An adapter listens to the application's CancelToken and, from axios 0.22 on, to its signal. It does not know of the deadline.
  const { signal } = cancellation;
  if (signal && (deadlineAtMs < Infinity || !copy.knowsSignal)) endBy(copy, signal, own);
  keepQuery(copy, own);
  // This is for the axios-retry of the line. A setting of the application stays on its own configuration.
  own['axios-retry'] = retriesOfTheLine;
  // Older axios reads what a polluted `Object.prototype` lends to every object, which must not change where the call goes.
  return hidePollution(own);
}

/** One object for all calls: axios-retry copies it when an attempt fails. */
const retriesOfTheLine = Object.freeze({ retries: Infinity });
