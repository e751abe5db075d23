/**
 * The known name that was probably meant by a misspelt one: in another case, in `snake_case`, without its unit, or with a few wrong
 * letters.
 */
export function nearest(given: string, known: readonly string[]): string | undefined {
  // A text of such a length is no misspelt name, and the comparison takes quadratic time.
  if (given.length > 60) return undefined;
  const plain = plainOf(given);
  if (plain === '') return undefined;
  // An abbreviation, such as `dir` or `env`, if it is the beginning of one known name only.
  const begun = known.filter((name) => plain.length >= 3 && plainOf(name).startsWith(plain));
  if (begun.length === 1) return begun[0];
  const near = known
    .map((name) => ({ name, distance: distanceOf(plain, plainOf(name)) }))
    .filter(({ name, distance }) => distance <= Math.floor(Math.min(plain.length, name.length) / 3))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.name;
}

/** The message for an unknown name: lists the known ones and suggests the one that was probably meant. */
export function unknownName(given: string, known: readonly string[], what: string = 'option '): string {
  const meant = nearest(given, known);
  const hint = meant === undefined ? '' : `. Did you mean "${meant}"?`;
  const list = known.length === 0 ? 'there is none at all' : `known are ${known.join(', ')}`;
  return `there is no ${what}${nameInWords(given)}; ${list}${hint || '.'}`;
}

/** A name in quotes, or only its length where it does not look like a name: it may be a secret in the wrong place. */
export function nameInWords(given: string): string {
  return /^[\w$.-]{1,40}$/.test(given) ? `"${given}"` : `of ${given.length} characters`;
}

function plainOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z\d]/g, '')
    .replace(/(?<=.{3})(ms|millis|milliseconds|seconds)$/, '');
}

/** The Damerau-Levenshtein distance: how many letters must be inserted, removed, replaced or swapped with their neighbour. */
function distanceOf(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + same);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]!;
}
