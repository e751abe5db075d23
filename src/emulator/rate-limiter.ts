import type { ResolvedLimits } from './rate-options.js';
import { createRateWindow, type RateWindow } from './rate-window.js';

/** What the limits say of one call; `limit`, `remaining` and the reset are those of the limit that is nearer to exhaustion. */
export interface RateVerdict {
  /** True: one call too many. */
  readonly limited: boolean;
  readonly limit: number;
  /** How many further calls fit. */
  readonly remaining: number;
  /** When the whole limit is there again: milliseconds on the server's clock. */
  readonly resetAtMs: number;
  /** Of a call too many: whole seconds until one more fits, rounded up; absent where a refusal is not to tell. */
  readonly retryAfterSeconds?: number;
}

/** The limits of one app. */
export interface RateLimiter {
  /** Puts other limits in force. What a window has counted stays, unless its kind or length changes. */
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
      // Taken out, so that two limits of one length never share a window and count double.
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
        // Of two that are equally near, the later reset: waiting for it is enough for both.
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
