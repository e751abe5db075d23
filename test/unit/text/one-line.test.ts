import { format } from 'node:util';
import { expect, test } from 'vitest';
import { oneLine } from '../../../src/text/one-line.js';

test.each([
  ['line ends', 'a\nb\r\nc\u2028d', 'a b c d'],
  ['control characters', 'a\u001b[31mb\u0000c\u0085', 'a [31mb c'],
  ['spaces around', '\n a \n', 'a'],
  ['letters of any language', 'Straße 東京 ☃', 'Straße 東京 ☃'],
  ['the escapes of a URL', '/a%20b%d0%9f%2f%c3', '/a%20b%D0%9F%2F%C3'],
  ['a percent sign that is no escape', 'a%s b%o %j %i %O %%d', 'a%25s b%25o %25j %25i %25O %25%25d'],
  ['a percent sign before nothing', '100 % of 50%', '100 % of 50%'],
])('a line has %s as %j: %j', (_what, text, line) => {
  expect(oneLine(text)).toBe(line);
  // As console, log4js and bunyan put a line and its fields together.
  expect(format(oneLine(text), { field: 1 })).toBe(`${line} { field: 1 }`);
});
