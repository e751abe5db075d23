import { setTimeout as sleep } from 'node:timers/promises';
import { stopwatch } from '../time/awake.js';

/** What stores tell each other of a renewal. It has no token, nor anything of one. */
export interface Message {
  /** The store object that has sent it. */
  readonly from: string;
  /** Of one renewal. */
  readonly id: string;
  readonly account: string;
  readonly kind: 'begins' | 'over';
}

/** The message in a text; undefined for anything else. */
export function parseMessage(text: unknown): Message | undefined {
  try {
    const message = JSON.parse(String(text)) as Partial<Message> | null;
    const parts = [message?.from, message?.id, message?.account];
    if (parts.some((part) => typeof part !== 'string')) return undefined;
    return message?.kind === 'begins' || message?.kind === 'over' ? (message as Message) : undefined;
  } catch {
    return undefined;
  }
}

/** The intervals in which a process that is about to renew asks whether the others have finished. */
const firstPollMs = 5;
const longestPollMs = 100;

/**
 * Asks until `count` tells that so many listeners have finished, for `maxMs`, or until `signal` aborts. Never rejects: where the count
 * cannot be had now, it is asked again.
 */
export async function untilFinished(
  count: () => Promise<number>,
  listening: number,
  maxMs: number,
  signal: AbortSignal,
): Promise<void> {
  const elapsedMs = stopwatch();
  for (let pollMs = firstPollMs; elapsedMs() < maxMs; pollMs = Math.min(1.5 * pollMs, longestPollMs)) {
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const finished = await count().catch(() => 0);
    if (finished >= listening) return;
  }
}
