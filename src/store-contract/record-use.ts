import assert from 'node:assert/strict';
import type { LockRecord } from '../store/store.js';
import type { Actor } from './actor.js';
import { describeError } from './compare.js';
import type { Scene } from './scene.js';

/** A use of a lock's record, while the lock is held. */
export type Use = (record: LockRecord) => Promise<unknown>;

/** Calls `use` with the record under the lock. Returns false for a lock without a record. */
export async function under(scene: Scene, actor: Actor, account: string, use: Use): Promise<boolean> {
  const held = await actor.enter(account);
  if (held.record) await used(scene, held.record, use);
  await held.leave();
  return held.record !== undefined;
}

/** Uses the record, and fails where `use` does not resolve in time. */
export async function used(scene: Scene, record: LockRecord, use: Use): Promise<void> {
  const expected = 'read() and write() of the record must resolve while the lock is held';
  const using = Promise.resolve(record)
    .then(use)
    .catch((error: unknown) => {
      if (error instanceof assert.AssertionError) throw error;
      assert.fail(`${expected}; rejected with ${describeError(error)}`);
    });
  await scene.soon(using, expected);
}

/** Reads the record, and fails where it is not the expected text. */
export const mustRead: (expected: string | undefined, why: string) => Use =
  (expected, why) => async (record) => {
    const read = await record.read();
    if (read !== expected)
      assert.fail(`read() must give ${expected ?? 'undefined'} ${why}; it gave ${String(read)}`);
  };
/** Writes the record, or clears it. */
export const mustWrite: (text: string | undefined) => Use = (text) => (record) => record.write(text);

/** Asks the record whether the lock is held, and fails unless it says so. */
export const mustStand: Use = async (record) => {
  const stands = await record.stands?.();
  if (stands !== true)
    assert.fail(`stands() of the record must give true while the lock is held; it gave ${String(stands)}`);
};
