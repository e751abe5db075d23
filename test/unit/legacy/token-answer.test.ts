import { expect, test } from 'vitest';
import { tokenAnswer } from '../../../src/legacy/token-answer.js';

const nowMs = 1_800_000_000_700;

test('both ways to count the life come to the same moment, and never to a later one than it ends', () => {
  const expiresAtMs = nowMs + 5_400_000;
  const { created_at: created = 0, expires_in: life = 0 } = tokenAnswer(
    { set: { access_token: 'a' }, expiresAtMs },
    nowMs,
  );
  expect((created + life) * 1000).toBeLessThanOrEqual(expiresAtMs);
  expect(nowMs + life * 1000).toBeLessThanOrEqual(expiresAtMs);
  expect(expiresAtMs - (created + life) * 1000).toBeLessThan(2_000);
});

test('it has the fields of the token endpoint and no other', () => {
  const set = { access_token: 'a', refresh_token: 'r', scope: 's', id: 7, expires_at: 5, created_at: 1 };
  expect(tokenAnswer({ set, expiresAtMs: undefined }, nowMs)).toEqual({
    access_token: 'a',
    refresh_token: 'r',
    scope: 's',
    token_type: 'bearer',
    created_at: 1_800_000_000,
  });
});

test('a life that is over is none, not a negative one', () => {
  expect(tokenAnswer({ set: { access_token: 'a' }, expiresAtMs: nowMs - 5_000 }, nowMs).expires_in).toBe(0);
});
