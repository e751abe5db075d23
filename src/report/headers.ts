import { redact } from '../text/redact.js';
import { shownUrl } from './url.js';
import { isSecretName, redacted } from './secrets.js';

/**
 * The headers whose values are shown. Of any other only the name is: an application or a gateway may put a credential under a name that
 * nobody here knows.
 */
const shownNames: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'age',
  'allow',
  'cache-control',
  'connection',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-type',
  'date',
  'deprecation',
  'etag',
  'expires',
  'host',
  'idempotency-key',
  'idempotency-token',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'keep-alive',
  'last-modified',
  'link',
  'location',
  'per-page',
  'procore-company-id',
  'procore-sdk-language',
  'procore-sdk-version',
  'range',
  'retry-after',
  'server',
  'sunset',
  'total',
  'transfer-encoding',
  'user-agent',
  'vary',
  'via',
  'www-authenticate',
  'x-axios-procore',
  'x-correlation-id',
  'x-powered-by',
  'x-rate-limit-limit',
  'x-rate-limit-remaining',
  'x-rate-limit-reset',
  'x-request-id',
  'x-runtime',
]);
const notShown = '[not shown]';
const longestValue = 1_000;
const mostHeaders = 100;

/** The headers of a request or an answer, by their names, as they are shown. */
export function shownHeaders(headers: unknown, secrets: readonly string[]): Record<string, string> {
  const shown = entriesOf(headers).map(([name, value]) => [
    redact(name, secrets).slice(0, longestValue),
    shownValue(name.toLowerCase(), value, secrets).slice(0, longestValue),
  ]);
  return Object.fromEntries(shown) as Record<string, string>;
}

/** The identifier of a request is as long as a secret, and Procore's support asks for it. */
function isIdentifier(name: string): boolean {
  return name === 'x-request-id' || name === 'x-correlation-id';
}

function shownValue(name: string, value: string, secrets: readonly string[]): string {
  if (isSecretName(name)) return redacted;
  if (!shownNames.has(name) && value !== redacted) return notShown;
  if (isIdentifier(name)) return redact(value, secrets, new Set([value]));
  if (name === 'location') return shownUrl(value, secrets);
  if (name === 'link') return value.replace(/<([^>]*)>/g, (_, url: string) => `<${shownUrl(url, secrets)}>`);
  return redact(value, secrets);
}

/** The values of headers that are secrets, without the name of their scheme; a cookie's values alone. */
export function secretsInHeaders(headers: unknown): string[] {
  return entriesOf(headers)
    .filter(([name]) => isSecretName(name))
    .flatMap(([name, value]) => {
      if (/cookie/i.test(name)) return valuesOfCookies(value);
      const [, credentials = value] = /^\s*[a-z][\w-]*\s+(\S.*)$/i.exec(value) ?? [];
      return [value, credentials, ...userAndPassword(credentials)];
    });
}

/** `Basic` carries both in Base64 (RFC 7617). */
function userAndPassword(credentials: string): string[] {
  const decoded = Buffer.from(credentials, 'base64').toString('utf8');
  const at = decoded.indexOf(':');
  return at > 0 && /^[^\p{Cc}\ufffd]+$/u.test(decoded) ? [decoded.slice(at + 1)] : [];
}

/** Attributes such as `Path=/` are no secrets; they and the names are too ordinary to be searched for elsewhere. */
function valuesOfCookies(header: string): string[] {
  const values = [...header.matchAll(/(?:^|[;,])\s*([^=;,\s]+)=([^;,]*)/g)];
  return values
    .filter(([, name = '']) => !/^(path|domain|expires|max-age|samesite|secure|httponly)$/i.test(name))
    .map(([, , value = '']) => value.trim());
}

/** Plain headers and those of every axios; functions and the groups of an instance's defaults (`common`) are no headers. */
function entriesOf(headers: unknown): [string, string][] {
  if (typeof headers !== 'object' || headers === null) return [];
  const entries: [string, string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (entries.length === mostHeaders) break;
    if (Array.isArray(value)) entries.push([name, value.map(String).join(', ')]);
    else if (
      value !== undefined &&
      value !== null &&
      typeof value !== 'object' &&
      typeof value !== 'function'
    )
      entries.push([name, String(value as string)]);
  }
  return entries;
}
