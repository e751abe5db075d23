import { redact } from '../text/redact.js';
import type { SyncFailure, SyncResult } from './sync-answer.js';

const brand = Symbol.for('axios-procore.batch-error');

/** What a {@link BatchError} is made of. */
export interface FailedBatch<Update, Entity> {
  /** What happened. */
  readonly message: string;
  /** All items, in their order. */
  readonly updates: readonly Update[];
  /** How many of them were answered before. */
  readonly answered: number;
  /** How many after these may have been carried out. */
  readonly unsure: number;
  /** What the answered batches have come to. */
  readonly result: SyncResult<Entity>;
  readonly cause: unknown;
}

/**
 * A sync ended early: a batch failed as a whole, was aborted, or `onProgress` threw, which is the `cause`. `done`, `maybeDone` and `notDone`
 * are all items in their order, each in one of them. `problemOf(error)` classifies the failed call.
 *
 * `instanceof` holds for errors of another installed copy of the package, too.
 */
export class BatchError<Update = unknown, Entity = unknown> extends Error {
  override readonly name = 'BatchError';
  readonly code = 'ERR_PROCORE_BATCH_FAILED';
  /** What the answered batches have written. */
  declare readonly entities: Entity[];
  /** The items of the answered batches that failed by themselves. */
  declare readonly errors: SyncFailure[];
  /** The items of the answered batches, failed ones included. */
  declare readonly done: Update[];
  /** The items of the failed batch, where the server may have carried it out. */
  declare readonly maybeDone: Update[];
  /** All other items: nothing was carried out for them. */
  declare readonly notDone: Update[];

  constructor({ message, updates, answered, unsure, result, cause }: FailedBatch<Update, Entity>) {
    super(message, { cause });
    Object.defineProperty(this, brand, { value: true });
    const kept = {
      entities: result.entities,
      errors: result.errors,
      done: updates.slice(0, answered),
      maybeDone: updates.slice(answered, answered + unsure),
      notDone: updates.slice(answered + unsure),
    };
    // Not enumerable, so that a logger does not print thousands of records.
    for (const [name, value] of Object.entries(kept)) Object.defineProperty(this, name, { value });
  }

  /** The counts in place of the items. */
  toJSON(): Record<string, unknown> {
    const { name, message, code, entities, errors, done, maybeDone, notDone } = this;
    const counts = { entities, errors, done, maybeDone, notDone };
    return {
      name,
      message,
      code,
      ...Object.fromEntries(Object.entries(counts).map(([key, { length }]) => [key, length])),
    };
  }

  /** Holds for errors of another copy of the package, too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== BatchError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
  }
}

/** How `console.log` prints it: the counts, and of the cause the message alone, for axios's own error has the headers of the call. */
Object.defineProperty(BatchError.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: BatchError): string {
    const { name: _name, message: _message, ...rest } = this.toJSON();
    const { cause } = this;
    const said = cause instanceof Error ? `${cause.name}: ${cause.message}` : typeof cause;
    return `${this.stack ?? this.message} ${JSON.stringify(rest)}\n  [cause]: ${redact(said)}`;
  },
});
