import { expect, test } from 'vitest';
import type { Gate } from '../../../src/pacing/gate.js';
import { createGates } from '../../../src/pacing/gates.js';
import { createGate } from '../../../src/pacing/gate.js';
import { rateLimitOf } from '../../../src/wire/rate-limit.js';
import { createManualEnv } from '../../support/manual-env.js';

function stage() {
  const env = createManualEnv();
  const made: Gate[] = [];
  const gates = createGates(() => {
    const gate = createGate({ env, serverOffsetMs: () => 0 });
    made.push(gate);
    return gate;
  });
  return { env, gates, made };
}

test('a scope keeps its gate', () => {
  const { gates } = stage();
  expect(gates.of('a')).toBe(gates.of('a'));
  expect(gates.of('b')).not.toBe(gates.of('a'));
});

test('an application that names a limit for each call does not fill the memory: idle gates are forgotten', () => {
  const { gates, made } = stage();
  const busy = gates.of('busy');
  const underWay = busy.ticket();
  busy.tryPass(underWay);
  const told = gates.of('told');
  const ticket = told.ticket();
  told.tryPass(ticket);
  told.answered(ticket, {
    status: 200,
    rateLimit: rateLimitOf('5', '0', '1800000100'),
    retryAfterMs: undefined,
  });
  const passing = gates.of('passing');
  for (let scope = 0; scope < 5_000; scope++) gates.of(`scope ${scope}`);
  expect(made.length).toBeGreaterThan(5_000);
  expect(gates.of('busy')).toBe(busy);
  expect(gates.of('told')).toBe(told);
  expect(gates.of('passing')).not.toBe(passing);
});

test('the gate of a call that waits for something else is kept until the call is over', () => {
  const { gates } = stage();
  const gate = gates.of('a');
  const ticket = gate.ticket();
  gate.join();
  gates.sweep();
  expect(gates.of('a')).toBe(gate);
  gate.tryPass(ticket);
  gate.leave(ticket);
  gates.sweep();
  expect(gates.of('a')).not.toBe(gate);
});

test('what a gate has been told is forgotten when its reset has passed', async () => {
  const { env, gates } = stage();
  const told = gates.of('told');
  const ticket = told.ticket();
  told.tryPass(ticket);
  const rateLimit = rateLimitOf(undefined, '0', String(env.now() / 1000 + 10));
  told.answered(ticket, { status: 200, rateLimit, retryAfterMs: undefined });
  expect(told.isIdle()).toBe(false);
  env.jump(10_000);
  expect(told.isIdle()).toBe(true);
});
