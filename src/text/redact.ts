/** Words joined by dots, as in a JWT. Matched only from the beginning of a word, so that a long text does not take quadratic time. */
const dotted = /(?<![\w-])[\w-]+(?:\.[\w-]*)+/g;
const bearerLike = /(\b(?:Bearer|Basic)(?:\s|%20)+)[\w.~+/=%-]{8,}/gi;
/** The credentials of an `Authorization` header that is named in the text, however short they are. */
const headerLike = /(\bauthorization\\?["']?\s*[:=,]\s*\\?["']?(?:Bearer|Basic|Token)\s+)[^\s"'\\,&}]+/gi;
/**
 * A named secret (`access_token`, `clientSecret`) with its value: in a form, in JSON, in JSON inside JSON, as Node and PostgreSQL print it,
 * and URL-encoded once or more often. There the name may follow directly on the two digits of an escape such as `%26`.
 */
const parameterLike =
  /((?:\b|(?<=%[\da-f]{2}))(?:(?:access|refresh|id|auth)_?token|client_?secret|password|token))((?:\\?["')]|%(?:25)*2[27])?\s*(?:[=:]|%(?:25)*3[AD])\s*\(?\\?["']?)([^&"'\s,}\\)]+)/gi;
/** A token that is named in a sentence ("token abc123def"): a word with a digit, since an ordinary word has none. */
const namedLike = /(\btoken\s+)(?=[a-z_.~+/=-]*\d)[\w.~+/=-]{8,}/gi;
/** User name and password in the URL of a database or a proxy. */
const userinfoLike = /:\/\/[^\s/?#]*@/g;
/** An authorization code in a query string. An error's `code: 'ECONNRESET'` does not match. */
const codeLike = /((?:[?&]|%(?:25)*(?:3F|26))code(?:=|%(?:25)*3D))([^&"'\s]+)/gi;
/** A word as long as a refresh token or a client secret. Words of natural language are shorter. */
const wordLike = /[\w-]{32,}/g;
/** Longer texts are cut. */
const longestShown = 100_000;

/** The words that {@link redact} would take for secrets because of their length. */
export function longWordsIn(text: string): readonly string[] {
  return text.match(wordLike) ?? [];
}

/**
 * Replaces everything that looks like a token or a secret, and the given `secrets`, by `[redacted]`. `known` are words that are no secrets
 * and stay: long ones, and fingerprints that are named as their tokens are.
 */
export function redact(
  text: string,
  secrets: readonly string[] = [],
  known: ReadonlySet<string> = new Set(),
): string {
  // The text is cut only after the replacements, because half a secret at the cut would not be recognised.
  let shown = text.slice(0, 2 * longestShown);
  // The longest secret is replaced first, because a shorter one may be a part of it.
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret.length >= 4) shown = shown.split(secret).join('[redacted]');
  }
  return shown
    .replace(dotted, withoutJwts)
    .replace(bearerLike, '$1[redacted]')
    .replace(headerLike, '$1[redacted]')
    .replace(parameterLike, (all, name: string, sign: string, value: string) =>
      known.has(value) ? all : `${name}${sign}[redacted]`,
    )
    .replace(namedLike, '$1[redacted]')
    .replace(userinfoLike, '://[redacted]@')
    .replace(codeLike, '$1[redacted]')
    .replace(wordLike, (word) => (/\d/.test(word) && !known.has(word) ? '[redacted]' : word))
    .slice(0, longestShown);
}

/** Replaces each JWT: the part that begins with `eyJ` (`{"` in base64url) and the two parts after it. */
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
