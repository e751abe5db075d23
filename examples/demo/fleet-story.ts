import { lastRenewal, type Reason } from './reasons.js';
import type { FleetPacing } from './fleet-verdict.js';
import type { SpikeLimit } from './limits.js';
import {
  tellExpiry,
  tellLimitOfFleet,
  tellLonger,
  tellLostAnswer,
  tellOutage,
  tellRevocationOfFleet,
} from './sentences.js';
import { struckBy, windowsUsedUp, type LoggedRequest } from './verdict.js';

/** Told what happens in a run of several processes, it tells each surprise once, when a worker has dealt with it. */
export interface FleetStory {
  /** A worker has renewed the token. */
  renewed(worker: string): void;
  /** Called at intervals. `longer` is the new limit where the windows have become longer. */
  limit(now: SpikeLimit, longer: SpikeLimit | undefined): void;
  /** An outage is over. */
  outage(durationMs: number): void;
}

/** Creates it. What it tells is read from the server's log. */
export function createFleetStory(
  tell: (sentence: string) => void,
  log: readonly LoggedRequest[],
  { workers, pacing }: { workers: number; pacing: FleetPacing },
): FleetStory {
  const told = new Set<Reason | 'limit'>();

  return {
    renewed(worker) {
      const { reasons = [], afterMs = 0 } = lastRenewal(log) ?? {};
      for (const reason of reasons) {
        if (told.has(reason)) continue;
        told.add(reason);
        if (reason === 'expiry') tell(tellExpiry(worker, workers > 1));
        if (reason === 'lost-answer') tell(tellLostAnswer(worker, afterMs));
        if (reason === 'revocation') tell(tellRevocationOfFleet(worker));
      }
    },
    limit(now, longer) {
      if (longer) tell(tellLonger(longer));
      if (workers === 1 || told.has('limit') || windowsUsedUp(log) === 0) return;
      told.add('limit');
      tell(tellLimitOfFleet(now, pacing));
    },
    outage: (durationMs) => tell(tellOutage(durationMs, struckBy(log).length, pacing)),
  };
}
