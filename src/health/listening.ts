import type { Procore } from '../attach/handle.js';
import type { CallSoFar, ProcoreEvents } from '../observe/events.js';
import { createAttempts, refusalOf } from './attempts.js';
import { isStatus } from './calls.js';
import type { Attempt } from './ledger.js';
import type { HealthRecord } from './record.js';
import { lower } from './slots.js';
import { isTokenFailure, tokenEventNames } from './token-events.js';
import { createWaits } from './waits.js';

/** Records what the events of a handle tell, and calls `changed` after each of them. Returns what ends it. */
export function listen(
  handle: Pick<Procore, 'on'>,
  { record, now, changed }: { record: HealthRecord; now: () => number; changed: () => void },
): () => void {
  const { ledger, timeline, tokens } = record;
  const attempts = createAttempts();
  const waits = createWaits();

  function addAttempt(attempt: Attempt, atMs: number): void {
    ledger.add(attempt, atMs);
    const slot = timeline.at(atMs);
    const { status } = attempt;
    if (status === undefined || !isStatus(status)) slot.unanswered += 1;
    else {
      slot.calls += 1;
      if (status >= 400) slot.failed += 1;
    }
  }

  function addWaits(detail: ProcoreEvents['request-retried' | 'request-settled'], isSettled: boolean): void {
    for (const { reason, sinceMs, waitedMs: ownMs } of waits.until(
      detail.callId,
      detail.waitedMs,
      isSettled,
    )) {
      const waited = timeline.at(sinceMs).waits[reason];
      waited.waitedMs += ownMs;
      waited.longestMs = Math.max(waited.longestMs, ownMs);
    }
  }

  function addLimit({ limit, remaining }: CallSoFar, atMs: number): void {
    if (!isAmount(limit) || !isAmount(remaining)) return;
    const slot = timeline.at(atMs);
    slot.limit = lower(slot.limit, { limit, remaining });
  }

  const subscriptions = [
    handle.on('request-waiting', (detail) => {
      const atMs = now();
      timeline.at(atMs).waits[detail.reason].waits += 1;
      waits.begins(detail.callId, detail.reason, atMs);
      changed();
    }),
    handle.on('request-retried', (detail) => {
      const atMs = now();
      addAttempt(attempts.beforeRetry(detail), atMs);
      addWaits(detail, false);
      addLimit(detail, atMs);
      changed();
    }),
    handle.on('request-settled', (detail) => {
      const atMs = now();
      const attempt = attempts.last(detail);
      const refusal = attempt ? undefined : refusalOf(detail);
      if (attempt) {
        addAttempt(attempt, atMs);
        addLimit(detail, atMs);
      }
      if (refusal) ledger.addUnsent(refusal, atMs);
      addWaits(detail, true);
      changed();
    }),
    ...tokenEventNames.map((event) =>
      handle.on(event, (detail) => {
        const atMs = now();
        const slot = timeline.at(atMs);
        if (event === 'token-renewed') slot.renewed += 1;
        if (event === 'token-adopted') slot.adopted += 1;
        if (isTokenFailure({ event })) slot.tokenFailures += 1;
        tokens.add(event, detail, atMs);
        changed();
      }),
    ),
  ];
  return () => {
    for (const unsubscribe of subscriptions) unsubscribe();
  };
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
