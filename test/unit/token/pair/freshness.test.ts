import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { freshnessOf } from '../../../../src/token/pair/freshness.js';
import { holdAnswer, holdLoaded, localExpiryMs } from '../../../../src/token/pair/token-set.js';

const sentAtMs = 1_800_000_000_000;
const expiresAtMs = sentAtMs + 5_400_000;
const ahead = { aheadMs: undefined, draw: 0 };
const scales = { serverOffsetMs: 0 };
const held = holdAnswer({ access_token: 'a', expires_in: 5400 }, sentAtMs, ahead);

describe('a token', () => {
  test.each([
    ['fresh', 300_001],
    ['aging', 300_000],
    ['aging', 10_000],
    ['expired', 9_999],
    ['expired', 0],
    ['expired', -1],
  ])('is %s with %i ms left', (expected, leftMs) => {
    expect(freshnessOf(held, expiresAtMs - leftMs, scales)).toBe(expected);
  });

  test('is missing where there is none', () => {
    expect(freshnessOf(undefined, 0, scales)).toBe('missing');
  });

  test('counts as expired where only the refresh token is there', () => {
    const refreshOnly = holdLoaded({ refresh_token: 'r', expires_at: 9_000_000_000 } as never, ahead);
    expect(freshnessOf(refreshOnly, 0, scales)).toBe('expired');
  });

  test('is fresh until a 401 says otherwise where nobody knows its expiry', () => {
    const opaque = holdLoaded({ access_token: 'a' }, ahead);
    expect(freshnessOf(opaque, 9e15, scales)).toBe('fresh');
  });

  test('with aheadMs 0 is never aging', () => {
    const eager = holdAnswer({ access_token: 'a', expires_in: 5400 }, sentAtMs, { aheadMs: 0, draw: 0 });
    expect(freshnessOf(eager, expiresAtMs - 10_000, scales)).toBe('fresh');
    expect(freshnessOf(eager, expiresAtMs - 9_999, scales)).toBe('expired');
  });

  test('of a second is used for half of it before it is replaced', () => {
    const short = holdAnswer({ access_token: 'a', expires_in: 1 }, 0, { aheadMs: 60_000, draw: 0.9 });
    expect(freshnessOf(short, 499, scales)).toBe('fresh');
    expect(freshnessOf(short, 500, scales)).toBe('aging');
    expect(freshnessOf(short, 980, scales)).toBe('aging');
    expect(freshnessOf(short, 981, scales)).toBe('expired');
  });

  test.each([600_000, -600_000])("dated by a server's clock moves by its offset (%i ms)", (offsetMs) => {
    const dated = holdLoaded({ access_token: 'a', created_at: sentAtMs / 1000, expires_in: 5400 }, ahead);
    const endMs = expiresAtMs - offsetMs;
    expect(freshnessOf(dated, endMs - 300_001, { serverOffsetMs: offsetMs })).toBe('fresh');
    expect(freshnessOf(dated, endMs - 300_000, { serverOffsetMs: offsetMs })).toBe('aging');
    expect(freshnessOf(dated, endMs - 9_999, { serverOffsetMs: offsetMs })).toBe('expired');
  });

  test('is as fresh as the end that is believed says, whatever else its columns say', () => {
    const moment = fc.integer({ min: 0, max: 20_000 });
    const maybe = fc.option(moment, { nil: undefined });
    const columns = fc.record({ expires_at: maybe, created_at: maybe, expires_in: maybe });
    fc.assert(
      fc.property(columns, moment, maybe, (set, nowSeconds, alive) => {
        const row = holdLoaded({ access_token: 'a', ...set }, ahead);
        const seen = { serverOffsetMs: 0, aliveAtMs: alive && alive * 1000 };
        const endsAtMs = localExpiryMs(row, seen) ?? Infinity;
        const leftMs = endsAtMs - nowSeconds * 1000;
        const isOver = leftMs < row.marginMs || leftMs <= 0;
        const expected = isOver ? 'expired' : leftMs <= row.aheadMs ? 'aging' : 'fresh';
        expect(freshnessOf(row, nowSeconds * 1000, seen)).toBe(expected);
      }),
    );
  });
});
