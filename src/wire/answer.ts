import { noRateLimit, rateLimitOf, type RateLimit } from './rate-limit.js';

/** What the headers of an answer say to the plugin: read once, and told to all that learn of it. */
export interface Answer {
  readonly status: number;
  /** `Date`, as it came. */
  readonly date: unknown;
  /** `Retry-After`, as it came. */
  readonly retryAfter: unknown;
  /** `WWW-Authenticate`, as it came. */
  readonly challenge: unknown;
  /** `X-Request-Id`. */
  readonly requestId: string | undefined;
  readonly rateLimit: RateLimit;
}

/** Longer ones are nobody's. */
const longestRequestId = 200;

/** Reads axios's header objects and plain ones; names compare without case (RFC 9110), and the first of several spellings counts. */
export function readAnswer(status: number, headers: object | undefined): Answer {
  let date: unknown;
  let retryAfter: unknown;
  let challenge: unknown;
  let requestId: unknown;
  let limit: unknown;
  let remaining: unknown;
  let reset: unknown;
  for (const name of Object.keys(headers ?? {})) {
    // Most headers of an answer are told apart by their length alone.
    switch (name.length) {
      case 4:
        if (name.toLowerCase() === 'date') date ??= valueOf(headers!, name);
        break;
      case 11:
        if (name.toLowerCase() === 'retry-after') retryAfter ??= valueOf(headers!, name);
        break;
      case 12:
        if (name.toLowerCase() === 'x-request-id') requestId ??= valueOf(headers!, name);
        break;
      case 16:
        if (name.toLowerCase() === 'www-authenticate') challenge ??= valueOf(headers!, name);
        break;
      case 18:
        if (name.toLowerCase() === 'x-rate-limit-limit') limit ??= valueOf(headers!, name);
        if (name.toLowerCase() === 'x-rate-limit-reset') reset ??= valueOf(headers!, name);
        break;
      case 22:
        if (name.toLowerCase() === 'x-rate-limit-remaining') remaining ??= valueOf(headers!, name);
        break;
    }
  }
  return {
    status,
    date,
    retryAfter,
    challenge,
    requestId: typeof requestId === 'string' ? requestId.slice(0, longestRequestId) : undefined,
    rateLimit:
      limit === undefined && remaining === undefined && reset === undefined
        ? noRateLimit
        : rateLimitOf(limit, remaining, reset),
  };
}

/** Undefined where it cannot be read: the headers of a mock may have getters that throw. */
function valueOf(headers: object, name: string): unknown {
  try {
    return (headers as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}
