import assert from 'node:assert/strict';
import { describeError } from './compare.js';
import { graceMs, pause } from './limits.js';
import type { Case } from './scene.js';

/** The tests of a `lock` whose signal aborts. */
export const abortedWaits: readonly Case[] = [
  {
    name: 'lock: a wait that is aborted rejects soon, and never calls critical',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const [holder, waiter] = [await scene.open(), await scene.open()];
      const account = scene.account();
      const held = await holder.enter(account);
      const wait = new AbortController();
      let ran = false;
      const waiting = waiter.lock(account, async () => void (ran = true), wait.signal);
      await pause(graceMs);
      wait.abort();
      const [outcome] = await scene.soon(
        Promise.allSettled([waiting]),
        'lock() must reject soon after its signal has aborted, while another still has the lock',
      );
      if (outcome.status === 'fulfilled')
        assert.fail('lock() must reject when its signal aborts while it waits; it resolved');
      await held.leave();
      await pause(graceMs);
      assert.ok(!ran, 'lock() must not call critical after its signal has aborted');
    },
  },
  {
    name: 'lock: a wait that is aborted leaves the lock to others',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const [holder, waiter] = [await scene.open(), await scene.open()];
      const account = scene.account();
      const held = await holder.enter(account);
      const wait = new AbortController();
      void waiter.lock(account, async () => undefined, wait.signal).catch(() => undefined);
      await pause(graceMs);
      wait.abort();
      await pause(graceMs);
      await held.leave();
      // A waiter whose wait was aborted and that still waits would acquire the lock in this time.
      await pause(graceMs);
      for (const actor of [holder, waiter]) await (await actor.enter(account)).leave();
    },
  },
  {
    name: 'lock: a signal that has aborted before gets no lock',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const store = await scene.open();
      const account = scene.account();
      const expected = 'lock() with a signal that has aborted already must reject without calling critical';
      let ran = false;
      const locking = store.lock(account, async () => void (ran = true), AbortSignal.abort());
      const [outcome] = await scene.soon(Promise.allSettled([locking]), expected);
      if (ran) assert.fail(`${expected}; it called critical`);
      if (outcome.status === 'fulfilled') assert.fail(`${expected}; it resolved`);
      await (await store.enter(account)).leave();
    },
  },
  {
    name: 'lock: an abort that comes once critical runs changes nothing',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const [store, other] = [await scene.open(), await scene.open()];
      const account = scene.account();
      const wait = new AbortController();
      let done = false;
      let tooEarly = false;
      let next: Promise<void> | undefined;
      const first = store.lock(
        account,
        async () => {
          wait.abort();
          next = other.lock(account, async () => void (tooEarly = !done));
          await pause(graceMs);
          done = true;
        },
        wait.signal,
      );
      const expected = 'lock() must resolve once critical is done, also if its signal aborts meanwhile';
      const [outcome] = await scene.soon(Promise.allSettled([first]), expected);
      if (outcome.status === 'rejected')
        assert.fail(`${expected}; it rejected with ${describeError(outcome.reason)}`);
      await scene.soon(next!, 'lock() must call critical when nobody else has the lock');
      assert.ok(
        !tooEarly,
        'lock() must stay held until critical is done, also if its signal aborts meanwhile',
      );
    },
  },
];
