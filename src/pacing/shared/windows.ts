import type { Question, ToldLimit } from './exchange.js';
import type { Common, SharedWindow } from './state.js';

/** The hourly limit, the one of ten seconds, and the former value of one that has just changed. */
const mostWindows = 3;

/** The state with the windows renewed whose reset has passed. */
export function withResets(common: Common): Common {
  const isOver = ({ resetAtMs }: SharedWindow) => resetAtMs !== undefined && common.nowMs >= resetAtMs;
  if (!common.windows.some(isOver)) return common;
  return { ...common, windows: common.windows.map((w) => (isOver(w) ? renewed(w, common.issued) : w)) };
}

/**
 * The window after its reset: one more call can certainly pass, and its answer says how many may follow. The whole limit at once would be
 * too much where the window slides (only its oldest call is no longer in it), and where another limit is nearer to its end by now, which no
 * answer has named.
 */
function renewed({ limit, reset, passed, left, least }: SharedWindow, issued: number): SharedWindow {
  return {
    limit,
    reset: undefined,
    resetAtMs: undefined,
    passed: reset ?? passed,
    left: Math.max(left, 0) + 1,
    least,
    since: issued,
  };
}

/** The windows after permits were granted (`count` above 0) or given up unspent (below 0). */
export function spend(windows: readonly SharedWindow[], count: number): readonly SharedWindow[] {
  return count === 0 ? windows : windows.map((window) => ({ ...window, left: window.left - count }));
}

/** The state after what a question tells of limits. */
export function withTold(common: Common, { told, unlimited, epoch }: Question): Common {
  const isOwn = epoch === common.epoch;
  let { windows } = common;
  for (const one of told) windows = informed({ ...common, windows }, one, isOwn);
  if (isOwn && unlimited !== undefined) {
    // The API always sends these headers, so that a success without them, after a reset, says that there is no limit any more.
    windows = windows.filter(({ reset, since }) => reset !== undefined || unlimited < since);
  }
  return { ...common, windows };
}

function informed(common: Common, told: ToldLimit, isOwn: boolean): readonly SharedWindow[] {
  const { windows, nowMs, outstanding } = common;
  const window =
    windows.find(({ limit }) => limit === told.limit) ??
    // The limit of this window has been changed.
    windows.find(({ reset }) => reset !== undefined && reset === told.reset);
  if (told.again && window) return windows;
  // A call that was issued later than all that this state knows was issued by what has been lost.
  const issued = isOwn && told.issued !== undefined && told.issued <= common.issued ? told.issued : undefined;
  if (window && isLate(window, told, issued)) return windows;
  const { limit, remaining, least, reset, resetInMs } = told;
  const isAhead =
    reset !== undefined && resetInMs !== undefined && resetInMs > 0 && reset > (window?.passed ?? 0);
  const isSame = isAhead && reset === window?.reset;
  const resetAtMs = isAhead ? nowMs + resetInMs : undefined;
  // All calls that the API may have counted after the one that was answered: those that had not ended when it was sent.
  const overlap = issued === undefined ? undefined : common.issued - issued + (told.outstanding ?? 0) - 1;
  const sure = overlap === undefined ? least - outstanding : remaining - overlap;
  // Less is left than was certain, because somebody else uses the limit or it was lowered. What was known before does not count.
  const isVoid = !window || least < window.left;
  const isRaised = overlap !== undefined && window !== undefined && sure > window.least;
  const next: SharedWindow = {
    limit,
    reset: isAhead ? reset : undefined,
    // Members are wrong about the API's clock on the late side only.
    resetAtMs: isSame ? Math.min(window.resetAtMs!, resetAtMs!) : resetAtMs,
    passed: window?.passed ?? 0,
    left: isVoid ? sure : overlap === undefined ? window.left : Math.max(window.left, sure),
    least: isSame && !isRaised ? Math.min(window.least, least) : least,
    since: common.issued,
  };
  const others = windows.filter(
    // An answer names the limit that is nearest to its end. One whose reset has passed and that is not named is forgotten.
    (other) =>
      other !== window && (other.reset !== undefined || issued === undefined || issued < other.since),
  );
  return [next, ...others].slice(0, mostWindows);
}

/** Whether the answer belongs to an earlier window, because a later call was answered first or is told first. */
function isLate(
  { reset, passed, since }: SharedWindow,
  told: ToldLimit,
  issued: number | undefined,
): boolean {
  if (told.reset === undefined || (issued !== undefined && issued >= since)) return false;
  return told.reset <= passed || (reset !== undefined && told.reset < reset);
}
