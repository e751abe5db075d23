import axios, { type AxiosError, type AxiosRequestConfig, type AxiosResponse } from 'axios';

/** The axios under test; axios itself tells from 0.22 on (a test compares). */
export const axiosVersion: string = process.env['AXIOS_VERSION'] ?? axios.VERSION;

/** True on an axios older than this, as `major.minor`. */
export function below(wanted: string): boolean {
  const [major = 0, minor = 0] = axiosVersion.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}

/** axios 1.0 and 1.1 lose or break the headers of a configuration that is sent again. */
export const breaksHeaders: boolean = !below('1.0') && below('1.2');

/** axios 1.0.0 loses the question mark of a query that is written into the URL. */
export const losesQueries: boolean = !below('1.0') && below('1.1');

/** True where `ADAPTER=fetch` has put the fetch adapter under every test. */
export const onFetch: boolean = process.env['ADAPTER'] === 'fetch';

/** An error as this version of axios makes it: without a class of its own below 0.27. */
export function axiosError(
  message: string,
  code: string,
  config?: AxiosRequestConfig,
  request?: unknown,
  response?: AxiosResponse,
): AxiosError {
  const { AxiosError: Versioned } = axios as { AxiosError?: typeof AxiosError };
  if (Versioned) return new Versioned(message, code, config as never, request, response);
  return Object.assign(new Error(message), {
    ...{ isAxiosError: true, code, config, request, response },
    toJSON: () => ({ message }),
  }) as never;
}

/** The fetch adapter of axios 1.13.3 and 1.13.4 wraps its errors once more, and loses their answer. */
export const losesAnswers: boolean = onFetch && /^1\.13\.[34]$/.test(axiosVersion);

/** What axios rejects with where the plugin does not take part. */
export function bare<T>(error: T): T {
  return losesAnswers ? ((error as { cause?: T }).cause ?? error) : error;
}

/** The code of a refused connection: with fetch it is that of the cause. */
export const refusedCode: string = onFetch ? 'ERR_NETWORK' : 'ECONNREFUSED';

/** A port of this machine on which nobody listens, and which fetch does not block. */
export const refusing = 'http://127.0.0.1:2';

/** Until 1.13 at least the fetch adapter knows neither credentials in a URL nor `maxContentLength`. */
export const plainFetch: boolean = onFetch && below('1.14');

/** True where `PLUGIN_AXIOS` lets the plugin import another axios than the one under test. */
export const twoCopies: boolean = process.env['PLUGIN_AXIOS'] !== undefined;
