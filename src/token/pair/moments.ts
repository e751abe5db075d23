import type { TokenSet } from '../../store/store.js';
import { decodeClaims } from '../../wire/jwt.js';
/** The last moment of the year 9999 in ISO 8601. Tables use it for "never", and every `Date` can hold it. */
export const latestMs: number = Date.UTC(10_000, 0, 1) - 1;
/** The longest life of a token: 100 years. A longer one, such as `expires_in: 9223372036854775807`, means "never". */
const longestLifeSeconds = 100 * 366 * 86_400;
/** Texts that are dates: ISO 8601, those of SQL, and those that a `Date` prints. `Date.parse` alone makes a date of "-5" too. */
const dateText = /^(\d{4}-\d{2}|(mon|tue|wed|thu|fri|sat|sun)[ ,])/i;

/**
 * A moment as token tables hold it, in milliseconds since the epoch: a number, BigInt or text of seconds or milliseconds, ISO 8601 and what
 * `Date` prints, a `Date` of any realm, and the moments of libraries: `toMillis()` (Luxon, Firestore), `toDate()` (Moment, Day.js),
 * `toJSON()` (Temporal). Undefined for anything else, and for what no calendar holds. Never throws.
 */
export function epochMs(value: unknown): number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return fromNumber(Number(value));
  if (typeof value === 'string') return fromText(value.trim());
  return typeof value === 'object' && value !== null ? fromObject(value) : undefined;
}

/** A length of time in seconds, of at most 100 years; undefined for what is none. */
export function lifeSecondsOf(value: unknown): number | undefined {
  const isText = typeof value === 'string' && value.trim() !== '';
  const number = isText || typeof value === 'bigint' ? Number(value) : value;
  if (typeof number !== 'number' || Number.isNaN(number) || number <= 0) return undefined;
  return Math.min(number, longestLifeSeconds);
}

/**
 * A number is taken for seconds up to the end of the year 9999, and for milliseconds above: as milliseconds such a number would mean a date
 * before 1979.
 */
function fromNumber(number: number): number | undefined {
  if (!Number.isFinite(number) || number <= 0) return undefined;
  return inCalendar(number * 1000 <= latestMs ? number * 1000 : number);
}

function fromText(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return fromNumber(Number(text));
  return dateText.test(text) ? inCalendar(Date.parse(text)) : undefined;
}

function fromObject(value: object): number | undefined {
  try {
    if (isDate(value)) return inCalendar(Date.prototype.getTime.call(value));
    const millis = told(value, 'toMillis');
    if (millis !== undefined) return typeof millis === 'number' ? inCalendar(millis) : undefined;
    const date = told(value, 'toDate');
    if (date !== undefined) return isDate(date) ? inCalendar(Date.prototype.getTime.call(date)) : undefined;
    const text = told(value, 'toJSON');
    return typeof text === 'string' ? fromText(text.trim()) : undefined;
  } catch {
    // The object's own code has thrown, or it is a Proxy of a Date, which has no time.
    return undefined;
  }
}

function told(moment: object, method: 'toMillis' | 'toDate' | 'toJSON'): unknown {
  const tell: unknown = (moment as Record<string, unknown>)[method];
  return typeof tell === 'function' ? (Reflect.apply(tell, moment, []) as unknown) : undefined;
}

function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]';
}

function inCalendar(ms: number): number | undefined {
  return ms <= latestMs && ms >= -latestMs ? ms : undefined;
}

/** `created_at` and `exp` may differ by so much and still be of one token: both are whole seconds, and are taken a moment apart. */
const toleranceMs = 60_000;

/**
 * When the server issued the set's access token, in milliseconds since 1970 on the server's clock; undefined where nothing tells. The `iat` of a
 * JWT counts more than `created_at`, which may be that of an older token that the store has kept. A `created_at` that the `exp` of the JWT
 * contradicts does not count.
 */
export function issuedAtMs({ access_token, created_at, expires_in }: TokenSet): number | undefined {
  const claims = decodeClaims(access_token);
  const issuedMs = epochMs(claims?.['iat']);
  if (issuedMs !== undefined) return issuedMs;
  // Procore sends a number. A date or a text is a column of the table of that name, which tells when the row was written.
  const createdMs = typeof created_at === 'number' ? epochMs(created_at) : undefined;
  const [endsMs, lifeSeconds] = [epochMs(claims?.['exp']), lifeSecondsOf(expires_in)];
  if (createdMs === undefined || endsMs === undefined || lifeSeconds === undefined) return createdMs;
  return Math.abs(createdMs + lifeSeconds * 1000 - endsMs) > toleranceMs ? undefined : createdMs;
}
