import { expect, test } from 'vitest';
import { createTokenRecord, mostTokenEvents } from '../../../src/health/token-record.js';

const atMs = Date.parse('2026-06-30T12:00:00Z');

test('the newest events are kept, and many renewals do not push a failure out', () => {
  const record = createTokenRecord();
  record.add('reauthentication-required', { account: 'a', message: 'Log in anew.' }, atMs);
  for (let index = 0; index < 10 * mostTokenEvents; index++)
    record.add('token-renewed', { account: 'b' }, atMs + index);
  const kept = record.kept();
  expect(kept).toHaveLength(mostTokenEvents + 1);
  expect(kept[0]!.event).toBe('reauthentication-required');
  expect(kept.at(-1)!.at).toBe(new Date(atMs + 10 * mostTokenEvents - 1).toISOString());
});

test('long texts are cut, and what is no date is left out', () => {
  const record = createTokenRecord();
  const detail = { account: 'a'.repeat(9_999), message: 'b'.repeat(9_999), expiresAt: new Date(NaN) };
  record.add('token-renewal-failed', { ...detail, code: 'ERR_OTHER' }, atMs);
  const [event] = record.kept();
  expect([event!.account.length, event!.message!.length]).toEqual([300, 300]);
  expect(event).toMatchObject({ kind: 'token-renewal-failed' });
  expect(event).not.toHaveProperty('expiresAt');
});

test('records of several processes are put together in the order of time', () => {
  const [one, other] = [createTokenRecord(), createTokenRecord()];
  one.add('token-renewed', { account: 'a' }, atMs);
  one.add('token-renewed', { account: 'a' }, atMs + 2);
  other.add('token-adopted', { account: 'a', from: 'store' }, atMs + 1);
  const both = createTokenRecord([...other.kept(), ...one.kept()]);
  expect(both.kept().map(({ event }) => event)).toEqual(['token-renewed', 'token-adopted', 'token-renewed']);
});
