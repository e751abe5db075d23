import { AsyncResource } from 'node:async_hooks';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createOwnRenewals } from '../../../src/legacy/own-renewals.js';

test('code is inside the function that it was called by, after every wait of it, and nowhere else', async () => {
  const mark = createOwnRenewals();
  const inside = mark.run(async () => {
    const before = mark.isInside();
    await setImmediate();
    return [before, mark.isInside()];
  });
  expect(mark.isInside()).toBe(false);
  expect(await inside).toEqual([true, true]);
});

test('a mark says nothing of what runs inside another one', () => {
  const [outer, inner, stranger] = [createOwnRenewals(), createOwnRenewals(), createOwnRenewals()];
  const seen = outer.run(() => {
    const first = [outer, inner, stranger].map((mark) => mark.isInside());
    return [first, inner.run(() => [outer, inner, stranger].map((mark) => mark.isInside()))];
  });
  expect(seen).toEqual([
    [true, false, false],
    [true, true, false],
  ]);
});

test('a thousand marks that were used put no more on what is asynchronous than one', () => {
  createOwnRenewals().run(() => undefined);
  const carried = () => Object.getOwnPropertySymbols(new AsyncResource('test')).length;
  const before = carried();
  for (let count = 0; count < 1000; count++) createOwnRenewals().run(() => undefined);
  expect(carried()).toBe(before);
});
