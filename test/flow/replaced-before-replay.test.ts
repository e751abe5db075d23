import axios from 'axios';
import { expect, test } from 'vitest';
import type { FaultHandle } from '../../src/emulator/index.js';
import { caught } from '../support/caught.js';
import { createHarness, type TestStore } from '../support/harness.js';
import { settled, until } from '../support/manual-env.js';
import { createHub } from '../support/notices.js';

const life = 5_400_000;
const me = '/rest/v1.0/me';
const rfis = '/rest/v1.0/projects/1/rfis';
const rfi = { subject: 'Sent until it is accepted' };
const invalidToken = { 'www-authenticate': 'Bearer error="invalid_token"' };
/** A route that always answers 401, whatever the token. */
const refusesAll = {
  on: ({ path, method }: { path: string; method: string }) => method === 'GET' && path.endsWith('/rfis'),
  times: Infinity,
  do: { kind: 'answer', status: 401, headers: invalidToken },
} as const;

/** Two processes on one store, with a lock or without one, on a server that ends a token at its renewal. Both have made a call. */
async function createTwo({ locks = true } = {}) {
  const h = await createHarness();
  h.procore.detach();
  const hub = createHub(h.store);
  const join = (): TestStore => {
    const store = hub.join();
    delete store.notices;
    if (!locks) delete store.lock;
    return store;
  };
  const [store, otherStore] = [join(), join()];
  const { instance, procore } = h.attachProcess({ store });
  const other = h.attachProcess({ store: otherStore });
  await instance.get(me);
  await other.instance.get(me);
  const { counters } = h.emulator;

  /** Holds the next request to the API until it is released. */
  const hold = () => h.emulator.misbehave({ on: 'api', do: { kind: 'hold' } });

  return {
    ...h,
    store,
    otherStore,
    instance,
    procore,
    other,
    hold,
    /** The other process takes what the store holds, and renews that. */
    async replace(): Promise<void> {
      const { exchanges } = counters;
      while (counters.exchanges === exchanges) await h.env.drive(other.procore.renew());
    },
    /** The next replay that this process makes, held until it is released. */
    heldReplay(): Promise<FaultHandle> {
      return new Promise((resolve) => {
        const stop = procore.on('request-retried', () => {
          stop();
          const replay = hold();
          void replay.struck().then(() => resolve(replay));
        });
      });
    },
    [Symbol.asyncDispose]: h.close,
  };
}

test.each([
  ['with a lock', { locks: true }],
  ['without a lock', { locks: false }],
])(
  'a call for which a token was renewed is sent once more where another process has replaced that token before the replay, on a store %s',
  async (_name, how) => {
    await using two = await createTwo(how);
    two.emulator.revoke();
    const held = two.heldReplay();
    const call = two.instance.post(rfis, rfi);
    const replay = await held;
    await two.replace();
    replay.release();
    expect((await two.env.drive(call)).status).toBe(201);
    expect(two.emulator.counters).toMatchObject({ exchanges: 2, unauthorized: 2, spentPresentations: 0 });
    expect(await two.procore.getAccessToken()).toBe(await two.other.procore.getAccessToken());
  },
);

test('it waits for the other process to save the pair, where that has a lock', async () => {
  await using two = await createTwo();
  two.emulator.revoke();
  const held = two.heldReplay();
  const call = two.instance.post(rfis, rfi);
  const replay = await held;
  let save = () => {};
  await two.other.procore.renew();
  two.otherStore.onSave = () => new Promise<void>((resolve) => (save = resolve));
  const renewed = two.other.procore.renew();
  await until(() => two.emulator.counters.exchanges === 2, 'the exchange of the other process');
  replay.release();
  await until(() => two.emulator.counters.unauthorized === 2, 'the 401 of the replay');
  await settled();
  save();
  await renewed;
  expect((await call).status).toBe(201);
  expect(two.emulator.counters).toMatchObject({ exchanges: 2, unauthorized: 2, spentPresentations: 0 });
});

test('the brake holds no call whose token another process has replaced, and all such calls share one look at the store', async () => {
  await using two = await createTwo();
  two.emulator.revoke();
  const held = two.heldReplay();
  const first = two.instance.get(me);
  // It is not answered, so the brake is on.
  const replay = await held;
  await two.replace();
  two.store.log.length = 0;
  const later = await Promise.all(Array.from({ length: 20 }, () => two.instance.get(me)));
  expect(later.map(({ status }) => status)).toEqual(Array<number>(20).fill(200));
  // It shows the pair twice, because nothing in that proves that it is the newer one.
  expect(two.store.log).toEqual(['load default', 'load default']);
  replay.release();
  expect((await first).status).toBe(200);
  expect(two.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
});

test('a call whose 401 gives no reason is sent once more where another process has replaced its token', async () => {
  await using two = await createTwo();
  await two.replace();
  const bare = { kind: 'answer', status: 401, body: '' } as const;
  two.emulator.misbehave({ on: 'api', beforeTokenCheck: true, do: bare });
  expect((await two.instance.get(me)).status).toBe(200);
  expect(two.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 1 });
});

test('a process whose own renewal has failed goes on with the token that another process has got meanwhile', async () => {
  await using two = await createTwo();
  const down = two.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'answer', status: 500 } });
  expect(await caught(two.env.drive(two.procore.renew()))).toMatchObject({
    code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
  });
  down.remove();
  await two.replace();
  expect((await two.instance.get(me)).status).toBe(200);
  expect(two.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 1, spentPresentations: 0 });
});

test.each([
  ['its own', 0],
  ['one that another process has renewed it to', 1],
])(
  'a call for which a token was renewed gets another one when %s expires before the replay arrives, as the next call would',
  async (_name, replacements) => {
    await using two = await createTwo();
    two.emulator.revoke();
    const held = two.heldReplay();
    const call = two.instance.post(rfis, rfi);
    const replay = await held;
    for (let count = 0; count < replacements; count++) await two.replace();
    two.env.jump(life);
    replay.release();
    expect((await two.env.drive(call)).status).toBe(201);
    expect(two.emulator.counters).toMatchObject({
      exchanges: 2 + replacements,
      unauthorized: 2,
      spentPresentations: 0,
    });
  },
);

test('a call for which a token was renewed waits for a renewal that another call has set off', async () => {
  await using two = await createTwo();
  two.emulator.revoke();
  const held = two.heldReplay();
  const call = two.instance.post(rfis, rfi);
  const replay = await held;
  two.env.jump(5_000);
  two.emulator.revoke();
  const answer = two.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const later = two.instance.get(me);
  await answer.struck();
  replay.release();
  await until(() => two.emulator.counters.unauthorized === 3, 'the 401 of the replay');
  await settled();
  answer.release();
  expect((await call).status).toBe(201);
  expect((await later).status).toBe(200);
  expect(two.emulator.counters).toMatchObject({ exchanges: 2, unauthorized: 3 });
});

test('a call that was replayed with three tokens that others have renewed may still have one renewed for it, and no second one', async () => {
  await using two = await createTwo();
  const first = two.hold();
  const call = two.instance.post(rfis, rfi);
  await first.struck();
  let replay = first;
  for (let count = 0; count < 3; count++) {
    await two.replace();
    const held = two.heldReplay();
    replay.release();
    replay = await held;
  }
  two.emulator.revoke();
  const held = two.heldReplay();
  replay.release();
  replay = await held;
  expect(two.emulator.counters).toMatchObject({ exchanges: 4, unauthorized: 4 });
  const replaced = two.replace();
  await replaced;
  replay.release();
  expect(await caught(two.env.drive(call))).toMatchObject({ response: { status: 401 } });
  expect(two.emulator.counters).toMatchObject({ exchanges: 5, unauthorized: 5, spentPresentations: 0 });
});

test('two processes with a route that always answers 401, on a server that ends a token at its renewal, make an exchange each in four seconds', async () => {
  await using two = await createTwo();
  two.emulator.misbehave(refusesAll);
  for (let round = 0; round < 10; round++) {
    for (const { instance } of [two, two.other]) {
      const refused = await Promise.all(Array.from({ length: 5 }, () => caught(instance.get(rfis))));
      for (const error of refused) expect(error).toMatchObject({ response: { status: 401 } });
      expect((await instance.get(me)).status).toBe(200);
    }
    two.env.jump(390);
  }
  expect(two.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
});

test('a route that always answers 401 without a reason costs a load for each call, and the lock once a second', async () => {
  await using two = await createTwo();
  two.emulator.misbehave({ ...refusesAll, do: { kind: 'answer', status: 401, body: '' } });
  const { lock } = two.store;
  let locks = 0;
  two.store.lock = (...how) => {
    locks++;
    return lock!(...how);
  };
  two.store.log.length = 0;
  for (let count = 0; count < 100; count++) {
    expect(await caught(two.instance.get(rfis))).toMatchObject({ response: { status: 401 } });
    two.env.jump(100);
  }
  expect(two.store.log).toEqual(Array.from({ length: 100 }, () => 'load default'));
  expect(locks).toBe(10);
  expect(two.emulator.counters).toMatchObject({ exchanges: 0, unauthorized: 100 });
});

test.each([0, 1])(
  'a route that always answers 401 costs an exchange a second, where tokens are said to live for %i s',
  async (expires_in) => {
    await using h = await createHarness();
    h.emulator.misbehave(refusesAll);
    let exchanges = 0;
    const { instance } = h.attachProcess({
      clientSecret: undefined,
      exchange: async () => {
        exchanges++;
        return { ...h.emulator.issue(), expires_in };
      },
    });
    for (let count = 0; count < 50; count++) {
      expect(await caught(h.env.drive(instance.get(rfis)))).toMatchObject({ response: { status: 401 } });
      if (count % 10 === 9) h.env.jump(100);
    }
    expect(exchanges).toBe(1);
    for (let count = 0; count < 50; count++) {
      await caught(h.env.drive(instance.get(rfis)));
      h.env.jump(100);
    }
    expect(exchanges).toBeLessThanOrEqual(7);
  },
);

test('a 401 that no renewal may answer reaches the application also where the store does not answer', async () => {
  await using two = await createTwo();
  two.emulator.misbehave(refusesAll);
  await caught(two.instance.get(rfis));
  two.store.onLoad = () => new Promise(() => {});
  expect(await caught(two.env.drive(two.instance.get(rfis)))).toMatchObject({ response: { status: 401 } });
  expect(two.emulator.counters.exchanges).toBe(1);
});

test('an abort ends the look at the store for a call with a 401', async () => {
  await using two = await createTwo();
  two.emulator.misbehave(refusesAll);
  await caught(two.instance.get(rfis));
  let looks = 0;
  two.store.onLoad = () => {
    looks++;
    return new Promise(() => {});
  };
  // Every axios knows it; some of them not a signal.
  const { token, cancel } = axios.CancelToken.source();
  const call = caught(two.instance.get(rfis, { cancelToken: token }));
  await until(() => looks === 1, 'the look');
  cancel();
  expect(axios.isCancel(await call)).toBe(true);
});
