import { described, isClass, isPromise } from '../text/words.js';

/** What a store that is made over a client takes. */
export interface Taken {
  /** The whole sentence: `redisTokenStore: client takes …`. */
  readonly takes: string;
  /** How a client is made. */
  readonly make: string;
  /** Names that the module of the library exports, and that no client has. */
  readonly exports: readonly string[];
  /** Names in the options that a client is made of. */
  readonly options: readonly string[];
}

/** That something is no client, and which mistake it shows. Quotes nothing: it may be an address with a password. */
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
