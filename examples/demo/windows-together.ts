import type { LoggedRequest } from './verdict.js';

/** A time in which one process paced alone, because Redis did not answer it in time. Without an end: it still does. */
export interface AloneSpan {
  readonly fromMs: number;
  readonly untilMs?: number;
}

/** A window of the limit. */
export interface LimitWindow<Refused = LoggedRequest> {
  /** When its first call arrived. */
  readonly beganAtMs: number;
  /** The calls that were refused before the next window began. */
  readonly refused: readonly Refused[];
}

/** The windows in which there were calls, by the server's log: a window begins with a call that leaves more of the limit than the one before. */
export function windowsIn(log: readonly LoggedRequest[]): LimitWindow[] {
  const windows: { beganAtMs: number; refused: LoggedRequest[] }[] = [];
  let left = -1;
  for (const entry of log) {
    const { atMs, rateLimit } = entry;
    if (!rateLimit) continue;
    if (rateLimit.limited) windows.at(-1)?.refused.push(entry);
    else if (rateLimit.remaining > left) windows.push({ beganAtMs: atMs, refused: [] });
    left = rateLimit.remaining;
  }
  return windows;
}

/**
 * The windows with whose calls no process has to do that paced alone: none did in this window, nor in the one before. What was sent alone is
 * known to the common state from the second question on, and has used up the limit of no later window.
 */
export function windowsTogether<W extends LimitWindow<unknown>>(
  windows: readonly W[],
  spans: readonly AloneSpan[],
): readonly W[] {
  return windows.filter((_window, index) => {
    const sinceMs = windows[index - 1]?.beganAtMs ?? -Infinity;
    const endedAtMs = windows[index + 1]?.beganAtMs ?? Infinity;
    return !spans.some(({ fromMs, untilMs = Infinity }) => fromMs < endedAtMs && untilMs >= sinceMs);
  });
}
