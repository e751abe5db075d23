import type { ResolvedLimits } from './rate-options.js';
import { createRateWindow, type RateWindow } from './rate-window.js';

/** The decision on one call. `limit`, `remaining` and the reset are those of the limit that is nearer to exhaustion. */
export interface RateVerdict {
  /** True where the call exceeds a limit. */
  readonly limited: boolean;
  readonly limit: number;
  /** How many further calls fit. */
  readonly remaining: number;
  /** When the whole limit is available again, in milliseconds on the server's clock. */
  readonly resetAtMs: number;
  /** For a refused call: whole seconds, rounded up, until one more call fits; absent where answers have no `Retry-After`. */
  readonly retryAfterSeconds?: number;
}

/** The limits of one app. */
export interface RateLimiter {
  /** Sets other limits. The count of a window is kept unless its kind or length changes. */
  set(limits: ResolvedLimits): void;
  /** Counts a call that arrives now and judges it; nothing without limits. */
  judge(): RateVerdict | undefined;
}

/** `now` in milliseconds. */
export function createRateLimiter(now: () => number, initial: ResolvedLimits): RateLimiter {
  let settings = initial;
  let windows: { limit: number; window: RateWindow }[] = [];

  function set(next: ResolvedLimits): void {
    const known = windows.map(({ window }) => window);
    settings = next;
    windows = next.limits.map(({ limit, windowMs }) => {
      const at = known.findIndex((window) => window.kind === next.kind && window.windowMs === windowMs);
      // The window is removed from the list, so that two limits of the same length never share one and count double.
      const [kept = createRateWindow(next.kind, windowMs)] = at < 0 ? [] : known.splice(at, 1);
      return { limit, window: kept };
    });
  }

  set(initial);
  return {
    set,
    judge() {
      if (windows.length === 0) return undefined;
      const nowMs = now();
      const limited = windows.some(({ limit, window }) => window.used(nowMs) >= limit);
      if (!limited || settings.countRejected) for (const { window } of windows) window.count(nowMs);
      const [nearer] = windows
        .map(({ limit, window }) => ({
          limit,
          remaining: Math.max(0, limit - window.used(nowMs)),
          resetAtMs: window.emptyAtMs(nowMs),
        }))
        // If both are equally near, the later reset is used, because waiting for it is enough for both.
        .sort((one, other) => one.remaining - other.remaining || other.resetAtMs - one.resetAtMs);
      const freeAtMs = Math.max(...windows.map(({ limit, window }) => window.freeAtMs(limit, nowMs)));
      const tells = limited && settings.retryAfter;
      return {
        limited,
        ...nearer!,
        ...(tells && { retryAfterSeconds: Math.ceil((freeAtMs - nowMs) / 1000) }),
      };
    },
  };
}
