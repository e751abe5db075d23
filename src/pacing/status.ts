import { admit, type Pace } from './plan.js';
import type { Reply } from './shared/exchange.js';
import { admission, maySpend, type Share } from './shared/share.js';
import type { Window } from './window.js';

/** What `status()` shows of the limit under which an account's calls are sent. Moments are those of this machine's clock. */
export interface PacingStatus {
  /** As the answers name the limit, in calls: that of the two which allows fewer calls now. Missing where no answer has named one. */
  limit?: number;
  /** So many calls can certainly be sent now: what the answers have left, less the calls that were sent since. */
  remaining?: number;
  /** When that limit is reset. Missing where no answer has told it, or none since the last reset. */
  resetsAt?: Date;
  /** Calls that wait for the limit, or for a server that refuses calls for a time. */
  waiting: number;
  /** No call is sent before this moment: the limit is used up, or the server has refused calls. Missing where calls are sent now. */
  closedUntil?: Date;
}

/** The status of one gate; undefined before the first answer. `pace` is that of this moment, `nowMs`. */
export function statusOfPace(
  pace: Pace,
  nowMs: number,
  { waiting, setBackMs }: { waiting: number; setBackMs: number },
): PacingStatus | undefined {
  if (!pace.answered) return undefined;
  const local = (atMs: number) => new Date(atMs - setBackMs);
  const window = tightest(pace.windows);
  const admission = admit(pace, nowMs);
  return {
    ...(window ? { limit: window.limit, remaining: Math.max(0, window.left) } : {}),
    ...(window?.resetMs === undefined ? {} : { resetsAt: local(window.resetMs - pace.serverOffsetMs) }),
    waiting,
    ...(admission.kind === 'until' ? { closedUntil: local(admission.atMs) } : {}),
  };
}

/**
 * The status of a gate whose limit is shared with other processes, as the common state has told it at `atMs`, with the permits that this
 * process has.
 */
export function statusOfShare(
  share: Share,
  reply: Reply,
  { nowMs, atMs, waiting, setBackMs }: { nowMs: number; atMs: number; waiting: number; setBackMs: number },
): PacingStatus {
  const local = (ms: number) => new Date(ms - setBackMs);
  const { limit, left = 0, resetInMs } = reply;
  const resetsAtMs = resetInMs === undefined ? undefined : atMs + resetInMs;
  const isOver = resetsAtMs !== undefined && resetsAtMs <= nowMs;
  const own = maySpend(share, nowMs) ? share.permits : 0;
  const next = admission(share, nowMs);
  return {
    ...(limit === undefined ? {} : { limit, remaining: isOver ? Math.max(1, own) : left + own }),
    ...(resetsAtMs === undefined || isOver ? {} : { resetsAt: local(resetsAtMs) }),
    waiting,
    ...(next.kind === 'until' ? { closedUntil: local(next.atMs) } : {}),
  };
}

/**
 * The status of an account that has several limits, one for each company: that of the limit which holds calls back the longest or, where none
 * does, which allows the fewest. All calls that wait are counted.
 */
export function statusOfAll(all: readonly PacingStatus[]): PacingStatus | undefined {
  const [first, ...others] = all;
  if (!first) return undefined;
  const shown = others.reduce((worst, one) => (isWorse(one, worst) ? one : worst), first);
  return { ...shown, waiting: all.reduce((sum, { waiting }) => sum + waiting, 0) };
}

function tightest(windows: readonly Window[]): Window | undefined {
  return windows.reduce<Window | undefined>(
    (least, window) => (least && least.left <= window.left ? least : window),
    undefined,
  );
}

function isWorse(one: PacingStatus, other: PacingStatus): boolean {
  const [closedMs, otherClosedMs] = [one, other].map(
    ({ closedUntil }) => closedUntil?.getTime() ?? -Infinity,
  );
  if (closedMs !== otherClosedMs) return closedMs! > otherClosedMs!;
  return (one.remaining ?? Infinity) < (other.remaining ?? Infinity);
}
