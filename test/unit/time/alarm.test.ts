import { expect, test } from 'vitest';
import { createAlarm } from '../../../src/time/alarm.js';
import { createManualEnv } from '../../support/manual-env.js';

function createScene() {
  const env = createManualEnv(0);
  const calls: number[] = [];
  return { env, calls, alarm: createAlarm(env, env.now, () => calls.push(env.now())) };
}

test('calls once at the earliest of the moments that it was set for', async () => {
  const { env, calls, alarm } = createScene();
  alarm.set(300);
  alarm.set(200);
  alarm.set(400);
  await env.advance(1_000);
  expect(calls).toEqual([200]);
  expect(env.sleeping).toBe(0);
});

test('calls nobody after it was cleared, nor for a moment that never comes, and leaves no timer', async () => {
  const { env, calls, alarm } = createScene();
  alarm.set(Infinity);
  expect(env.sleeping).toBe(0);
  alarm.set(200);
  alarm.clear();
  await env.advance(1_000);
  expect([calls, env.sleeping]).toEqual([[], 0]);
});

test('may be set again by whoever is called', async () => {
  const env = createManualEnv(0);
  const calls: number[] = [];
  const alarm = createAlarm(env, env.now, () => {
    calls.push(env.now());
    if (calls.length < 3) alarm.set(env.now() + 100);
  });
  alarm.set(100);
  await env.advance(1_000);
  expect(calls).toEqual([100, 200, 300]);
});
