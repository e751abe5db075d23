import type { Env } from '../../time/env.js';
import { resendDelayMs } from '../../time/backoff.js';

/** How long, and how often after a lost answer, a request is sent again. */
export interface Insistence {
  /** The end of all of it, answers included; milliseconds since the epoch. */
  readonly endsAtMs: number;
  readonly answerTimeoutMs: number;
  /** With less time than this for the answer it is not sent. */
  readonly leastAnswerMs: number;
  /** How often it is sent again when it may have been carried out. */
  readonly resends: number;
  readonly signal: AbortSignal;
}

/**
 * Sends until there is a verdict: what was certainly not carried out is sent again, after the server's own wait. Resolves with the last
 * verdict; `retryAtMs` is when the server wants to hear from us again.
 */
export async function insist<V extends { readonly kind: string }>(
  env: Env,
  { endsAtMs, answerTimeoutMs, leastAnswerMs, resends, signal }: Insistence,
  send: (answerTimeoutMs: number) => Promise<V>,
): Promise<V & { readonly retryAtMs?: number }> {
  for (let attempt = 0, lost = 0; ; attempt++) {
    const leftMs = Math.max(leastAnswerMs, endsAtMs - env.now());
    const verdict = await send(Math.min(answerTimeoutMs, leftMs));
    const {
      kind,
      waitMs: toldMs = 0,
      final,
    }: { kind: string; waitMs?: number | undefined; final?: true } = verdict;
    const again =
      (kind === 'not-sent' && !final) || kind === 'busy' || (kind === 'perhaps-spent' && lost++ < resends);
    if (!again || signal.aborted) return verdict;
    const waitMs = Math.max(resendDelayMs(attempt, env.random()), toldMs * (1 + 0.1 * env.random()));
    const readyAtMs = env.now() + waitMs;
    if (readyAtMs + leastAnswerMs > endsAtMs)
      return kind === 'busy' ? { ...verdict, retryAtMs: readyAtMs } : verdict;
    await env.sleep(waitMs, { signal });
    if (signal.aborted) return verdict;
  }
}
