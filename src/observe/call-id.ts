/** So many values has the random part: enough for those of many processes to differ. */
const prefixes = 36 ** 8;

/**
 * Creates the names of the calls of one attach, such as `k3v09x2m-17`: a random part, drawn with the first name, and a number. So they are
 * unique over attaches and processes, and short in a log.
 */
export function createCallIds(random: () => number): () => string {
  let prefix: string | undefined;
  let calls = 0;
  return () => {
    prefix ??= Math.floor(random() * prefixes)
      .toString(36)
      .padStart(8, '0');
    return `${prefix}-${++calls}`;
  };
}
