import type { Env } from '../../time/env.js';
import type { Way } from '../../wire/way.js';
import { within } from '../../time/within.js';
import type { Unanswered } from './verdict.js';

/** How long and by whose leave a form is sent. */
export interface Leave {
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
  { signal, answerTimeoutMs }: Leave,
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
    // A request whose proxy gave no tunnel in all that time has no socket. An adapter that listens to its signal ends at once.
    const ended = await within(env, 0, verdict);
    const late = ended.kind === 'done' ? (ended.value as V | Unanswered) : undefined;
    if (late && isUnsent(late)) return { ...late, why, sentAtMs };
  }
  return { kind: 'perhaps-spent', why, sentAtMs };
}

/** A secret as it is and as it looks in a form: neither may be quoted. */
export function asSent(secret: string): string[] {
  return [secret, encodeURIComponent(secret), new URLSearchParams([['', secret]]).toString().slice(1)];
}

function isUnsent<V>(verdict: V | Unanswered): verdict is Extract<Unanswered, { kind: 'not-sent' }> {
  return (verdict as { kind?: unknown }).kind === 'not-sent';
}
