import { redact } from '../text/redact.js';
import { mended, parsed, wholeWords } from './json.js';

/** What an error body says, whatever its shape. */
export interface ErrorBody {
  /** Human-readable, no two alike; at most 50, each at most 500 characters on one line. */
  readonly messages: string[];
  /** By field, as the server names it (`lines.0.amount` for a nested one); at most 50 texts in all. */
  readonly fields: Record<string, string[]>;
  /** `reason_code`s of the v2 envelope; at most 50. */
  readonly reasonCodes: string[];
}

type Json = Record<string, unknown>;

/** What is being collected; fields in a map, because the server chooses their names. */
interface Finds {
  readonly messages: string[];
  readonly fields: Map<string, string[]>;
  readonly reasonCodes: string[];
  texts: number;
  /** Values that may still be looked at: a body can be huge, deep or circular. */
  left: number;
}

/** What comes later says nothing that a person reads. */
const mostRead = 8 * 1024 * 1024;
const mostValues = 1_000;
const mostFound = 50;
const longestMessage = 500;
const longestName = 100;
/** Longer than any token, so that none is cut before it is taken out. */
const longestRedacted = 4_000;

/** What begins like this and is no JSON has broken off, or is followed by something else. */
const jsonLike = /^[[{]\s*(["[\]{}]|$)/;
const secretName = /token|secret|password/i;

/**
 * Reads every shape of Procore's error bodies: the v2 envelope, `message`, `error`, `errors` as text, list or by field, plain text, a
 * gateway's page; as string, bytes or parsed object. Never throws, shows no token, and leaves streams alone.
 */
export function parseErrorBody(data: unknown): ErrorBody {
  const finds: Finds = { messages: [], fields: new Map(), reasonCodes: [], texts: 0, left: mostValues };
  try {
    const text = textOf(data, mostRead);
    if (text === undefined) readValue(data, finds);
    else readText(text, finds);
  } catch {
    // An object whose properties cannot be read: what was found before stands.
  }
  return {
    messages: finds.messages,
    fields: Object.fromEntries(finds.fields),
    reasonCodes: finds.reasonCodes,
  };
}

/**
 * The text of a Blob (browsers, the fetch adapter), for {@link parseErrorBody}, which reads everything else by itself: undefined for what
 * is none. Never rejects; resolves with undefined for one that cannot be read.
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

/** A text or bytes as text, without its byte order mark; undefined for anything else. */
export function textOf(data: unknown, mostBytes: number): string | undefined {
  if (typeof data === 'string') return data.slice(0, mostBytes).replace(/^\uFEFF/, '');
  const bytes = bytesOf(data);
  return bytes && new TextDecoder().decode(bytes.subarray(0, mostBytes));
}

/** Plain objects only: a stream is an object too. Test runners and workers have an `Object` of their own. */
export function isPlain(value: unknown): value is Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function bytesOf(data: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const tag = Object.prototype.toString.call(data);
  return tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]'
    ? new Uint8Array(data as ArrayBuffer)
    : undefined;
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
  // RFC 6749, section 5.2: a code, and a description for people.
  else readErrors(typeof description === 'string' ? description : error, finds);
  if (isPlain(errors)) readFields('', errors, finds);
  else readErrors(errors, finds);
}

/** `{"error":{"code","message","details":[{"reason_code","message","source"}]}}` */
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
  // "Bad Request" adds nothing to the details of a BAD_REQUEST.
  const repeatsCode = typeof code === 'string' && typeof message === 'string' && isSameWords(code, message);
  if (typeof message === 'string' && (finds.messages.length === before || !repeatsCode)) say(message, finds);
}

/** A text, or a list of texts and of objects that say something themselves. */
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
  // A word in a field for secrets may be one; a sentence is the server's own.
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

/** On one line, without tokens, and short. */
function clean(text: string): string {
  const known = text.length > longestRedacted ? wholeWords(text.slice(0, longestRedacted)) : text;
  return cut(redact(known.replace(/[\s\p{Cc}]+/gu, ' ').trim()), longestMessage);
}

/** A long name looks like a token to {@link redact}; one that is made of words and numbers (`custom_field_598134325649528`) is none. */
function nameOf(name: string): string {
  const short = name.slice(0, longestRedacted);
  const ordinary = short.split(/[._]/).every((part) => /^[a-z]*\d*$/i.test(part));
  return cut(ordinary ? short : clean(short), longestName);
}

function cut(text: string, most: number): string {
  // Not between the halves of a character.
  return text.length > most ? `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : text;
}

/** Of a gateway's page people read the title. */
function titleOf(page: string): string {
  const head = page.slice(0, 20_000);
  const found =
    /<title[^>]{0,200}>([^<]{1,2000})</i.exec(head) ?? /<h1[^>]{0,200}>([^<]{1,2000})</i.exec(head);
  return found?.[1] ?? '';
}

function isSameWords(code: string, words: string): boolean {
  return code.replaceAll('_', ' ').toLowerCase() === words.toLowerCase();
}

/** The first of a list; nothing of what is none. */
function itemsOf(list: unknown): unknown[] {
  if (!Array.isArray(list)) return [];
  return Array.from({ length: Math.min(list.length, mostFound) }, (_, index): unknown => list[index]);
}
