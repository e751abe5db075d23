import assert from 'node:assert/strict';
import type { TokenSet } from '../store/store.js';
import { describeError, mustHold } from './compare.js';
import { pair } from './keeping.js';
import type { Actor } from './actor.js';
import { graceMs, pause } from './limits.js';
import type { Case } from './scene.js';

/** The tests of `lock` while its holder keeps it. */
export const locking: readonly Case[] = [
  {
    name: 'lock: says how long it holds (lockMs or renewsLock)',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const { store } = await scene.open();
      const leased = typeof store.lockMs === 'number' && store.lockMs > 0;
      assert.ok(
        leased || store.renewsLock === true,
        'a store with lock() must have lockMs (for a lock with a lease, in milliseconds) or renewsLock: true',
      );
    },
  },
  {
    name: 'lock: calls critical exactly once',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const store = await scene.open();
      let calls = 0;
      await scene.soon(
        store.lock(scene.account(), async () => void calls++),
        'lock() must settle once critical is done',
      );
      await pause(graceMs);
      assert.ok(calls === 1, `lock() must call critical exactly once; it called it ${calls} times`);
    },
  },
  {
    name: 'lock: resolves with what critical returned',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const store = await scene.open();
      const value = { anything: true };
      const expected = 'lock() must resolve with what critical returned';
      const locking = store.lock(scene.account(), async () => value);
      assert.ok((await scene.soon(locking, expected)) === value, expected);
    },
  },
  {
    name: 'lock: does not settle before critical is done',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const store = await scene.open();
      let done = false;
      const locking = store.lock(scene.account(), async () => {
        await pause(graceMs);
        done = true;
      });
      await scene.soon(Promise.allSettled([locking]), 'lock() must settle once critical is done');
      assert.ok(done, 'lock() must await critical: it settled while critical was still running');
    },
  },
  {
    name: 'lock: rejects with what critical threw',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const store = await scene.open();
      const thrown = new Error('thrown by critical');
      const locking = store.lock(scene.account(), () => Promise.reject(thrown));
      const expected = 'lock() must reject with the very error that critical rejected with';
      const [outcome] = await scene.soon(Promise.allSettled([locking]), expected);
      if (outcome.status === 'fulfilled') assert.fail(`${expected}; it resolved`);
      if (outcome.reason !== thrown) assert.fail(`${expected}; it was ${describeError(outcome.reason)}`);
    },
  },
  {
    name: 'lock: is free again after critical, in this process and in others',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const actors = [await scene.open(), await scene.open()];
      const account = scene.account();
      for (const actor of [...actors, ...actors]) await (await actor.enter(account)).leave();
    },
  },
  {
    name: 'lock: is free again after critical threw',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const [first, second] = [await scene.open(), await scene.open()];
      const account = scene.account();
      const throwing = first.lock(account, () => Promise.reject(new Error('thrown by critical')));
      await scene.soon(Promise.allSettled([throwing]), 'lock() must settle once critical is done');
      for (const actor of [second, first]) await (await actor.enter(account)).leave();
    },
  },
  {
    name: 'lock: lets one in at a time, of several processes and within one',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const processes = await Promise.all(Array.from({ length: 4 }, () => scene.open()));
      const account = scene.account();
      const rounds = 5;
      let [inside, most, counter, entered] = [0, 0, 0, 0];
      const contend = async (process: Actor) => {
        for (let round = 0; round < rounds; round++) {
          await process.lock(account, async () => {
            entered++;
            most = Math.max(most, ++inside);
            const before = counter;
            await pause(1);
            counter = before + 1;
            inside--;
          });
        }
      };
      const contenders = [...processes, ...processes];
      await scene.soon(
        Promise.all(contenders.map(contend)),
        () =>
          `${contenders.length} contenders must get the lock ${rounds} times each; ${entered} got in so far`,
        scene.limitMs * 0.9,
      );
      assert.ok(most === 1, `lock() must let one in at a time; ${most} were in at once`);
      const expected = contenders.length * rounds;
      const lost = expected - counter;
      assert.ok(lost === 0, `lock() must let one in at a time; ${lost} of ${expected} updates were lost`);
    },
  },
  {
    name: 'lock: different accounts do not wait for each other',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const [holder, other] = [await scene.open(), await scene.open()];
      const held = await holder.enter(scene.account());
      const expected = 'lock() of one account must not wait for the lock of another';
      for (const actor of [holder, other])
        await scene.soon(
          actor.lock(scene.account(), async () => undefined),
          expected,
        );
      await held.leave();
    },
  },
  {
    name: 'lock: load and save work while it is held',
    rule: 'fresh',
    needs: 'lock',
    async play(scene) {
      const [store, other] = [await scene.open(), await scene.open()];
      const account = scene.account();
      const held = await store.enter(account);
      await store.save(pair(1), account, await store.load(account));
      const expected = 'load() and save() must work while the lock is held';
      for (const { load } of [store, other]) mustHold(await load(account), pair(1), expected);
      await held.leave();
    },
  },
  {
    name: 'lock: a load under it shows what the holder before has saved',
    rule: 'fresh',
    needs: 'lock',
    async play(scene) {
      const [first, second] = [await scene.open(), await scene.open()];
      const account = scene.account();
      await first.save(pair(1), account);
      // The second one loads before it waits for the lock, so that a cache of that result would show.
      await second.load(account);
      const held = await first.enter(account);
      let isSaved = false;
      let seen: { readonly set: TokenSet | undefined } | undefined;
      const looking = second.lock(account, async () => {
        // If the lock does not exclude, another test says so, and this one has nothing to check.
        if (isSaved) seen = { set: await second.load(account) };
      });
      await pause(graceMs);
      await first.save(pair(2), account, pair(1));
      isSaved = true;
      await held.leave();
      const expected = 'load() under the lock must show the last save of whoever held the lock before';
      await scene.soon(looking, expected);
      if (seen) mustHold(seen.set, pair(2), expected);
    },
  },
  {
    // revoke() calls `remove` while it holds the lock.
    name: 'lock: remove works while it is held',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const store = await scene.open();
      if (!store.store.remove) return;
      const account = scene.account();
      await store.save(pair(1), account);
      const held = await store.enter(account);
      await store.remove(account);
      await held.leave();
    },
  },
  {
    name: 'lock: lost does not abort while the lock is held',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const store = await scene.open();
      const held = await store.enter(scene.account());
      const { lost } = held;
      if (lost !== undefined && typeof lost.aborted !== 'boolean')
        assert.fail('what lock() hands to critical first must be an AbortSignal, or undefined');
      await pause(2 * graceMs);
      assert.ok(!lost?.aborted, 'lost must not abort while the lock is held');
      await held.leave();
    },
  },
];
