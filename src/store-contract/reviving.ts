import assert from 'node:assert/strict';
import { isTokenStoreConflict, type TokenSet } from '../store/store.js';
import type { Actor } from './actor.js';
import { describeError, mustBeNothing, mustHold } from './compare.js';
import { pair } from './keeping.js';
import { graceMs, pause } from './limits.js';
import type { Case, Scene } from './scene.js';

/** The outcome of a save that the store may refuse. */
async function outcomeOf(
  scene: Scene,
  { store }: Actor,
  ...saving: [tokens: TokenSet, account: string, previous: TokenSet]
): Promise<PromiseSettledResult<void>> {
  const work = Promise.resolve().then(() => store.save(...saving));
  return (await scene.soon(Promise.allSettled([work]), 'save() must settle'))[0];
}

/** Fields that the application keeps beside the tokens. */
const before = { sync_cursor: 'cursor-1', disabled: false };
const after = { sync_cursor: 'cursor-2', disabled: true };

/** The tests that a save does not restore what was replaced, changed or removed meanwhile. */
export const reviving: readonly Case[] = [
  {
    name: 'save: a set that was replaced does not come back later',
    rule: 'keeps',
    async play(scene) {
      const [one, other] = [await scene.open(), await scene.open()];
      const account = scene.account();
      await one.save(pair(51), account);
      await other.save(pair(52), account, pair(51));
      await pause(2 * graceMs);
      const expected = 'an older set must not be written again, in the place of one that was saved after it';
      for (const { load } of [one, other]) mustHold(await load(account), pair(52), expected);
    },
  },
  {
    name: 'save: fields that another process has changed stay as they are',
    rule: 'columns',
    async play(scene) {
      const [one, other] = [await scene.open(), await scene.open()];
      const account = scene.account();
      await one.save({ ...pair(1), ...before }, account);
      await one.load(account);
      await other.save({ ...pair(1), ...after }, account, { ...pair(1), ...before });
      const loaded = await one.load(account);
      const changed = { ...pair(1), ...after };
      mustHold(loaded, changed, 'load() must show fields that another process has changed');
      await one.save({ ...pair(2), ...after }, account, loaded);
      const expected = 'save() must write what it is given, and no older value of a field';
      mustHold(await other.load(account), { ...pair(2), ...after }, expected);
    },
  },
  {
    name: 'save: a set that it rejects is not what load gives',
    rule: 'rejected',
    async play(scene) {
      const [one, other] = [await scene.open(), await scene.open()];
      const circle: Record<string, unknown> = {};
      circle['itself'] = circle;
      for (const unwritable of [10n, circle]) {
        const account = scene.account();
        await one.save(pair(1), account);
        const saved = await outcomeOf(scene, one, { ...pair(2), unwritable }, account, pair(1));
        // A store that can keep values which JSON cannot represent need not reject them.
        if (saved.status === 'fulfilled') continue;
        for (const { load } of [one, other])
          mustHold(
            await load(account),
            pair(1),
            'load() after a save() that rejected must give the set before',
          );
        await one.save(pair(3), account, pair(1));
        mustHold(await other.load(account), pair(3), 'save() must work after one that rejected');
      }
    },
  },
  {
    name: 'remove: a set that was removed is not brought back by a save that was to replace it',
    rule: 'gone',
    needs: 'remove',
    async play(scene) {
      const [one, other] = [await scene.open(), await scene.open()];
      if (one.store.rowsMayVanish === true) return;
      const account = scene.account();
      await one.save(pair(1), account);
      await other.remove(account);
      const saved = await outcomeOf(scene, one, pair(2), account, pair(1));
      const expected =
        'save() with a previous that was removed must reject with a TokenStoreConflict, and write nothing';
      if (saved.status === 'rejected') {
        if (!isTokenStoreConflict(saved.reason))
          assert.fail(`${expected}; it rejected with ${describeError(saved.reason)}`);
        return mustBeNothing(await one.load(account), `${expected}: load() must give undefined or null`);
      }
      // A store that does not compare with `previous` cannot know that the row was deleted, and may save.
      if (await compares(scene, one)) assert.fail(`${expected}, for it compares with previous; it resolved`);
    },
  },
];

/** Whether the store compares: whether a save rejects with a conflict where the store holds another set than `previous`. */
async function compares(scene: Scene, actor: Actor): Promise<boolean> {
  const account = scene.account();
  await actor.save(pair(1), account);
  const saved = await outcomeOf(scene, actor, pair(3), account, pair(2));
  return saved.status === 'rejected' && isTokenStoreConflict(saved.reason);
}
