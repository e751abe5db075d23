import { createRateLimiter } from '../../src/emulator/rate-limiter.js';
import type { RateLimit } from '../../src/wire/rate-limit.js';

export interface Limit {
  readonly limit: number;
  readonly windowMs: number;
}

export interface ApiAnswer {
  readonly status: number;
  /** As the headers have them: in whole seconds. */
  readonly date: string;
  readonly rateLimit: RateLimit;
  readonly retryAfterMs: number | undefined;
}

/** The API with its limits, as the emulator counts them. `now` is its own clock. */
export function createApi(
  now: () => number,
  kind: 'fixed' | 'sliding',
  limits: readonly Limit[],
): { judge(): ApiAnswer } {
  const limiter = createRateLimiter(now, { kind, limits, retryAfter: true, countRejected: false });
  let second = -1;
  let date = '';
  return {
    judge() {
      const nowMs = now();
      // A text for each answer would take longer than all the rest.
      if (Math.floor(nowMs / 1_000) !== second) {
        second = Math.floor(nowMs / 1_000);
        date = new Date(1_000 * second).toUTCString();
      }
      const { limited, limit, remaining, resetAtMs, retryAfterSeconds } = limiter.judge()!;
      return {
        status: limited ? 429 : 200,
        date,
        rateLimit: { limit, remaining, resetMs: 1_000 * Math.ceil(resetAtMs / 1_000) },
        retryAfterMs: retryAfterSeconds === undefined ? undefined : 1_000 * retryAfterSeconds,
      };
    },
  };
}
