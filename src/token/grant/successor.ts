import type { TokenSet } from '../../store/store.js';
import { fingerprint } from '../pair/fingerprint.js';
import type { GrantMutex } from './registry.js';

/** What this process has redeemed a refresh token for, followed to the set that is current now. */
export function successorOf(
  refreshToken: string | undefined,
  outcomeOf: GrantMutex['outcomeOf'],
): TokenSet | undefined {
  let successor: TokenSet | undefined;
  const passed = new Set<string>();
  for (let refresh = refreshToken; refresh && !passed.has(refresh);) {
    passed.add(refresh);
    const outcome = outcomeOf(fingerprint(refresh));
    if (outcome?.kind !== 'renewed') break;
    successor = outcome.tokens;
    refresh = successor.refresh_token;
  }
  return successor;
}
