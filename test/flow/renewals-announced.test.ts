import { AsyncLocalStorage } from 'node:async_hooks';
import axios from 'axios';
import { expect, test } from 'vitest';
import { encryptedTokenStore } from '../../src/store/encrypted.js';
import { createHarness, names } from '../support/harness.js';
import { settled } from '../support/manual-env.js';
import { createHub } from '../support/notices.js';

const me = '/rest/v1.0/me';
const drainMs = 5_000;
const listens = { renewal: { drain: true } };

/** Two processes on one store, of which the second listens where `options` say so, and both have made a call. */
async function createTwo(options: Parameters<typeof createHarness>[0] = { options: listens }) {
  const h = await createHarness({ emulator: options?.emulator ?? {} });
  h.procore.detach();
  const hub = createHub(h.store);
  const [store, otherStore] = [hub.join(), hub.join()];
  const holder = h.attachProcess({ store, ...options?.options });
  const other = h.attachProcess({ store: otherStore, ...options?.options });
  await holder.instance.get(me);
  await other.instance.get(me);
  await settled();
  return { ...h, hub, holder, other, store, otherStore };
}

/** A call that is in flight, until it is released. */
async function inFlight({ emulator, other }: Awaited<ReturnType<typeof createTwo>>, by = other) {
  const slow = emulator.misbehave({ on: 'api', do: { kind: 'hold' } });
  const call = by.instance.get(me);
  await slow.struck();
  return { call, release: slow.release };
}

test('a process that listens lets its calls finish before another redeems, holds new ones, and goes on with the new pair', async () => {
  await using two = await createTwo();
  const { call, release } = await inFlight(two);
  const renewed = two.holder.procore.renew();
  await two.env.advance(1_000);
  expect(two.emulator.counters.tokenRequests).toBe(0);
  const later = two.other.instance.get(me);
  await two.env.advance(1_000);
  const { apiRequests } = two.emulator.counters;
  release();
  expect((await call).status).toBe(200);
  await renewed;
  expect((await later).status).toBe(200);
  expect(two.emulator.counters).toMatchObject({
    apiRequests: apiRequests + 1,
    unauthorized: 0,
    tokenRequests: 1,
  });
  expect(names(two.told)).toEqual(['token-renewed', 'token-adopted']);
  expect(two.hub.log).toEqual(['begins default', 'over default']);
  await two.holder.procore.idle();
  await two.other.procore.idle();
  expect(two.env.sleeping).toBe(0);
});

test('only who has seen a token die with its replacement listens, and whoever renews learns it from those who do', async () => {
  await using two = await createTwo({});
  expect(two.hub.listening).toBe(0);
  const { call, release } = await inFlight(two);
  await two.holder.procore.renew();
  release();
  expect((await call).status).toBe(200);
  expect(two.hub.listening).toBe(1);
  expect(two.emulator.counters).toMatchObject({ unauthorized: 1, exchanges: 1 });
  const own = await inFlight(two, two.holder);
  const renewed = two.holder.procore.renew();
  await settled();
  own.release();
  await renewed;
  expect((await own.call).status).toBe(200);
  expect(two.hub.listening).toBe(2);
  expect(two.emulator.counters).toMatchObject({ unauthorized: 1, exchanges: 2 });
});

test('a process that starts later, or was idle when the others saw it, learns it from those who listen', async () => {
  await using two = await createTwo({});
  const idle = two.attachProcess({ store: two.hub.join() });
  await idle.instance.get(me);
  const { call, release } = await inFlight(two);
  await two.holder.procore.renew();
  release();
  await call;
  expect(two.hub.listening).toBe(1);
  const late = two.attachProcess({ store: two.hub.join() });
  await late.instance.get(me);
  await settled();
  expect(two.hub.listening).toBe(2);
  // It finds out, under the lock, that another has renewed.
  await idle.procore.renew();
  await settled();
  expect(two.hub.listening).toBe(3);
  expect(two.emulator.counters).toMatchObject({ unauthorized: 1, exchanges: 1 });
});

test('calls go on with their token after twice drainMs where the process that has announced dies, without a token request', async () => {
  await using two = await createTwo();
  two.hub.onSend = (kind) => kind === 'begins';
  const dying = two.hub.join();
  await dying.notices!.announce('default', drainMs, new AbortController().signal);
  await settled();
  const call = two.other.instance.get(me);
  const { apiRequests } = two.emulator.counters;
  await two.env.advance(2 * drainMs - 1);
  expect(two.emulator.counters).toMatchObject({ apiRequests, tokenRequests: 0 });
  await two.env.advance(1);
  expect((await call).status).toBe(200);
  expect((await two.other.instance.get(me)).status).toBe(200);
  expect(two.emulator.counters).toMatchObject({ tokenRequests: 0, unauthorized: 0 });
  expect(two.env.sleeping).toBe(0);
});

test('where nobody tells that it is over, because who has announced it died, calls find the new pair in the store within a second', async () => {
  await using two = await createTwo();
  two.hub.onSend = (kind) => kind === 'begins';
  await two.holder.procore.renew();
  const call = two.other.instance.get(me);
  await two.env.advance(1_000);
  expect((await call).status).toBe(200);
  expect(two.emulator.counters).toMatchObject({ tokenRequests: 1, unauthorized: 0 });
});

test('a renewal that is over late is taken, though calls have gone on meanwhile', async () => {
  await using two = await createTwo({ options: listens, emulator: { spentTokens: 'B' } });
  const slow = two.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const renewed = two.holder.procore.renew();
  await slow.struck();
  const call = two.other.instance.get(me);
  await two.env.advance(2 * drainMs);
  expect((await call).status).toBe(200);
  slow.release();
  await renewed;
  await two.holder.procore.idle();
  await settled();
  expect((await two.other.instance.get(me)).status).toBe(200);
  expect(names(two.told)).toEqual(['token-renewed', 'token-adopted']);
  expect(two.emulator.counters).toMatchObject({ tokenRequests: 1, unauthorized: 0 });
});

test('a notice that is lost costs the 401s of the process that has missed it, and nothing else', async () => {
  await using two = await createTwo();
  two.hub.onSend = () => false;
  const { call, release } = await inFlight(two);
  await two.holder.procore.renew();
  release();
  expect((await call).status).toBe(200);
  expect((await two.other.instance.get(me)).status).toBe(200);
  expect(two.emulator.counters).toMatchObject({ unauthorized: 1, exchanges: 1, spentPresentations: 0 });
});

test.each<[string, () => Promise<boolean>, number]>([
  ['fails', () => Promise.reject(new Error('no connection')), 0],
  ['never comes back', () => new Promise(() => {}), drainMs],
])('a renewal goes on where the announcement %s', async (_what, onSend, waitsMs) => {
  await using two = await createTwo();
  two.hub.onSend = onSend;
  const renewed = two.holder.procore.renew();
  await settled();
  if (waitsMs > 0) await two.env.advance(waitsMs - 1);
  expect(two.emulator.counters.tokenRequests).toBe(waitsMs > 0 ? 0 : 1);
  if (waitsMs > 0) await two.env.advance(1);
  await renewed;
  await two.env.drive(two.holder.procore.idle());
  expect(two.emulator.counters).toMatchObject({ exchanges: 1 });
});

test('a process that does not let its calls finish delays a renewal by drainMs at the most', async () => {
  await using two = await createTwo();
  const { call, release } = await inFlight(two);
  const renewed = two.holder.procore.renew();
  await two.env.advance(drainMs - 1);
  expect(two.emulator.counters.tokenRequests).toBe(0);
  await two.env.advance(1);
  await renewed;
  release();
  expect((await call).status).toBe(200);
  expect(two.emulator.counters).toMatchObject({ unauthorized: 1, exchanges: 1 });
});

test('a renewal that fails is over as well: calls go on at once with the token that works', async () => {
  await using two = await createTwo();
  two.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'answer', status: 400 } });
  const failing = expect(two.env.drive(two.holder.procore.renew())).rejects.toMatchObject({});
  await failing;
  await two.holder.procore.idle();
  await settled();
  const sentAtMs = two.env.now();
  expect((await two.other.instance.get(me)).status).toBe(200);
  expect(two.env.now()).toBe(sentAtMs);
  expect(two.hub.log).toEqual(['begins default', 'over default']);
});

test('other accounts are not held, and a call that may not wait any longer goes on with the token that works', async () => {
  await using two = await createTwo({ options: { renewal: { drain: true, timeoutMs: 1_000 } } });
  two.store.sets.set('other', two.emulator.issue({ userId: 2 }));
  const beside = two.attachProcess({ store: two.hub.join(), account: 'other', ...listens });
  await beside.instance.get(me);
  two.hub.onSend = (kind) => kind === 'begins';
  await two.hub.join().notices!.announce('default', drainMs, new AbortController().signal);
  await settled();
  const held = two.other.instance.get(me);
  expect((await beside.instance.get(me)).status).toBe(200);
  await two.env.advance(1_000);
  expect((await held).status).toBe(200);
  expect(two.emulator.counters).toMatchObject({ tokenRequests: 0, unauthorized: 0 });
});

test('a call that is aborted while it is held leaves at once', async () => {
  await using two = await createTwo();
  two.hub.onSend = (kind) => kind === 'begins';
  await two.hub.join().notices!.announce('default', drainMs, new AbortController().signal);
  await settled();
  const { token, cancel } = axios.CancelToken.source();
  const held = two.other.instance.get(me, { cancelToken: token }).catch((error: unknown) => error);
  await settled();
  cancel();
  expect(axios.isCancel(await held)).toBe(true);
});

test('drain: false neither announces nor listens, nor asks', async () => {
  await using two = await createTwo({ options: { renewal: { drain: false } } });
  const { call, release } = await inFlight(two);
  await two.holder.procore.renew();
  release();
  await call;
  expect(two.hub).toMatchObject({ log: [], listening: 0, asked: 0 });
});

test('after a detach nothing is listened to, calls that were held go on, and a further attach listens again', async () => {
  await using two = await createTwo();
  expect(two.hub.listening).toBe(2);
  two.hub.onSend = (kind) => kind === 'begins';
  await two.hub.join().notices!.announce('default', drainMs, new AbortController().signal);
  await settled();
  const held = two.other.instance.get(me);
  await settled();
  two.other.procore.detach();
  expect((await held).status).toBe(200);
  expect(two.hub.listening).toBe(1);
  const again = two.attach({ store: two.otherStore, ...listens });
  await again.instance.get(me);
  await settled();
  expect(two.hub.listening).toBe(2);
  again.procore.detach();
  two.holder.procore.detach();
  expect(two.hub.listening).toBe(0);
});

test('several attaches of one store object listen once', async () => {
  await using two = await createTwo({});
  const process = two.attach({ store: two.otherStore, ...listens });
  const beside = two.attach({ store: two.otherStore, ...listens });
  await process.instance.get(me);
  await beside.instance.get(me);
  expect(two.hub.listening).toBe(1);
  process.procore.detach();
  expect(two.hub.listening).toBe(1);
  beside.procore.detach();
  expect(two.hub.listening).toBe(0);
});

test('a store whose promises reject costs nothing but its notices', async () => {
  await using two = await createTwo();
  const failing = () => Promise.reject(new Error('no connection'));
  two.store.notices!.announce = async () => ({ finished: failing(), over: failing });
  const own = await inFlight(two, two.holder);
  const renewed = two.holder.procore.renew();
  await settled();
  // The calls of the process itself are let finish all the same.
  expect(two.emulator.counters.tokenRequests).toBe(0);
  own.release();
  await renewed;
  expect((await own.call).status).toBe(200);
  await two.holder.procore.idle();
  expect(two.emulator.counters).toMatchObject({ unauthorized: 0, exchanges: 1 });
});

test.each<[string, (two: Awaited<ReturnType<typeof createTwo>>) => unknown]>([
  [
    'throws where listening ends',
    () => () => {
      throw new Error('no connection');
    },
  ],
  ['gives no function that ends listening', () => undefined],
])('a store that %s lets held calls go on at the detach, which is complete', async (_what, leaveOf) => {
  await using two = await createTwo();
  const store = two.hub.join();
  const { listen } = store.notices!;
  store.notices!.listen = (heard) => {
    listen(heard);
    return leaveOf(two) as () => void;
  };
  const process = two.attachProcess({ store, ...listens });
  await process.instance.get(me);
  two.hub.onSend = (kind) => kind === 'begins';
  await two.store.notices!.announce('default', drainMs, new AbortController().signal);
  await settled();
  const held = process.instance.get(me);
  await settled();
  process.procore.detach();
  expect((await held).status).toBe(200);
  // What is called after the detach holds nothing.
  await two.store.notices!.announce('default', drainMs, new AbortController().signal);
  await settled();
  const again = two.attach({ store, ...listens });
  expect((await again.instance.get(me)).status).toBe(200);
});

test('what a store tells of a notice that is none ends no process', async () => {
  await using two = await createTwo();
  const store = two.hub.join();
  let told: ((notice: never) => Promise<void>) | undefined;
  store.notices!.listen = (heard) => {
    told = heard;
    return () => undefined;
  };
  const process = two.attachProcess({ store, ...listens });
  await process.instance.get(me);
  await settled();
  await expect(told!(undefined as never)).resolves.toBeUndefined();
  await expect(told!({ account: 5 } as never)).resolves.toBeUndefined();
});

test('an encrypted store passes the notices on', async () => {
  await using two = await createTwo();
  const keys = [{ id: 'a', key: Buffer.alloc(32).toString('base64') }];
  const store = encryptedTokenStore(two.hub.join(), { keys });
  expect(store.notices).toBeDefined();
});

test('what a notice sets off runs in the async context of the attach', async () => {
  await using two = await createTwo({});
  const context = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const store = two.hub.join();
  const { listen } = store.notices!;
  store.notices!.listen = (heard) => {
    seen.push(context.getStore());
    return listen((notice) => context.run('of the message', () => heard(notice)));
  };
  const own = context.run('attach', () => two.attachProcess({ store, ...listens }));
  await context.run('call', () => own.instance.get(me));
  store.onLoad = () => void seen.push(context.getStore());
  await two.holder.procore.renew();
  await settled();
  await own.instance.get(me);
  expect(new Set(seen)).toEqual(new Set(['attach']));
  expect(seen.length).toBeGreaterThan(1);
});
