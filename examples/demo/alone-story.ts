import type { InFlight } from './in-flight.js';
import type { SpikeLimit } from './limits.js';
import { lastRenewal, type Reason } from './reasons.js';
import { tellExpiry, tellLimit, tellLostAnswer, tellOutage, tellRevocation } from './sentences.js';
import { struckBy, type LoggedRequest } from './verdict.js';

/** Told what happens in a run of one process, it tells each surprise once, when the plugin has dealt with it. */
export interface AloneStory {
  renewed(): void;
  /** A call waits for the limit. `held` tells how many have waited so far. */
  held(): void;
  outage(): void;
}

/** Creates it. What it tells is counted in the server's log when the calls that a surprise may have met have ended. */
export function createAloneStory(
  tell: (sentence: string) => void,
  {
    log,
    inFlight,
    limit,
    outageMs,
    heldSoFar,
  }: {
    log: readonly LoggedRequest[];
    inFlight: Pick<InFlight, 'whenEnded'>;
    limit(): SpikeLimit;
    outageMs: number;
    heldSoFar(): number;
  },
): AloneStory {
  const told = new Set<Reason | 'limit'>();
  const isFirst = (what: Reason | 'limit') => !told.has(what) && Boolean(told.add(what));
  const refusals = (is: (entry: LoggedRequest) => boolean) => log.filter(is).length;
  const revocation = () =>
    tellRevocation(
      'the plugin',
      refusals(({ refusal }) => refusal === 'revoked'),
    );
  const usedUp = () =>
    tellLimit(
      limit(),
      heldSoFar(),
      refusals(({ status }) => status === 429),
    );

  return {
    renewed() {
      const { reasons = [], afterMs = 0 } = lastRenewal(log) ?? {};
      for (const reason of reasons.filter(isFirst)) {
        if (reason === 'expiry') tell(tellExpiry('the plugin', false));
        if (reason === 'lost-answer') tell(tellLostAnswer('the plugin', afterMs));
        if (reason === 'revocation') inFlight.whenEnded(() => tell(revocation()));
      }
    },
    held() {
      if (isFirst('limit')) inFlight.whenEnded(() => tell(usedUp()));
    },
    outage: () => inFlight.whenEnded(() => tell(tellOutage(outageMs, struckBy(log).length, 'alone'))),
  };
}
