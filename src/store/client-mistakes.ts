import { described, isClass, isPromise } from '../text/words.js';

/** What a store that works over a client of a database library expects as its client. */
export interface Taken {
  /** The beginning of the message: `redisTokenStore: client takes …`. */
  readonly takes: string;
  /** How to make a client, for the message. */
  readonly make: string;
  /** Exports of the library's module that no client has: they show that the module itself was given. */
  readonly exports: readonly string[];
  /** Names of the client's options: they show that the options were given instead of a client. */
  readonly options: readonly string[];
}

/**
 * The error for a value that is no client, with the mistake that it shows. The value is not quoted: it may be an address with a password.
 */
export function noClient(value: unknown, { takes, make, exports, options }: Taken): TypeError {
  return new TypeError(`${takes}; it got ${described(value)}. ${hint()}.`);

  function hint(): string {
    if (isPromise(value)) return 'Await it first';
    if (isClass(value) || typeof value === 'function') return `Make a client with it: ${make}`;
    if (typeof value === 'string') return `Of an address make a client: ${make}`;
    if (typeof value !== 'object' || value === null) return `Make one: ${make}`;
    if (exports.some((name) => typeof (value as Record<string, unknown>)[name] === 'function'))
      return `This is the module: give a client, ${make}`;
    if (options.some((name) => name in value)) return `Of options make a client: ${make}`;
    return `Make one: ${make}`;
  }
}
