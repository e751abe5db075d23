/** A part of the items that are sent with one request. */
export interface Batch<Update> {
  /** From 1. */
  readonly number: number;
  /** How many there are. */
  readonly of: number;
  /** The place of its first item among all, from 0. */
  readonly start: number;
  readonly items: readonly Update[];
  /** Whether the server carries it out once only, however often it is sent. */
  readonly isRepeatable: boolean;
}

/** Divides the items into batches, in their order. */
export function planBatches<Update>(updates: readonly Update[], batchSize: number): Batch<Update>[] {
  const of = Math.ceil(updates.length / batchSize);
  return Array.from({ length: of }, (_, index) => {
    const start = index * batchSize;
    const items = updates.slice(start, start + batchSize);
    return { number: index + 1, of, start, items, isRepeatable: items.every(isIdentified) };
  });
}

/**
 * Whether Procore knows the item again: by its `id`, or by its `origin_id`, with which it is created the first time and updated afterwards.
 * Any other item is created each time that it is sent. Source: Procore, "Using Sync Actions".
 */
function isIdentified(item: unknown): boolean {
  if (typeof item !== 'object' || item === null) return false;
  const { id, origin_id: originId } = item as { id?: unknown; origin_id?: unknown };
  return [id, originId].some((one) => one !== undefined && one !== null && one !== '');
}
