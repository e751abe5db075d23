import type { EventEmitter } from 'node:events';
import type { AxiosRequestConfig, AxiosResponse } from 'axios';

/**
 * The properties of a Node agent that contain sockets and requests under way. From each socket its request, with its headers, can be
 * reached.
 */
const ofAgents = ['sockets', 'freeSockets', 'requests'];
/** The properties of a streamed response body from which its request can be reached. */
const ofAnswers = ['req', 'socket', 'client'];

/**
 * Makes properties of a response not enumerable from which the sent bearer token can be reached, because loggers print enumerable
 * properties. Code that reads `response.request` still finds it.
 */
export function concealAnswer(response: AxiosResponse): void {
  concealRequest(response);
  const data: unknown = response.data;
  if (isStream(data)) hide(data, [...ofAnswers, ...Object.getOwnPropertySymbols(data)]);
}

/** Does the same for the `request` of an error or a response. */
export function concealRequest(carrier: object): void {
  if (Object.hasOwn(carrier, 'request')) Reflect.defineProperty(carrier, 'request', hidden);
}

/** Does the same for the agents in the application's configuration, from which all calls under way can be reached. */
export function concealAgents(config: AxiosRequestConfig): void {
  const { httpAgent, httpsAgent, fetchOptions } = config as {
    httpAgent?: unknown;
    httpsAgent?: unknown;
    fetchOptions?: { dispatcher?: unknown };
  };
  for (const agent of [httpAgent, httpsAgent, fetchOptions?.dispatcher]) {
    // The dispatcher of fetch keeps its state under symbols.
    if (isObject(agent) && !isConcealed(agent))
      hide(agent, [...ofAgents, ...Object.getOwnPropertySymbols(agent)]);
  }
}

/** Whether this is an agent of Node that was met before: one agent serves many calls. */
function isConcealed(agent: object): boolean {
  return 'sockets' in agent && !Object.prototype.propertyIsEnumerable.call(agent, 'sockets');
}

/** Does the same for a request body that is a stream: while it is piped, it refers to the request. */
export function concealBody({ data }: AxiosRequestConfig): void {
  if (isStream(data)) hide(data, ['_readableState']);
}

/** True for Node streams and objects that behave like them. */
export function isStream(value: unknown): value is EventEmitter {
  if (!isObject(value)) return false;
  const { pipe, on } = value as { pipe?: unknown; on?: unknown };
  return typeof pipe === 'function' && typeof on === 'function';
}

/** One for all, because every answer takes one. */
const hidden: PropertyDescriptor = Object.freeze({ enumerable: false });

/** Makes properties not enumerable, with value and mutability unchanged. Frozen objects are left as they are. */
function hide(holder: object, keys: readonly PropertyKey[]): void {
  for (const key of keys) {
    if (Object.hasOwn(holder, key)) Reflect.defineProperty(holder, key, hidden);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
