import { expect, test } from 'vitest';
import { memoryTokenStore } from '../../src/store/memory.js';
import { createHarness, createTestStore, names } from '../support/harness.js';
import { until } from '../support/manual-env.js';

const life = 5_400_000;
const me = '/rest/v1.0/me';

test('200 parallel calls over three instances that share a store make one exchange', async () => {
  await using h = await createHarness();
  const instances = [h.instance, h.attach().instance, h.attach().instance];
  h.env.jump(life);
  const answers = await Promise.all(Array.from({ length: 200 }, (_, call) => instances[call % 3]!.get(me)));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0, spentPresentations: 0 });
  expect(h.store.log.filter((entry) => entry.startsWith('save'))).toHaveLength(1);
});

test('200 parallel calls over two instances that share only the refresh token make one exchange, and both stores get the new pair', async () => {
  await using h = await createHarness();
  const otherStore = createTestStore(h.store.sets.get('default'));
  const other = h.attach({ store: otherStore });
  h.env.jump(life);
  await Promise.all(Array.from({ length: 200 }, (_, call) => (call % 2 ? h : other).instance.get(me)));
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0, spentPresentations: 0 });
  expect(otherStore.sets.get('default')?.refresh_token).toBe(h.store.sets.get('default')?.refresh_token);
  expect(h.emulator.isLive(otherStore.sets.get('default')!.refresh_token!)).toBe(true);
});

test('two copies of the package in one process make one exchange', async () => {
  await using h = await createHarness();
  const copy = h.attachCopy();
  h.env.jump(life);
  await Promise.all(Array.from({ length: 100 }, (_, call) => (call % 2 ? h : copy).instance.get(me)));
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0, spentPresentations: 0 });
});

test('whoever still holds a redeemed token gets its successor without a request, however long ago that was', async () => {
  await using h = await createHarness();
  const late = h.attachCopy({ store: memoryTokenStore(h.store.sets.get('default')) });
  await late.instance.get(me);
  h.env.jump(life - 60_000);
  for (let renewal = 0; renewal < 3; renewal++) await h.procore.renew();
  await late.instance.get(me);
  await late.procore.idle();
  expect(h.emulator.counters).toMatchObject({ exchanges: 3, spentPresentations: 0 });
  expect(late.procore.status()).toMatchObject({ state: 'fresh', unsaved: false });
  expect(names(h.told).filter((name) => name === 'token-adopted')).toHaveLength(1);
});

test('a successor that has expired as well is renewed before it is used', async () => {
  await using h = await createHarness();
  const late = h.attachCopy({ store: memoryTokenStore(h.store.sets.get('default')) });
  await late.instance.get(me);
  await h.procore.renew();
  h.env.jump(life);
  expect((await late.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0, unauthorized: 0 });
});

test('a process that finds a newer pair in the store adopts it without a request', async () => {
  await using h = await createHarness();
  const process2 = h.attachProcess();
  await h.instance.get(me);
  await process2.instance.get(me);
  h.env.jump(life);
  await h.instance.get(me);
  await process2.instance.get(me);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0, unauthorized: 0 });
  expect(names(h.told)).toEqual(['token-renewed', 'token-adopted']);
});

test('a newer pair in the store that has expired as well is renewed before it is used', async () => {
  await using h = await createHarness();
  const process2 = h.attachProcess();
  await process2.instance.get(me);
  h.env.jump(life);
  await h.instance.get(me);
  h.env.jump(life);
  expect((await process2.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0, unauthorized: 0 });
});

test('the loser of a race between two processes without a lock adopts what the winner saves late', async () => {
  await using h = await createHarness();
  const process2 = h.attachProcess();
  await h.instance.get(me);
  await process2.instance.get(me);
  h.env.jump(life);
  // The winner takes a second to save.
  let finishSave = () => {};
  h.store.onSave = () => new Promise<void>((resolve) => (finishSave = resolve));
  const winner = h.instance.get(me);
  await until(() => h.emulator.counters.exchanges === 1, 'the exchange');
  const loser = process2.instance.get(me);
  await until(() => h.emulator.counters.spentPresentations === 1, 'the spent presentation');
  await h.env.advance(1_000);
  finishSave();
  expect((await h.env.drive(winner)).status).toBe(200);
  expect((await h.env.drive(loser)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 1 });
  expect(names(h.told)).not.toContain('reauthentication-required');
});

test('a stale replica is never adopted, for three seconds after each save', async () => {
  await using h = await createHarness({
    emulator: { accessTokenLifetimeSeconds: 10 },
    options: { renewal: { drain: false } },
  });
  let replica = h.store.sets.get('default')!;
  let savedAtMs = -Infinity;
  h.store.onLoad = () => (h.env.now() - savedAtMs < 3_000 ? replica : undefined);
  h.store.onSave = () => {
    replica = h.store.sets.get('default')!;
    savedAtMs = h.env.now();
  };
  for (let second = 0; second < 60; second++) {
    const call = h.instance.get(me);
    await h.env.advance(0);
    expect((await call).status).toBe(200);
    await h.procore.idle();
    h.env.jump(1_000);
  }
  expect(h.emulator.counters.exchanges).toBeGreaterThan(4);
  expect(h.emulator.counters.spentPresentations).toBe(0);
  expect(names(h.told)).not.toContain('token-adopted');
});

test('a stale replica does not give an answer without a refresh token the spent one', async () => {
  await using h = await createHarness();
  const spent = h.store.sets.get('default')!;
  const { refresh_token: refresh } = await h.procore.renew();
  h.store.onLoad = () => spent;
  const body = { access_token: 'opaque-1', token_type: 'Bearer', expires_in: 600 };
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body } });
  await h.procore.renew();
  expect(h.store.sets.get('default')).toMatchObject({ access_token: 'opaque-1', refresh_token: refresh });
});

test('a replica that lags behind a process that has just started is not believed against created_at', async () => {
  await using h = await createHarness();
  const oldest = h.store.sets.get('default')!;
  // The clocks of two login servers do not differ by so much.
  h.env.jump(120_000);
  await h.procore.renew();
  const process2 = h.attachProcess();
  await process2.instance.get(me);
  h.env.jump(life);
  h.store.onLoad = () => oldest;
  await process2.instance.get(me);
  expect(h.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
});

test('memory stores of different accounts and clients never share what became of a refresh token', async () => {
  await using h = await createHarness();
  const other = h.attach({ store: memoryTokenStore(h.emulator.issue({ userId: 7 })) });
  h.env.jump(life);
  const [mine, theirs] = await Promise.all([
    h.instance.get<{ id: number }>(me),
    other.instance.get<{ id: number }>(me),
  ]);
  expect([mine.data.id, theirs.data.id]).toEqual([1, 7]);
  expect(h.emulator.counters.exchanges).toBe(2);
});
