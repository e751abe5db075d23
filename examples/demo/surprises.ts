import type { Procore } from 'axios-procore';
import type { Emulator, FaultHandle, LogEntry } from 'axios-procore/emulator';

/** The duration of an outage and its `Retry-After`, both in milliseconds. */
export interface PlannedOutage {
  readonly durationMs: number;
  /** A whole number of seconds. */
  readonly retryAfterMs: number;
}

/** The faults of each run. */
export const plannedSurprises = {
  lostAnswers: 1,
  revocations: 1,
  outage: { durationMs: 1_500, retryAfterMs: 1_000 },
} as const;

/** Starts the faults of a run, each at its time. */
export interface Surprises {
  /** Called at intervals with the number of calls of the sync that are done. Returns a line of text when a fault begins or ends. */
  after(done: number): string | undefined;
  /** From the start of the outage until it is seen to be over. */
  readonly isDown: boolean;
}

/** Tells when a run is ready for a fault whose time has come. */
export interface Moments {
  forOutage(): boolean;
  /** Called during the outage. An outage without a duration ends when this returns true. */
  forItsEnd(): boolean;
  forRevocation(): boolean;
}

/** A refresh answer is lost after 30 % of the calls, the API is down after 40 %, and the token is revoked after 55 %. */
export function createSurprises(
  emulator: Emulator,
  {
    requests,
    outage,
  }: { requests: number; outage: Pick<PlannedOutage, 'retryAfterMs'> & { forMs?: number } },
  moments: Moments,
  loseNextAnswer: () => FaultHandle = () => loseAnswer(emulator),
): Surprises {
  let lostAnswer: FaultHandle | undefined;
  let endOutage: (() => void) | undefined;
  let isDown = false;
  let revoked = false;

  return {
    get isDown() {
      return isDown;
    },
    after(done) {
      if (isDown && moments.forItsEnd()) {
        if (outage.forMs === undefined) endOutage?.();
        isDown = false;
        return 'the API is back';
      }
      if (!lostAnswer && done >= 0.3 * requests) {
        lostAnswer = loseNextAnswer();
        return 'the next refresh answer will be lost';
      }
      if (!endOutage && done >= 0.4 * requests && moments.forOutage()) {
        const { retryAfterMs, forMs } = outage;
        endOutage = emulator.outage({
          retryAfterSeconds: retryAfterMs / 1000,
          ...(forMs !== undefined && { forMs }),
        });
        isDown = true;
        return 'the API is down';
      }
      if (!revoked && lostAnswer?.hits === 1 && done >= 0.55 * requests && moments.forRevocation()) {
        emulator.revoke();
        revoked = true;
        return 'the token was revoked on the server';
      }
      return undefined;
    },
  };
}

/** Makes the server take its time for each call, so that a sync takes its duration, however fast the machine is. */
export function delayCalls(emulator: Emulator, latencyMs: number): FaultHandle {
  return emulator.misbehave({
    on: 'api',
    times: Infinity,
    after: true,
    do: { kind: 'delay', ms: latencyMs },
  });
}

/** Makes the emulator carry out the next renewal and drop its answer. */
export function loseAnswer(emulator: Emulator): FaultHandle {
  return emulator.misbehave({ on: 'token', after: true, do: { kind: 'drop' } });
}

/** The moments of a process that paces all calls. */
export function aloneMoments(
  emulator: Emulator,
  procore: Pick<Procore, 'status'>,
  { concurrency, limit }: { concurrency: number; limit: number },
): Moments {
  /** The number of calls that are left, by the server's latest answer. */
  function remaining(): number {
    // Token requests have no rate limit in the log. There is rarely more than one at a time, so a few entries are enough.
    const last = emulator.log.slice(-5).reverse();
    return last.find(({ rateLimit }) => rateLimit !== undefined)?.rateLimit?.remaining ?? 0;
  }

  return {
    // The first call of a window has been answered, so all the others leave now and none of them is answered yet.
    forOutage: () => remaining() === limit - 1,
    // Called when a call is done, which ends the outage.
    forItsEnd: () => true,
    forRevocation() {
      const { state, renewing } = procore.status();
      // Replays after a 401 must not exceed the limit, so there must be room for all calls in flight and their replays.
      return state === 'fresh' && !renewing && remaining() > 2 * concurrency;
    },
  };
}

/** The moments of a fleet. They are read from the server's log, because only the server sees the calls of all workers. */
export interface FleetMoments extends Moments {
  /** How long the outage has lasted, once it is over. */
  readonly downForMs: number;
}

/** Creates the moments of a fleet. `hasStruckAll` tells whether each worker has met the outage. */
export function fleetMoments(
  emulator: Pick<Emulator, 'log'>,
  {
    lifetimeMs,
    outage,
    hasStruckAll,
  }: { lifetimeMs: number; outage: PlannedOutage; hasStruckAll(): boolean },
  now: () => number = Date.now,
): FleetMoments {
  let downSinceMs = 0;
  let downForMs = 0;
  return {
    get downForMs() {
      return downForMs;
    },
    forOutage() {
      downSinceMs = now();
      return true;
    },
    // The outage may last longer than planned, because a worker that waits for its token or the processor starts no call.
    forItsEnd() {
      downForMs = now() - downSinceMs;
      return downForMs >= outage.durationMs && hasStruckAll();
    },
    forRevocation: () => isMidLife(emulator.log, { nowMs: now(), lifetimeMs }),
  };
}

/** Whether the newest pair has arrived, and is old enough that all workers have it, and young enough that none renews it. */
export function isMidLife(
  log: readonly Pick<LogEntry, 'atMs' | 'kind' | 'fault' | 'outcome'>[],
  { nowMs, lifetimeMs }: { nowMs: number; lifetimeMs: number },
): boolean {
  let at = log.length - 1;
  while (at >= 0 && log[at]!.kind !== 'token') at--;
  const last = log[at];
  if (last?.outcome !== 'issued' || last.fault === 'drop') return false;
  const ageMs = nowMs - last.atMs;
  return ageMs >= 0.2 * lifetimeMs && ageMs <= 0.4 * lifetimeMs;
}
