const mostMended = 100_000;

/** The complete part of a JSON text that breaks off, or that is followed by something else. */
export function mended(broken: string): unknown {
  const text = broken.slice(0, mostMended);
  let closers = '';
  let stringAt = -1;
  let complete = { end: 0, closers: '' };
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (stringAt >= 0) {
      if (sign === '\\') at++;
      else if (sign === '"') stringAt = -1;
    } else if (sign === '"') stringAt = at;
    else if (sign === ',') complete = { end: at, closers };
    else if (sign === '{' || sign === '[') {
      closers = (sign === '{' ? '}' : ']') + closers;
      complete = { end: at + 1, closers };
    } else if (sign === '}' || sign === ']') {
      closers = closers.slice(1);
      complete = { end: at + 1, closers };
      if (closers === '') return parsed(text.slice(0, complete.end));
    }
  }
  const closed =
    stringAt < 0 ? text : `${text.slice(0, stringAt + 1)}${wholeWords(text.slice(stringAt + 1))}"`;
  return parsed(closed + closers) ?? parsed(text.slice(0, complete.end) + complete.closers);
}

/** The value of a JSON text; undefined for a text that is no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The text without its last word, which may be half a token. */
export function wholeWords(text: string): string {
  let end = text.length;
  while (end > 0 && !/\s/.test(text[end - 1]!)) end--;
  const words = text.slice(0, end).trimEnd();
  return words === '' ? '' : `${words}…`;
}
