import { isPromise, kindOf } from '../../text/words.js';
import { copyOf } from '../../store/copy-of.js';
import type { TokenSet } from '../../store/store.js';
import { decodeClaims, subjectIn, subjectOf, type Claims } from '../../wire/jwt.js';
import { ownValue } from '../../wire/prototype-pollution.js';
import { believed, evidenceOf, localMs, type Scales, type Testimony } from './evidence.js';
import { fingerprint } from './fingerprint.js';
import { epochMs, lifeSecondsOf } from './moments.js';
import { unwritable, unwritableField } from './writable.js';

/** A token set, with what every call needs to know of it read once. */
export interface HeldTokens {
  readonly set: TokenSet;
  /** The names of the extra fields that came with these tokens. The others were copied from the stored set. */
  readonly ownExtras?: ReadonlySet<string>;
  /** Undefined where the store holds a refresh token only, which is redeemed at the first call. */
  readonly accessToken: string | undefined;
  readonly refreshToken: string | undefined;
  readonly refreshFingerprint: string | undefined;
  /** The user that the access token names, if it is a JWT. */
  readonly subject: string | undefined;
  /** What is known about when the access token ends, best first. Where nothing is known it is used until a 401 comes. */
  readonly evidence: readonly Testimony[];
  readonly lifeMs: number | undefined;
  /** How long before expiry the token is renewed; drawn once per token. */
  readonly aheadMs: number;
  /** A token with less time left than this counts as expired. */
  readonly marginMs: number;
}

/** What `load`, a token endpoint or the application has given: nothing, a token set, or something else (`what` says what, in words). */
export type ReadTokenSet =
  { kind: 'none' } | { kind: 'set'; set: TokenSet } | { kind: 'garbage'; what: string };

/** What may stand in an `Authorization` header (RFC 9110 field content without white space). */
const headerSafe = /^[\x21-\x7e]+$/;
/** The fields of an answer of the token endpoint, and `expires_at`. They are never copied from an older set into a newer one. */
const answerFields = new Set([
  'access_token',
  'refresh_token',
  'token_type',
  'expires_in',
  'created_at',
  'expires_at',
  'scope',
]);

/** True for a field of the answer of the token endpoint itself. */
export function isAnswerField(name: string): boolean {
  return answerFields.has(name);
}

/** Reads a token set, as a copy. Never throws, and `what` quotes no token. */
export function readTokenSet(value: unknown): ReadTokenSet {
  if (value === null || value === undefined) return { kind: 'none' };
  if (typeof value === 'string')
    return { kind: 'garbage', what: 'a string (a JSON text must be parsed first)' };
  if (typeof value !== 'object') return { kind: 'garbage', what: `a ${typeof value}` };
  if (Array.isArray(value) || isPromise(value)) return { kind: 'garbage', what: kindOf(value) };
  const set = plainCopy(value);
  if (!set) return { kind: 'garbage', what: 'an object whose fields cannot be read' };
  const { access_token: access, refresh_token: refresh } = set;
  for (const [name, token] of [
    ['access_token', access],
    ['refresh_token', refresh],
  ] as const) {
    if (token === undefined || token === null || token === '') continue;
    if (typeof token !== 'string')
      return { kind: 'garbage', what: `an object whose ${name} is ${kindOf(token)}` };
    if (!headerSafe.test(token)) {
      return {
        kind: 'garbage',
        what: `an object whose ${name} holds white space or characters that no token has`,
      };
    }
  }
  if (!access && !refresh)
    return { kind: 'garbage', what: 'an object with neither access_token nor refresh_token' };
  return { kind: 'set', set: set as TokenSet };
}

/**
 * A copy of the record with plain fields; undefined where they cannot be read. Records of an ORM may have their columns on the prototype, where
 * a spread does not find them. Where the tokens are on the prototype, the record's own fields belong to the ORM and are left out. Fields of
 * `Object.prototype` are no columns, because another library may have polluted it.
 */
function plainCopy(record: object): Record<string, unknown> | undefined {
  try {
    const own: Record<string, unknown> = { ...record };
    const hasTokens = Object.hasOwn(own, 'access_token') || Object.hasOwn(own, 'refresh_token');
    const set = hasTokens ? own : {};
    const [columns, everyObject] = [record, Object.prototype] as Record<string, unknown>[];
    for (const name of answerFields) {
      const value = columns![name];
      if (!Object.hasOwn(set, name) && value !== undefined && value !== everyObject![name]) set[name] = value;
    }
    for (const [name, value] of Object.entries(set)) if (value === undefined) delete set[name];
    return copyOf(set);
  } catch {
    return undefined;
  }
}

/**
 * An extra field that no store could write as JSON, in words; undefined where there is none. Procore's own fields are not looked at, because they
 * are not copied into a new set.
 */
export function unwritableExtra(set: TokenSet): string | undefined {
  return unwritableField(set, (name) => !answerFields.has(name));
}

/**
 * The answer of a token endpoint without the fields that no store could write. Its tokens must be saved whatever came with them, because the
 * refresh token before is spent.
 */
export function writableAnswer(answer: TokenSet): TokenSet {
  const fields = Object.entries(answer).map(([name, value]): [string, unknown] => [
    name,
    typeof value === 'bigint' && answerFields.has(name) ? Number(value) : value,
  ]);
  return Object.fromEntries(fields.filter(([, value]) => unwritable(value) === undefined)) as TokenSet;
}

/** What has been read of a set before, and need not be read again. */
export interface ReadOfSet {
  readonly claims?: Claims | undefined;
  readonly refreshFingerprint?: string | undefined;
}

/** Holds a set that was read from a store. */
export function holdLoaded(set: TokenSet, ahead: AheadChoice, read: ReadOfSet = {}): HeldTokens {
  const claims = read.claims ?? decodeClaims(set.access_token);
  const times = timesIn(claims);
  const lifeSeconds = lifeSecondsOf(set.expires_in);
  const lifeMs = times.lifeMs ?? (lifeSeconds === undefined ? undefined : lifeSeconds * 1000);
  return hold(set, evidenceOf(set, times.expiresAtMs), lifeMs, ahead, { ...read, claims });
}

/**
 * Holds a set that a token endpoint has just answered. Its life is counted from the moment when the request was sent, because the server may have
 * issued it at any time since.
 */
export function holdAnswer(set: TokenSet, sentAtMs: number, ahead: AheadChoice): HeldTokens {
  const lifeSeconds = lifeSecondsOf(set.expires_in);
  if (lifeSeconds === undefined) return holdLoaded(set, ahead);
  const lifeMs = lifeSeconds * 1000;
  const claims = decodeClaims(set.access_token);
  return hold(set, [{ source: 'answer', atMs: sentAtMs + lifeMs, clock: 'local' }], lifeMs, ahead, {
    claims,
  });
}

/**
 * The set after a renewal: the answer, with the extra fields of the previous set. An answer without a refresh token keeps the one that was
 * presented.
 */
export function mergeAnswer(previous: TokenSet | undefined, answer: TokenSet): TokenSet {
  const extras = Object.entries(previous ?? {}).filter(([name]) => !answerFields.has(name));
  const merged: TokenSet = { ...Object.fromEntries(extras), ...answer };
  if (!merged.refresh_token) {
    delete merged.refresh_token;
    if (previous?.refresh_token) merged.refresh_token = previous.refresh_token;
  }
  return merged;
}

/** The set as it is saved: with the moment of expiry in Unix seconds on this machine's clock, rounded down. */
export function withExpiresAt(held: HeldTokens, serverOffsetMs: number): TokenSet {
  const { expires_at: _stale, ...set } = held.set;
  const atMs = localExpiryMs(held, { serverOffsetMs });
  return atMs === undefined ? set : { ...set, expires_at: Math.floor(atMs / 1000) };
}

/** When the access token ends, in milliseconds since 1970 on this machine's clock; undefined where nothing about it is known or believed. */
export function localExpiryMs(
  { evidence, lifeMs }: Pick<HeldTokens, 'evidence' | 'lifeMs'>,
  scales: Scales,
): number | undefined {
  const expiry = believed(evidence, lifeMs, scales);
  return expiry && localMs(expiry, scales);
}

/** How long before its expiry a token is renewed. The random part keeps many processes from renewing at the same moment. */
export interface AheadChoice {
  /** Milliseconds; undefined: 5 minutes or 10 % of the life, whichever is less. */
  readonly aheadMs: number | undefined;
  /** Uniform in [0, 1). */
  readonly draw: number;
}

function hold(
  set: TokenSet,
  evidence: readonly Testimony[],
  lifeMs: number | undefined,
  ahead: AheadChoice,
  { claims, refreshFingerprint }: ReadOfSet,
): HeldTokens {
  const life = lifeMs ?? Infinity;
  const refreshToken = ownValue(set, 'refresh_token') || undefined;
  const wishedMs = ahead.aheadMs ?? Math.min(5 * 60_000, life * 0.1);
  return {
    set,
    accessToken: ownValue(set, 'access_token') || undefined,
    refreshToken,
    refreshFingerprint: refreshToken && (refreshFingerprint ?? fingerprint(refreshToken)),
    subject: subjectIn(claims),
    evidence,
    lifeMs,
    // Up to 20 % earlier by chance, but never earlier than at half the token's life.
    aheadMs: Math.min(wishedMs * (1 + 0.2 * ahead.draw), life / 2),
    marginMs: Math.min(10_000, life * 0.02),
  };
}

function timesIn(claims: Claims | undefined): { expiresAtMs?: number; lifeMs?: number } {
  const expiresAtMs = epochMs(claims?.['exp']);
  const issuedAtMs = epochMs(claims?.['iat']);
  if (expiresAtMs === undefined) return {};
  if (issuedAtMs === undefined) return { expiresAtMs };
  // An `exp` before the `iat` is wrong, and neither is believed.
  return issuedAtMs < expiresAtMs ? { expiresAtMs, lifeMs: expiresAtMs - issuedAtMs } : {};
}

/** Whether two pairs are of one user; undefined where one of them does not tell. */
export function isSameUser(one: TokenSet, other: TokenSet): boolean | undefined {
  const [a, b] = [subjectOf(one.access_token), subjectOf(other.access_token)];
  return a === undefined || b === undefined ? undefined : a === b;
}
