import type { TokenSet } from './store.js';

/** The reason why a save must not replace what the store holds. */
export type Obstacle =
  /** The row that the save should replace is missing: somebody has deleted it, and the save would restore it. */
  | 'gone'
  /** The row contains another set than the one that the save should replace. */
  | 'another';

/**
 * Compares the set in the store with `previous`, the set that the save should replace. Without `previous` it is a first save, and the row
 * may be missing. A row that already has the refresh token of the new set is no obstacle: an earlier try of the same save succeeded, and
 * its answer was lost.
 */
export function obstacleTo(
  tokens: TokenSet,
  stored: TokenSet | undefined,
  previous: TokenSet | undefined,
): Obstacle | undefined {
  if (!stored) return previous ? 'gone' : undefined;
  const holds = stored.refresh_token || undefined;
  const isKnown = holds === (previous?.refresh_token || undefined);
  return isKnown || (holds && holds === tokens.refresh_token) ? undefined : 'another';
}
