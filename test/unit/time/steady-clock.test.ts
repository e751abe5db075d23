import { expect, test } from 'vitest';
import { SteadyClock } from '../../../src/time/steady-clock.js';
import { createManualEnv } from '../../support/manual-env.js';

test('goes on from the last moment that it has told where the clock of the machine is set back, and says by how much', () => {
  const env = createManualEnv(10_000);
  const clock = new SteadyClock(env);
  expect([clock.now(), clock.setBackMs]).toEqual([10_000, 0]);
  env.jump(-4_000);
  expect([clock.now(), clock.setBackMs]).toEqual([10_000, 4_000]);
  env.jump(1_000);
  expect(clock.now()).toBe(11_000);
  env.jump(-500);
  expect([clock.now(), clock.setBackMs]).toEqual([11_000, 4_500]);
});

test('follows a clock that is set forward', () => {
  const env = createManualEnv(10_000);
  const clock = new SteadyClock(env);
  clock.now();
  env.jump(3_600_000);
  expect([clock.now(), clock.setBackMs]).toEqual([3_610_000, 0]);
});
