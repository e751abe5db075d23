import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { Env } from '../../../../src/time/env.js';
import { createLateSave } from '../../../../src/token/saving/tries.js';
import { createManualEnv } from '../../../support/manual-env.js';

function setUp(attempt: () => Promise<'done' | 'left'> = async () => 'left') {
  const manual = createManualEnv();
  manual.chance = 1;
  const startedAtMs = manual.now();
  const slept: { ms: number; ref: boolean }[] = [];
  const tried: number[] = [];
  const env: Env = {
    now: manual.now,
    random: manual.random,
    sleep(ms, options = {}) {
      slept.push({ ms, ref: options.ref ?? true });
      return manual.sleep(ms, options);
    },
  };
  const lateSave = createLateSave({
    env,
    attempt: () => {
      tried.push(manual.now() - startedAtMs);
      return attempt();
    },
  });
  return { env: manual, lateSave, slept, tried };
}

describe('a late save', () => {
  test('is tried after 1, 2, 4, 8 … seconds, at most a minute apart', async () => {
    const { env, lateSave, tried } = setUp();
    lateSave.start(new AbortController().signal);
    await env.advance(243_000);
    expect(tried).toEqual([1, 3, 7, 15, 31, 63, 123, 183, 243].map((seconds) => seconds * 1000));
  });

  test('keeps the process alive in its first minute only', async () => {
    const { env, lateSave, slept } = setUp();
    lateSave.start(new AbortController().signal);
    await env.advance(200_000);
    expect(slept.map(({ ref }) => ref)).toEqual([true, true, true, true, true, true, false, false, false]);
  });

  test('ends when nothing is left to save', async () => {
    let tries = 0;
    const { env, lateSave, tried } = setUp(async () => (++tries < 3 ? 'left' : 'done'));
    lateSave.start(new AbortController().signal);
    await env.advance(600_000);
    expect(tried).toEqual([1_000, 3_000, 7_000]);
    expect(env.sleeping).toBe(0);
    expect(lateSave.underWay()).toBeUndefined();
  });

  test.each(['rejects', 'throws'])(
    'is tried again when a try %s: the pair is still in memory only',
    async (how) => {
      let tries = 0;
      const { env, lateSave, tried } = setUp(() => {
        if (++tries > 1) return Promise.resolve('done');
        if (how === 'rejects') return Promise.reject(new Error('defect'));
        throw new Error('defect');
      });
      lateSave.start(new AbortController().signal);
      await env.advance(600_000);
      expect(tried).toEqual([1_000, 3_000]);
    },
  );

  test('stops on abort, at once and without a trace', async () => {
    const { env, lateSave, tried } = setUp();
    const abort = new AbortController();
    lateSave.start(abort.signal);
    await env.advance(1_500);
    abort.abort();
    await env.advance(600_000);
    expect(tried).toEqual([1_000]);
    expect(env.sleeping).toBe(0);
    expect(lateSave.underWay()).toBeUndefined();
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  test('does not begin on a signal that has aborted', async () => {
    const { env, lateSave, tried } = setUp();
    lateSave.start(AbortSignal.abort());
    await env.advance(600_000);
    expect(tried).toEqual([]);
    expect(lateSave.underWay()).toBeUndefined();
  });

  test('is one loop, however often it is started; for another pair the schedule begins anew', async () => {
    const { env, lateSave, slept, tried } = setUp();
    const { signal } = new AbortController();
    lateSave.start(signal);
    lateSave.start(signal);
    await env.advance(100_000);
    expect(tried).toEqual([1, 3, 7, 15, 31, 63].map((seconds) => seconds * 1000));
    expect(env.sleeping).toBe(1);
    lateSave.start(signal);
    await env.advance(7_000);
    expect(tried.slice(6)).toEqual([101_000, 103_000, 107_000]);
    expect(slept.at(-1)).toEqual({ ms: 8_000, ref: true });
    expect(env.sleeping).toBe(1);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  });
});

describe('what is under way', () => {
  test('is nothing before the first start', () => {
    expect(setUp().lateSave.underWay()).toBeUndefined();
  });

  test('is over when the save is, and leaves no timer', async () => {
    const { env, lateSave } = setUp(async () => 'done');
    lateSave.start(new AbortController().signal);
    let over = false;
    void lateSave.underWay()!.then(() => (over = true));
    await env.advance(999);
    expect(over).toBe(false);
    await env.advance(1);
    expect(over).toBe(true);
    expect(env.sleeping).toBe(0);
  });

  test('is over after a minute at the latest, though the loop goes on', async () => {
    const { env, lateSave, tried } = setUp();
    lateSave.start(new AbortController().signal);
    let over = false;
    void lateSave.underWay()!.then(() => (over = true));
    await env.advance(59_999);
    expect(over).toBe(false);
    await env.advance(1);
    expect(over).toBe(true);
    expect(lateSave.underWay()).toBeUndefined();
    await env.advance(3_000);
    expect(tried.at(-1)).toBe(63_000);
  });
});
