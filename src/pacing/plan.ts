import { asked, firstAnswerMs, isRefusal, passedOn, refused, wentFirst, type Closing } from './closing.js';
import { plausibleReset, type RateLimit } from '../wire/rate-limit.js';
import {
  informed,
  renewed,
  returned,
  silent,
  spent,
  type Standing,
  type Told,
  type Window,
} from './window.js';

/** What is known of one scope: calls under way, limits, and whether its gate is closed. */
export interface Pace {
  /** Whether the server has answered at all. */
  readonly answered: boolean;
  /** Calls sent so far. */
  readonly sent: number;
  /** Calls sent and neither answered nor lost. */
  readonly inFlight: number;
  /** Calls that ended without rate-limit headers. The server may have counted them. */
  readonly untold: number;
  /** Local milliseconds since the epoch. */
  readonly lastSentAtMs: number;
  /** The limits that answers have named, the latest one first: the hourly one, the one of ten seconds, one that has changed. */
  readonly windows: readonly Window[];
  readonly closing: Closing | undefined;
  /** How far the server's clock is ahead at least, so that a reset is expected late rather than early. */
  readonly serverOffsetMs: number;
}

/** One call that was sent. */
export interface Sending {
  /** Its number among all calls that were sent. */
  readonly number: number;
  /** Calls that were under way when it was sent. */
  readonly beside: number;
  /** Calls that had ended without rate-limit headers before. */
  readonly untold: number;
}

/** What an answer says about rate limits. */
export interface Answer {
  readonly status: number;
  readonly rateLimit: RateLimit;
  /** What `Retry-After` asks for. */
  readonly retryAfterMs: number | undefined;
}

/** Whether the next call may pass. */
export type Admission =
  | { readonly kind: 'go' }
  /** Not before this moment (local milliseconds since the epoch). `status` is that of the answer that closed the gate, if one did. */
  | { readonly kind: 'until'; readonly atMs: number; readonly status: number | undefined }
  /** Not before the next answer comes; at this moment if none comes. */
  | { readonly kind: 'answer'; readonly atMs: number };

/** If only calls without rate-limit headers have used up a limit, and its reset is further away than this, one call is sent to find out. */
const longWaitMs = 60_000;
/** The most calls in flight before the first answer. */
const mostBeforeFirstAnswer = 10;
/** The hourly limit, the one of ten seconds, and the former value of one that has just changed. */
const mostWindows = 3;

/** Nothing sent, nothing known. */
export const unknownPace: Pace = Object.freeze({
  answered: false,
  sent: 0,
  inFlight: 0,
  untold: 0,
  lastSentAtMs: 0,
  windows: [],
  closing: undefined,
  serverOffsetMs: 0,
});

const go: Admission = Object.freeze({ kind: 'go' });

/** The pace at this moment, with the windows renewed whose reset has passed. {@link admit} expects it. */
export function at(pace: Pace, nowMs: number): Pace {
  for (const window of pace.windows) if (isOver(window, pace, nowMs)) return renewedAt(pace, nowMs);
  return pace;
}

function renewedAt(pace: Pace, nowMs: number): Pace {
  const windows = pace.windows.map((w) => (isOver(w, pace, nowMs) ? renewed(w, pace.sent) : w));
  return { ...pace, windows };
}

function isOver({ resetMs }: Window, { serverOffsetMs }: Pace, nowMs: number): boolean {
  return resetMs !== undefined && nowMs >= resetMs - serverOffsetMs;
}

/** Whether one more call may pass now. */
export function admit(pace: Pace, nowMs: number): Admission {
  const { closing, inFlight } = pace;
  let untilMs = -Infinity;
  let answerMs = -Infinity;
  // Only for a time, because these calls may take long, or wait for calls that come after them.
  if (!pace.answered && inFlight >= mostBeforeFirstAnswer) answerMs = pace.lastSentAtMs + firstAnswerMs;
  if (closing) {
    untilMs = closing.untilMs;
    if (closing.first) answerMs = Math.max(answerMs, closing.first.sinceMs + firstAnswerMs);
  }
  for (const { left, resetMs, least } of pace.windows) {
    if (left >= 1) continue;
    if (resetMs !== undefined) {
      const resetAtMs = resetMs - pace.serverOffsetMs;
      // The server has not said that nothing is left: calls without rate-limit headers have used it up, if they were counted at all.
      const mayAsk = least >= 1 && inFlight === 0 && resetAtMs - nowMs > longWaitMs;
      untilMs = Math.max(untilMs, mayAsk ? pace.lastSentAtMs + firstAnswerMs : resetAtMs);
    }
    // The next answer will say how many calls may follow. Without calls in flight there will be none, so that one call has to be sent.
    else if (inFlight > 0) answerMs = Math.max(answerMs, pace.lastSentAtMs + firstAnswerMs);
  }
  if (untilMs > nowMs) return { kind: 'until', atMs: untilMs, status: closing?.status };
  return answerMs > nowMs ? { kind: 'answer', atMs: answerMs } : go;
}

/** The pace after a call has passed, and that call. */
export function sent(pace: Pace, nowMs: number): { pace: Pace; sending: Sending } {
  const number = pace.sent + 1;
  const { inFlight, closing, windows } = pace;
  return {
    // Written out, here and in `answered`, because a spread takes longer, and every call comes here.
    pace: {
      answered: pace.answered,
      sent: number,
      inFlight: inFlight + 1,
      untold: pace.untold,
      lastSentAtMs: nowMs,
      windows: windows.length === 0 ? windows : windows.map(spent),
      closing: closing && asked(closing, number, nowMs),
      serverOffsetMs: pace.serverOffsetMs,
    },
    sending: { number, beside: inFlight, untold: pace.untold },
  };
}

/** The pace after a call that had passed was not sent. */
export function unsent(pace: Pace, { number }: Sending): Pace {
  const { inFlight, windows, closing } = pace;
  return {
    ...pace,
    inFlight: inFlight - 1,
    windows: windows.map(returned),
    closing: passedOn(closing, number),
  };
}

/** The pace after a call was sent and has got no answer. The server may have counted it. */
export function lost(pace: Pace, { number }: Sending): Pace {
  const { inFlight, untold, windows, closing } = pace;
  return {
    ...pace,
    inFlight: inFlight - 1,
    untold: untold + 1,
    windows: windows.map(silent),
    closing: passedOn(closing, number),
  };
}

/** When an answer came. */
export interface AnswerClock {
  readonly nowMs: number;
  /** How far the server's clock is ahead of that, at least. */
  readonly serverOffsetMs: number;
  /** In [0, 1): the jitter of a wait that the server asks for. */
  readonly draw: number;
}

/** The pace after an answer. */
export function answered(pace: Pace, sending: Sending, answer: Answer, clock: AnswerClock): Pace {
  const { nowMs, serverOffsetMs, draw } = clock;
  const resetMs = plausibleReset(answer.rateLimit, nowMs + serverOffsetMs);
  const resetAtMs = resetMs === undefined ? undefined : resetMs - serverOffsetMs;
  const { limit, remaining } = answer.rateLimit;
  return {
    answered: true,
    sent: pace.sent,
    inFlight: pace.inFlight - 1,
    untold: remaining === undefined ? pace.untold + 1 : pace.untold,
    lastSentAtMs: pace.lastSentAtMs,
    serverOffsetMs,
    windows:
      remaining === undefined
        ? windowsUntold(pace.windows, sending.number, answer.status)
        : windowsTold(pace, sending, { limit, remaining, resetMs }, nowMs + serverOffsetMs),
    closing: closingAfter(pace.closing, sending, answer, { nowMs, draw, resetAtMs }),
  };
}

/**
 * The windows after an answer without rate-limit headers. The API itself always sends them, so that a success without them, after a reset,
 * says that there is no limit any more. A failure may come from a gateway in front of the API, and says nothing.
 */
function windowsUntold(windows: readonly Window[], number: number, status: number): readonly Window[] {
  if (windows.length === 0) return windows;
  const kept = windows.filter((w) => w.resetMs !== undefined || number <= w.since || status >= 400);
  return kept.map(silent);
}

function windowsTold(
  { windows, sent, inFlight, untold }: Pace,
  { number, beside, untold: untoldBefore }: Sending,
  { limit, remaining, resetMs }: RateLimit & { remaining: number },
  serverNowMs: number,
): readonly Window[] {
  const told: Told = {
    limit,
    remaining,
    resetMs,
    number,
    overlap: beside + sent - number,
    untold: untold - untoldBefore,
  };
  const standing: Standing = { inFlight: inFlight - 1, sent, serverNowMs };
  const window = windowOf(windows, told);
  if (window && windows.length === 1) return [informed(window, told, standing)];
  const others = windows.filter(
    // An answer names the limit that is nearest to its end. One whose reset has passed and that is not named is forgotten.
    (other) => other !== window && (other.resetMs !== undefined || told.number <= other.since),
  );
  return [informed(window, told, standing), ...others.map(silent)].slice(0, mostWindows);
}

/** The window that an answer names. */
function windowOf(windows: readonly Window[], { limit, resetMs }: Told): Window | undefined {
  if (limit === undefined) return windows[0];
  return (
    windows.find((window) => window.limit === limit) ??
    // The limit of this window has been changed.
    windows.find((window) => window.resetMs !== undefined && window.resetMs === resetMs)
  );
}

function closingAfter(
  closing: Closing | undefined,
  { number }: Sending,
  { status, retryAfterMs }: Answer,
  { nowMs, draw, resetAtMs }: { nowMs: number; draw: number; resetAtMs: number | undefined },
): Closing | undefined {
  const refusal = { status, number, retryAfterMs, resetAtMs };
  if (isRefusal(closing, refusal)) return refused(closing, refusal, nowMs, draw);
  if (status === 503) return closing;
  return wentFirst(closing, number) ? undefined : closing;
}
