import type { TokenSet } from '../../store/store.js';
import { fingerprint } from '../pair/fingerprint.js';
import type { GrantMutex } from './registry.js';

/** What this process has redeemed a refresh token for, followed to the set that is current now; `name`: its fingerprint, if that is known. */
export function successorOf(
  refreshToken: string | undefined,
  outcomeOf: GrantMutex['outcomeOf'],
  name?: string,
): TokenSet | undefined {
  if (!refreshToken) return undefined;
  const first = outcomeOf(name ?? fingerprint(refreshToken));
  if (first?.kind !== 'renewed') return undefined;
  let successor = first.tokens;
  const passed = new Set([refreshToken]);
  for (let refresh = successor.refresh_token; refresh && !passed.has(refresh);) {
    passed.add(refresh);
    const outcome = outcomeOf(fingerprint(refresh));
    if (outcome?.kind !== 'renewed') break;
    successor = outcome.tokens;
    refresh = successor.refresh_token;
  }
  return successor;
}
