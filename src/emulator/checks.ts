import { kindOf } from '../text/words.js';
import { unknownName } from '../text/nearest.js';

/** Whether a value is good, and what is taken. */
export type Takes = readonly [allowed: (value: unknown) => boolean, what: string];

/** Nothing, or what `takes` takes. */
export function optional([allowed, what]: Takes): Takes {
  return [(value) => value === undefined || allowed(value), what];
}

/** True for a whole number from `least` to `most`. */
export function isWhole(value: unknown, least: number, most: number = Number.MAX_SAFE_INTEGER): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/** True for an object with names and values of its own, and no list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A test whose fault strikes nothing passes for the wrong reason: what is misspelt is refused.
 *
 * @throws TypeError that names the part that is wrong, what it takes, and what it got; never a value.
 */
export function checkParts(subject: string, given: unknown, parts: Readonly<Record<string, Takes>>): void {
  if (!isRecord(given)) throw new TypeError(`${subject} takes an object, got ${kindOf(given)}.`);
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(parts, name))
      throw new TypeError(`${subject}: ${unknownName(name, Object.keys(parts), '')}`);
  }
  for (const [name, [allowed, what]] of Object.entries(parts)) {
    if (!allowed(given[name]))
      throw new TypeError(`${subject}: ${name} takes ${what}, got ${kindOf(given[name])}.`);
  }
}
