/** The calls that one window holds; times in milliseconds on the server's clock. Setting that back prolongs the window. */
export interface RateWindow {
  readonly kind: 'fixed' | 'sliding';
  readonly windowMs: number;
  count(nowMs: number): void;
  /** How many calls count now. */
  used(nowMs: number): number;
  /** When one more call fits under `limit`. */
  freeAtMs(limit: number, nowMs: number): number;
  /** When the window is empty, so that the whole limit is there again. */
  emptyAtMs(nowMs: number): number;
}

/** An empty window of `windowMs` milliseconds. */
export function createRateWindow(kind: RateWindow['kind'], windowMs: number): RateWindow {
  /** When each call leaves the window, the earliest first, and how many of them have left it. */
  const leaveAtMs: number[] = [];
  let left = 0;

  function prune(nowMs: number): void {
    while (left < leaveAtMs.length && leaveAtMs[left]! <= nowMs) left++;
    // At once for many calls: for each of them, all that stay would be moved.
    if (left < leaveAtMs.length && left < 1_000) return;
    leaveAtMs.splice(0, left);
    left = 0;
  }

  return {
    kind,
    windowMs,
    count(nowMs) {
      prune(nowMs);
      const together = kind === 'fixed' ? leaveAtMs[left] : undefined;
      leaveAtMs.push(together ?? nowMs + windowMs);
    },
    used(nowMs) {
      prune(nowMs);
      return leaveAtMs.length - left;
    },
    freeAtMs(limit, nowMs) {
      prune(nowMs);
      return leaveAtMs.length - left < limit ? nowMs : leaveAtMs[leaveAtMs.length - limit]!;
    },
    emptyAtMs(nowMs) {
      prune(nowMs);
      return leaveAtMs.at(-1) ?? nowMs;
    },
  };
}
