import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test } from 'vitest';
import type { ProcoreEvents } from '../../src/observe/events.js';
import { caught } from '../support/caught.js';
import { until } from '../support/manual-env.js';
import { pool } from '../support/network.js';
import { createProcesses, type Processes } from '../support/processes.js';

const me = '/rest/v1.0/me';
const spike = { limit: 25, windowSeconds: 10 };
const hourly = (limit: number) => ({ rateLimits: { hourly: { limit, windowSeconds: 3_600 } } });

/** So many calls of each process, so many of them at once. */
const calls = ({ all }: Processes, each: number, concurrency = 5) =>
  Promise.all(all.map(({ instance }) => pool(each, concurrency, () => instance.get(me))));
const told = ({ h }: Processes, event: keyof ProcoreEvents) =>
  h.told.filter((one) => one.event === event).map(({ detail }) => detail);
const warnings = (stage: Processes) => told(stage, 'warning').map(({ code }) => code);

describe('processes under one limit of 25 calls in ten seconds', () => {
  test.each(['fixed', 'sliding'] as const)(
    'eight of them meet no 429, though none knows of the others (%s windows)',
    async (kind) => {
      await using stage = await createProcesses(8, { emulator: { rateLimits: { spike, kind } } });
      const answers = await stage.network.run(calls(stage, 25));
      expect(answers.flat().map(({ status }) => status)).toEqual(Array(200).fill(200));
      expect(stage.refusals()).toBe(0);
      expect(stage.h.emulator.counters.apiRequests).toBe(200);
      expect(warnings(stage)).toEqual([]);
    },
  );

  test('they take hardly longer than one process would', async () => {
    await using stage = await createProcesses(8, { emulator: { rateLimits: { spike } } });
    const startedAtMs = stage.h.env.now();
    await stage.network.run(calls(stage, 25));
    // Eight windows: the last 25 leave at the seventh reset.
    expect(stage.h.env.now() - startedAtMs).toBeLessThanOrEqual(1.05 * (70_000 + 500 * 8));
  });

  test('a 429 that one of them gets holds all of them back', async () => {
    await using stage = await createProcesses(3);
    await stage.network.run(calls(stage, 1));
    const { emulator, env } = stage.h;
    emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 429, headers: { 'retry-after': '30' } } });
    const [one] = stage.all;
    let closedAtMs = 0;
    const others = new Promise((resolve, reject) => {
      one!.procore.on('request-retried', () => {
        closedAtMs = env.now();
        // They have asked for nothing yet: what others hold already is spent before they hear of it.
        const fresh = [stage.start(), stage.start()].map(({ instance }) => instance.get(me));
        Promise.all(fresh).then(resolve, reject);
      });
    });
    await stage.network.run(Promise.all([one!.instance.get(me), others]));
    expect(env.now() - closedAtMs).toBeGreaterThanOrEqual(29_900);
    expect(stage.refusals()).toBe(1);
  });
});

test('while the limit is far, hardly any call costs a question, and no call waits for one', async () => {
  await using stage = await createProcesses(4, { emulator: hourly(10_000) });
  await stage.network.run(calls(stage, 5));
  stage.common.asked.length = 0;
  stage.h.told.length = 0;
  await stage.network.run(calls(stage, 100));
  expect(stage.common.asked.length).toBeLessThanOrEqual(0.2 * 400);
  expect(told(stage, 'request-waiting').length).toBeLessThanOrEqual(0.1 * 400);
});

test('attaches of one store share a gate under one pacing, and the scope has the same readable name in every process', async () => {
  await using stage = await createProcesses(2);
  const { h, common, all } = stage;
  const shared = { rateLimit: { scope: 'account', shared: common.shared } } as const;
  const [one, other] = [h.attach(shared), h.attach(shared)];
  for (const { instance } of [one, other]) {
    instance.defaults.adapter = stage.network.adapter;
    await stage.network.run(instance.get(me));
  }
  for (const { instance } of all) await stage.network.run(instance.get(me));
  const { host } = new URL(h.emulator.url);
  const scopes = new Map<string, Set<string>>();
  for (const { scope, question } of common.asked)
    scopes.set(scope, (scopes.get(scope) ?? new Set()).add(question.member));
  expect([...scopes].map(([scope, members]) => [scope, members.size])).toEqual([
    [`${host} emulator-client account "default"`, 1],
    [`${host} emulator-client app`, 2],
  ]);
  expect(JSON.stringify([...common.asked])).not.toContain(h.emulator.clientSecret);
});

test('questions are put in the async context of the attach, because they belong to no call', async () => {
  await using stage = await createProcesses(0);
  const scope = new AsyncLocalStorage<string>();
  const seen = new Set<string | undefined>();
  const { shared } = stage.common;
  const watched: typeof shared = { ask: (...asked) => (seen.add(scope.getStore()), shared.ask(...asked)) };
  const { instance } = scope.run('attach', () =>
    stage.start({ rateLimit: { scope: 'app', shared: watched } }),
  );
  await stage.network.run(scope.run('call', () => pool(12, 4, () => instance.get(me))));
  expect([...seen]).toEqual(['attach']);
});

describe('where the common state is away', () => {
  test.each(['rejects', 'hangs'] as const)(
    'no call fails, and each process paces alone within a second: it %s',
    async (state) => {
      await using stage = await createProcesses(2, { emulator: { rateLimits: { spike } } });
      stage.common.state = state;
      const startedAtMs = stage.h.env.now();
      const answers = await stage.network.run(calls(stage, 2));
      expect(stage.h.env.now() - startedAtMs).toBeLessThanOrEqual(1_000);
      expect(answers.flat().map(({ status }) => status)).toEqual(Array(4).fill(200));
      expect(warnings(stage)).toEqual(['pacing-alone', 'pacing-alone']);
      await stage.network.run(calls(stage, 10));
      expect(warnings(stage).length).toBe(2);
      stage.common.release();
    },
  );

  test('calls that wait already go on alone, and when it is back everybody paces together again', async () => {
    await using stage = await createProcesses(4, { emulator: { rateLimits: { spike } } });
    const { h, common, network, all } = stage;
    const run = calls(stage, 50, 10);
    void network.run(run);
    const ended = () => h.emulator.counters.apiRequests;
    await until(() => ended() >= 40, '40 calls');
    expect(stage.refusals()).toBe(0);
    common.state = 'rejects';
    await until(() => warnings(stage).length === 4, 'everybody alone');
    await until(() => ended() >= 100, '100 calls');
    common.state = 'answers';
    common.lose();
    await until(() => told(stage, 'pacing-together').length === 4, 'everybody together');
    const answers = await run;
    expect(answers.flat().map(({ status }) => status)).toEqual(Array(200).fill(200));
    expect(warnings(stage).length).toBe(4);
    expect(h.logged.filter((line) => line.includes('(pacing-together)')).length).toBe(4);
    expect(all.every(({ procore }) => procore.status().pacing?.waiting === 0)).toBe(true);
  });

  test('no call waits longer than maxWaitMs', async () => {
    await using stage = await createProcesses(2, {
      emulator: { rateLimits: { spike } },
      options: { maxWaitMs: 300 },
    });
    await stage.network.run(calls(stage, 1));
    stage.common.state = 'hangs';
    const startedAtMs = stage.h.env.now();
    await stage.network.run(Promise.allSettled([calls(stage, 50, 50)]));
    expect(stage.h.env.now() - startedAtMs).toBeLessThanOrEqual(2_000);
  });
});

test('calls that would wait longer than maxWaitMs are rejected at once where others have used up the limit', async () => {
  await using stage = await createProcesses(2, { emulator: hourly(20) });
  await stage.network.run(pool(20, 5, () => stage.all[0]!.instance.get(me)));
  const startedAtMs = stage.h.env.now();
  const error = await stage.network.run(caught(stage.all[1]!.instance.get(me)));
  expect(error).toMatchObject({ code: 'ERR_PROCORE_RATE_LIMITED' });
  expect((error as unknown as { retryAt: Date }).retryAt.getTime()).toBeGreaterThan(startedAtMs + 3_000_000);
  expect(stage.h.env.now() - startedAtMs).toBeLessThan(1_000);
  expect(stage.h.emulator.counters.apiRequests).toBe(20);
});

test('status and request-waiting tell of the common state', async () => {
  await using stage = await createProcesses(2, { emulator: { rateLimits: { spike } } });
  const [one, other] = stage.all;
  const { env } = stage.h;
  await stage.network.run(pool(20, 5, () => one!.instance.get(me)));
  await stage.network.run(other!.instance.get(me));
  const { pacing } = other!.procore.status();
  expect(pacing).toMatchObject({ limit: 25, waiting: 0 });
  expect(pacing!.remaining).toBeLessThanOrEqual(4);
  const resetsAtMs = pacing!.resetsAt!.getTime();
  expect(resetsAtMs).toBeGreaterThan(env.now());
  const waiting = pool(10, 10, () => other!.instance.get(me));
  await stage.network.run(
    Promise.race([until(() => other!.procore.status().pacing!.closedUntil !== undefined), waiting]),
  );
  expect(other!.procore.status().pacing).toMatchObject({ remaining: 0, closedUntil: expect.any(Date) });
  await stage.network.run(waiting);
  const last = told(stage, 'request-waiting').at(-1)!;
  expect(last).toMatchObject({ reason: 'rate-limit', before: expect.any(Number) });
});

describe('what a process holds of the limit', () => {
  const heldBy = ({ common }: Processes) => common.members().reduce((sum, { held }) => sum + held, 0);

  test.each(['detach', 'idle'] as const)('%s gives it back, and leaves no timer', async (method) => {
    await using stage = await createProcesses(1, { emulator: hourly(1_000) });
    const [{ instance, procore }] = stage.all as [Processes['all'][0]];
    await stage.network.run(pool(40, 10, () => instance.get(me)));
    expect(heldBy(stage)).toBeGreaterThan(0);
    await procore[method]();
    await stage.h.env.advance(10);
    expect(heldBy(stage)).toBe(0);
    if (method === 'detach') return expect(stage.h.env.sleeping).toBe(0);
    // A call that comes after it is like any other.
    await stage.network.run(instance.get(me));
    expect(heldBy(stage)).toBeGreaterThan(0);
  });

  test('is given back where nobody has made a call for some time', async () => {
    await using stage = await createProcesses(1, { emulator: hourly(1_000) });
    await stage.network.run(pool(40, 10, () => stage.all[0]!.instance.get(me)));
    expect(heldBy(stage)).toBeGreaterThan(0);
    await stage.h.env.advance(60_000);
    expect(heldBy(stage)).toBe(0);
  });

  test('is void where the process was stopped for a minute, so that nobody spends what the others have had since', async () => {
    await using stage = await createProcesses(2, { emulator: hourly(1_000) });
    await stage.network.run(calls(stage, 20));
    stage.h.env.jump(60_000);
    const before = stage.common.asked.length;
    await stage.network.run(stage.all[0]!.instance.get(me));
    expect(stage.common.asked.length).toBeGreaterThan(before);
    expect(stage.common.asked[before]!.question.waiting).toBe(1);
  });
});
