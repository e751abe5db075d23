import { redact } from '../text/redact.js';
import { isSecretName, isSigned, redacted } from './secrets.js';

/** What of a configuration makes its URL. */
export interface UrlParts {
  readonly baseURL?: unknown;
  readonly url?: unknown;
  readonly params?: unknown;
}

/** How deep and how many parameters are read; a cyclic object ends there. */
const deepest = 5;
const mostParameters = 200;
const uuid = /\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/gi;
const absolute = /^([a-z][a-z\d+.-]*:)?\/\//i;

/** The whole URL of a call, with its query, as text, with whatever may be confidential in it. */
export function urlOf({ baseURL, url, params }: UrlParts): string {
  const path = typeof url === 'string' || url instanceof URL ? String(url) : '';
  const base = typeof baseURL === 'string' ? baseURL : '';
  const whole = absolute.test(path) || !base ? path : joined(base, path);
  const query = queryOf(params);
  if (!query) return whole;
  const [before = ''] = whole.split('#');
  return `${before}${before.includes('?') ? '&' : '?'}${query}`;
}

function joined(base: string, path: string): string {
  return path ? `${base.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}` : base;
}

/** Parameters in the form `a=1&b[]=2&c[d]=3`, which axios gives them. */
function queryOf(params: unknown): string {
  if (params instanceof URLSearchParams) return params.toString();
  const pairs: string[] = [];
  const add = (name: string, value: unknown, depth: number): void => {
    if (value === undefined || value === null || pairs.length >= mostParameters) return;
    if (depth > deepest) return;
    if (value instanceof Date) add(name, value.toJSON(), depth);
    else if (Array.isArray(value)) for (const item of value) add(`${name}[]`, item, depth + 1);
    else if (typeof value === 'object')
      for (const [key, inner] of Object.entries(value)) add(`${name}[${key}]`, inner, depth + 1);
    else if (isWritten(value)) pairs.push(`${encoded(name)}=${encoded(String(value))}`);
  };
  if (typeof params === 'object' && params !== null)
    for (const [name, value] of Object.entries(params)) add(name, value, 0);
  return pairs.join('&');
}

function isWritten(value: unknown): value is string | number | boolean | bigint {
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
}

/** Brackets, colons and commas stay readable, as in axios. */
export function encoded(text: string): string {
  return encodeURIComponent(wellFormed(text)).replace(/%(5B|5D|3A|2C)/gi, (code) => decodeURIComponent(code));
}

/** A query or a form, by name and value, decoded; the fragment of a URL is no part of it. */
export function pairsIn(text: string): [string, string][] {
  return [...new URLSearchParams(text)];
}

/** The part of a URL before its query, the query, and what follows. */
function split(url: string): { before: string; query: string | undefined } {
  const [withoutFragment = ''] = url.split('#');
  const at = withoutFragment.indexOf('?');
  if (at < 0) return { before: withoutFragment, query: undefined };
  return { before: withoutFragment.slice(0, at), query: withoutFragment.slice(at + 1) };
}

/** The secrets of a URL: user name and password, values of parameters that are secrets, all values of a signed one. */
export function secretsInUrl(url: string): string[] {
  const { before, query } = split(url);
  const [, userinfo = ''] = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)@/i.exec(before) ?? [];
  const [user = '', password = ''] = userinfo.split(':');
  const pairs = pairsIn(query ?? '');
  const signed = isSigned(pairs.map(([name]) => name));
  const values = pairs.filter(([name]) => signed || isSecretParameter(name)).map(([, value]) => value);
  return [password, password ? '' : user, ...values].flatMap(spellings);
}

/** A value as it is, and as it stands in a URL. */
export function spellings(value: string): string[] {
  return value ? [value, encodeURIComponent(wellFormed(value))] : [];
}

/** A URL as it is shown. The fragment is not sent, and not shown. */
export function shownUrl(url: string, secrets: readonly string[]): string {
  const { before, query } = split(url);
  // Many resources are named by a UUID, and without it nobody finds the request.
  const ids = new Set(before.match(uuid));
  const place = redact(before.replace(/:\/\/[^/?#]*@/, `://${redacted}@`), secrets, ids);
  if (query === undefined) return place;
  const parts = query.split('&');
  const signed = isSigned(parts.map(nameOf));
  return `${place}?${parts.map((part) => shownPart(part, signed, secrets)).join('&')}`;
}

function shownPart(part: string, signed: boolean, secrets: readonly string[]): string {
  const name = nameOf(part);
  const at = part.indexOf('=');
  if (at < 0) return redact(part, secrets);
  const shownName = redact(part.slice(0, at), secrets);
  const value = valueOf(part);
  return `${shownName}=${signed || isSecretParameter(name) ? redacted : redact(value.includes('://') ? encoded(shownUrls(value, secrets)) : part.slice(at + 1), secrets)}`;
}

/** The value of a parameter, decoded. */
export function valueOf(part: string): string {
  const at = part.indexOf('=');
  return at < 0 ? '' : (pairsIn(`v=${part.slice(at + 1)}`)[0]?.[1] ?? '');
}

/** A text in which each URL is as {@link shownUrl} has it: an answer may hold signed ones. */
export function shownUrls(text: string, secrets: readonly string[]): string {
  return text.replace(/\bhttps?:\/\/[^\s"'<>\\]+/gi, (url) => shownUrl(url, secrets));
}

function nameOf(part: string): string {
  const [name = ''] = part.split('=');
  return pairsIn(`${name}=`)[0]?.[0] ?? name;
}

/** In a query a `code` is an authorization code (RFC 6749, 4.1.2), and a `state` protects a log-in. */
export function isSecretParameter(name: string): boolean {
  return isSecretName(name) || /^(code|state)$/i.test(name);
}

/** Half a surrogate pair cannot be encoded. */
function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
}
