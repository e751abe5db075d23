import { bytesOf } from '../text/bytes.js';
import { redact } from '../text/redact.js';
import { isSecretName, redacted } from './secrets.js';
import { encoded, isSecretParameter, pairsIn, shownUrls, spellings, valueOf } from './url.js';

/** Characters of a body that are shown; the documentation names the number. */
export const longestBody = 4_000;
/** Characters that are read before secrets are taken out of them. */
const longestRead = 1_000_000;
const mostValues = 10_000;
const deepest = 50;
const mostParts = 100;

type Content =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'told'; readonly words: string };

/** A body as it is shown: its text, or what it is. Undefined where there is none. */
export function shownBody(
  data: unknown,
  contentType: string,
  secrets: readonly string[],
): string | undefined {
  const content = contentOf(data, contentType);
  if (!content) return undefined;
  if (content.kind === 'told') return redact(content.words, secrets);
  if (isHalfJson(content.text))
    return `[JSON that cannot be read, ${count(content.text.length, 'character')}]`;
  return cut(redact(shownText(content.text, contentType, secrets), secrets), content.text.length);
}

/** The values in a body that are secrets by their names. */
export function secretsInBody(data: unknown, contentType: string): string[] {
  const content = contentOf(data, contentType);
  if (content?.kind !== 'text') return [];
  const found: string[] = [];
  const json = jsonIn(content.text);
  if (json) walked(json.value, (value) => void found.push(...leavesOf(value)));
  else if (isForm(content.text, contentType))
    for (const [name, value] of pairsIn(content.text))
      if (isSecretField(name)) found.push(...spellings(value));
  return found;
}

function contentOf(data: unknown, contentType: string): Content | undefined {
  if (data === undefined || data === null || data === '') return undefined;
  const type = /^[\w.+/-]+/.exec(contentType)?.[0] ?? '';
  if (typeof data === 'string') {
    if (/^multipart\//i.test(type)) return told(`${type}, ${partsOf(data)}`);
    return isBinaryText(data)
      ? told(`${type || 'binary'}, ${count(data.length, 'character')}`)
      : { kind: 'text', text: data };
  }
  if (typeof data !== 'object') return { kind: 'text', text: `${data as number}` };
  if (data instanceof URLSearchParams) return { kind: 'text', text: data.toString() };
  const bytes = bytesOf(data);
  if (bytes) {
    const text = isTextual(type) ? new TextDecoder().decode(bytes.subarray(0, longestRead)) : undefined;
    if (text !== undefined && !isBinaryText(text)) return contentOf(text, contentType);
    return told(`${type || 'binary'}, ${count(bytes.byteLength, 'byte')}`);
  }
  const tag = Object.prototype.toString.call(data).slice(8, -1);
  if (tag === 'FormData') return told(`multipart/form-data, ${fieldsOf(data)}`);
  if (tag === 'Blob' || tag === 'File') {
    const { size, type: own } = data as Blob;
    return told(`${own || type || 'binary'}, ${count(size, 'byte')}`);
  }
  if (isStream(data)) return told(streamed(data, type));
  try {
    return { kind: 'text', text: JSON.stringify(data, withoutBytes) ?? '' };
  } catch {
    return told('an object that is no JSON');
  }
}

function told(words: string): Content {
  return { kind: 'told', words: `[${words}]` };
}

function count(size: number, unit: string): string {
  return `${size.toLocaleString('en-US')} ${unit}${size === 1 ? '' : 's'}`;
}

function isTextual(type: string): boolean {
  return /^text\/|[/+](json|xml|html|javascript|x-www-form-urlencoded)$/i.test(type);
}

/** Text that was made of bytes that are none. */
function isBinaryText(text: string): boolean {
  return /[\0\ufffd]/.test(text.slice(0, longestRead));
}

/** A stream's bytes are gone; a form of the package form-data still has its parts' names. */
function streamed(data: object, type: string): string {
  const { _streams: streams } = data as { _streams?: unknown };
  if (!Array.isArray(streams)) return `${type || 'binary'}, a stream`;
  return `multipart/form-data, ${partsOf(streams.filter((part) => typeof part === 'string').join('\r\n'))}`;
}

function isStream(data: object): boolean {
  const { pipe, getReader } = data as { pipe?: unknown; getReader?: unknown };
  return typeof pipe === 'function' || typeof getReader === 'function';
}

/** The names of the parts of a multipart body; their values are not shown. */
function partsOf(text: string): string {
  const names = [
    ...text.slice(0, longestRead).matchAll(/content-disposition:[^\r\n]{0,500}?\bname="([^"\r\n]{0,200})"/gi),
  ];
  return listed(names.map(([, name = '']) => name));
}

function fieldsOf(data: object): string {
  const fields: string[] = [];
  for (const [name, value] of data as Iterable<[string, unknown]>) {
    if (typeof value === 'string') fields.push(name);
    else fields.push(`${name} (${(value as Blob).type || 'binary'}, ${count((value as Blob).size, 'byte')})`);
    if (fields.length === mostParts) break;
  }
  return listed(fields);
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'no named parts' : `parts: ${names.slice(0, mostParts).join(', ')}`;
}

function shownText(text: string, contentType: string, secrets: readonly string[]): string {
  const json = jsonIn(text);
  if (json)
    return JSON.stringify(
      walked(
        json.value,
        () => undefined,
        (leaf) => shownUrls(leaf, secrets),
      ),
    );
  if (!isForm(text, contentType)) return shownUrls(text.slice(0, longestRead), secrets);
  return text
    .slice(0, longestRead)
    .split('&')
    .map((part) => {
      const [name = ''] = part.split('=');
      if (isSecretField(pairsIn(`${name}=`)[0]?.[0] ?? name)) return `${name}=${redacted}`;
      const value = valueOf(part);
      return value.includes('://') ? `${name}=${encoded(shownUrls(value, secrets))}` : part;
    })
    .join('&');
}

/** Procore's own `code` of a cost code is no secret; beside a grant, in a form, it is an authorization code. */
function isSecretField(name: string): boolean {
  return isSecretParameter(name);
}

function isForm(text: string, contentType: string): boolean {
  return (
    /x-www-form-urlencoded/i.test(contentType) ||
    /^[\w.[\]%-]+=[^\s<{&]*(&[\w.[\]%-]+=[^\s<{&]*)*$/.test(text.slice(0, longestRead))
  );
}

function jsonIn(text: string): { readonly value: unknown } | undefined {
  if (text.length > longestRead || !/^\s*[[{"]/.test(text)) return undefined;
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** JSON that has broken off, or is too long, with a field that is a secret by its name: where its value ends cannot be told. */
function isHalfJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text) || jsonIn(text)) return false;
  return [...text.matchAll(/"([^"\\]{1,100})\\?"\s{0,10}:/g)].some(([, name = '']) => isSecretName(name));
}

/** A copy in which secrets by name are replaced, also in JSON inside of JSON. `found` hears each of them; `shown`: how a text is shown. */
function walked(
  value: unknown,
  found: (secret: unknown) => void,
  shown = (leaf: string): string => leaf,
): unknown {
  let left = mostValues;
  const walk = (inner: unknown, depth: number): unknown => {
    if (typeof inner === 'string') {
      const json = depth > 0 && depth <= deepest && inner.length > 1 ? jsonIn(inner) : undefined;
      return json && typeof json.value === 'object'
        ? JSON.stringify(walk(json.value, depth + 1))
        : shown(inner);
    }
    if (typeof inner !== 'object' || inner === null) return inner;
    if (left-- <= 0 || depth > deepest) return '[not shown]';
    if (Array.isArray(inner)) return inner.map((item) => walk(item, depth + 1));
    const isGrant = 'grant_type' in inner;
    return Object.fromEntries(
      Object.entries(inner).map(([name, item]) => {
        if (!isSecretName(name) && !(isGrant && name === 'code')) return [name, walk(item, depth + 1)];
        if (item === null || typeof item === 'boolean') return [name, item];
        found(item);
        return [name, redacted];
      }),
    );
  };
  return walk(value, 0);
}

/** The texts in a value. */
function leavesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number' || typeof value === 'bigint') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [];
}

function withoutBytes(this: unknown, _key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  const own = value as { type?: unknown; data?: unknown } | null;
  // What `JSON.stringify` makes of a Buffer inside an object.
  if (own && typeof own === 'object' && own.type === 'Buffer' && Array.isArray(own.data))
    return `[binary, ${count(own.data.length, 'byte')}]`;
  return value;
}

function cut(text: string, length: number): string {
  if (text.length <= longestBody) return text;
  return `${text.slice(0, longestBody)} [cut: ${count(length, 'character')} in all]`;
}
