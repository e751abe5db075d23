/**
 * What is known of a store's row of one account. Another store in the place of that one begins with a value of its own, which nothing that
 * is still under way in the store before changes.
 */
export interface StoreRow {
  /** Whether the store has shown a row of this account, or since when it should have one. */
  presence: 'unseen' | 'never-kept' | 'shown' | { savedAtMs: number };
  /** The set that was to be saved last, if no save of it has resolved. */
  doubted: { of: string; rejected: boolean; sinceMs: number } | undefined;
  /** Whether the store has a place for what the package adds, as far as is known. */
  takesAdded: boolean;
  /** When the store held nothing last. */
  emptyAtMs: number | undefined;
  /** When the store was asked about which token of the application's. */
  askedAtMs: Map<string, number> | undefined;
  /** A save has been read back. */
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
