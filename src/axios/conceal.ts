import type { EventEmitter } from 'node:events';
import type { AxiosRequestConfig, AxiosResponse } from 'axios';

/** What an agent of Node keeps its calls under way in, this one and others: each socket knows its request. */
const ofAgents = ['sockets', 'freeSockets', 'requests'];
/** What leads from the body of an answer that is a stream to its request. */
const ofAnswers = ['req', 'socket', 'client'];

/**
 * Hides from loggers what leads to the bearer that was sent: they print what is enumerable. Code that reads `response.request` finds it
 * where it was.
 */
export function concealAnswer(response: AxiosResponse): void {
  concealRequest(response);
  const data: unknown = response.data;
  if (isStream(data)) hide(data, [...ofAnswers, ...Object.getOwnPropertySymbols(data)]);
}

/** The same for what carries a request: an error, or an answer. */
export function concealRequest(carrier: object): void {
  hide(carrier, ['request']);
}

/** The agents in the application's own configuration know all calls that are under way over them. */
export function concealAgents(config: AxiosRequestConfig): void {
  const { httpAgent, httpsAgent, fetchOptions } = config as {
    httpAgent?: unknown;
    httpsAgent?: unknown;
    fetchOptions?: { dispatcher?: unknown };
  };
  for (const agent of [httpAgent, httpsAgent, fetchOptions?.dispatcher]) {
    // What fetch has in place of an agent keeps everything under symbols.
    if (isObject(agent)) hide(agent, [...ofAgents, ...Object.getOwnPropertySymbols(agent)]);
  }
}

/** A request body that was still being sent knows where to. */
export function concealBody({ data }: AxiosRequestConfig): void {
  if (isStream(data)) hide(data, ['_readableState']);
}

/** True for the streams of Node, and for what behaves like them. */
export function isStream(value: unknown): value is EventEmitter {
  if (!isObject(value)) return false;
  const { pipe, on } = value as { pipe?: unknown; on?: unknown };
  return typeof pipe === 'function' && typeof on === 'function';
}

/** Keeps value and mutability; what is frozen stays as it is. */
function hide(holder: object, keys: readonly PropertyKey[]): void {
  for (const key of keys) {
    if (Object.prototype.propertyIsEnumerable.call(holder, key)) {
      Reflect.defineProperty(holder, key, { enumerable: false });
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
