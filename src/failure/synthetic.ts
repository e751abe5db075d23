import { Readable } from 'node:stream';
import type { AxiosRequestConfig, AxiosResponse } from 'axios';

const texts: Record<number, string> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

/**
 * An answer that the package makes itself, marked by the header `x-axios-procore: synthetic`. Its body is a text, as it would come over the
 * wire, where the application's `transformResponse` is going to parse it.
 */
export function syntheticResponse(
  config: AxiosRequestConfig | undefined,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): AxiosResponse {
  const text = JSON.stringify(body);
  return {
    status,
    statusText: texts[status] ?? '',
    headers: { 'content-type': 'application/json', 'x-axios-procore': 'synthetic', ...headers },
    data: bodyOf(text, config?.responseType),
    config: (config ?? {}) as AxiosResponse['config'],
  };
}

function bodyOf(text: string, responseType: AxiosRequestConfig['responseType']): unknown {
  if (responseType === 'stream') return Readable.from([Buffer.from(text)]);
  return responseType === 'arraybuffer' ? Buffer.from(text) : text;
}
