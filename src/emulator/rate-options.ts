import { isObject, isWhole, oneOf, seconds, switched, type Field, type Fields } from './checks.js';

/** One limit of an app. */
export interface RateLimit {
  /** How many calls fit into a window; from 1. */
  limit: number;
  /** Length of a window in seconds. @default 10 for `spike`, 3600 for `hourly` */
  windowSeconds?: number | undefined;
}

/**
 * The rate limits of the API. All tokens of the app share them. A call counts when it arrives, whatever its answer is (a 404, a fault, an
 * outage). A call without a token or with an unknown one does not count.
 */
export interface RateLimits {
  /** The limit for bursts; absent, there is none. */
  spike?: RateLimit | undefined;
  /** The limit for the long run; absent, there is none. */
  hourly?: RateLimit | undefined;
  /**
   * `'fixed'`: a window begins with the first call after the last window's end, and its calls leave it together.
   * `'sliding'`: the window is the last `windowSeconds`, and each call leaves it on its own.
   *
   * @default 'fixed'
   */
  kind?: 'fixed' | 'sliding' | undefined;
  /** Whether a 429 carries `Retry-After`, the whole seconds until one more call fits. @default true */
  retryAfter?: boolean | undefined;
  /**
   * True: a refused call counts like any other against both limits, so that a client that keeps calling in a sliding window is never let
   * in. The end of a fixed window does not depend on that. @default false
   */
  countRejected?: boolean | undefined;
}

/** The limits with all defaults filled in. */
export interface ResolvedLimits {
  readonly limits: readonly { readonly limit: number; readonly windowMs: number }[];
  readonly kind: 'fixed' | 'sliding';
  readonly retryAfter: boolean;
  readonly countRejected: boolean;
}

const defaultSeconds = { spike: 10, hourly: 3600 };
const limit: Field = [
  isObject,
  '{ limit, windowSeconds }',
  undefined,
  {
    known: { limit: [(value) => isWhole(value, 1), 'a whole number from 1'], windowSeconds: seconds },
    needed: ['limit'],
  },
];
/** The checks of {@link RateLimits}. */
export const rateLimitFields: Fields & { known: Record<keyof RateLimits, Field> } = {
  known: {
    spike: limit,
    hourly: limit,
    kind: oneOf('fixed', 'sliding'),
    retryAfter: switched,
    countRejected: switched,
  },
};

/** Fills in the defaults. */
export function resolveRateLimits(given: RateLimits): ResolvedLimits {
  const { kind = 'fixed', retryAfter = true, countRejected = false } = given;
  const limits = (['spike', 'hourly'] as const).flatMap((name) => {
    const one = given[name];
    if (one === undefined) return [];
    return [{ limit: one.limit, windowMs: (one.windowSeconds ?? defaultSeconds[name]) * 1000 }];
  });
  return { limits, kind, retryAfter, countRejected };
}
