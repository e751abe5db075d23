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
  /** When each call that still counts leaves the window, the earliest first. */
  let leaveAtMs: number[] = [];

  function prune(nowMs: number): void {
    const staying = leaveAtMs.findIndex((atMs) => atMs > nowMs);
    if (staying !== 0) leaveAtMs = staying < 0 ? [] : leaveAtMs.slice(staying);
  }

  return {
    kind,
    windowMs,
    count(nowMs) {
      prune(nowMs);
      const together = kind === 'fixed' ? leaveAtMs[0] : undefined;
      leaveAtMs.push(together ?? nowMs + windowMs);
    },
    used(nowMs) {
      prune(nowMs);
      return leaveAtMs.length;
    },
    freeAtMs(limit, nowMs) {
      prune(nowMs);
      return leaveAtMs.length < limit ? nowMs : leaveAtMs[leaveAtMs.length - limit]!;
    },
    emptyAtMs(nowMs) {
      prune(nowMs);
      return leaveAtMs.at(-1) ?? nowMs;
    },
  };
}
