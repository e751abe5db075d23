/**
 * What is known of one account's row in a store. A store that takes the place of another begins with a value of its own, so that loads and saves
 * that are still under way in the store before do not change it.
 */
export interface StoreRow {
  /**
   * `shown`: the store has shown a row. `savedAtMs`: it has saved one and not shown it yet. `never-kept`: it has shown none right after that
   * save.
   */
  presence: 'unseen' | 'never-kept' | 'shown' | { savedAtMs: number };
  /** The set of the last save, as long as no save of it has resolved. */
  doubted: { of: string; rejected: boolean; sinceMs: number } | undefined;
  /** Whether the store takes the fields that the package adds, as far as is known. */
  takesAdded: boolean;
  /** When the store was last seen to hold no tokens. */
  emptyAtMs: number | undefined;
  /** When the store was asked about a token that the application has brought, by the token's fingerprint. */
  askedAtMs: Map<string, number> | undefined;
  /** The first save has been loaded back, to see whether the store keeps what it is given. */
  isRead: boolean;
  /** The pairs that the store has shown, by their identities. */
  shownPairs: Set<string | undefined> | undefined;
}

/** The row of a store that has not been asked yet. */
export function unknownRow(): StoreRow {
  return {
    presence: 'unseen',
    doubted: undefined,
    takesAdded: true,
    emptyAtMs: undefined,
    askedAtMs: undefined,
    isRead: false,
    shownPairs: undefined,
  };
}
