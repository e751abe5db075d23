import { isNamed } from './headers.js';
import { noRateLimit, rateLimitOf, type RateLimit } from './rate-limit.js';

/** The status of an answer and its headers that the package reads. They are read once, and handed to gate, clock, account and retries. */
export interface Answer {
  readonly status: number;
  /** The header `Date`, unparsed. */
  readonly date: unknown;
  /** The header `Retry-After`, unparsed. */
  readonly retryAfter: unknown;
  /** The header `WWW-Authenticate`, unparsed. */
  readonly challenge: unknown;
  /** The header `X-Request-Id`, cut. */
  readonly requestId: string | undefined;
  readonly rateLimit: RateLimit;
}

/** A longer request id is cut. */
const longestRequestId = 200;

/** Reads axios's header object or a plain one. Names compare without case (RFC 9110). Of several spellings of a header the first counts. */
export function readAnswer(status: number, headers: object | undefined): Answer {
  let date: unknown;
  let retryAfter: unknown;
  let challenge: unknown;
  let requestId: unknown;
  let limit: unknown;
  let remaining: unknown;
  let reset: unknown;
  for (const name of Object.keys(headers ?? {})) {
    // The length tells most headers apart, without a copy of the name in lower case.
    switch (name.length) {
      case 4:
        if (isNamed(name, 'date')) date ??= valueOf(headers!, name);
        break;
      case 11:
        if (isNamed(name, 'retry-after')) retryAfter ??= valueOf(headers!, name);
        break;
      case 12:
        if (isNamed(name, 'x-request-id')) requestId ??= valueOf(headers!, name);
        break;
      case 16:
        if (isNamed(name, 'www-authenticate')) challenge ??= valueOf(headers!, name);
        break;
      case 18:
        if (isNamed(name, 'x-rate-limit-limit')) limit ??= valueOf(headers!, name);
        if (isNamed(name, 'x-rate-limit-reset')) reset ??= valueOf(headers!, name);
        break;
      case 22:
        if (isNamed(name, 'x-rate-limit-remaining')) remaining ??= valueOf(headers!, name);
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

/** The value of a header; undefined where reading it throws, as a getter on the headers of a mock may do. */
function valueOf(headers: object, name: string): unknown {
  try {
    return (headers as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}
