import { resendDelayMs } from '../../time/backoff.js';
import type { Env } from '../../time/env.js';
import { whyNotLetThrough, type Access } from './login-access.js';
import { within } from '../../time/within.js';
import type { Way } from '../../wire/way.js';
import type { Unanswered } from './verdict.js';

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

/** How long the answer to a token request may take, and what may still keep the request from being sent. */
export interface SendLimits {
  readonly signal: AbortSignal;
  readonly answerTimeoutMs: number;
  /** Agents and proxy of the call that the request is made for; undefined where no call waits for it. */
  readonly way?: Way | undefined;
  /** Asked right before the request is sent, after every other wait. The request is sent only where this resolves with true. */
  readonly mayPresent?: (() => Promise<boolean>) | undefined;
}

/** A token request under way; its verdict never rejects. */
export interface RequestUnderWay<V> {
  readonly verdict: Promise<V>;
  readonly sentAtMs: number;
  /** Whom it was sent to, for the text of a request without an answer. @default 'it' */
  readonly receiver?: string;
  /** Aborts the request when nobody waits any longer. Its verdict may still show that it was never sent. */
  readonly abandon?: () => void;
  /** Called when the verdict has been handed to the renewal that waits for it. */
  readonly received?: () => void;
}

/** Waits for a verdict for as long as an answer may take. */
export async function answerInTime<V>(
  env: Env,
  { verdict, sentAtMs, receiver = 'it', received, abandon }: RequestUnderWay<V>,
  { signal, answerTimeoutMs }: SendLimits,
): Promise<(V | Unanswered) & { readonly sentAtMs: number }> {
  const waited = await within(env, answerTimeoutMs, verdict, signal);
  if (waited.kind === 'done') {
    received?.();
    return { ...waited.value, sentAtMs };
  }
  const why =
    waited.kind === 'elapsed'
      ? `${receiver} gave no answer in ${answerTimeoutMs} ms`
      : 'the request was given up';
  if (abandon) {
    abandon();
    // If the request still has no connection (a proxy that gives no tunnel), its adapter ends at once and says so.
    const ended = await within(env, 0, verdict);
    const late = ended.kind === 'done' ? (ended.value as V | Unanswered) : undefined;
    if (late && isUnsent(late)) return { ...late, why, sentAtMs };
  }
  return { kind: 'perhaps-spent', why, sentAtMs };
}

function isUnsent<V>(verdict: V | Unanswered): verdict is Extract<Unanswered, { kind: 'not-sent' }> {
  return (verdict as { kind?: unknown }).kind === 'not-sent';
}
