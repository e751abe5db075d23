import { expect, test } from 'vitest';
import { createRepeats } from '../../../../src/pacing/redis/repeats.js';

function manual() {
  const settle: { resolve: (value: string) => void; reject: (error: Error) => void }[] = [];
  const send = () => new Promise<string>((resolve, reject) => settle.push({ resolve, reject }));
  return { settle, send };
}

test('a question that is put again while nobody answers is sent three times, and further ones get the reply to the third', async () => {
  const { settle, send } = manual();
  const repeat = createRepeats<string>();
  const replies = Array.from({ length: 9 }, () => repeat('a', send));
  expect(settle).toHaveLength(3);
  settle[2]!.resolve('third');
  expect(await Promise.all(replies.slice(2))).toEqual(Array.from({ length: 7 }, () => 'third'));
  settle[0]!.resolve('first');
  expect(await replies[0]).toBe('first');
});

test('another question is sent, however many of the first are not answered', () => {
  const { settle, send } = manual();
  const repeat = createRepeats<string>();
  for (let n = 0; n < 5; n++) void repeat('a', send);
  void repeat('b', send);
  expect(settle).toHaveLength(4);
});

test('what was answered or refused makes room, and leaves nothing behind', async () => {
  const { settle, send } = manual();
  const repeat = createRepeats<string>(1);
  const refused = repeat('a', send);
  settle[0]!.reject(new Error('away'));
  await expect(refused).rejects.toThrow('away');
  const answered = repeat('a', send);
  settle[1]!.resolve('reply');
  expect(await answered).toBe('reply');
  void repeat('a', send);
  expect(settle).toHaveLength(3);
});
