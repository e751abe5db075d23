/** Names of variables that usually contain secrets. */
const secretNames =
  /secret|token|passw|pwd|passphrase|credential|api_?key|private|_key$|^key$|_auth$|bearer|cookie/i;
/** Names of variables that usually contain addresses, of which only user and password are secret. */
const addressNames = /ur[il]s?$|dsn$|connection|proxy$/i;
/** Secret-like names whose values are no secrets, but the place or the kind of one; `PWD` is the working directory in every shell. */
const harmlessNames = /(?:_|^)(?:file|path|dir|folder|type|mode|env|ttl|expiry|expires|sock)$|^(?:OLD)?PWD$/i;
/** Ordinary words, and names of databases and their usual users. They are not redacted, because they occur in the lines for other reasons. */
const ordinary =
  /^(?:true|false|null|none|undefined|secret|token|tokens|password|key|file|path|test|prod|production|development|sandbox|postgres|postgresql|redis|mysql|mongodb|yes|no|on|off|\d{1,3})$/i;
/** How deep JSON in JSON is parsed. */
const mostLevels = 6;
/** Shorter values are not redacted, because they occur in any text. */
const shortest = 4;

/**
 * The texts that must not be shown: the values of variables with secret-like names and of those in `misplaced`. Each as a whole, by line,
 * and as encoded in a URL, in JSON and in base64; of a value that is JSON also the texts in it.
 */
export function secretsIn(
  environment: Readonly<Record<string, string | undefined>>,
  misplaced: readonly string[] = [],
): readonly string[] {
  const values = Object.entries(environment).flatMap(([name, value]) => {
    if (!value) return [];
    if (misplaced.includes(name)) return partsOf(value);
    if (addressNames.test(name)) return credentialsIn(value);
    return secretNames.test(name) && !harmlessNames.test(name) ? partsOf(value) : [];
  });
  return formsOf(values);
}

/** All forms in which values may occur in a text. */
export function formsOf(values: readonly string[]): readonly string[] {
  const forms = values.flatMap((value) => {
    const inner = JSON.stringify(value).slice(1, -1);
    return [
      value,
      inner,
      JSON.stringify(inner).slice(1, -1),
      value.replace(/\s+/g, ' '),
      encoded(value),
      encoded(value).replaceAll('%20', '+'),
      encoded(encoded(value)),
      encoded(value).replace(/%[\dA-F]{2}/g, (byte) => byte.toLowerCase()),
      Buffer.from(value).toString('base64').replace(/=+$/, ''),
      Buffer.from(value).toString('base64url'),
      Buffer.from(value).toString('hex'),
    ];
  });
  return [...new Set(forms)].filter((form) => form.length >= shortest && !ordinary.test(form));
}

/** The value, its lines, and the texts in it if it is JSON or resembles JSON. */
function partsOf(value: string, level = 0): string[] {
  const trimmed = value.trim();
  const bare = trimmed.replace(/^(["'])([^]*)\1$/, '$2');
  const lines = bare.split(/[\r\n]+/).map((line) => line.trim());
  const nested = level < mostLevels && /[{[":]/.test(bare) ? piecesOf(bare, level) : [];
  return [trimmed, bare, ...lines, ...credentialsIn(bare), ...nested];
}

function piecesOf(text: string, level: number): string[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // In a JavaScript object or a JSON text that was cut, names and values cannot be told apart, so both are redacted.
    return text.split(/[\s"'`{}[\],:=;&\\]+/);
  }
  return leavesOf(parsed, level + 1);
}

function leavesOf(value: unknown, level: number): string[] {
  if (typeof value === 'string') return partsOf(value, level);
  if (typeof value === 'number') return [String(value)];
  if (typeof value !== 'object' || value === null || level > mostLevels) return [];
  return Object.values(value).flatMap((inner) => leavesOf(inner, level + 1));
}

/** The user and password in the address of a database or a proxy; the rest of such an address is no secret. */
function credentialsIn(value: string): string[] {
  const found = /:\/\/([^\s/?#]*)@/.exec(value)?.[1] ?? '';
  const named = [...value.matchAll(/(?:passw\w*|pwd|secret|token|key)=([^;&\s]+)/gi)].map(
    (match) => match[1]!,
  );
  const parts = [found, found.slice(found.indexOf(':') + 1), ...named];
  return [...parts, ...parts.map(decoded)];
}

function encoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return text;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
