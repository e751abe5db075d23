import type { TokenSet } from './store.js';

/** What keeps a save from replacing what the store holds. */
export type Obstacle =
  /** A row that the save was to replace is not there: somebody has deleted it, and the save would bring it back. */
  | 'gone'
  /** The row is another than the one that the save was to replace. */
  | 'another';

/**
 * Compares what the store holds with what a save is to replace, `previous`. Without `previous` it is a first save, which a row that is not
 * there does not stop. A row that already has the refresh token of the new set stops no save: the one before has succeeded without knowing it.
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
