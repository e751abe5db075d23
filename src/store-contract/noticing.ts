import assert from 'node:assert/strict';
import type { Announcement, RenewalNotice, RenewalNotices } from '../store/store.js';
import { graceMs, pause } from './limits.js';
import type { Case, Scene } from './scene.js';

/** The longest time for the listeners' calls that these tests announce. */
const longMs = 60_000;
const neverAborts = () => new AbortController().signal;

/** Listens, and waits until it hears what another process announces. */
async function listen(
  scene: Scene,
  [listener, other]: readonly [RenewalNotices, RenewalNotices],
  heard: (notice: RenewalNotice) => Promise<void>,
): Promise<() => void> {
  const probe = scene.account();
  let hears = false;
  const end = listener.listen(async (notice) => {
    if (notice.account === probe) hears = true;
    else await heard(notice);
  });
  scene.after(end);
  await scene.soon(
    untilHeard(other, true),
    'isHeard() must resolve with true soon after another process has called listen()',
  );
  await scene.soon(
    (async () => {
      while (!hears) {
        const announced = await other.announce(probe, graceMs, neverAborts());
        await announced?.finished;
        await announced?.over();
      }
    })(),
    'heard() must be called with what is announced soon after listen() has been called',
  );
  return end;
}

async function untilHeard(notices: RenewalNotices, isHeard: boolean): Promise<void> {
  while ((await notices.isHeard()) !== isHeard) await pause(graceMs);
}

async function announce(scene: Scene, notices: RenewalNotices, account: string, maxMs = longMs) {
  return scene.soon(notices.announce(account, maxMs, neverAborts()), 'announce() must resolve at once');
}

async function announceToSomebody(
  scene: Scene,
  notices: RenewalNotices,
  account: string,
  maxMs?: number,
): Promise<Announcement> {
  const announced = await announce(scene, notices, account, maxMs);
  if (!announced) assert.fail('announce() must resolve with an announcement where another process listens');
  return announced;
}

async function open(scene: Scene): Promise<RenewalNotices> {
  return (await scene.open()).store.notices!;
}

/** The tests of `notices`. */
export const noticing: readonly Case[] = [
  {
    name: 'notices: where nobody listens, nobody is waited for',
    rule: 'notices',
    needs: 'notices',
    async play(scene) {
      const notices = await open(scene);
      await scene.soon(untilHeard(notices, false), 'isHeard() must resolve with false where nobody listens');
      if (await announce(scene, notices, scene.account()))
        assert.fail('announce() must resolve with undefined where nobody listens');
    },
  },
  {
    name: 'notices: a listener hears of the account, is waited for, and hears that it is over',
    rule: 'notices',
    needs: 'notices',
    async play(scene) {
      const [listener, holder] = [await open(scene), await open(scene)];
      const [account, other] = [scene.account(' ä/{}'), scene.account()];
      const heard: RenewalNotice[] = [];
      let finish = () => {};
      const calls = new Promise<void>((resolve) => (finish = resolve));
      await listen(scene, [listener, holder], async (notice) => {
        heard.push(notice);
        if (notice.account === account) await calls;
      });
      const announced = await announceToSomebody(scene, holder, account);
      let isFinished = false;
      const finished = announced.finished.then(() => (isFinished = true));
      const ofOther = await announceToSomebody(scene, holder, other);
      await scene.soon(ofOther.finished, 'finished must resolve when what heard() returned has resolved');
      assert.deepEqual(
        new Set(heard.map((notice) => notice.account)),
        new Set([account, other]),
        'heard() must be called once with each account that is announced',
      );
      const notice = heard.find((one) => one.account === account)!;
      let isOver = false;
      const over = notice.over.then(() => (isOver = true));
      await pause(graceMs);
      assert.ok(!isFinished, 'finished must not resolve before what heard() returned has resolved');
      assert.ok(!isOver, 'over must not resolve before the announcement is over');
      finish();
      await scene.soon(finished, 'finished must resolve soon after what heard() returned has resolved');
      await announced.over();
      await scene.soon(over, 'over must resolve soon after over() of its announcement has been called');
      await ofOther.over();
    },
  },
  {
    name: 'notices: all listeners are waited for, but none that has left',
    rule: 'notices',
    needs: 'notices',
    async play(scene) {
      const [first, second, holder] = [await open(scene), await open(scene), await open(scene)];
      let slow = 0;
      let finish = () => {};
      const calls = new Promise<void>((resolve) => (finish = resolve));
      const account = scene.account();
      const endFirst = await listen(scene, [first, holder], async (notice) => {
        if (notice.account !== account) return;
        slow++;
        await calls;
      });
      const endSecond = await listen(scene, [second, holder], async () => undefined);
      const announced = await announceToSomebody(scene, holder, account);
      let isFinished = false;
      const finished = announced.finished.then(() => (isFinished = true));
      while (slow === 0) await pause(graceMs);
      await pause(graceMs);
      assert.ok(!isFinished, 'finished must not resolve before every listener has finished');
      finish();
      await scene.soon(finished, 'finished must resolve soon after the last listener has finished');
      await announced.over();
      endFirst();
      endSecond();
      await scene.soon(
        untilHeard(holder, false),
        'isHeard() must resolve with false soon after the last listener has left',
      );
    },
  },
  {
    name: 'notices: a listener whose calls do not finish is waited for no longer than announced',
    rule: 'notices',
    needs: 'notices',
    async play(scene) {
      const [listener, holder] = [await open(scene), await open(scene)];
      await listen(scene, [listener, holder], () => new Promise(() => undefined));
      const announced = await announceToSomebody(scene, holder, scene.account(), 2 * graceMs);
      await scene.soon(announced.finished, 'finished must resolve after about maxMs');
      await announced.over();
    },
  },
  {
    name: 'notices: a listener does not hear what its own store object announces',
    rule: 'notices',
    needs: 'notices',
    async play(scene) {
      const [own, other] = [await open(scene), await open(scene)];
      const heard: string[] = [];
      await listen(scene, [own, other], async ({ account }) => void heard.push(account));
      const announced = await announce(scene, own, scene.account());
      await scene.soon(
        Promise.resolve(announced?.finished),
        'finished must resolve soon where only listeners of the same store object are there',
      );
      await pause(graceMs);
      assert.deepEqual(heard, [], 'heard() must not be called with announcements of its own store object');
      await announced?.over();
    },
  },
];
