/** The keys of one account. */
export interface AccountKeys {
  /** The token set as JSON. */
  readonly tokens: string;
  /** The holder's identifier, for as long as its lease lasts. */
  readonly lock: string;
  /** What the lock remembers. */
  readonly record: string;
}

/**
 * Names the keys. What stands in braces is a Redis Cluster's hash tag: all keys of an account live on one node, where a script can look
 * at lock and tokens in one step.
 */
export function keysOf(prefix: string, account: string): AccountKeys {
  const base = `${prefix}{${hashTagOf(account)}}`;
  return { tokens: `${base}:tokens`, lock: `${base}:lock`, record: `${base}:record` };
}

/**
 * The account without braces, which would end the tag, and without halves of surrogate pairs, which UTF-8 cannot tell apart; no two
 * accounts become one. An empty tag would be none.
 */
function hashTagOf(account: string): string {
  const escape = (character: string) => `%${character.codePointAt(0)!.toString(16).toUpperCase()}`;
  return account.replace(/[%{}\p{Surrogate}]/gu, escape) || '%';
}
