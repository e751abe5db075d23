/**
 * Lists that have several pages and sync actions that have many records, with any axios instance. `docs/collections.md` explains them.
 *
 * @module axios-procore/collections
 */

export { BatchError, type FailedBatch } from './batch-error.js';
export { listAll } from './list-all.js';
export type { ListOptions, SyncOptions } from './options.js';
export { paginate } from './paginate.js';
export { syncInBatches } from './sync.js';
export type { SyncFailure, SyncProgress, SyncResult } from './sync-answer.js';
