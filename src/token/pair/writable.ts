/** Why a value cannot be written as JSON, in words; undefined where it can. Nothing of the value is quoted. Never throws. */
export function unwritable(value: unknown): string | undefined {
  const above: unknown[] = [];
  let found: string | undefined;

  /** Called by `JSON.stringify` for each value, as `toJSON` has left it; `this` is the object that the value stands in. */
  function look(this: unknown, _name: string, part: unknown): unknown {
    while (above.length > 0 && above.at(-1) !== this) above.pop();
    if (typeof part === 'bigint') found ??= 'a BigInt';
    else if (typeof part === 'function' || typeof part === 'symbol') found ??= `a ${typeof part}`;
    else if (typeof part === 'object' && part !== null) {
      if (above.includes(part)) found ??= 'an object that refers to itself';
      above.push(part);
    }
    // Once something is found the rest is skipped.
    return found === undefined ? part : undefined;
  }

  try {
    JSON.stringify(value, look);
  } catch {
    found ??= 'an object that JSON.stringify refuses, by a toJSON or a getter that throws, say';
  }
  return found;
}

/** The first field that cannot be written as JSON, and why, as an error names it; undefined where all can. */
export function unwritableField(fields: object, isLookedAt: (name: string) => boolean): string | undefined {
  for (const [name, value] of Object.entries(fields)) {
    const why = isLookedAt(name) ? unwritable(value) : undefined;
    if (why !== undefined) return `an object whose ${JSON.stringify(name.slice(0, 60))} is ${why}`;
  }
  return undefined;
}

/** What to do about such a field. */
export const writableAdvice: string =
  'a token store must be able to write it as JSON again, so give it as a text or a number, or leave it out';
