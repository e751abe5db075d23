import { resendDelayMs } from '../../time/backoff.js';
import type { Env } from '../../time/env.js';
import { within } from '../../time/within.js';
import type { Unanswered } from './verdict.js';
import type { Way } from '../../wire/way.js';
import type { Asker, Entered, LoginGate, Visit } from './login-gate.js';

/** What a request came to, as far as it matters for whether it is sent again: a verdict of `verdict.ts`, or of a revocation. */
interface Answered {
  readonly kind: string;
  readonly why?: string;
  /** The server's own wait, where it is busy. */
  readonly waitMs?: number | undefined;
  /** It would not be sent the next time either. */
  readonly final?: true;
}

/** No request is sent any more, although there is no verdict. */
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
  /** The way through the gate of the login host, at which the waits of a busy server are waited out. */
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
    const { kind, waitMs: toldMs = 0 } = verdict;
    const isBusy = kind === 'busy';
    const isUndecided =
      isBusy || (kind === 'not-sent' && !verdict.final) || (kind === 'perhaps-spent' && lost++ < resends);
    if (!isUndecided || signal.aborted || !maySendAgain(verdict)) return verdict;
    // The gate is closed now, and knows when it may open.
    const waitMs =
      isBusy && gate ? 0 : Math.max(resendDelayMs(attempt, env.random()), toldMs * (1 + 0.1 * env.random()));
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

/** Why the gate of the login host has let a request of this client not through. */
export function whyNotLetThrough(untilMs: number | undefined): string {
  return untilMs === undefined
    ? 'it was not its turn in time: too many accounts of this client are asking for tokens'
    : 'the login host has turned away requests of this client (429 or 503), and was not asked again';
}

function retryAt(untilMs: number | undefined): { readonly retryAtMs?: number } {
  return untilMs === undefined ? {} : { retryAtMs: untilMs };
}

/** How long the answer to a form may take, and what may still stop the form from being sent. */
export interface SendLimits {
  readonly signal: AbortSignal;
  readonly answerTimeoutMs: number;
  /** The way of the call that it is for, if it is for one. */
  readonly way?: Way | undefined;
  /** Asked last before the form leaves, after every other wait. */
  readonly mayPresent?: (() => Promise<boolean>) | undefined;
}

/** A presentation under way; its verdict never rejects. */
export interface Sending<V> {
  readonly verdict: Promise<V>;
  readonly sentAtMs: number;
  /** Ends it when nobody waits any longer. Its verdict can still show that it had never left. */
  readonly abandon?: () => void;
  /** Called when the verdict has reached whoever waits for it. */
  readonly received?: () => void;
}

/** Waits for a verdict for as long as an answer may take. */
export async function answerOf<V>(
  env: Env,
  { verdict, sentAtMs, received, abandon }: Sending<V>,
  { signal, answerTimeoutMs }: SendLimits,
): Promise<(V | Unanswered) & { readonly sentAtMs: number }> {
  const waited = await within(env, answerTimeoutMs, verdict, signal);
  if (waited.kind === 'done') {
    received?.();
    return { ...waited.value, sentAtMs };
  }
  const why =
    waited.kind === 'elapsed' ? `it gave no answer in ${answerTimeoutMs} ms` : 'the request was given up';
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

/** The way of one renewal, or of one log-in, through the gate of the login host. */
export interface Access {
  /** Whether a token request may leave, without any wait for the gate. */
  enter(): boolean;
  /**
   * Waits until one may leave. `undefined`: it may. `untilMs`: not before that moment, and nobody waits so long; without it the wait has
   * taken `maxMs`, or `signal` has aborted.
   */
  wait(maxMs: number, signal: AbortSignal): Promise<{ readonly untilMs?: number } | undefined>;
  /** What the request has come to. */
  ended(verdict: Pick<Answered, 'kind' | 'waitMs'>): void;
  /** No request leaves any more. */
  leave(): void;
}

/** Creates the way of one asker. */
export function createAccess(env: Env, gate: LoginGate, asker: Asker): Access {
  let visit: Visit | undefined;

  function leave(): void {
    visit?.leave();
    visit = undefined;
  }

  function enter(): boolean {
    if (visit?.isValid()) return true;
    leave();
    visit = gate.enter(asker);
    return visit !== undefined;
  }

  return {
    enter,
    leave,
    async wait(maxMs, signal) {
      if (enter()) return undefined;
      const own = new AbortController();
      const entering = gate.wait(asker, own.signal);
      const waited = await within(env, maxMs, entering, signal);
      own.abort();
      // It may have been let in just when its time was over.
      const entered: Entered = waited.kind === 'done' ? waited.value : await entering;
      if (entered.kind === 'closed') return { untilMs: entered.untilMs };
      if (entered.kind === 'aborted') return {};
      visit = entered.visit;
      return undefined;
    },
    ended({ kind, waitMs }) {
      if (kind === 'busy') visit?.turnedAway(waitMs);
      else if (kind !== 'not-sent' && kind !== 'perhaps-spent') visit?.served();
      leave();
    },
  };
}
