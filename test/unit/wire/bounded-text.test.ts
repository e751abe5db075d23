import { expect, test } from 'vitest';
import { caught } from '../../support/caught.js';
import { boundedText } from '../../../src/wire/bounded-text.js';

/** A body of these chunks; without an end where `isEndless`. */
function bodyOf(chunks: readonly Uint8Array[], isEndless = false) {
  const seen = { canceled: false };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      if (!isEndless) controller.close();
    },
    cancel: () => void (seen.canceled = true),
  });
  return { body, seen };
}

const never = new AbortController().signal;

test('a character that stands in two chunks is read whole', async () => {
  const bytes = new TextEncoder().encode('{"name":"Ä"}');
  const { body } = bodyOf([bytes.slice(0, 10), bytes.slice(10)]);
  expect(await boundedText(body, 100, never)).toBe('{"name":"Ä"}');
});

test('a body of just as many bytes is read, a longer one is given up and closed', async () => {
  expect(await boundedText(bodyOf([new Uint8Array(10).fill(97)]).body, 10, never)).toBe('a'.repeat(10));
  const { body, seen } = bodyOf([new Uint8Array(6), new Uint8Array(5)], true);
  expect(await boundedText(body, 10, never)).toBeUndefined();
  expect(seen.canceled).toBe(true);
});

test.each([['before it is read'], ['while it is read']])(
  'an abort %s closes the body, and its reason is thrown',
  async (when) => {
    const { body, seen } = bodyOf([], true);
    const controller = new AbortController();
    const reason = new Error('no time left');
    if (when === 'before it is read') controller.abort(reason);
    const reading = caught(boundedText(body, 10, controller.signal));
    controller.abort(reason);
    expect(await reading).toBe(reason);
    expect(seen.canceled).toBe(true);
  },
);
