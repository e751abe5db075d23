/** Words with dots between them; looked for at the beginning of a word only, because each word may be as long as the whole text. */
const dotted = /(?<![\w-])[\w-]+(?:\.[\w-]*)+/g;
const bearerLike = /(\b(?:Bearer|Basic)(?:\s|%20)+)[\w.~+/=%-]{8,}/gi;
/** Of a header that is named, however short it is. */
const headerLike = /(\bauthorization\\?["']?\s*[:=,]\s*\\?["']?(?:Bearer|Basic|Token)\s+)[^\s"'\\,&}]+/gi;
/**
 * In a form, in JSON (in JSON), in what Node and PostgreSQL print; in snake case and in camel case; encoded for a URL, perhaps more than once,
 * where a name begins behind two digits.
 */
const parameterLike =
  /((?:\b|(?<=%[\da-f]{2}))(?:(?:access|refresh|id|auth)_?token|client_?secret|password|token))((?:\\?["')]|%(?:25)*2[27])?\s*(?:[=:]|%(?:25)*3[AD])\s*\(?\\?["']?)([^&"'\s,}\\)]+)/gi;
/** In a sentence; a word has no digit. */
const namedLike = /(\btoken\s+)(?=[a-z_.~+/=-]*\d)[\w.~+/=-]{8,}/gi;
/** Credentials in a URL: of a database, of a proxy. */
const userinfoLike = /:\/\/[^\s/?#]*@/g;
/** An authorisation code in a query; `code: 'ECONNRESET'` is none. */
const codeLike = /((?:[?&]|%(?:25)*(?:3F|26))code(?:=|%(?:25)*3D))([^&"'\s]+)/gi;
/** Nothing that people write is as long: a refresh token, a client secret. */
const wordLike = /[\w-]{32,}/g;
/** Who shows more shows nothing that is read. */
const longestShown = 100_000;

/** What would be taken for a secret by its length alone. */
export function longWordsIn(text: string): readonly string[] {
  return text.match(wordLike) ?? [];
}

/**
 * Takes whatever looks like a token or a secret, and the secrets given, out of a text that is going to be shown. `known`: long words that
 * are none.
 */
export function redact(
  text: string,
  secrets: readonly string[] = [],
  known: ReadonlySet<string> = new Set(),
): string {
  // Looked at further than shown: a secret that is cut in two looks like none.
  let shown = text.slice(0, 2 * longestShown);
  // The longest first: one secret may begin with another.
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret.length >= 4) shown = shown.split(secret).join('[redacted]');
  }
  return shown
    .replace(dotted, withoutJwts)
    .replace(bearerLike, '$1[redacted]')
    .replace(headerLike, '$1[redacted]')
    .replace(parameterLike, '$1$2[redacted]')
    .replace(namedLike, '$1[redacted]')
    .replace(userinfoLike, '://[redacted]@')
    .replace(codeLike, '$1[redacted]')
    .replace(wordLike, (word) => (/\d/.test(word) && !known.has(word) ? '[redacted]' : word))
    .slice(0, longestShown);
}

/** Takes out each JWT: a part that has `eyJ` at the beginning of a word, the next one, and the one after it. */
function withoutJwts(words: string): string {
  const parts = words.split('.');
  const shown: string[] = [];
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index]!;
    const start = parts[index + 1] ? part.search(/\beyJ[\w-]/) : -1;
    shown.push(start < 0 ? part : `${part.slice(0, start)}[redacted]`);
    if (start >= 0) index += 2;
  }
  return shown.join('.');
}
