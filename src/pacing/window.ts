/**
 * What is known of one limit. No header says whether its window is fixed or slides, and an answer does not include calls that the server has
 * counted later. So `left` is a lower bound, which holds for both kinds while nobody else uses the limit.
 */
export interface Window {
  readonly limit: number;
  /** On the server's clock; undefined once it has passed, and where no answer has named it. */
  readonly resetMs: number | undefined;
  /** The last reset that has passed. It is kept because estimates of the server's clock vary, and no reset must pass twice. */
  readonly passedMs: number;
  /** The smallest `remaining` of the answers in this window: that of the call which the server has counted last. */
  readonly least: number;
  /** The same less the calls that have ended since without rate-limit headers. Calls in flight are not subtracted yet. */
  readonly low: number;
  /** The calls that can certainly pass now. */
  readonly left: number;
  /** How many calls had been sent when this was learnt. The answers to later ones say more. */
  readonly since: number;
}

/** What one answer says about a limit. */
export interface Told {
  readonly limit: number | undefined;
  readonly remaining: number;
  readonly resetMs: number | undefined;
  /** The call's number among all calls that were sent. */
  readonly number: number;
  /** Calls that the server may have counted after this one, because they were under way together or were sent later. */
  readonly overlap: number;
  /** Those of them that have ended without rate-limit headers. */
  readonly untold: number;
}

/** The calls of the scope when an answer comes. */
export interface Standing {
  /** Calls under way, without the one that was answered. */
  readonly inFlight: number;
  /** Calls sent so far. */
  readonly sent: number;
  /** The server's clock. */
  readonly serverNowMs: number;
}

/** The window after one more call has passed. */
export function spent(window: Window): Window {
  const { limit, resetMs, passedMs, least, low, left, since } = window;
  return { limit, resetMs, passedMs, least, low, left: left - 1, since };
}

/** The window after a call that had passed was not sent. */
export function returned(window: Window): Window {
  return { ...window, left: window.left + 1 };
}

/** The window after a call has ended without rate-limit headers. The server may have counted it. */
export function silent(window: Window): Window {
  return { ...window, low: window.low - 1 };
}

/**
 * The window after its reset has passed: one more call can certainly pass, and its answer says how many may follow. The whole limit at once
 * would be too much where the window slides (only its oldest call is no longer in it), and where another limit is nearer to its end by now,
 * which no answer has named.
 */
export function renewed(window: Window, sent: number): Window {
  const { resetMs, passedMs, left } = window;
  return {
    ...window,
    resetMs: undefined,
    passedMs: resetMs ?? passedMs,
    left: Math.max(left, 0) + 1,
    since: sent,
  };
}

/** The window after one more answer. */
export function informed(window: Window | undefined, told: Told, standing: Standing): Window {
  const { remaining } = told;
  const { inFlight, sent, serverNowMs } = standing;
  const late = window !== undefined && isLate(window, told);
  // The call was counted in an earlier window. Of this one the answer says only that the call is no longer in flight.
  if (late && window.resetMs !== undefined) return raised(window, window.low - inFlight);
  const limit = told.limit ?? window?.limit ?? remaining;
  const passedMs = window?.passedMs ?? -Infinity;
  const isAhead = told.resetMs !== undefined && told.resetMs > Math.max(serverNowMs, passedMs);
  const resetMs = isAhead ? told.resetMs : undefined;
  const isLast = !window || remaining < window.least || (!late && resetMs !== window.resetMs);
  // What is left may go up again, and the answer to a call that few others overlap shows it.
  const sure = remaining - told.overlap;
  const low = Math.max(isLast ? remaining - told.untold : window.low, sure);
  const least = isLast || sure > window.least ? remaining : window.least;
  const left = Math.max(low - inFlight, sure);
  if (late) return raised({ ...window, least, low }, left);
  // Less is left than was certain, because somebody else uses the limit or it was lowered. What was known before does not count.
  const isVoid = !window || remaining < window.left;
  return {
    limit,
    resetMs,
    passedMs,
    least,
    low,
    left: isVoid ? left : Math.max(window.left, left),
    since: sent,
  };
}

function raised(window: Window, left: number): Window {
  return { ...window, left: Math.max(window.left, left) };
}

/** Whether the answer belongs to an earlier window, because a later call was answered first. */
function isLate(window: Window, { number, resetMs }: Told): boolean {
  if (number > window.since || resetMs === undefined) return false;
  return resetMs <= window.passedMs || (window.resetMs !== undefined && resetMs < window.resetMs);
}
