import { expect, test } from 'vitest';
import { fieldsOf } from '../../../src/observe/log-fields.js';
import type { Told } from '../../../src/observe/log-level.js';
import { textOf } from '../../../src/observe/log-text.js';
import { detailOf, eventNames } from './support/details.js';

const nowMs = Date.parse('2026-05-01T11:59:48Z');
const lineOf = (told: Told) => textOf(told, fieldsOf(told), nowMs);
const waiting = (more: object) => detailOf('request-waiting', more);
const settled = (more: object) => detailOf('request-settled', more);

test.each<[string, Told]>([
  [
    'renewed the tokens of account "default" until 2026-05-01T12:00:00.000Z (token-renewed accessToken="ab12cd34")',
    detailOf('token-renewed'),
  ],
  [
    'renewed the tokens of account "a b"; they are not saved yet (token-renewed accessToken="ab12cd34")',
    detailOf('token-renewed', { account: 'a b', expiresAt: undefined, unsaved: true }),
  ],
  [
    'uses the tokens of account "default" in the store until 2026-05-01T12:00:00.000Z (token-adopted accessToken="ab12cd34")',
    detailOf('token-adopted'),
  ],
  [
    'uses the tokens of account "default" that this process has renewed already (token-adopted)',
    detailOf('token-adopted', { from: 'process', expiresAt: undefined, accessToken: undefined }),
  ],
  [
    'No tokens; the next try is not before 2026-05-01T12:00:00.000Z (token-renewal-failed account="default" code="ERR_PROCORE_TOKEN_RENEWAL")',
    detailOf('token-renewal-failed'),
  ],
  ['store.save() failed (42P01) (token-save-failed account="default")', detailOf('token-save-failed')],
  ['saved the tokens of account "default" after all (token-saved-late)', detailOf('token-saved-late')],
  [
    'Log in (reauthentication-required account="default" reason="no-tokens")',
    detailOf('reauthentication-required'),
  ],
  [
    'paces calls together with other processes again, after 812 ms alone (pacing-together)',
    detailOf('pacing-together'),
  ],
  ['A message (warning code="legacy-refresh")', detailOf('warning')],
])('%s', (line, told) => {
  expect(lineOf(told)).toBe(`axios-procore: ${line}`);
});

const rest = 'callId="k3v09x2m-17" account="default"';
test.each<[string, Told]>([
  ['waits 12 s for the rate limit, 14 calls are before it', waiting({})],
  ['waits 12 s for the rate limit with attempt 2, 1 call is before it', waiting({ before: 1, attempt: 2 })],
  ['waits for the rate limit, no calls are before it', waiting({ before: 0, until: undefined })],
  [
    'waits 12 s for the server, which refuses calls, 3 calls are before it',
    waiting({ reason: 'unavailable', before: 3 }),
  ],
  ['waits 12 s before attempt 3', waiting({ reason: 'retry', before: undefined, attempt: 3 })],
  [
    'waits for the tokens of its account',
    waiting({ reason: 'token', awaits: 'store', before: undefined, until: undefined }),
  ],
  [
    'waits for the renewal of its token',
    waiting({ reason: 'token', awaits: 'renewal', before: undefined, until: undefined }),
  ],
])('%s', (sentence, told) => {
  const until = (told.detail as { until?: Date }).until ? ' until="2026-05-01T12:00:00.000Z"' : '';
  expect(lineOf(told)).toBe(
    `axios-procore: ${sentence}: GET api.procore.com /rest/v1.0/me (request-waiting ${rest}${until})`,
  );
});

test.each<[string, Told]>([
  ['sends attempt 2, after 503', detailOf('request-retried')],
  [
    'sends attempt 2, after ECONNRESET',
    detailOf('request-retried', { status: undefined, code: 'ECONNRESET' }),
  ],
  ['sends attempt 2, after no answer', detailOf('request-retried', { status: undefined })],
  [
    'sends attempt 2 with another token, after 401',
    detailOf('request-retried', { reason: 'unauthorized', status: 401 }),
  ],
  ['answered with 200 after 812 ms', settled({})],
  ['answered with 404 after 1.2 s, 3 attempts', settled({ status: 404, attempts: 3, durationMs: 1_200 })],
  [
    'answered with 200 after 14 s, 12 s of it waiting, 2 attempts',
    settled({ attempts: 2, durationMs: 14_000, waitedMs: 12_000 }),
  ],
  ['failed with ECONNRESET after 812 ms', settled({ status: undefined, code: 'ECONNRESET' })],
  ['answered with 200, failed with ERR_BAD_RESPONSE after 812 ms', settled({ code: 'ERR_BAD_RESPONSE' })],
  ['ended without an answer after 812 ms, never sent', settled({ status: undefined, attempts: 0 })],
])('%s', (sentence, told) => {
  expect(lineOf(told)).toMatch(/^axios-procore: [^(]+ \(request-\w+ callId="k3v09x2m-17" [^)]+\)$/);
  expect(lineOf(told)).toContain(`axios-procore: ${sentence}: GET api.procore.com /rest/v1.0/me (`);
});

/** Fields that the line has in words. */
const inWords = ['reason', 'awaits', 'from', 'unsaved', 'waitedMs', 'durationMs', 'attempts'];

test.each(eventNames)('the line of %s loses no field, for loggers that drop them', (event) => {
  const told = detailOf(event);
  for (const [name, value] of Object.entries(fieldsOf(told)))
    if (!inWords.includes(name))
      expect([name, lineOf(told)]).toEqual([name, expect.stringContaining(String(value))]);
});

test('a field that is new in an event is in its line', () => {
  expect(lineOf(settled({ novel: 'x y' }))).toMatch(/ novel="x y"\)$/);
});

test('nothing in an event begins a line of its own, or is a placeholder for the fields', () => {
  const line = lineOf(settled({ path: '/a%d0%s', account: 'x\n2026 ERROR forged\u2028' }));
  expect(line).not.toMatch(/[\n\u2028]/);
  expect(line).toContain('/a%D0%25s');
});
