import type { EmulatedRequest } from './fault-types.js';
import type { LogEntry } from './log-types.js';
import { bearerOf, type Reply } from './message.js';
import type { Outages } from './outages.js';
import type { RateLimiter, RateVerdict } from './rate-limiter.js';
import { tooManyRequests } from './refusals.js';

/** The gateway's decision on a request. */
export interface Pass {
  /** Headers of every answer to the request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Fields for the log. */
  readonly note: Partial<LogEntry>;
  /** The answer to a request that is refused: it is not carried out, and no fault strikes it. */
  readonly refusal?: Reply;
}

/** The decision for a request that is let through. */
export const freePass: Pass = { headers: {}, note: {} };

/** The parts that the gateway in front of the API is made of. */
export interface AdmissionParts {
  /** Whether the app was ever given this access token, live or not. */
  isKnown(accessToken: string): boolean;
  limiter: RateLimiter;
  outages: Outages;
}

/** Creates the gateway in front of the API. It applies outages and rate limits before the access token is checked. */
export function createAdmission(parts: AdmissionParts): (request: Pick<EmulatedRequest, 'headers'>) => Pass {
  const { isKnown, limiter, outages } = parts;
  return (request) => {
    const bearer = bearerOf(request);
    // Failed calls count at Procore, so calls in an outage do too. Calls with an unknown token belong to no app, and do not count.
    const verdict = bearer !== undefined && isKnown(bearer) ? limiter.judge() : undefined;
    const outage = outages.answer();
    const refusal = outage ?? (verdict?.limited ? tooManyRequests(verdict.retryAfterSeconds) : undefined);
    return {
      headers: verdict ? headersOf(verdict) : {},
      note: { ...(verdict && { rateLimit: factsOf(verdict) }), ...(outage && { outage: true }) },
      ...(refusal && { refusal }),
    };
  };
}

function headersOf({ limit, remaining, resetAtMs }: RateVerdict): Record<string, string> {
  return {
    'x-rate-limit-limit': String(limit),
    'x-rate-limit-remaining': String(remaining),
    // Rounded up, so that the window has ended at that second.
    'x-rate-limit-reset': String(Math.ceil(resetAtMs / 1000)),
  };
}

function factsOf({ limited, remaining, limit }: RateVerdict): NonNullable<LogEntry['rateLimit']> {
  return { limited, remaining, limit };
}
