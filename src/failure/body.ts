import { bytesOf } from '../text/bytes.js';
import { redact } from '../text/redact.js';
import { mended, parsed, wholeWords } from './json.js';

/** The content of an error body, in one shape for all of Procore's. */
export interface ErrorBody {
  /** Human-readable messages without duplicates; at most 50, each one line of at most 500 characters. */
  readonly messages: string[];
  /** Messages by field, as the server names it (`lines.0.amount` for a nested one); at most 50 messages in all. */
  readonly fields: Record<string, string[]>;
  /** The `reason_code`s of the v2 envelope; at most 50. */
  readonly reasonCodes: string[];
}

type Json = Record<string, unknown>;

/** What has been collected so far. Fields are in a map, because the server chooses their names and may choose `__proto__`. */
interface Finds {
  readonly messages: string[];
  readonly fields: Map<string, string[]>;
  readonly reasonCodes: string[];
  texts: number;
  /** How many more values are read. The number is limited because a body can be huge, deep or circular. */
  left: number;
}

/** Bytes of a body that are read; the rest is ignored. */
const mostRead = 8 * 1024 * 1024;
const mostValues = 1_000;
const mostFound = 50;
const longestMessage = 500;
const longestName = 100;
/** Texts are cut to this before redaction. It is longer than any token, so that no token is cut and then missed. */
const longestRedacted = 4_000;

/** The beginning of JSON. A text that begins so and does not parse has broken off, or something follows the JSON. */
const jsonLike = /^[[{]\s*(["[\]{}]|$)/;
const secretName = /token|secret|password/i;

/**
 * Reads every shape of Procore's error bodies, as string, bytes or parsed object: the v2 envelope; `message`, `error`, and `errors` as
 * text, list or by field; plain text; the HTML page of a gateway. Never throws, redacts tokens, and does not read streams.
 */
export function parseErrorBody(data: unknown): ErrorBody {
  const finds: Finds = { messages: [], fields: new Map(), reasonCodes: [], texts: 0, left: mostValues };
  try {
    const text = textOf(data, mostRead);
    if (text === undefined) readValue(data, finds);
    else readText(text, finds);
  } catch {
    // Reading a property of the body threw. What was found before is kept.
  }
  return {
    messages: finds.messages,
    fields: Object.fromEntries(finds.fields),
    reasonCodes: finds.reasonCodes,
  };
}

/**
 * Reads a Blob (`responseType: 'blob'`), which {@link parseErrorBody} cannot read because that takes a promise. Returns undefined for
 * anything that is no Blob. Never rejects; resolves with undefined for a Blob that cannot be read.
 */
export function blobText(data: unknown): Promise<string | undefined> | undefined {
  try {
    return isBlob(data) ? readBlob(data) : undefined;
  } catch {
    return undefined;
  }
}

async function readBlob(blob: Blob): Promise<string | undefined> {
  try {
    const text: unknown = await blob.slice(0, mostRead).text();
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}

/** A string or bytes as text, cut to `mostBytes`, without a byte order mark; undefined for anything else. */
export function textOf(data: unknown, mostBytes: number): string | undefined {
  if (typeof data === 'string') return data.slice(0, mostBytes).replace(/^\uFEFF/, '');
  const bytes = bytesOf(data);
  return bytes && new TextDecoder().decode(bytes.subarray(0, mostBytes));
}

/**
 * True for a plain object, of any realm (test runners have an `Object` of their own). A stream or another instance of a class is none.
 */
export function isPlain(value: unknown): value is Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isBlob(data: unknown): data is Blob {
  return /^\[object (Blob|File)\]$/.test(Object.prototype.toString.call(data));
}

function readText(text: string, finds: Finds): void {
  const trimmed = text.trim();
  if (trimmed.startsWith('<')) return say(titleOf(trimmed), finds);
  const value = parsed(trimmed);
  if (value !== undefined) readValue(value, finds);
  else if (jsonLike.test(trimmed)) readValue(mended(trimmed), finds);
  else say(trimmed, finds);
}

function readValue(value: unknown, finds: Finds): void {
  if (finds.left-- <= 0) return;
  if (typeof value === 'string') return readText(value, finds);
  if (Array.isArray(value)) return readErrors(value, finds);
  if (!isPlain(value)) return;
  const { message, error, error_description: description, errors, reason_code: reasonCode } = value;
  note(reasonCode, finds);
  readErrors(message, finds);
  if (isPlain(error)) readEnvelope(error, finds);
  // An OAuth error (RFC 6749, section 5.2) has a code in `error` and text for people in `error_description`, which is preferred.
  else readErrors(typeof description === 'string' ? description : error, finds);
  if (isPlain(errors)) readFields('', errors, finds);
  else readErrors(errors, finds);
}

/** Reads the v2 envelope: `{"error":{"code","message","details":[{"reason_code","message","source"}]}}`. */
function readEnvelope({ code, message, details }: Json, finds: Finds): void {
  const before = finds.messages.length;
  for (const detail of itemsOf(details)) {
    if (!isPlain(detail)) continue;
    note(detail['reason_code'], finds);
    if (typeof detail['message'] !== 'string') continue;
    say(detail['message'], finds);
    if (typeof detail['source'] === 'string' && detail['source'] !== '') {
      addToField(nameOf(detail['source']), clean(detail['message']), finds);
    }
  }
  // A message that only repeats the code ("Bad Request" for BAD_REQUEST) is left out where the details say more.
  const repeatsCode = typeof code === 'string' && typeof message === 'string' && isSameWords(code, message);
  if (typeof message === 'string' && (finds.messages.length === before || !repeatsCode)) say(message, finds);
}

/** Reads a text, or a list of texts and of objects with messages of their own. */
function readErrors(errors: unknown, finds: Finds): void {
  if (typeof errors === 'string') return say(errors, finds);
  for (const item of itemsOf(errors)) {
    if (typeof item === 'string') say(item, finds);
    else if (!isPlain(item)) continue;
    else if ('message' in item || 'error' in item || 'errors' in item) readValue(item, finds);
    else readFields('', item, finds);
  }
}

function readFields(name: string, value: unknown, finds: Finds): void {
  if (finds.left-- <= 0) return;
  if (typeof value === 'string') return tell(name, value, finds);
  if (isPlain(value)) {
    for (const key of Object.keys(value).slice(0, mostFound)) {
      readFields(name === '' ? key : `${name}.${key}`, value[key], finds);
    }
    return;
  }
  itemsOf(value).forEach((item, index) =>
    readFields(typeof item === 'string' ? name : `${name}.${index}`, item, finds),
  );
}

function tell(name: string, text: string, finds: Finds): void {
  const field = nameOf(name);
  // A single word as message of a field such as `password` may be the secret itself; a sentence is the server's own text.
  const said = secretName.test(name) && !/\s/.test(text.trim()) ? '[redacted]' : clean(text);
  if (said === '') return;
  addToField(field, said, finds);
  add(cut(`${field}: ${said}`, longestMessage), finds.messages);
}

function addToField(field: string, said: string, finds: Finds): void {
  if (said === '' || finds.texts >= mostFound) return;
  const own = finds.fields.get(field) ?? [];
  if (own.includes(said)) return;
  own.push(said);
  finds.texts++;
  finds.fields.set(field, own);
}

function note(reasonCode: unknown, { reasonCodes }: Finds): void {
  if (typeof reasonCode === 'string') add(nameOf(reasonCode), reasonCodes);
}

function say(text: string, finds: Finds): void {
  if (finds.left-- > 0) add(clean(text), finds.messages);
}

function add(said: string, list: string[]): void {
  if (said !== '' && list.length < mostFound && !list.includes(said)) list.push(said);
}

/** A message on one line, with tokens redacted, cut to its longest length. */
function clean(text: string): string {
  const known = text.length > longestRedacted ? wholeWords(text.slice(0, longestRedacted)) : text;
  return cut(redact(known.replace(/[\s\p{Cc}]+/gu, ' ').trim()), longestMessage);
}

/**
 * The name of a field, with tokens redacted. A long name made of words and numbers (`custom_field_598134325649528`) is not taken for one.
 */
function nameOf(name: string): string {
  const short = name.slice(0, longestRedacted);
  const ordinary = short.split(/[._]/).every((part) => /^[a-z]*\d*$/i.test(part));
  return cut(ordinary ? short : clean(short), longestName);
}

function cut(text: string, most: number): string {
  // The cut must not leave the first half of a surrogate pair at the end.
  return text.length > most ? `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : text;
}

/** The title of the HTML page of a gateway, which names the failure. */
function titleOf(page: string): string {
  const head = page.slice(0, 20_000);
  const found =
    /<title[^>]{0,200}>([^<]{1,2000})</i.exec(head) ?? /<h1[^>]{0,200}>([^<]{1,2000})</i.exec(head);
  return found?.[1] ?? '';
}

function isSameWords(code: string, words: string): boolean {
  return code.replaceAll('_', ' ').toLowerCase() === words.toLowerCase();
}

/** The first items of a list; none for anything else. */
function itemsOf(list: unknown): unknown[] {
  if (!Array.isArray(list)) return [];
  return Array.from({ length: Math.min(list.length, mostFound) }, (_, index): unknown => list[index]);
}
