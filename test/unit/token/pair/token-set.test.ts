import { describe, expect, test } from 'vitest';
import type { TokenSet } from '../../../../src/store/store.js';
import {
  holdAnswer,
  holdLoaded,
  localExpiryMs,
  mergeAnswer,
  readTokenSet,
  withExpiresAt,
} from '../../../../src/token/pair/token-set.js';
import { decodeClaims } from '../../../../src/wire/jwt.js';

const ahead = { aheadMs: undefined, draw: 0 };
const scales = { serverOffsetMs: 0 };

function jwt(payload: unknown, raw = JSON.stringify(payload)): string {
  const part = (text: string) => Buffer.from(text).toString('base64url');
  return `${part('{"alg":"ES512"}')}.${part(raw)}.c2ln`;
}

describe('readTokenSet', () => {
  test.each([undefined, null])('takes %s for an account without tokens', (value) => {
    expect(readTokenSet(value)).toEqual({ kind: 'none' });
  });

  test.each<[string, unknown, string]>([
    ['an empty string', '', 'a string'],
    ['a JSON text', '{"access_token":"a"}', 'a string (a JSON text must be parsed first)'],
    ['a number', 5, 'a number'],
    ['false', false, 'a boolean'],
    ['a bigint', 5n, 'a bigint'],
    ['a symbol', Symbol('x'), 'a symbol'],
    ['a function', () => ({ access_token: 'a' }), 'a function'],
    ['the rows of a table', [{ access_token: 'a' }], 'an array'],
    ['an empty object', {}, 'neither'],
    ['a date', new Date(), 'neither'],
    ['a map', new Map([['access_token', 'a']]), 'neither'],
    ['bytes', Buffer.from('{"access_token":"a"}'), 'neither'],
    ['empty tokens', { access_token: '', refresh_token: '' }, 'neither'],
    ['null tokens', { access_token: null, refresh_token: null }, 'neither'],
    ['a token that is a number', { access_token: 5 }, 'access_token is a number'],
    ['a token that is an object', { access_token: {}, refresh_token: 'r' }, 'access_token is an object'],
    [
      'a refresh token that is true',
      { access_token: 'a', refresh_token: true },
      'refresh_token is a boolean',
    ],
    ['a token with its scheme', { access_token: 'Bearer a' }, 'white space'],
    ['a token with a line break', { access_token: 'a\n' }, 'white space'],
    ['a header injection', { access_token: 'a\r\nX-Evil: 1' }, 'white space'],
    ['a token with a null byte', { access_token: 'a\0' }, 'white space'],
    ['a token with other letters', { access_token: 'ä' }, 'white space'],
    ['a refresh token with a blank', { access_token: 'a', refresh_token: ' r' }, 'refresh_token holds white'],
  ])('calls %s garbage and says so', (_what, value, says) => {
    const read = readTokenSet(value);
    expect(read.kind).toBe('garbage');
    expect((read as { what: string }).what).toContain(says);
  });

  test('never quotes a token', () => {
    const read = readTokenSet({ access_token: 'very secret', refresh_token: 'also secret' });
    expect(JSON.stringify(read)).not.toContain('secret');
  });

  test.each<[string, object]>([
    ['both tokens', { access_token: 'a', refresh_token: 'r' }],
    ['a refresh token only', { refresh_token: 'r' }],
    ['an access token and a null', { access_token: 'a', refresh_token: null }],
    ['one token and extra fields', { refresh_token: 'r', tenant: 'acme' }],
    ['the other token and extra fields', { access_token: 'a', tenant: 'acme' }],
    ['a set without a prototype', Object.assign(Object.create(null) as object, { access_token: 'a' })],
  ])('takes %s', (_what, value) => {
    expect(readTokenSet(value)).toEqual({ kind: 'set', set: { ...value } });
  });

  test('gives a copy', () => {
    const value = { access_token: 'a' };
    const read = readTokenSet(value);
    value.access_token = 'b';
    expect(read).toEqual({ kind: 'set', set: { access_token: 'a' } });
  });

  test('reads the columns of an ORM record from its prototype, and leaves its machinery', () => {
    class Row {
      dataValues = { access_token: 'a', refresh_token: 'r', expires_at: 5 };
      get access_token() {
        return this.dataValues.access_token;
      }
      get refresh_token() {
        return this.dataValues.refresh_token;
      }
      get expires_at() {
        return this.dataValues.expires_at;
      }
    }
    expect(readTokenSet(new Row())).toEqual({
      kind: 'set',
      set: { access_token: 'a', refresh_token: 'r', expires_at: 5 },
    });
  });

  test('reads a column from the prototype also where the tokens are the record’s own', () => {
    class Row {
      access_token = 'a';
      refresh_token = 'r';
      saved = 5;
      get expires_at() {
        return this.saved;
      }
    }
    expect(readTokenSet(new Row())).toEqual({
      kind: 'set',
      set: { access_token: 'a', refresh_token: 'r', saved: 5, expires_at: 5 },
    });
  });

  test('takes nothing for a column that every object has', () => {
    const polluted = Object.prototype as Record<string, unknown>;
    polluted['expires_at'] = 5;
    try {
      expect(readTokenSet({ access_token: 'a' })).toEqual({ kind: 'set', set: { access_token: 'a' } });
    } finally {
      delete polluted['expires_at'];
    }
  });

  test('calls an object whose fields throw garbage', () => {
    const value = Object.defineProperty({}, 'access_token', {
      enumerable: true,
      get() {
        throw new Error('detached');
      },
    });
    expect(readTokenSet(value)).toEqual({ kind: 'garbage', what: 'an object whose fields cannot be read' });
  });
});

describe('decodeClaims', () => {
  test.each<[string, string | undefined]>([
    ['nothing', undefined],
    ['an empty token', ''],
    ['an opaque token', '76ba2f0d'],
    ['dots only', '..'],
    ['a JWT cut in half', jwt({ exp: 1_900_000_000 }).slice(0, 30)],
    ['a payload that is no JSON', jwt(undefined, '{"exp":')],
    ['a payload that is null', jwt(null)],
    ['a payload that is a number', jwt(5)],
    ['a payload that is a text', jwt('exp')],
    ['a payload that is no base64', 'eyJ.%%%.x'],
  ])('finds none in %s, without an error', (_what, token) => {
    expect(decodeClaims(token)).toBeUndefined();
  });

  test('reads the claims of a JWT, in any alphabet', () => {
    expect(decodeClaims(jwt({ sub: 'Jürgen 你好' }))).toEqual({ sub: 'Jürgen 你好' });
  });
});

describe('the expiry of a loaded set', () => {
  const createdAt = 1_800_000_000;
  const base: TokenSet = { access_token: jwt({ exp: 1_900_000_000, iat: 1_899_999_000 }) };

  test("is the JWT's exp, whatever its columns say", () => {
    const columns = { expires_at: 1_850_000_000, created_at: createdAt, expires_in: 60 };
    expect(localExpiryMs(holdLoaded({ ...base, ...columns }, ahead), scales)).toBe(1_900_000_000_000);
  });

  test('is else created_at + expires_in, by the clock of the server', () => {
    const held = holdLoaded({ access_token: 'opaque', created_at: createdAt, expires_in: 5400 }, ahead);
    expect(localExpiryMs(held, scales)).toBe((createdAt + 5400) * 1000);
    // A server that is ten minutes ahead means a moment that comes ten minutes earlier here.
    expect(localExpiryMs(held, { serverOffsetMs: 600_000 })).toBe((createdAt + 4800) * 1000);
    expect(localExpiryMs(held, { serverOffsetMs: -600_000 })).toBe((createdAt + 6000) * 1000);
  });

  test('is else its expires_at as it is, whatever the server calls the time', () => {
    const held = holdLoaded({ access_token: 'opaque', expires_at: createdAt }, ahead);
    expect(localExpiryMs(held, { serverOffsetMs: 600_000 })).toBe(createdAt * 1000);
  });

  test.each<[string, Partial<TokenSet>]>([
    ['created_at alone', { created_at: createdAt }],
    ['expires_in alone', { expires_in: 5400 }],
    ['an expires_in of nothing', { created_at: createdAt, expires_in: 0 }],
    ['a negative expires_in', { created_at: createdAt, expires_in: -5 }],
    ['an unreadable expires_at', { expires_at: 'soon' as never }],
    ['an expires_at of null', { expires_at: null as never }],
    ['an expires_at of NaN', { expires_at: NaN }],
  ])("is else the JWT's exp: %s says nothing", (_what, fields) => {
    expect(localExpiryMs(holdLoaded({ ...base, ...fields }, ahead), scales)).toBe(1_900_000_000_000);
  });

  test.each<[string, unknown, number | undefined]>([
    ['in seconds', 1_900_000_000, 1_900_000_000_000],
    ['in milliseconds', 1_900_000_000_000, 1_900_000_000_000],
    ['in a string', '1900000000', 1_900_000_000_000],
    ['that is null', null, undefined],
    ['that is a word', 'never', undefined],
    ['that is negative', -1, undefined],
    ['that is an array', [1_900_000_000], undefined],
  ])('understands an exp %s', (_what, exp, atMs) => {
    const held = holdLoaded({ access_token: jwt({ exp }) }, ahead);
    expect(localExpiryMs(held, scales)).toBe(atMs);
  });

  test.each(['opaque', jwt(null), jwt(5), jwt([1]), jwt({}), jwt({ iat: 5 })])(
    'is unknown where nothing tells it (%s)',
    (token) => {
      const held = holdLoaded({ access_token: token }, ahead);
      expect(localExpiryMs(held, { serverOffsetMs: 5 })).toBeUndefined();
      expect(held.lifeMs).toBeUndefined();
    },
  );

  test('leaves the tokens out that are empty', () => {
    const held = holdLoaded({ access_token: '', refresh_token: 'r' }, ahead);
    expect(held.accessToken).toBeUndefined();
    expect(held.refreshToken).toBe('r');
    expect(
      holdLoaded({ access_token: 'a', refresh_token: null as never }, ahead).refreshToken,
    ).toBeUndefined();
  });

  test("knows a token's life from the JWT, else from expires_in", () => {
    expect(holdLoaded({ access_token: 'a', expires_in: '5400' as never }, ahead).lifeMs).toBe(5_400_000);
    expect(holdLoaded({ ...base, expires_in: 5400 }, ahead).lifeMs).toBe(1_000_000);
    const turned = jwt({ exp: 1_900_000_000, iat: 1_900_000_001 });
    expect(holdLoaded({ access_token: turned }, ahead).lifeMs).toBeUndefined();
  });
});

describe('the expiry of a fresh answer', () => {
  const sentAtMs = 1_800_000_000_000;

  test('counts from the moment of sending, whatever the answer says of its issue', () => {
    const answer = { access_token: 'a', expires_in: 5400, created_at: 1, expires_at: 2 };
    const held = holdAnswer(answer, sentAtMs, ahead);
    expect(localExpiryMs(held, { serverOffsetMs: 600_000 })).toBe(sentAtMs + 5_400_000);
    expect(held.lifeMs).toBe(5_400_000);
  });

  test('is read as that of a loaded set where the answer has no expires_in', () => {
    const answer = { access_token: jwt({ exp: 1_900_000_000 }), refresh_token: 'r' };
    expect(localExpiryMs(holdAnswer(answer, sentAtMs, ahead), scales)).toBe(1_900_000_000_000);
    expect(localExpiryMs(holdAnswer({ access_token: 'a' }, sentAtMs, ahead), scales)).toBeUndefined();
  });
});

describe('how early a token is renewed', () => {
  const holdFor = (lifeSeconds: number, aheadMs?: number, draw = 0) =>
    holdAnswer({ access_token: 'a', expires_in: lifeSeconds }, 0, { aheadMs, draw });

  test.each([
    [7200, 300_000],
    [5400, 300_000],
    [3000, 300_000],
    [2999, 299_900],
    [900, 90_000],
    [60, 6_000],
    [1, 100],
  ])('is five minutes or a tenth of the life, whichever is less (%i s)', (lifeSeconds, expected) => {
    expect(holdFor(lifeSeconds).aheadMs).toBeCloseTo(expected, 6);
  });

  test.each([
    [0, 300_000],
    [0.5, 330_000],
    [1, 360_000],
  ])('is up to 20 %% earlier by chance (%d)', (draw, expected) => {
    expect(holdFor(5400, undefined, draw).aheadMs).toBeCloseTo(expected, 6);
  });

  test('is never over half the life, not by wish and not by chance', () => {
    expect(holdFor(5400, 10 * 3_600_000).aheadMs).toBe(2_700_000);
    expect(holdFor(100, 49_000, 0.999).aheadMs).toBe(50_000);
  });

  test('is what the application wishes', () => {
    expect(holdFor(5400, 60_000).aheadMs).toBe(60_000);
    expect(holdFor(5400, 0, 0.9).aheadMs).toBe(0);
  });

  test('is five minutes for a token of unknown life', () => {
    expect(holdLoaded({ access_token: 'a', expires_at: 1_900_000_000 }, ahead).aheadMs).toBe(300_000);
  });

  test.each([
    [5400, 10_000],
    [500, 10_000],
    [499, 9_980],
    [60, 1_200],
  ])('leaves a margin of 10 s or 2 %%, whichever is less (%i s)', (lifeSeconds, expected) => {
    expect(holdFor(lifeSeconds).marginMs).toBeCloseTo(expected, 6);
  });
});

describe('mergeAnswer', () => {
  const previous: TokenSet = {
    access_token: 'a1',
    refresh_token: 'r1',
    token_type: 'bearer',
    expires_in: 5400,
    created_at: 1,
    expires_at: 2,
    scope: 'old',
    tenant: 'acme',
    note: { nested: true },
  };

  test('keeps what the application stores beside the tokens, and nothing of the old answer', () => {
    expect(mergeAnswer(previous, { access_token: 'a2', refresh_token: 'r2' })).toEqual({
      access_token: 'a2',
      refresh_token: 'r2',
      tenant: 'acme',
      note: { nested: true },
    });
  });

  test.each([undefined, null, ''])('keeps the presented refresh token when the answer has %o', (refresh) => {
    const answer = { access_token: 'a2', refresh_token: refresh as never, expires_in: 60 };
    const merged = mergeAnswer(previous, answer);
    expect(merged).toMatchObject({ access_token: 'a2', refresh_token: 'r1', expires_in: 60 });
    expect(merged).not.toHaveProperty('expires_at');
  });

  test('leaves no empty refresh token behind where there was none', () => {
    const merged = mergeAnswer({ access_token: 'a1' }, { access_token: 'a2', refresh_token: '' });
    expect(Object.keys(merged)).toEqual(['access_token']);
    expect(mergeAnswer(undefined, { access_token: 'a2' })).toEqual({ access_token: 'a2' });
  });

  test('changes neither of the sets', () => {
    const [old, answer] = [Object.freeze({ ...previous }), Object.freeze({ access_token: 'a2' })];
    expect(() => mergeAnswer(old, answer)).not.toThrow();
  });

  test('lets the answer win over an extra field of the same name', () => {
    expect(mergeAnswer(previous, { access_token: 'a2', tenant: 'new' })).toMatchObject({ tenant: 'new' });
  });

  test('survives a record that names a prototype', () => {
    const hostile = JSON.parse('{"access_token":"a1","__proto__":{"refresh_token":"evil"}}') as TokenSet;
    const merged = mergeAnswer(hostile, { access_token: 'a2' });
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect(merged.refresh_token).toBeUndefined();
  });
});

describe('withExpiresAt', () => {
  test("writes the expiry in whole Unix seconds of this machine's clock, rounded down", () => {
    const held = holdAnswer({ access_token: 'a', expires_in: 60 }, 1_800_000_000_999, ahead);
    expect(withExpiresAt(held, 600_000)).toEqual({
      access_token: 'a',
      expires_in: 60,
      expires_at: 1_800_000_060,
    });
  });

  test("corrects the server's time by the offset", () => {
    const held = holdLoaded({ access_token: 'a', created_at: 1_800_000_000, expires_in: 60 }, ahead);
    expect(withExpiresAt(held, 1_500).expires_at).toBe(1_800_000_058);
  });

  test('replaces milliseconds and texts, and drops what nobody understands', () => {
    const written = (value: unknown) =>
      withExpiresAt(holdLoaded({ access_token: 'a', expires_at: value as never }, ahead), 0);
    expect(written(1_900_000_000_000).expires_at).toBe(1_900_000_000);
    expect(written('2030-01-01T00:00:00Z').expires_at).toBe(1_893_456_000);
    expect(written('soon')).toEqual({ access_token: 'a' });
  });

  test('reads back what it wrote', () => {
    const held = holdAnswer({ access_token: 'a', expires_in: 5400 }, 1_800_000_000_000, ahead);
    const read = holdLoaded(withExpiresAt(held, 0), ahead);
    expect(localExpiryMs(read, scales)).toBe(localExpiryMs(held, scales));
  });
});
