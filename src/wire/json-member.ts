/** How many characters of a text are looked through, so that a long one costs no more than a short one. */
const mostCharacters = 65_536;

/** A string, which is cut off where the text is, or a bracket. */
const token = /"[^"\\]*(?:\\[^][^"\\]*)*(?:"|\\?$)|[{}[\]]/g;
/** A whole number behind its name, as a number or in quotes. It is read as text, because a number of JavaScript would lose digits. */
const wholeNumber = /\s*:\s*("?)(\d{1,20})\1\s*(?=[,}])/y;

/**
 * The digits of a member of the object that this JSON text is, such as `company_id`; undefined where it has none. Members of objects
 * within it do not count. Only the beginning of a long text is read.
 */
export function digitsOfMember(json: string, name: string): string | undefined {
  const text = json.length > mostCharacters ? json.slice(0, mostCharacters) : json;
  const quoted = `"${name}"`;
  if (!text.includes(quoted) || !/^\s*\{/.test(text)) return undefined;
  let depth = 0;
  for (const { 0: found, index } of text.matchAll(token)) {
    if (found === '{' || found === '[') depth++;
    else if (found === '}' || found === ']') depth--;
    else if (depth === 1 && found === quoted) {
      wholeNumber.lastIndex = index + found.length;
      const [, , digits] = wholeNumber.exec(text) ?? [];
      if (digits !== undefined) return digits;
    }
  }
  return undefined;
}
