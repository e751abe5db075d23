import { expect, test } from 'vitest';
import { fieldsOf } from '../../../src/observe/log-fields.js';
import { detailOf } from './support/details.js';

test('the fields are the name of the event and its details, with dates in ISO 8601', () => {
  expect(fieldsOf(detailOf('request-waiting'))).toEqual({
    event: 'request-waiting',
    callId: 'k3v09x2m-17',
    account: 'default',
    host: 'api.procore.com',
    method: 'GET',
    path: '/rest/v1.0/me',
    reason: 'rate-limit',
    until: '2026-05-01T12:00:00.000Z',
    before: 14,
    attempt: 1,
  });
});

test('message and cause are not among the fields, because the line has what matters of them', () => {
  expect(fieldsOf(detailOf('token-save-failed'))).toEqual({ event: 'token-save-failed', account: 'default' });
});

test('a date that is none is told as unknown, and what is undefined is left out', () => {
  const told = detailOf('token-renewed', { expiresAt: new Date(NaN), accessToken: undefined });
  expect(fieldsOf(told)).toEqual({
    event: 'token-renewed',
    account: 'default',
    expiresAt: 'unknown',
    unsaved: false,
  });
});
