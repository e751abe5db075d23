/** A number with its noun: `1 call`, `2 calls`, `2 processes`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** A number with its noun and the verb that goes with them: `1 call was`, `2 calls were`. */
export function countedWere(count: number, noun: string): string {
  return `${counted(count, noun)} ${wasOrWere(count)}`;
}

/** The form of the verb that goes with a number. */
export function wasOrWere(count: number): string {
  return count === 1 ? 'was' : 'were';
}

/** A time in seconds, to two decimals at most: `1.5 s`, `12 s`. */
export function inSeconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(2))} s`;
}

/** Several things in one enumeration: `a, b and c`. */
export function listed(things: readonly string[]): string {
  return things.length < 2 ? things.join('') : `${things.slice(0, -1).join(', ')} and ${things.at(-1)}`;
}

/** An error in one line. */
export function describe(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return (message || code || String(error)).split('\n')[0]!;
}
