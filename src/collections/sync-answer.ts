import { responseIn } from './response.js';

/** An item that a sync action could not write, as Procore gives it: the item that was sent, with `errors` by field. */
export interface SyncFailure {
  /** Procore's id of the record, where the item had one. */
  readonly id?: unknown;
  /** The id in your own system, where the item had one. */
  readonly origin_id?: unknown;
  /** The messages by field. */
  readonly errors?: unknown;
  readonly [field: string]: unknown;
}

/** What a sync action has done. */
export interface SyncResult<Entity = unknown> {
  /** The records that were created or updated, in the order of the items. */
  readonly entities: Entity[];
  /** The items that failed, in their order. */
  readonly errors: SyncFailure[];
}

/** How far a sync has come, after a batch that was answered: `entities` and `errors` are those of this batch. */
export interface SyncProgress<Entity = unknown> extends SyncResult<Entity> {
  /** How many items were answered so far. */
  readonly done: number;
  /** How many there are. */
  readonly total: number;
}

/**
 * Reads the answer of a sync action, `{ entities, errors }`, from a response, from an unwrapped body, or from a `data` around it. Undefined
 * for anything else.
 */
export function syncResultIn(value: unknown): SyncResult | undefined {
  const body = (responseIn(value)?.data as unknown) ?? value;
  return [body, partsOf(body).data].map(resultIn).find((one) => one !== undefined);
}

function resultIn(body: unknown): SyncResult | undefined {
  const { entities, errors } = partsOf(body);
  if (!Array.isArray(entities) && !Array.isArray(errors)) return undefined;
  return { entities: listOf(entities), errors: listOf(errors) as SyncFailure[] };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function partsOf(value: unknown): { data?: unknown; entities?: unknown; errors?: unknown } {
  return typeof value === 'object' && value !== null ? value : {};
}
