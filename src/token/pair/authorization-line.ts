import type { TokenSet } from '../../store/store.js';
import { savedFingerprint } from './fingerprint.js';
import { issuedAtMs } from './moments.js';

/**
 * The field of a saved set that says which authorization by a person its pair came of, and which earlier authorizations that one has
 * replaced. Renewals copy it. By this field every process can tell a new log-in from the renewed pair of an older log-in, whichever of the two
 * was saved last.
 */
export const authorizationField = 'authorization_line';
/**
 * How many replaced authorizations are listed. Only a process that has missed this many log-ins of its account renews a pair that is no
 * longer listed.
 */
const mostReplaced = 8;

interface Authorization {
  /** The shortened fingerprint of the refresh token that it began with, or of the first one that this package has seen. */
  readonly id: string;
  /** When that token was issued, in Unix seconds on the server's clock; undefined where nothing tells. */
  readonly since: number | undefined;
  /** The ids of the authorizations that it has replaced, latest first. */
  readonly replaced: readonly string[];
}

/** Whether the authorization of `one` has replaced that of `other`: a person has logged in anew. */
export function outranks(one: TokenSet, other: TokenSet): boolean {
  const [a, b] = [authorizationOf(one), authorizationOf(other)];
  return a.id !== b.id && a.replaced.includes(b.id) && !b.replaced.includes(a.id);
}

/** Whether two pairs came of the same authorization, as far as their fields tell. */
export function isOfSameAuthorization(one: TokenSet, other: TokenSet): boolean {
  return authorizationOf(one).id === authorizationOf(other).id;
}

/** Whether `set` is the pair that `first`, the first pair of an authorization, was renewed to. */
export function cameOf(set: TokenSet, first: TokenSet): boolean {
  return nameOf(set) !== nameOf(first) && authorizationOf(set).id === nameOf(first);
}

/** When the pair's authorization began, in Unix seconds on the server's clock; undefined where nothing tells. */
export function authorizedAt(set: TokenSet): number | undefined {
  return authorizationOf(set).since;
}

/** The set that a renewal has got, with the authorization of the pair that was renewed. */
export function withAuthorizationOf(set: TokenSet, before: TokenSet): TokenSet {
  return written(set, authorizationOf(before));
}

/**
 * The set of a new authorization, which replaces those of `before`. The set may be one of `before`, where the application brings it once
 * more.
 */
export function withNewAuthorization(set: TokenSet, before: readonly (TokenSet | undefined)[]): TokenSet {
  const isSame = (one: TokenSet) => nameOf(one) === nameOf(set);
  const sets = before.filter((one): one is TokenSet => one !== undefined && nameOf(one) !== '');
  const [same, others] = [sets.filter(isSame), sets.filter((one) => !isSame(one)).map(authorizationOf)];
  const own = authorizationOf(same.find(hasLine) ?? withoutLine(set));
  const replaced = new Set(others.flatMap((one) => [one.id, ...one.replaced]));
  for (const one of same) for (const id of authorizationOf(one).replaced) replaced.add(id);
  let { id } = own;
  if (same.length > 0) replaced.delete(id);
  // The application may bring a pair once more whose authorization another has replaced. It then counts as a new authorization with an id of
  // its own.
  while (replaced.has(id)) id = savedFingerprint(id);
  if (replaced.size === 0 && id === nameOf(set)) return withoutLine(set);
  return written(set, { ...own, id, replaced: [...replaced].slice(0, mostReplaced) });
}

/** The set without the field. */
export function withoutLine(set: TokenSet): TokenSet {
  const { [authorizationField]: _line, ...others } = set;
  return others;
}

function written(set: TokenSet, { id, since, replaced }: Authorization): TokenSet {
  const pair = nameOf(set);
  if (pair === '') return withoutLine(set);
  return { ...set, [authorizationField]: { pair, id, ...(since !== undefined && { since }), replaced } };
}

/**
 * The authorization of a pair. A set without the field counts as the first pair of its own authorization, and so does one whose field names
 * another pair: an application has then merged its own tokens into a stored set.
 */
function authorizationOf(set: TokenSet): Authorization {
  const line = lineOf(set);
  if (!line) return { id: nameOf(set), since: issuedSeconds(set), replaced: [] };
  const replaced: unknown = line['replaced'];
  return {
    id: line['id'],
    since: secondsOf(line['since']),
    replaced: Array.isArray(replaced) ? replaced.filter((one) => typeof one === 'string') : [],
  };
}

function hasLine(set: TokenSet): boolean {
  return lineOf(set) !== undefined;
}

function lineOf(set: TokenSet): { id: string; since?: unknown; replaced?: unknown } | undefined {
  const line: unknown = set[authorizationField];
  if (typeof line !== 'object' || line === null) return undefined;
  const { pair, id } = line as { pair?: unknown; id?: unknown };
  return pair === nameOf(set) && typeof id === 'string' && id !== '' ? (line as { id: string }) : undefined;
}

function issuedSeconds(set: TokenSet): number | undefined {
  const issuedMs = issuedAtMs(set);
  return issuedMs === undefined ? undefined : issuedMs / 1000;
}

function secondsOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function nameOf({ access_token: access, refresh_token: refresh }: TokenSet): string {
  const token = refresh || access;
  return token ? savedFingerprint(token) : '';
}
