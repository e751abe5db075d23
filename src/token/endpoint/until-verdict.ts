import { resendDelayMs } from '../../time/backoff.js';
import type { Env } from '../../time/env.js';
import { whyNotLetThrough, type Access } from './login-access.js';

/** The part of a verdict that decides whether the request is sent again: of one of `verdict.ts`, or of a revocation. */
interface Answered {
  readonly kind: string;
  readonly why?: string;
  /** The server's own wait, where it is busy. */
  readonly waitMs?: number | undefined;
  /** True where the request could not be sent the next time either. */
  readonly final?: true;
}

/** Why no request was sent, although there is no verdict. */
export interface Unasked {
  /** `blocked`: the login host's gate did not let it through in time. `no-time`: no time was left for an answer. */
  readonly kind: 'blocked' | 'no-time';
  readonly why: string;
}

/** How long, and how often after a lost answer, a request is sent again. */
export interface Persistence<V> {
  /** The end of all of it, answers included; milliseconds since the epoch. */
  readonly endsAtMs: number;
  readonly answerTimeoutMs: number;
  /** With less time than this for the answer it is not sent. */
  readonly leastAnswerMs: number;
  /** How often it is sent again when it may have been carried out. */
  readonly resends: number;
  readonly signal: AbortSignal;
  /** The access to the gate of the login host. The waits that a busy server asks for are waited out there. */
  readonly gate?: Pick<Access, 'wait' | 'ended'>;
  /** Whether the request may still be sent after this answer; asked before a wait and after it. */
  readonly maySendAgain?: (verdict: V) => boolean;
  /** Called before each wait for the next request. */
  readonly onWait?: (verdict: V) => void;
}

/**
 * Sends a request until there is a verdict. What was certainly not carried out is sent again, after the server's own wait; what may have
 * been carried out is sent again as often as `resends` says. Resolves with the last verdict; `retryAtMs` is when a busy server wants to be
 * asked again.
 */
export async function askUntilVerdict<V extends Answered>(
  env: Env,
  persistence: Persistence<V>,
  send: (answerTimeoutMs: number) => Promise<V>,
): Promise<(V | Unasked) & { readonly retryAtMs?: number }> {
  const { endsAtMs, answerTimeoutMs, leastAnswerMs, resends, signal, gate } = persistence;
  const { maySendAgain = () => true, onWait } = persistence;
  let verdict: V | undefined;
  for (let attempt = 0, lost = 0; ; attempt++) {
    const blocked = await gate?.wait(endsAtMs - leastAnswerMs - env.now(), signal);
    if (verdict && signal.aborted) return verdict;
    if (blocked) return { ...(verdict ?? notLetThrough(blocked)), ...retryAt(blocked.untilMs) };
    const leftMs = endsAtMs - env.now();
    if (leftMs < leastAnswerMs) return { kind: 'no-time', why: 'there was no time left for an answer' };
    verdict = await send(Math.min(answerTimeoutMs, leftMs));
    gate?.ended(verdict);
    const { kind, waitMs: serverWaitMs = 0 } = verdict;
    const isBusy = kind === 'busy';
    const isUndecided =
      isBusy || (kind === 'not-sent' && !verdict.final) || (kind === 'perhaps-spent' && lost++ < resends);
    if (!isUndecided || signal.aborted || !maySendAgain(verdict)) return verdict;
    // A busy server has closed the gate, and the wait happens there.
    const waitMs =
      isBusy && gate
        ? 0
        : Math.max(resendDelayMs(attempt, env.random()), serverWaitMs * (1 + 0.1 * env.random()));
    const readyAtMs = env.now() + waitMs;
    if (waitMs > 0 && readyAtMs + leastAnswerMs > endsAtMs)
      return isBusy ? { ...verdict, retryAtMs: readyAtMs } : verdict;
    onWait?.(verdict);
    if (waitMs > 0) await env.sleep(waitMs, { signal });
    if (signal.aborted || !maySendAgain(verdict)) return verdict;
  }
}

function notLetThrough({ untilMs }: { untilMs?: number }): Unasked {
  return { kind: 'blocked', why: whyNotLetThrough(untilMs) };
}

function retryAt(untilMs: number | undefined): { readonly retryAtMs?: number } {
  return untilMs === undefined ? {} : { retryAtMs: untilMs };
}
