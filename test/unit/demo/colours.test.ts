import { WriteStream } from 'node:tty';
import { expect, test } from 'vitest';
import { paint } from '../../../examples/demo/colours.js';

/** A stream that shows colours as Node decides by these variables for a terminal. */
function stream(isTTY: boolean, env: Record<string, string>): WriteStream {
  const { hasColors, getColorDepth } = WriteStream.prototype;
  return { isTTY, hasColors: () => hasColors.call({ getColorDepth }, 16, env) } as unknown as WriteStream;
}

const xterm = { TERM: 'xterm-256color' };

test.each([
  ['a terminal has colours', stream(true, xterm), '\u001b[32mGood\u001b[39m'],
  ['a pipe has none', stream(false, xterm), 'Good'],
  ['NO_COLOR turns them off', stream(true, { ...xterm, NO_COLOR: '1' }), 'Good'],
  ['a dumb terminal has none', stream(true, { TERM: 'dumb' }), 'Good'],
])('%s', (_, out, expected) => {
  expect(paint('green', 'Good', out)).toBe(expected);
});
