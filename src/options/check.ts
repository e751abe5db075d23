import { described, isPromise, kindOf } from '../text/words.js';
import { nameInWords } from '../text/nearest.js';
import { meantBy, type Hint } from './hints.js';

/** Whether a value is valid, what the option takes, and what to do about a value that is not. */
export type Check = readonly [valid: (value: unknown) => boolean, takes: string, hint?: Hint];

/**
 * Checks what is given under each name.
 *
 * @param elsewhere paths of options of other levels, for a name that is at the wrong one.
 * @throws TypeError that names the option, what it got and what it takes, and quotes nothing but numbers.
 */
export function checkAll(
  prefix: string,
  options: object,
  checks: Record<string, Check>,
  elsewhere: readonly string[] = [],
): void {
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    // Without its value: it may be a secret whose name was misspelt.
    if (!check) throw unknown(prefix, name, value, Object.keys(checks), elsewhere);
    // undefined never overrides a default.
    if (value !== undefined && !check[0](value)) fail(prefix + name, value, check[1], check[2]?.(value));
  }
}

/** @throws TypeError in the words of all options. */
export function fail(option: string, value: unknown, takes: string, hint?: string): never {
  // Numbers are shown, and a secret may be one.
  const shown =
    /secret|token|password/i.test(option) && typeof value === 'number' ? 'a number' : described(value);
  throw wrong(option, shown, takes, hint ?? (isPromise(value) ? 'Await it first' : undefined));
}

/** Without its value: it may be a secret whose name was misspelt. */
function unknown(
  prefix: string,
  name: string,
  value: unknown,
  known: string[],
  elsewhere: readonly string[],
): TypeError {
  const meant = meantBy(name, known, elsewhere);
  return new TypeError(
    `axios-procore: option ${nameInWords(prefix + name)} is ${kindOf(value)}; it takes nothing: there is no such option; known are ${known.join(', ')}.${
      meant === undefined ? '' : ` Did you mean ${meant}?`
    }`,
  );
}

function wrong(option: string, shown: string, takes: string, hint: string | undefined): TypeError {
  const end = hint === undefined ? '' : ` ${hint}${hint.endsWith('?') ? '' : '.'}`;
  return new TypeError(`axios-procore: option "${option}" is ${shown}; it takes ${takes}.${end}`);
}
