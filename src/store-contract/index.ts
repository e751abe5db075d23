/**
 * The tests that a token store has to pass. `docs/stores.md` explains how to run them on a store of your own.
 *
 * @module axios-procore/store-contract
 */

import { createSerialQueue } from '../time/serial.js';
import { accounts } from './accounts.js';
import { keeping } from './keeping.js';
import { abortedWaits } from './aborted-waits.js';
import { noticing } from './noticing.js';
import { locking } from './locking.js';
import { losing, remembering } from './remembering.js';
import { reviving } from './reviving.js';
import { play } from './scene.js';
import { checkStage } from './stage.js';
import type { ContractTest, StoreStage } from './types.js';

export type { ContractTest, StoreStage } from './types.js';

/**
 * The tests that every token store must pass, for any test runner. `lock`, `remove` and `notices` are tested where the store has them.
 *
 * The tests may run in any order, and each has a time limit. They leave nothing behind in a store that has `remove`.
 *
 * @throws TypeError for a stage with a missing or wrong part.
 * @example
 * for (const { name, run } of storeContract({ open: () => sqlTokenStore(pool, locks) })) {
 *   test(name, run, 15_000); // longer than a test's own limit of 10 s, so that its message is the one that is seen
 * }
 */
export function storeContract(stage: StoreStage): ContractTest[] {
  checkStage(stage);
  const lost = stage.breakLock ? losing((store, account) => stage.breakLock!(store, account)) : [];
  const cases = [
    ...keeping,
    ...accounts,
    ...reviving,
    ...locking,
    ...abortedWaits,
    ...remembering,
    ...lost,
    ...noticing,
  ];
  const { inTurn } = createSerialQueue();
  return cases.map((one) => {
    const playing = () => play(one, stage);
    // Whoever listens hears of every account of the store. So these tests run one after another, also where the runner begins all at once.
    const run = one.needs === 'notices' ? () => inTurn(playing) : playing;
    return { name: one.name, needs: one.needs, run };
  });
}
