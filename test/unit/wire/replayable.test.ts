import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { isReplayable } from '../../../src/wire/replayable.js';

describe('a body gives the same bytes a second time', () => {
  test.each<[string, unknown]>([
    ['none', undefined],
    ['null', null],
    ['a text', 'a=b'],
    ['a Buffer', Buffer.from('x')],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['a typed array', new Uint8Array(1)],
    ['form fields', new URLSearchParams('a=b')],
    ["the platform's FormData", new FormData()],
    ['a Blob', new Blob(['x'])],
    ['a plain object', { a: 1 }],
  ])('where it is %s', (_what, body) => {
    expect(isReplayable(body)).toBe(true);
  });

  test.each<[string, unknown]>([
    ['a readable stream', Readable.from(['x'])],
    ['a stream in between', new PassThrough()],
    ['a web stream', new ReadableStream()],
    ['of the form-data package', { pipe() {}, getBoundary: () => 'x', getHeaders: () => ({}) }],
    ['a look-alike of it', { getBoundary: () => 'x' }],
  ])('but not where it is %s', (_what, body) => {
    expect(isReplayable(body)).toBe(false);
  });

  test('looking at a stream does not start it', () => {
    const stream = Readable.from(['x']);
    isReplayable(stream);
    expect([stream.readableFlowing, stream.readableDidRead]).toEqual([null, false]);
  });
});
