import type { EmulatedRequest } from './fault-types.js';
import type { LogEntry } from './log-types.js';
import { bearerOf, type Reply } from './message.js';
import type { Outages } from './outages.js';
import type { RateLimiter, RateVerdict } from './rate-limiter.js';
import { tooManyRequests } from './refusals.js';

/** How a request gets past the gateway. */
export interface Pass {
  /** What every answer to it carries. */
  readonly headers: Readonly<Record<string, string>>;
  /** For the log. */
  readonly note: Partial<LogEntry>;
  /** The answer to a request that does not get past: no fault strikes it, and it is never carried out. */
  readonly refusal?: Reply;
}

/** The pass of a request that nothing stands in the way of. */
export const freePass: Pass = { headers: {}, note: {} };

/** What the gateway in front of the API knows. */
export interface AdmissionParts {
  /** Whether the app was ever given this access token, live or not. */
  isKnown(accessToken: string): boolean;
  limiter: RateLimiter;
  outages: Outages;
}

/** The gateway in front of the API: outages, then rate limits, both before the token is looked at closely. */
export function createAdmission(parts: AdmissionParts): (request: Pick<EmulatedRequest, 'headers'>) => Pass {
  const { isKnown, limiter, outages } = parts;
  return (request) => {
    const bearer = bearerOf(request);
    // Failed calls count at Procore, so those of an outage do; a stranger's have no quota to count against.
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
    // Rounded up: at that second the window is over.
    'x-rate-limit-reset': String(Math.ceil(resetAtMs / 1000)),
  };
}

function factsOf({ limited, remaining, limit }: RateVerdict): NonNullable<LogEntry['rateLimit']> {
  return { limited, remaining, limit };
}
