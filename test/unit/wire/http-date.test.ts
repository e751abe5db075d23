import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpDateMs } from '../../../src/wire/http-date.js';

describe.each(['UTC', 'America/New_York', 'Asia/Kolkata'])('on a machine in %s', (zone) => {
  const { TZ } = process.env;
  beforeEach(() => void (process.env['TZ'] = zone));
  afterEach(() => {
    if (TZ === undefined) delete process.env['TZ'];
    else process.env['TZ'] = TZ;
  });

  test('the machine is there', () => {
    expect(new Date(0).getTimezoneOffset() === 0).toBe(zone === 'UTC');
  });

  test.each([
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
    'sun, 06 nov 1994 08:49:37 gmt',
  ])('"%s" is the same moment', (text) => {
    expect(httpDateMs(text)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
  });
});

test.each([
  '',
  'soon',
  'Retry in 5',
  '5',
  '1994-11-06T08:49:37Z',
  'Sun, 99 Foo 1994 08:49:37 GMT',
  '08:49:37',
])('"%s" is none', (text) => {
  expect(httpDateMs(text)).toBeUndefined();
});
