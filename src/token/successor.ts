import type { TokenSet } from '../store/store.js';
import { fingerprint } from './fingerprint.js';
import type { GrantMutex } from './mutex.js';

/** What this process has redeemed a refresh token for, followed to the set that is current now. */
export function successorOf(
  refreshToken: string | undefined,
  outcomeOf: GrantMutex['outcomeOf'],
): TokenSet | undefined {
  let successor: TokenSet | undefined;
  for (let refresh = refreshToken, steps = 0; refresh && steps < 1_000; steps++) {
    const outcome = outcomeOf(fingerprint(refresh));
    if (outcome?.kind !== 'renewed') break;
    successor = outcome.tokens;
    refresh = successor.refresh_token;
  }
  return successor;
}
