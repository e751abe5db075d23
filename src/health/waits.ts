import type { WaitReason } from './slots.js';

/** What one wait of a call has taken. */
interface Wait {
  readonly reason: WaitReason;
  /** When it began. */
  readonly sinceMs: number;
  readonly waitedMs: number;
}

/** Gives the waits of calls from the events of those calls. */
export interface Waits {
  begins(callId: string, reason: WaitReason, atMs: number): void;
  /** The waits of a call that has waited so long in total, without those that were given before. */
  until(callId: string, waitedMs: number, isSettled: boolean): readonly Wait[];
}

interface Waiting {
  begun: readonly { readonly reason: WaitReason; readonly sinceMs: number }[];
  /** How much of what the call has waited was given. */
  givenMs: number;
}

/** How many calls that are under way are remembered with their waits. */
const mostCalls = 10_000;

/** Creates the waits of one handle. */
export function createWaits(): Waits {
  const waiting = new Map<string, Waiting>();

  return {
    begins(callId, reason, sinceMs) {
      const { begun = [], givenMs = 0 } = waiting.get(callId) ?? {};
      waiting.set(callId, { begun: [...begun, { reason, sinceMs }], givenMs });
      if (waiting.size > mostCalls) waiting.delete(waiting.keys().next().value!);
    },
    until(callId, waitedMs, isSettled) {
      const call = waiting.get(callId);
      if (!call) return [];
      const waits = shared(call.begun, waitedMs - call.givenMs);
      if (isSettled) waiting.delete(callId);
      // A call is sent again when its wait is over.
      else waiting.set(callId, { begun: [], givenMs: waitedMs });
      return waits;
    },
  };
}

/** Shares what a call has waited among its waits: each but the last ended at the latest when the next one began. */
function shared(begun: Waiting['begun'], waitedMs: number): Wait[] {
  let leftMs = waitedMs;
  const waits = begun.map(({ reason, sinceMs }, index) => {
    const endedMs = begun[index + 1]?.sinceMs ?? Infinity;
    const ownMs = Math.max(0, Math.min(leftMs, endedMs - sinceMs));
    leftMs -= ownMs;
    return { reason, sinceMs, waitedMs: ownMs };
  });
  return waits.filter((wait) => wait.waitedMs > 0);
}
