import { heardIn, isLost, type LoggedRequest } from './verdict.js';

/** Why a token was renewed. */
export type Reason = 'expiry' | 'lost-answer' | 'revocation';

/** The last renewal whose answer arrived. */
export interface LastRenewal {
  readonly reasons: readonly Reason[];
  /** With `lost-answer`: the time from the token request whose answer was lost, in milliseconds. */
  readonly afterMs: number;
}

/** Tells by the server's log why the last token was renewed; undefined where none was. */
export function lastRenewal(log: readonly LoggedRequest[]): LastRenewal | undefined {
  const renewal = heardIn(log).at(-1);
  if (!renewal) return undefined;
  const lost = log.find((entry) => isLost(entry) && entry.presented === renewal.presented);
  const reasons: Reason[] = [];
  if (lost) reasons.push('lost-answer');
  if (renewal.replaces?.revokedAtMs !== undefined) reasons.push('revocation');
  return {
    reasons: reasons.length > 0 ? reasons : ['expiry'],
    afterMs: lost ? renewal.atMs - lost.atMs : 0,
  };
}
