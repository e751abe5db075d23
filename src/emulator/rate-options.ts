import { kindOf } from '../text/words.js';
import { isRecord } from './checks.js';

/** One limit of an app. */
export interface RateLimit {
  /** How many calls fit into a window; from 1. */
  limit: number;
  /** Length of a window in seconds. @default 10 for `spike`, 3600 for `hourly` */
  windowSeconds?: number | undefined;
}

/**
 * The rate limits of the API. They are the app's: all tokens share them. A call counts when it arrives, whatever becomes of it (a
 * 404, a fault, an outage); a call without a token or with an unknown one counts against nobody.
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
   * True: a 429 counts like any other call, against both limits, so that in a sliding window a client that hammers shuts itself out.
   * A fixed window ends when it ends; there it shows in the other limit only. @default false
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
const names = ['spike', 'hourly', 'kind', 'retryAfter', 'countRejected'];

/** Fills in the defaults; throws a `TypeError` whose message begins with `prefix` and names what is wrong. */
export function resolveRateLimits(given: RateLimits, prefix: string): ResolvedLimits {
  const check = (good: boolean, name: string, what: string, value: unknown): void => {
    if (!good) throw new TypeError(`${prefix}${name} takes ${what}, got a ${typeof value}.`);
  };
  const what: unknown = given;
  if (!isRecord(what)) throw new TypeError(`${prefix}it takes an object of limits, got ${kindOf(given)}.`);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new TypeError(`${prefix}${unknown} is no option.`);
  const { kind = 'fixed', retryAfter = true, countRejected = false } = given;
  check(kind === 'fixed' || kind === 'sliding', 'kind', "'fixed' or 'sliding'", kind);
  check(typeof retryAfter === 'boolean', 'retryAfter', 'a boolean', retryAfter);
  check(typeof countRejected === 'boolean', 'countRejected', 'a boolean', countRejected);
  const limits = (['spike', 'hourly'] as const).flatMap((name) => {
    const one: unknown = given[name];
    if (one === undefined) return [];
    check(isRecord(one), name, '{ limit, windowSeconds }', one);
    const misspelt = Object.keys(one as RateLimit).find(
      (part) => part !== 'limit' && part !== 'windowSeconds',
    );
    if (misspelt !== undefined) throw new TypeError(`${prefix}${name}.${misspelt} is no option.`);
    const { limit, windowSeconds = defaultSeconds[name] } = one as RateLimit;
    check(Number.isInteger(limit) && limit >= 1, `${name}.limit`, 'a whole number from 1', limit);
    const isLength = typeof windowSeconds === 'number' && windowSeconds >= 0.001 && windowSeconds <= 1e9;
    check(isLength, `${name}.windowSeconds`, 'a positive number of seconds', windowSeconds);
    return [{ limit, windowMs: windowSeconds * 1000 }];
  });
  return { limits, kind, retryAfter, countRejected };
}
