import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { epochMs, latestMs, lifeSecondsOf, issuedAtMs } from '../../../../src/token/pair/moments.js';
import type { TokenSet } from '../../../../src/store/store.js';

class Moment {
  readonly #ms: number;
  constructor(ms: number) {
    this.#ms = ms;
  }
  toMillis(): number {
    return this.#ms;
  }
}

describe('epochMs', () => {
  const atMs = Date.UTC(2030, 0, 2, 3, 4, 5);
  test.each<[string, unknown, number]>([
    ['seconds', atMs / 1000, atMs],
    ['milliseconds', atMs, atMs],
    ['seconds in a string', String(atMs / 1000), atMs],
    ['milliseconds in a string', String(atMs), atMs],
    ['blanks around it', ` ${atMs} `, atMs],
    ['fractions of seconds', atMs / 1000 + 0.5, atMs + 500],
    ['a Date', new Date(atMs), atMs],
    ['ISO 8601', '2030-01-02T03:04:05.000Z', atMs],
    ['ISO 8601 with an offset', '2030-01-02T05:04:05+02:00', atMs],
    ['what PostgreSQL prints', '2030-01-02 03:04:05+00', atMs],
    ['what a Date prints', new Date(atMs).toString(), atMs],
    ['what a Date prints in UTC', new Date(atMs).toUTCString(), atMs],
    ['the last second of the year 9999', 253_402_300_799, 253_402_300_799_000],
    ['the first number of milliseconds', 253_402_300_800, 253_402_300_800],
    ['a BigInt of seconds', BigInt(atMs / 1000), atMs],
    ['a BigInt of milliseconds', BigInt(atMs), atMs],
    ['a Date of another realm', runInNewContext('new Date(ms)', { ms: atMs }), atMs],
    ['a moment with toMillis()', { toMillis: () => atMs }, atMs],
    ['a moment with toDate()', { toDate: () => new Date(atMs) }, atMs],
    ['a moment with toJSON()', { toJSON: () => '2030-01-02T03:04:05Z' }, atMs],
    ['a moment whose methods are on its prototype', new Moment(atMs), atMs],
    ['"never" in a table', '9999-12-31T23:59:59.999Z', 253_402_300_799_999],
  ])('understands %s', (_what, value, expected) => {
    expect(epochMs(value)).toBe(expected);
  });

  test.each([
    [0],
    [-5],
    ['-5'],
    ['0'],
    [NaN],
    [Infinity],
    ['Infinity'],
    ['NaN'],
    [''],
    [' '],
    ['soon'],
    ['in 5 minutes'],
    ['never 2030'],
    ['0000-00-00 00:00:00'],
    [new Date(NaN)],
    [null],
    [undefined],
    [true],
    [{}],
    [[1_900_000_000]],
    [-5n],
    [9_223_372_036_854_775_807n],
    [9_223_372_036_854_775_807],
    ['9223372036854775807'],
    [1e300],
    ['+275760-09-13T00:00:00.000Z'],
    [{ toMillis: () => 'soon' }],
    [{ toMillis: () => 1e17 }],
    [{ toDate: () => 5 }],
    [{ toDate: () => new Date(NaN) }],
    [{ toJSON: () => ({}) }],
    [
      {
        toJSON: () => {
          throw new Error('detached');
        },
      },
    ],
    [Symbol('2030')],
  ])('knows no time in %s', (value) => {
    expect(epochMs(value)).toBeUndefined();
  });
});

test('a Proxy of a Date, which no method of Date works on, is no time', () => {
  expect(epochMs(new Proxy(new Date(), {}))).toBeUndefined();
});

test('every moment that is understood is one that a Date holds', () => {
  expect(new Date(latestMs).toISOString()).toBe('9999-12-31T23:59:59.999Z');
});

describe('lifeSecondsOf', () => {
  test.each<[unknown, number]>([
    [5400, 5400],
    ['5400', 5400],
    [5400n, 5400],
    [0.5, 0.5],
    [9_223_372_036_854_775_807, 3_162_240_000],
    ['9223372036854775807', 3_162_240_000],
    [9_223_372_036_854_775_807n, 3_162_240_000],
    [Infinity, 3_162_240_000],
  ])('takes %s for %d seconds', (value, seconds) => {
    expect(lifeSecondsOf(value)).toBe(seconds);
  });

  test.each([[0], [-1], [-1n], [NaN], [''], [' '], ['soon'], [null], [undefined], [true], [{}], [[5400]]])(
    'knows no length in %s',
    (value) => {
      expect(lifeSecondsOf(value)).toBeUndefined();
    },
  );
});

const jwt = (claims: object) =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2lnbmF0dXJl`;
const [iat, exp] = [1_800_000_000, 1_800_005_400];

test.each<[string, object, number | undefined]>([
  ['iat of its JWT', { access_token: jwt({ iat, exp }), created_at: iat - 9_000, expires_in: 5_400 }, iat],
  ['created_at, where a JWT tells nothing', { access_token: jwt({}), created_at: iat }, iat],
  ['created_at of an opaque token', { access_token: 'opaque', created_at: iat, expires_in: 5_400 }, iat],
  [
    'created_at that agrees with exp',
    { access_token: jwt({ exp }), created_at: iat - 1, expires_in: 5_400 },
    iat - 1,
  ],
  [
    'nothing, where exp contradicts created_at',
    { access_token: jwt({ exp }), created_at: iat - 9_000, expires_in: 5_400 },
    undefined,
  ],
  ['created_at, where no life is known', { access_token: jwt({ exp }), created_at: iat }, iat],
  ['nothing, where created_at is a column', { access_token: 'opaque', created_at: '2027-01-15' }, undefined],
  ['nothing, where nothing is said', { access_token: 'opaque' }, undefined],
])('when a set was issued says %s', (_what, set, seconds) => {
  expect(issuedAtMs(set as TokenSet)).toBe(seconds === undefined ? undefined : seconds * 1000);
});
