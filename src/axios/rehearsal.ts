import type { AxiosRequestConfig } from 'axios';
import type { Adapter } from './adapter.js';
import type { AxiosCopy } from './copy.js';
import { wayOf, type Way } from '../wire/way.js';
import { isReadByProxy, type Requested } from '../wire/in-clear.js';
import { call } from '../time/within.js';

const ended = new Error('axios-procore: rehearsed, not sent');

/**
 * Whether a proxy could read a request to `url`. axios's http adapter makes the request with a `transport` that stops it where it would be
 * given to Node's http client, so nothing is sent. This way each version of axios evaluates its own environment variables (`HTTPS_PROXY`,
 * `ALL_PROXY`, `NO_PROXY` and those of npm) and its option `proxy`. `chosen` is the adapter of the configuration; for any other than
 * axios's own http adapter the answer is false.
 */
export function goesInClear(copy: AxiosCopy, chosen: unknown, url: string, way: Way): boolean {
  if (!/^https:/i.test(url)) return false;
  const adapter = httpAdapter(copy, chosen);
  if (!adapter) return false;
  let inClear = false;
  const transport = {
    request(requested: Requested): never {
      inClear = isReadByProxy(requested);
      throw ended;
    },
  };
  // `httpVersion` is left out, because HTTP/2 takes no `transport`; before 1.16.1 it uses the same proxy. `proxy` is copied, because some
  // versions of axios write into it.
  const { httpVersion: _, proxy, ...rest } = wayOf(way);
  const config = {
    method: 'get',
    url,
    headers: {},
    ...rest,
    ...(proxy === undefined ? {} : { proxy: isPlain(proxy) ? { ...proxy } : proxy }),
    transport,
  };
  call(() => adapter(config as AxiosRequestConfig)).catch(() => undefined);
  return inClear;
}

/** axios's own http adapter, if the configuration chooses it; undefined for any other. */
function httpAdapter(copy: AxiosCopy, chosen: unknown): Adapter | undefined {
  const named = [chosen].flat().filter((each) => typeof each === 'string');
  const choice = named.length > 0 ? named : copy.ownChoice;
  // Before axios had names for adapters, its default was this function. Any other function may be the application's.
  if (typeof choice === 'function') return choice.name === 'httpAdapter' ? (choice as Adapter) : undefined;
  const names = [choice].flat().map((name) => String(name).toLowerCase());
  const first = names.find((name) => name !== 'xhr' || 'XMLHttpRequest' in globalThis);
  return first === 'http' ? (config) => copy.adapterOf('http', config)(config) : undefined;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
