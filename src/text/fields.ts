import { nameInWords, nearest } from './nearest.js';
import { described, isPromise } from './words.js';

/** Advice for a wrong value that shows which mistake was made. It never quotes the value, which may be a secret in the wrong place. */
export type Hint = (value: unknown) => string | undefined;

/** An option: its valid values, the same in words, a hint for wrong values, and the options inside where it is an object. */
export type Field = readonly [
  valid: (value: unknown) => boolean,
  takes: string,
  hint?: Hint | undefined,
  inside?: Fields | undefined,
];

/** A table of options. */
export interface Fields {
  readonly known: Readonly<Record<string, Field>>;
  /** The names of those that are required. */
  readonly needed?: readonly string[];
  /** The object is the application's own, such as a store: it may have other properties, and inherit those in the table. */
  readonly isOpen?: true;
}

/** Which option is probably meant by an unknown name, in words; `known` are the names that are possible in its place. */
export type Meant = (name: string, known: readonly string[]) => string | undefined;

const nearestName: Meant = (name, known) => {
  const near = nearest(name, known);
  return near === undefined ? undefined : `"${near}"`;
};

/** True for an object that can hold options. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isPromise(value);
}

/**
 * The message for the first wrong option, which says what it is and what it takes; undefined where all are valid. An option whose value is
 * undefined counts as left out.
 *
 * @param who the function that was given the options, in front of the message.
 * @param path in front of each name, such as `renewal.`.
 */
export function wrongIn(
  who: string,
  given: object,
  { known, needed = [], isOpen }: Fields,
  path = '',
  meant: Meant = nearestName,
): string | undefined {
  for (const name of Object.keys(isOpen ? known : given)) {
    const value = (given as Record<string, unknown>)[name];
    if (!Object.hasOwn(known, name))
      return noOption(who, path + name, Object.keys(known), meant(name, Object.keys(known)));
    if (value === undefined) continue;
    const [valid, takes, hint, inside] = known[name]!;
    if (!valid(value)) return wrongValue(who, path + name, value, takes, hint?.(value));
    const wrong =
      inside && isObject(value) ? wrongIn(who, value, inside, `${path}${name}.`, meant) : undefined;
    if (wrong !== undefined) return wrong;
  }
  const missing = needed.find((name) => (given as Record<string, unknown>)[name] === undefined);
  if (missing === undefined) return undefined;
  const [, takes, hint] = known[missing]!;
  return wrongValue(who, path + missing, undefined, takes, hint?.(undefined));
}

/** Does the same for options that may be no object at all; `takes` says what they should be. */
export function wrongOptions(
  who: string,
  given: unknown,
  takes: string,
  fields: Fields,
  path?: string,
): string | undefined {
  return isObject(given) ? wrongIn(who, given, fields, path) : wrongValue(who, 'options', given, takes);
}

/** The message for a wrong option. It quotes numbers and booleans only, and no number that may be a secret. */
export function wrongValue(
  who: string,
  option: string,
  value: unknown,
  takes: string,
  hint: string | undefined = isPromise(value) ? 'Await it first' : undefined,
): string {
  const isSecret = /secret|token|password|\bkey/i.test(option) && typeof value === 'number';
  const end = hint === undefined ? '' : ` ${hint}${hint.endsWith('?') ? '' : '.'}`;
  return `${who}: option "${option}" is ${isSecret ? 'a number' : described(value)}; it takes ${takes}.${end}`;
}

/** The message for an unknown option. Its value is not quoted: it may be a secret whose name was misspelt. */
function noOption(who: string, option: string, known: readonly string[], other: string | undefined): string {
  const list = known.length === 0 ? 'there is none at all' : `known are ${known.join(', ')}`;
  const end = other === undefined ? '' : ` Did you mean ${other}?`;
  return `${who}: option ${nameInWords(option)} does not exist; ${list}.${end}`;
}
