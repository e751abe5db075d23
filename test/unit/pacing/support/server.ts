/** How a server counts, and what it calls the reset. */
export type Counting =
  /** Windows begin at multiples of their length, plus `phaseMs`. */
  | { kind: 'aligned'; phaseMs: number }
  /** A window begins with the first call after the last one's end. */
  | { kind: 'first-call' }
  /** The window is the last `windowMs`; the reset is when its first, or its last, call leaves it. */
  | { kind: 'sliding'; reset: 'first' | 'last' };

export interface Limit {
  limit: number;
  windowMs: number;
}

interface Judged {
  status: number;
  headers: Record<string, string>;
}

export interface LimitedServer {
  limits: Limit[];
  /** Counts and answers a call that arrives at `nowMs` on the server's clock. */
  judge(nowMs: number): Judged;
  readonly refused: number;
  readonly served: number;
}

/** Counts like a server that has the app to itself; refused calls do not count. */
export function createLimitedServer(counting: Counting, limits: Limit[]): LimitedServer {
  const arrivals: number[] = [];
  let windowFrom: number[] = [];
  let refused = 0;
  let served = 0;

  function window({ windowMs }: Limit, index: number, nowMs: number): { from: number; counted: number[] } {
    if (counting.kind === 'sliding') {
      const counted = arrivals.filter((at) => at > nowMs - windowMs);
      return { from: (counting.reset === 'first' ? counted[0] : counted.at(-1)) ?? nowMs, counted };
    }
    let from = windowFrom[index] ?? -Infinity;
    if (counting.kind === 'aligned')
      from = Math.floor((nowMs - counting.phaseMs) / windowMs) * windowMs + counting.phaseMs;
    else if (nowMs >= from + windowMs) from = nowMs;
    windowFrom[index] = from;
    return { from, counted: arrivals.filter((at) => at >= from) };
  }

  const server: LimitedServer = {
    limits,
    judge(nowMs) {
      if (windowFrom.length !== server.limits.length) windowFrom = server.limits.map(() => -Infinity);
      const isOver = server.limits.some((limit, i) => window(limit, i, nowMs).counted.length >= limit.limit);
      if (isOver) refused++;
      else {
        served++;
        arrivals.push(nowMs);
      }
      const [nearer] = server.limits
        .map((limit, index) => {
          const { from, counted } = window(limit, index, nowMs);
          const remaining = Math.max(0, limit.limit - counted.length);
          return { limit: limit.limit, remaining, resetMs: from + limit.windowMs };
        })
        .sort((one, other) => one.remaining - other.remaining || other.resetMs - one.resetMs);
      return {
        status: isOver ? 429 : 200,
        headers: {
          date: new Date(nowMs).toUTCString(),
          'X-Rate-Limit-Limit': String(nearer!.limit),
          'X-Rate-Limit-Remaining': String(nearer!.remaining),
          'X-Rate-Limit-Reset': String(Math.ceil(nearer!.resetMs / 1000)),
        },
      };
    },
    get refused() {
      return refused;
    },
    get served() {
      return served;
    },
  };
  return server;
}
