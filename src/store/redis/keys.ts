/** The keys of one account. */
export interface AccountKeys {
  /** The key of the token set, stored as JSON. */
  readonly tokens: string;
  /** The key of the lock: it contains the identifier of the holder, and expires with the lease. */
  readonly lock: string;
  /** The key of the lock's record. */
  readonly record: string;
}

/**
 * Names the keys of an account. The part in braces is the hash tag of Redis Cluster: it keeps all keys of an account on one node, so that
 * one script can use lock and tokens together.
 */
export function keysOf(prefix: string, account: string): AccountKeys {
  const base = `${prefix}{${hashTagOf(account)}}`;
  return { tokens: `${base}:tokens`, lock: `${base}:lock`, record: `${base}:record` };
}

/**
 * The name, such as an account, with some characters percent-encoded, so that different names have different tags: braces, which would end the tag; halves
 * of surrogate pairs, which UTF-8 cannot distinguish; and the escape character itself. An empty name gets a tag as well, because Redis
 * ignores empty tags.
 */
export function hashTagOf(name: string): string {
  const escape = (character: string) => `%${character.codePointAt(0)!.toString(16).toUpperCase()}`;
  return name.replace(/[%{}\p{Surrogate}]/gu, escape) || '%';
}
