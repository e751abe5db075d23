import assert from 'node:assert/strict';
import type { Actor } from './actor.js';
import { mustHold } from './compare.js';
import { pair } from './keeping.js';
import { graceMs, pause } from './limits.js';
import { mustRead, mustStand, mustWrite, under, used } from './record-use.js';
import type { Case, Scene } from './scene.js';
import type { StoreStage } from './types.js';

/** The tests of a lock's record. A lock without a record passes them. */
export const remembering: readonly Case[] = [
  {
    name: 'record: empty until something is written',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const store = await scene.open();
      await under(scene, store, scene.account(), mustRead(undefined, 'where nothing was written'));
    },
  },
  {
    name: 'record: what was written is read by the next holder, whoever it is',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const [writer, reader] = [await scene.open(), await scene.open()];
      const account = scene.account();
      if (!(await under(scene, writer, account, mustWrite('0a1b2c3d')))) return;
      for (const actor of [reader, writer, reader])
        await under(scene, actor, account, mustRead('0a1b2c3d', 'until it is taken back'));
      const longer = '99999999 a short text: {"of": "any kind"}, 100 %';
      await under(scene, reader, account, mustWrite(longer));
      await under(scene, writer, account, mustRead(longer, 'after it was written over'));
    },
  },
  {
    name: 'record: what was taken back is gone',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const [writer, reader] = [await scene.open(), await scene.open()];
      const account = scene.account();
      const written = await under(scene, writer, account, async (record) => {
        await record.write('0a1b2c3d');
        await record.write(undefined);
        // Clearing a record that is empty must not fail.
        await record.write(undefined);
      });
      if (!written) return;
      await under(scene, reader, account, mustRead(undefined, 'after write(undefined)'));
      await under(scene, writer, account, mustWrite('0a1b2c3d'));
      await under(scene, reader, account, mustWrite(undefined));
      await under(scene, writer, account, mustRead(undefined, 'after write(undefined) by another process'));
    },
  },
  {
    name: 'record: outlives a critical that threw',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const [writer, reader] = [await scene.open(), await scene.open()];
      const account = scene.account();
      let had = false;
      const throwing = writer.lock(account, async (_lost, record) => {
        had = record !== undefined;
        await record?.write('0a1b2c3d');
        throw new Error('thrown by critical');
      });
      await scene.soon(Promise.allSettled([throwing]), 'lock() must settle once critical is done');
      if (had)
        await under(scene, reader, account, mustRead('0a1b2c3d', 'though critical threw after write()'));
    },
  },
  {
    name: 'record: each account has its own',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const store = await scene.open();
      const [one, two] = [scene.account(), scene.account()];
      if (!(await under(scene, store, one, mustWrite('11111111')))) return;
      await under(scene, store, two, mustRead(undefined, 'though another account has a record'));
      await under(scene, store, two, mustWrite('22222222'));
      await under(scene, store, one, mustRead('11111111', 'whatever another account has written'));
    },
  },
  {
    name: 'record: is none of the tokens, nor replaced with them',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const store = await scene.open();
      const account = scene.account();
      await store.save(pair(1), account);
      if (!(await under(scene, store, account, mustWrite('0a1b2c3d')))) return;
      mustHold(await store.load(account), pair(1), 'write() of the record must leave the tokens as they are');
      await store.save(pair(2), account, pair(1));
      await under(scene, store, account, mustRead('0a1b2c3d', 'whatever is saved meanwhile'));
    },
  },
  {
    name: 'record: stands() is true for as long as the lock is held',
    rule: 'lock',
    needs: 'lock',
    async play(scene) {
      const [holder, waiter] = [await scene.open(), await scene.open()];
      const account = scene.account();
      const held = await holder.enter(account);
      const wait = new AbortController();
      // A process that waits for the lock must not change `stands` of its holder.
      void waiter.lock(account, async () => undefined, wait.signal).catch(() => undefined);
      await pause(graceMs);
      if (held.record?.stands) await used(scene, held.record, mustStand);
      wait.abort();
      await held.leave();
    },
  },
];

/** The tests of a lock that is taken from its holder by `breakLock`. */
export function losing(breakLock: NonNullable<StoreStage['breakLock']>): readonly Case[] {
  const broken = (scene: Scene, actor: Actor, account: string) =>
    scene.soon(
      Promise.resolve().then(() => breakLock(actor.store, account)),
      'breakLock() of the stage must resolve',
    );
  return [
    {
      name: 'lost: aborts when the lock is gone, which others may have then',
      rule: 'lock',
      needs: 'lock',
      async play(scene) {
        const [holder, other] = [await scene.open(), await scene.open()];
        const account = scene.account();
        const held = await holder.enter(account);
        const { lost } = held;
        if (!lost) assert.fail('a lock that can be lost must hand a signal to critical that says so');
        await broken(scene, holder, account);
        const aborted = new Promise<void>((resolve) => {
          if (lost.aborted) resolve();
          lost.addEventListener('abort', () => resolve(), { once: true });
        });
        await scene.soon(aborted, 'lost must abort soon after the lock is gone');
        const next = await other.enter(account);
        await held.abandon();
        await next.leave();
      },
    },
    {
      name: 'lost: a holder whose lock is gone does not let a third one in',
      rule: 'lock',
      needs: 'lock',
      async play(scene) {
        const [holder, second, third] = [await scene.open(), await scene.open(), await scene.open()];
        const account = scene.account();
        const held = await holder.enter(account);
        await broken(scene, holder, account);
        const next = await second.enter(account);
        // The holder releases the lock that it has lost, which must not affect the next holder.
        await held.abandon();
        let entered = false;
        const waiting = third.lock(account, async () => void (entered = true));
        await pause(2 * graceMs);
        assert.ok(!entered, 'the end of critical must not release a lock that another has by then');
        await next.leave();
        await scene.soon(waiting, 'lock() must call critical when nobody else has the lock');
      },
    },
    {
      name: 'lost: stands() is no longer true once the lock is gone',
      rule: 'lock',
      needs: 'lock',
      async play(scene) {
        const holder = await scene.open();
        const account = scene.account();
        const held = await holder.enter(account);
        const { record } = held;
        if (!record?.stands) return held.leave();
        await used(scene, record, mustStand);
        await broken(scene, holder, account);
        const asking = Promise.resolve().then(() => record.stands!());
        const expected = 'stands() of the record must not give true when the lock is gone';
        // A rejection means the same as false: the package presents no refresh token then.
        const [stands] = await scene.soon(Promise.allSettled([asking]), expected);
        await held.abandon();
        assert.ok(stands.status === 'rejected' || stands.value !== true, expected);
      },
    },
    {
      name: 'lost: a holder whose lock is gone writes nothing into the record',
      rule: 'lock',
      needs: 'lock',
      async play(scene) {
        const [holder, other] = [await scene.open(), await scene.open()];
        const account = scene.account();
        const held = await holder.enter(account);
        const { record } = held;
        if (!record) return held.leave();
        await used(scene, record, mustWrite('0a1b2c3d'));
        await broken(scene, holder, account);
        const writing = Promise.resolve().then(() => record.write(undefined));
        await scene.soon(
          Promise.allSettled([writing]),
          'write() of the record must settle, though the lock is gone',
        );
        await held.abandon();
        const why = 'which a holder that has lost the lock must not take back';
        await under(scene, other, account, mustRead('0a1b2c3d', why));
      },
    },
  ];
}
