/**
 * What is known of one limit. No header says whether a window is fixed or slides, and an answer cannot know of calls that were counted
 * after it; so `left` is a lower bound that holds for both kinds while nobody else uses the limit.
 */
export interface Window {
  readonly limit: number;
  /** On the server's clock; undefined once it has passed, or when it was never told. */
  readonly resetMs: number | undefined;
  /** The last reset that has passed; estimates of the server's clock vary, and no reset passes twice. */
  readonly passedMs: number;
  /** The least `remaining` that was told in this window: that of the call which was counted last, of all that have told. */
  readonly least: number;
  /** The same without the calls that have ended untold since and may have been counted; calls in flight still come off. */
  readonly low: number;
  /** Calls that can certainly leave now. */
  readonly left: number;
  /** How many calls had been sent when this was learnt: later ones know better. */
  readonly since: number;
}

/** One answer's word on a limit. */
export interface Told {
  readonly limit: number | undefined;
  readonly remaining: number;
  readonly resetMs: number | undefined;
  /** The call's number among all that were sent. */
  readonly number: number;
  /** Calls that the server may have counted after this one: they were under way together, or were sent later. */
  readonly overlap: number;
  /** Those of them that have ended without telling. */
  readonly untold: number;
}

/** Where a scope stands when an answer comes. */
export interface Standing {
  /** Calls under way, without the one that was answered. */
  readonly inFlight: number;
  /** Calls sent so far. */
  readonly sent: number;
  /** The server's clock. */
  readonly serverNowMs: number;
}

/** One more call leaves. */
export function spent(window: Window): Window {
  const { limit, resetMs, passedMs, least, low, left, since } = window;
  return { limit, resetMs, passedMs, least, low, left: left - 1, since };
}

/** A call that had been let out was never sent. */
export function returned(window: Window): Window {
  return { ...window, left: window.left + 1 };
}

/** A call is over without a word on this limit: it may have been counted after whatever was told. */
export function silent(window: Window): Window {
  return { ...window, low: window.low - 1 };
}

/**
 * The reset has passed: one more call can certainly leave, and its answer says how many follow. All at once would be too many where the
 * window slides (only its oldest call has left it), and where another limit has come nearer meanwhile, of which no answer has told.
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
  // Counted in a window before the one that is known: of that it says only that it is no longer in flight.
  if (late && window.resetMs !== undefined) return raised(window, window.low - inFlight);
  const limit = told.limit ?? window?.limit ?? remaining;
  const passedMs = window?.passedMs ?? -Infinity;
  const isAhead = told.resetMs !== undefined && told.resetMs > Math.max(serverNowMs, passedMs);
  const resetMs = isAhead ? told.resetMs : undefined;
  const isLast = !window || remaining < window.least || (!late && resetMs !== window.resetMs);
  // What is left may go up again: a call that had few others beside it knows it, whatever was told before.
  const sure = remaining - told.overlap;
  const low = Math.max(isLast ? remaining - told.untold : window.low, sure);
  const least = isLast || sure > window.least ? remaining : window.least;
  const left = Math.max(low - inFlight, sure);
  if (late) return raised({ ...window, least, low }, left);
  // Less than was certain: somebody else uses the limit, or it has shrunk. What was known is void.
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

/** Answers overtake each other. */
function isLate(window: Window, { number, resetMs }: Told): boolean {
  if (number > window.since || resetMs === undefined) return false;
  return resetMs <= window.passedMs || (window.resetMs !== undefined && resetMs < window.resetMs);
}
