/** What is known of a store's row of one account, as a value. */
export interface Kept {
  /** Whether the store has shown a row of this account, or since when it should have one. */
  row: 'unseen' | 'never-kept' | 'shown' | { savedAtMs: number };
  /** The set that was to be saved last, if no save of it has resolved. */
  doubted: { of: string; rejected: boolean; sinceMs: number } | undefined;
  /** Whether the store has a place for what the package adds, as far as is known. */
  takesAdded: boolean;
}

/** Of a store that has not been asked yet. */
export function nothingKept(): Kept {
  return { row: 'unseen', doubted: undefined, takesAdded: true };
}
