import { lastRenewal, type Reason } from './reasons.js';
import { tellExpiry, tellLostAnswer, tellOutage, tellRevocationOfFleet } from './sentences.js';
import { struckBy, type LoggedRequest } from './verdict.js';

/** Told what happens in a run of several processes, it tells each surprise once, when a worker has dealt with it. */
export interface FleetStory {
  /** A worker has renewed the token. */
  renewed(worker: string): void;
  /** An outage is over. */
  outage(durationMs: number): void;
}

/** Creates it. What it tells is read from the server's log. */
export function createFleetStory(
  tell: (sentence: string) => void,
  log: readonly LoggedRequest[],
  workers: number,
): FleetStory {
  const told = new Set<Reason>();

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
    outage: (durationMs) => tell(tellOutage(durationMs, struckBy(log).length, true)),
  };
}
