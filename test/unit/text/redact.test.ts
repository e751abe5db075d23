import { describe, expect, test } from 'vitest';
import { redact } from '../../../src/text/redact.js';

const opaque = '76ba2f0d9c1e4b7a8d3f6e5c4b3a291876ba2f0d9c1e4b7a8d3f6e5c4b3a2918';
const jwt = 'eyJhbGciOiJFUzUxMiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl-_x';

describe('a text that is shown', () => {
  test.each([
    [`token ${jwt} expired`, 'token [redacted] expired'],
    [`(${jwt})`, '([redacted])'],
    [jwt.slice(0, 40), '[redacted]'],
    [`Authorization: Bearer ${jwt}`, 'Authorization: Bearer [redacted]'],
    ['authorization: bearer abcdefgh12', 'authorization: bearer [redacted]'],
    ['Basic dXNlcjpwYXNz', 'Basic [redacted]'],
    [
      'grant_type=refresh_token&refresh_token=abc&x=y',
      'grant_type=refresh_token&refresh_token=[redacted]&x=y',
    ],
    ['client_secret=a%26b', 'client_secret=[redacted]'],
    ['{"access_token":"abc","expires_in":5}', '{"access_token":"[redacted]","expires_in":5}'],
    ["{ refresh_token: 'abc' }", "{ refresh_token: '[redacted]' }"],
    ['?code=abc&state=x', '?code=[redacted]&state=x'],
    ['connect postgres://app:hunter2@db:5432/x', 'connect postgres://[redacted]@db:5432/x'],
    ['redis://:p@ss@cache', 'redis://[redacted]@cache'],
    [`Invalid refresh token: ${opaque}`, 'Invalid refresh token: [redacted]'],
    ['grant%3Dx%26refresh_token%3Dabc', 'grant%3Dx%26refresh_token%3D[redacted]'],
    ['client_secret%3A%20abc', 'client_secret%3A[redacted]'],
    ['client_secret%253Dabc', 'client_secret%253D[redacted]'],
    ['%7B%22access_token%22%3A%22abc%22%7D', '%7B%22access_token%22%3A[redacted]'],
    ['/callback%3Fcode%3Dabc', '/callback%3Fcode%3D[redacted]'],
    ['Bearer%20abcdefgh12', 'Bearer%20[redacted]'],
    ['Authorization: Basic YTpi', 'Authorization: Basic [redacted]'],
    [`{"Authorization":"Bearer abc12"}`, `{"Authorization":"Bearer [redacted]"}`],
    ['Authorization: Token abc', 'Authorization: Token [redacted]'],
    ['the refresh token 4f3a9c77aa is spent', 'the refresh token [redacted] is spent'],
    ['unknown access token abc12345', 'unknown access token [redacted]'],
  ])('holds no token: %s', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  test('holds no token among words with dots, whatever stands beside it', () => {
    expect(redact(`a.b.${jwt}.c-${jwt} eyJ.a eyJa. eyJa`)).toBe(
      'a.b.[redacted].c-[redacted] eyJ.a eyJa. eyJa',
    );
  });

  test('of any form is looked through in about the time that its length takes', () => {
    const length = 100_000;
    const took = (words: string): number => {
      const text = words.repeat(length / words.length);
      const runs = [1, 2, 3].map(() => {
        const startMs = performance.now();
        redact(text);
        return performance.now() - startMs;
      });
      return Math.min(...runs);
    };
    const usual = took('The token of the account has expired. ');
    // Looked through from each of its words, it took a thousand times as long.
    for (const words of ['eyJ-', 'eyJa.', 'a-', '_token', '://', 'Bearer ', 'token\\ '])
      expect(took(words)).toBeLessThan(100 * usual + 50);
  });

  test('holds none of the secrets given, wherever and however often', () => {
    expect(redact('x hunter2 y (hunter2)', ['hunter2'])).toBe('x [redacted] y ([redacted])');
    expect(redact('a.*b and a+b', ['a.*b'])).toBe('[redacted] and a+b');
  });

  test('shows no part of a secret where it ends, however long it is', () => {
    const beginning = 'so '.repeat(33_330);
    for (const secret of [opaque, jwt, 'hunter2-of-procore'])
      expect(redact(`${beginning}${secret} `.repeat(2), ['hunter2-of-procore'])).toBe(
        `${beginning}[redacted]`,
      );
  });

  test('keeps its words where a secret is too short to tell from them', () => {
    expect(redact('a cat sat', ['a', 'cat', ''])).toBe('a cat sat');
  });

  test.each([
    'connect ECONNREFUSED 127.0.0.1:443',
    'it answered 400 invalid_grant: The provided authorization grant is invalid, expired, revoked',
    'The access token expired',
    'GET /rest/v1.0/projects/562949953421312/observations',
    'GET https://api.procore.com/rest/v1.0/users?email=ann@example.com',
    'grant_type=refresh_token',
    '',
  ])('says the same where there is nothing to hide: %s', (text) => {
    expect(redact(text)).toBe(text);
  });

  test('is the same every time, though its patterns are global', () => {
    const text = `Bearer ${jwt}`;
    expect([redact(text), redact(text), redact(text)]).toEqual(Array(3).fill('Bearer [redacted]'));
  });
});
