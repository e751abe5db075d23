import { isClass, isPromise } from '../text/words.js';
import { nearest } from '../text/nearest.js';

/** Other names that stores commonly give to their functions. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  load: ['get', 'read', 'fetch', 'getTokens', 'loadTokens', 'readTokens', 'getItem', 'find'],
  save: ['set', 'write', 'store', 'put', 'setTokens', 'saveTokens', 'writeTokens', 'setItem', 'update'],
};

/** How to mend a value that is no token store. The value is not quoted, because it may be a connection string with a password. */
export function storeHint(value: unknown): string | undefined {
  if (typeof value === 'string')
    return 'For files: fileTokenStore({ directory }) of axios-procore/stores/file; for a database its client, not its address';
  if (isClass(value)) return 'This is a class: give an instance, made with new';
  if (typeof value === 'function')
    return 'Where it makes a store, call it: memoryTokenStore(), fileTokenStore({ directory })';
  if (typeof value !== 'object' || value === null) return undefined;
  if (isPromise(value)) return 'Await it first';
  const has = (name: string) => typeof (value as Record<string, unknown>)[name] === 'function';
  if (has('eval')) return 'For a Redis client: redisTokenStore(client) of axios-procore/stores/redis';
  if (has('connect') && has('query'))
    return 'For a pool of pg: postgresTokenStore(pool) of axios-procore/stores/postgres';
  if ('access_token' in value || 'refresh_token' in value)
    return 'These are tokens: memoryTokenStore(tokens) keeps them in memory, setTokens() in a store';
  const missing = ['load', 'save'].filter((name) => !has(name));
  const functions = namesOf(value).filter(has);
  return missing.map((name) => lack(name, functions, name in value)).join('. ');
}

function lack(name: string, functions: readonly string[], isThere: boolean): string {
  if (isThere) return `Its ${name} is no function`;
  const rest = functions.filter((one) => one !== 'load' && one !== 'save');
  const other = nearest(name, rest) ?? rest.find((one) => otherNames[name]!.includes(one));
  return other === undefined ? `It has no ${name}` : `It has no ${name}: rename its ${other}`;
}

/** The names of the properties of an object and of its class. */
function namesOf(value: object): string[] {
  const prototype = Object.getPrototypeOf(value) as object | null;
  const inherited =
    prototype === null || prototype === Object.prototype ? [] : Object.getOwnPropertyNames(prototype);
  return [...Object.keys(value), ...inherited.slice(0, 100)].filter((name) => name.length < 40);
}
