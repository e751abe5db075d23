import type { TokenSet } from '../../store/store.js';
import { fingerprint } from './fingerprint.js';
import { issuedAtMs } from './issued.js';

/**
 * Beside the tokens, in the store: which authorization by a person the pair came of, and whose places that has taken. Renewals carry it on.
 * So every process can tell a new log-in from what some process has renewed the pair of an older one to, whenever that was saved.
 */
export const authorizationField = 'authorization_line';
/** 64 bits, as in the lists of redeemed tokens. */
const digits = 16;
/** A process that still renews the pair of an authorization has seen none of the last few log-ins of its account. */
const mostReplaced = 8;

interface Authorization {
  /** The name of the refresh token that it began with, as far as this package has seen it. */
  readonly id: string;
  /** When that was issued, in Unix seconds on the server's clock, where it is known. */
  readonly since: number | undefined;
  /** The authorizations whose place it has taken, latest first. */
  readonly replaced: readonly string[];
}

/** Whether a person has authorized `one` in the place of the authorization that `other` came of. */
export function outranks(one: TokenSet, other: TokenSet): boolean {
  const [a, b] = [authorizationOf(one), authorizationOf(other)];
  return a.id !== b.id && a.replaced.includes(b.id) && !b.replaced.includes(a.id);
}

/** Whether two pairs are known to have come of one authorization. */
export function isOfSameAuthorization(one: TokenSet, other: TokenSet): boolean {
  return authorizationOf(one).id === authorizationOf(other).id;
}

/** Whether `set` is what the pair of an authorization, `first`, was renewed to. */
export function cameOf(set: TokenSet, first: TokenSet): boolean {
  return nameOf(set) !== nameOf(first) && authorizationOf(set).id === nameOf(first);
}

/** When the pair's authorization began, in Unix seconds on the server's clock; undefined where nobody knows. */
export function authorizedAt(set: TokenSet): number | undefined {
  return authorizationOf(set).since;
}

/** The set of a renewal: it came of what the pair before it came of. */
export function withAuthorizationOf(set: TokenSet, before: TokenSet): TokenSet {
  return written(set, authorizationOf(before));
}

/** The set of a person's authorization, which takes the place of these; it may be one of them, brought once more. */
export function withNewAuthorization(set: TokenSet, before: readonly (TokenSet | undefined)[]): TokenSet {
  const isSame = (one: TokenSet) => nameOf(one) === nameOf(set);
  const sets = before.filter((one): one is TokenSet => one !== undefined && nameOf(one) !== '');
  const [same, others] = [sets.filter(isSame), sets.filter((one) => !isSame(one)).map(authorizationOf)];
  const own = authorizationOf(same.find(hasLine) ?? withoutLine(set));
  const replaced = new Set(others.flatMap((one) => [one.id, ...one.replaced]));
  for (const one of same) for (const id of authorizationOf(one).replaced) replaced.add(id);
  let { id } = own;
  if (same.length > 0) replaced.delete(id);
  // A person may bring once more what another authorization has taken the place of.
  while (replaced.has(id)) id = named(id);
  if (replaced.size === 0 && id === nameOf(set)) return withoutLine(set);
  return written(set, { ...own, id, replaced: [...replaced].slice(0, mostReplaced) });
}

/** The set without what is said of its authorization. */
export function withoutLine(set: TokenSet): TokenSet {
  const { [authorizationField]: _line, ...others } = set;
  return others;
}

function written(set: TokenSet, { id, since, replaced }: Authorization): TokenSet {
  const pair = nameOf(set);
  if (pair === '') return withoutLine(set);
  return { ...set, [authorizationField]: { pair, id, ...(since !== undefined && { since }), replaced } };
}

/** A pair of which nothing is said, or only of another pair that somebody's own was merged into, is an authorization of its own. */
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
  return token ? named(token) : '';
}

function named(text: string): string {
  return fingerprint(text).slice(0, digits);
}
