import type { AxiosResponse } from 'axios';

/** The value itself where it is an axios response, and not what an interceptor has put in its place. */
export function responseIn(value: unknown): AxiosResponse | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { status, config } = value as Partial<AxiosResponse>;
  return typeof status === 'number' && typeof config === 'object' ? (value as AxiosResponse) : undefined;
}

/** The status of a response that is no success, although the instance's `validateStatus` takes it for one. */
export function failedStatus(response: AxiosResponse | undefined): number | undefined {
  return response && (response.status < 200 || response.status > 299) ? response.status : undefined;
}

/** An error that has the response, so that handlers of axios errors and `problemOf` find it; loggers do not print it. */
export function errorOn(response: AxiosResponse | undefined, message: string): Error {
  const error = new Error(message);
  if (response)
    Object.defineProperty(error, 'response', { value: response, writable: true, configurable: true });
  return error;
}
