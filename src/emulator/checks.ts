import { wrongOptions, type Field, type Fields } from '../text/fields.js';

export { isObject, type Field, type Fields } from '../text/fields.js';

/** True for a whole number from `least` to `most`. */
export function isWhole(value: unknown, least: number, most: number = Number.MAX_SAFE_INTEGER): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}

/** An option that is on or off. */
export const switched: Field = [(value) => typeof value === 'boolean', 'true or false'];
/** An option that takes a time in seconds. */
export const seconds: Field = [(value) => isBetween(value, 0.001, 1e9), 'a positive number of seconds'];

/** An option that takes one of these texts. */
export function oneOf(...texts: string[]): Field {
  return [(value) => texts.includes(value as string), texts.map((text) => `'${text}'`).join(' or ')];
}

/**
 * Checks the properties of an object. Unknown ones are refused, because a test whose misspelt fault strikes nothing passes for the wrong
 * reason.
 *
 * @throws TypeError that names the option that is wrong, what it is and what it takes.
 */
export function check(who: string, given: unknown, fields: Fields, path?: string): void {
  const wrong = wrongOptions(who, given, 'an object', fields, path);
  if (wrong !== undefined) throw new TypeError(wrong);
}
