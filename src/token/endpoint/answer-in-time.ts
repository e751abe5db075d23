import type { Env } from '../../time/env.js';
import { within } from '../../time/within.js';
import type { Way } from '../../wire/way.js';
import type { Unanswered } from './verdict.js';

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
export interface Sending<V> {
  readonly verdict: Promise<V>;
  readonly sentAtMs: number;
  /** Aborts the request when nobody waits any longer. Its verdict may still show that it was never sent. */
  readonly abandon?: () => void;
  /** Called when the verdict has been handed to the renewal that waits for it. */
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
