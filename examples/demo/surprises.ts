import type { Procore } from 'axios-procore';
import type { Emulator, FaultHandle, LogEntry } from 'axios-procore/emulator';

/** How long the API is down, and what it tells those who ask; both in milliseconds. */
export interface PlannedOutage {
  readonly durationMs: number;
  /** Whole seconds. */
  readonly retryAfterMs: number;
}

/** What goes wrong on purpose in each run. */
export const plannedSurprises = {
  lostAnswers: 1,
  revocations: 1,
  outage: { durationMs: 1_500, retryAfterMs: 1_000 },
} as const;

/** Makes things go wrong, each at its time. */
export interface Surprises {
  /** To be called with how many calls of the sync are done, after each of them or now and then. Returns the news, if there is any. */
  after(done: number): string | undefined;
  /** From the start of the outage until it is seen to be over. */
  readonly isDown: boolean;
}

/** When a run is ready for what its share of the calls has brought up. */
export interface Moments {
  forOutage(): boolean;
  /** Asked while it is down. An outage without a time of its own ends with it. */
  forItsEnd(): boolean;
  forRevocation(): boolean;
}

/** A refresh answer is lost after 30 % of the calls, the API is down after 40 %, and the token is revoked after 70 %. */
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
      if (!revoked && lostAnswer?.hits === 1 && done >= 0.7 * requests && moments.forRevocation()) {
        emulator.revoke();
        revoked = true;
        return 'the token was revoked on the server';
      }
      return undefined;
    },
  };
}

/** The next renewal is carried out, and nobody hears the answer. */
export function loseAnswer(emulator: Emulator): FaultHandle {
  return emulator.misbehave({ on: 'token', after: true, do: { kind: 'drop' } });
}

/** The moments of a process that paces all calls. */
export function aloneMoments(
  emulator: Emulator,
  procore: Pick<Procore, 'status'>,
  { concurrency, limit }: { concurrency: number; limit: number },
): Moments {
  /** What the server has told last of its limit. */
  function remaining(): number {
    // A renewal is told of no limit, and there is hardly more than one at a time.
    const last = emulator.log.slice(-5).reverse();
    return last.find(({ rateLimit }) => rateLimit !== undefined)?.rateLimit?.remaining ?? 0;
  }

  return {
    // The first call of a window has been answered, so all the others leave now and none of them is answered yet.
    forOutage: () => remaining() === limit - 1,
    // A call is done.
    forItsEnd: () => true,
    forRevocation() {
      const { state, renewing } = procore.status();
      // A replay never waits, so all calls in flight and their replays must fit.
      return state === 'fresh' && !renewing && remaining() > 2 * concurrency;
    },
  };
}

/** The moments of a fleet, of which the server alone sees the whole. */
export interface FleetMoments extends Moments {
  /** How long the outage has lasted, once it is over. */
  readonly downForMs: number;
}

/** `hasStruckAll`: whether no worker is left that the outage has yet to meet. */
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
    // A worker that waits for its token, or for the processor, starts no call meanwhile.
    forItsEnd() {
      downForMs = now() - downSinceMs;
      return downForMs >= outage.durationMs && hasStruckAll();
    },
    forRevocation: () => isMidLife(emulator.log, { nowMs: now(), lifetimeMs }),
  };
}

/** Whether the newest pair has been heard of, and is neither so young that some have not seen it nor so old that it is being renewed. */
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
