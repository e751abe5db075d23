import type { AxiosRequestConfig } from 'axios';
import { bytesOf } from '../text/bytes.js';
import { headerOf } from './headers.js';
import { digitsOfMember } from './json-member.js';
import { ownValue } from './prototype-pollution.js';

/** A company that a request names, and where: in its path, in the query of its URL, in `params`, or in its body. */
export interface NamedCompany {
  readonly place: Place;
  readonly id: string;
}

type Place = 'path' | 'query' | 'params' | 'body';

/** The name of the parameter and of the field. */
const parameter = 'company_id';

/** True for a value that can be sent as `Procore-Company-Id`. */
export function isCompanyId(value: unknown): value is string | number | bigint {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value > 0;
  if (typeof value === 'bigint') return value > 0n && value < 10n ** 20n;
  return typeof value === 'string' && /^\d{1,20}$/.test(value);
}

/** The places that may name a company, in the order of preference: what is in the URL is certainly of the call, and `params` may be a default. */
const places: readonly Place[] = ['path', 'query', 'params', 'body'];

/** The company that a request names first. `path`: of its URL, without the query. */
export function firstCompanyIn(config: AxiosRequestConfig, path: string): NamedCompany | undefined {
  return companyIn(config, path, () => true);
}

/** The first company in a request that is another one than this. */
export function otherCompanyIn(
  config: AxiosRequestConfig,
  path: string,
  than: string,
): NamedCompany | undefined {
  return companyIn(config, path, (id) => id !== than);
}

function companyIn(
  config: AxiosRequestConfig,
  path: string,
  isSought: (id: string) => boolean,
): NamedCompany | undefined {
  for (const place of places) {
    const id = readers[place](config, path).find(isSought);
    if (id !== undefined) return { place, id };
  }
  return undefined;
}

/** The ids in each place. A parameter may be there twice, and servers differ in which of its values they take. */
const readers: Readonly<Record<Place, (config: AxiosRequestConfig, path: string) => readonly string[]>> = {
  path: (_config, path) => listOf(inPath(path)),
  query({ url }) {
    // Some versions of axios also take a URL object.
    const text = String((url as string | URL | undefined) ?? '');
    if (!/[?&]company(?:_|%5f)id=/i.test(text)) return [];
    return idsOf(new URLSearchParams(/\?([^#]*)/.exec(text)?.[1]).getAll(parameter));
  },
  params: ({ params }) => inFields(params),
  body({ data, headers }) {
    const text = textIn(data);
    if (text === undefined) return inFields(data);
    const member = digitsOfMember(text, parameter);
    return member === undefined ? inForm(text, headers) : [member];
  },
};

/** `/companies/{id}/…`, with escapes or without. */
function inPath(path: string): string | undefined {
  const plain = path.includes('%') ? path.split('/').map(unescaped).join('/') : path;
  return /\/companies\/(\d{1,20})(?:\/|$)/.exec(plain)?.[1];
}

/** A segment of a path without its escapes. An escaped slash separates nothing (RFC 3986, section 2.2), so it stays as it is. */
function unescaped(segment: string): string {
  if (/%2f/i.test(segment)) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The parameter or field of an object, of `URLSearchParams`, or of the standard `FormData`. The package form-data lets nobody read. */
function inFields(fields: unknown): readonly string[] {
  if (typeof fields !== 'object' || fields === null) return [];
  const { getAll, [parameter]: own } = fields as { getAll?: unknown; [parameter]?: unknown };
  if (typeof getAll === 'function' && /^\[object (?:URLSearchParams|FormData)\]$/.test(tagOf(fields)))
    return idsOf((fields as URLSearchParams).getAll(parameter));
  return own === undefined ? [] : idsOf([ownValue(fields as Record<string, unknown>, parameter)]);
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value);
}

/** How many characters of a form, and about how many bytes of a body, are looked through. */
const mostOfForm = 65_536;

/** A body that is written out, as text; undefined for any other one. Of a `Uint8Array` axios hands its `ArrayBuffer` to the adapter. */
function textIn(data: unknown): string | undefined {
  if (typeof data === 'string') return data;
  const bytes = bytesOf(data);
  if (!bytes) return undefined;
  const { buffer, byteOffset, byteLength } = bytes;
  // The field and its digits are ASCII, of which no byte is part of another character. One byte more shows that there is more.
  const length = Math.min(byteLength, mostOfForm + 1);
  return Buffer.from(buffer, byteOffset, length).toString('latin1');
}

/** A form as axios has written it out. */
function inForm(text: string, headers: object | undefined): readonly string[] {
  const read = text.slice(0, mostOfForm);
  const found = [...read.matchAll(/(?<=^|&)company_id=(\d{1,20})(?=&|$)/g)]
    // Digits at the end of what is read may be the beginning of another id.
    .filter(({ 0: field, index }) => index + field.length < read.length || read.length === text.length)
    .map(([, digits = '']) => digits);
  const isForm = found.length > 0 && /x-www-form-urlencoded/i.test(String(headerOf(headers, 'content-type')));
  return isForm ? found : [];
}

function idsOf(values: readonly unknown[]): readonly string[] {
  return values.filter(isCompanyId).map(String);
}

function listOf(id: string | undefined): readonly string[] {
  return id === undefined ? [] : [id];
}
