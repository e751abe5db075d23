import axios, { type AxiosInstance } from 'axios';
import { expect, test, vi } from 'vitest';
import { BatchError, listAll, paginate, syncInBatches } from '../../../src/collections/index.js';
import type { FailedBatch } from '../../../src/collections/index.js';

const untyped = (value: unknown) => value as never;
const never: AxiosInstance = axios.create({
  adapter: () => Promise.reject(new Error('nothing is to be sent')),
});

test.each<[string, () => unknown]>([
  [
    'paginate got nothing as "instance"; it takes an axios instance.',
    () => paginate(untyped(undefined), '/x'),
  ],
  ['listAll got an object as "instance"; it takes an axios instance.', () => listAll(untyped({}), '/x')],
  [
    'paginate got an empty string as "url"; it takes a non-empty string: the URL that the instance is to call.',
    () => paginate(never, ''),
  ],
  ['listAll: option "options" is a number', () => listAll(never, '/x', untyped(5))],
  [
    'listAll: option "ahead" is 0 (number); it takes a whole number of pages from 1 to 10.',
    () => listAll(never, '/x', { ahead: 0 }),
  ],
  ['listAll: option "ahead" is 11 (number)', () => listAll(never, '/x', { ahead: 11 })],
  ['listAll: option "ahead" is 1.5 (number)', () => listAll(never, '/x', { ahead: 1.5 })],
])('%s', (message, call) => {
  expect(call).toThrow(TypeError);
  expect(call).toThrow(
    message.replace('listAll: option "options" is a number', 'listAll: option "options" is 5 (number)'),
  );
});

test.each<[string, () => Promise<unknown>]>([
  [
    'syncInBatches got an object as "updates"; it takes an array of items.',
    () => syncInBatches(never, '/x', untyped({})),
  ],
  [
    'option "batchSize" is 1001 (number); it takes a whole number of items from 1 to 1000',
    () => syncInBatches(never, '/x', [], { batchSize: 1001 }),
  ],
  ['option "batchSize" is 0 (number)', () => syncInBatches(never, '/x', [], { batchSize: 0 })],
  [
    'option "onProgress" is a string of length 3; it takes a function.',
    () => syncInBatches(never, '/x', [], { onProgress: untyped('yes') }),
  ],
  ['option "data" is an array; it takes an object', () => syncInBatches(never, '/x', [], { data: [1] })],
])('%s', async (message, call) => {
  const error: unknown = await call().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TypeError);
  expect((error as Error).message).toContain(message);
});

test('a BatchError is known to another copy of the package, and a class derived from it to nobody else', async () => {
  vi.resetModules();
  const other = await import('../../../src/collections/index.js');
  expect(other.BatchError).not.toBe(BatchError);
  const failed: FailedBatch<number, never> = {
    message: 'm',
    updates: [1, 2, 3],
    answered: 1,
    unsure: 1,
    result: { entities: [], errors: [] },
    cause: new Error('c'),
  };
  const error = new BatchError(failed);
  expect([error instanceof BatchError, error instanceof other.BatchError, error instanceof Error]).toEqual([
    true,
    true,
    true,
  ]);
  expect([error.done, error.maybeDone, error.notDone]).toEqual([[1], [2], [3]]);
  class Own extends BatchError {}
  expect([
    error instanceof Own,
    new Own(failed) instanceof Own,
    new Own(failed) instanceof other.BatchError,
  ]).toEqual([false, true, true]);
  for (const value of [undefined, null, 'BatchError', new Error('x'), {}])
    expect(value instanceof BatchError).toBe(false);
});
