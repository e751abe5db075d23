import { expect, test } from 'vitest';
import { createCallIds } from '../../../src/observe/call-id.js';

test('the names of calls have a random part of the attach and a number', () => {
  const next = createCallIds(() => 0.5);
  expect([next(), next(), next()]).toEqual(['i0000000-1', 'i0000000-2', 'i0000000-3']);
});

test.each([0, 1e-12, 0.123, 1 - 2 ** -53])(
  'the random part has eight places, by a chance of %s too',
  (chance) => {
    expect(createCallIds(() => chance)()).toMatch(/^[\da-z]{8}-1$/);
  },
);

test('no chance is drawn before the first name, and one for all of them', () => {
  let drawn = 0;
  const next = createCallIds(() => (drawn++, 0.25));
  expect(drawn).toBe(0);
  next();
  next();
  expect(drawn).toBe(1);
});
