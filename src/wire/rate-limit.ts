/**
 * The rate limit that the headers of an answer state. Procore has an hourly and a shorter limit, and states the one that is nearer to its
 * end (Procore, "Rate Limiting"). A field is undefined where its header is missing or invalid.
 */
export interface RateLimit {
  /** Calls that a window allows. */
  readonly limit: number | undefined;
  /** Calls that this window still allows. */
  readonly remaining: number | undefined;
  /** End of the window in milliseconds since the epoch, on the server's clock (the header has whole seconds). */
  readonly resetMs: number | undefined;
}

/** The rate limit of an answer without such headers. */
export const noRateLimit: RateLimit = Object.freeze({
  limit: undefined,
  remaining: undefined,
  resetMs: undefined,
});

/** Reads the values of `X-Rate-Limit-Limit`, `-Remaining` and `-Reset`. */
export function rateLimitOf(limitHeader: unknown, remainingHeader: unknown, resetHeader: unknown): RateLimit {
  const remaining = count(remainingHeader);
  const resetSeconds = count(resetHeader);
  const limit = count(limitHeader);
  if (remaining === undefined && resetSeconds === undefined && limit === undefined) return noRateLimit;
  // A limit of 0 is ignored: no call could ever be made under it.
  return {
    limit: limit === 0 ? undefined : limit,
    remaining,
    resetMs: resetSeconds === undefined ? undefined : resetSeconds * 1000,
  };
}

/** Procore's longest window is an hour. A reset that is further away than this is ignored. */
const longestWindowMs = 24 * 60 * 60 * 1000;

/** The end of the window on the server's clock; undefined where the answer names none that is plausible. */
export function plausibleReset({ resetMs }: RateLimit, serverNowMs: number): number | undefined {
  return resetMs !== undefined && resetMs - serverNowMs <= longestWindowMs ? resetMs : undefined;
}

/** Reads a count of 1 to 15 digits, one by one: each answer has three, and a regular expression takes four times as long. */
function count(header: unknown): number | undefined {
  if (typeof header !== 'string' && typeof header !== 'number') return undefined;
  const text = String(header).trim();
  if (text.length === 0 || text.length > 15) return undefined;
  let value = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}
