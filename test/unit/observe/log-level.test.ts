import { expect, test } from 'vitest';
import { levelOf, levelsOf, type Level, type Told } from '../../../src/observe/log-level.js';
import { detailOf } from './support/details.js';

const nowMs = 1_000_000;
const inMs = (ms: number) => new Date(nowMs + ms);
const waiting = (more: object) => detailOf('request-waiting', more);
const retried = (method: string, reason: 'failure' | 'unauthorized' = 'failure') =>
  detailOf('request-retried', { method, reason });

test.each<[Level, string, Told]>([
  ['info', 'a renewal', detailOf('token-renewed')],
  ['info', 'tokens that another has renewed', detailOf('token-adopted')],
  ['info', 'a late save', detailOf('token-saved-late')],
  ['info', 'the end of pacing alone', detailOf('pacing-together')],
  ['warn', 'a failed renewal', detailOf('token-renewal-failed')],
  ['error', 'a failed save', detailOf('token-save-failed')],
  ['error', 'an account that needs its user', detailOf('reauthentication-required')],
  ['warn', 'a warning', detailOf('warning')],
  ['debug', 'an answer', detailOf('request-settled')],
  ['debug', 'a failure', detailOf('request-settled', { status: 500, kind: 'server-error' })],
  ['debug', 'an answer after 5 s of waiting', detailOf('request-settled', { waitedMs: 5_000 })],
  ['info', 'an answer after more than 5 s of waiting', detailOf('request-settled', { waitedMs: 5_001 })],
  ['debug', 'a wait of 5 s', waiting({ reason: 'retry', until: inMs(5_000) })],
  ['info', 'a wait over 5 s', waiting({ reason: 'retry', until: inMs(5_001) })],
  [
    'debug',
    'a wait whose end nobody knows',
    waiting({ reason: 'token', until: undefined, before: undefined }),
  ],
  [
    'debug',
    'a wait for the answer to the call before',
    waiting({ reason: 'rate-limit', before: 0, until: undefined }),
  ],
  [
    'info',
    'the first to wait at a closed gate',
    waiting({ reason: 'rate-limit', before: 0, until: inMs(1) }),
  ],
  ['info', 'the first that a server refuses', waiting({ reason: 'unavailable', before: 0, until: inMs(1) })],
  ['debug', 'the second at a closed gate', waiting({ reason: 'rate-limit', before: 1, until: inMs(5_000) })],
  ['info', 'a long wait as the second', waiting({ reason: 'rate-limit', before: 1, until: inMs(5_001) })],
  ['debug', 'a read sent again', retried('GET')],
  ['debug', 'a HEAD sent again', retried('HEAD')],
  ['debug', 'an OPTIONS sent again', retried('OPTIONS')],
  ['info', 'a write sent again', retried('POST')],
  ['info', 'a PUT sent again', retried('PUT')],
  ['info', 'a DELETE sent again', retried('DELETE')],
  ['info', 'a write sent again after a 401', retried('PATCH', 'unauthorized')],
  ['debug', 'a read sent again after a 401', retried('GET', 'unauthorized')],
])('%s: %s', (level, _what, told) => {
  expect(levelOf(told, nowMs)).toBe(level);
  expect(levelsOf(told.event, (told.detail as { waitedMs?: number }).waitedMs ?? 0)).toContain(level);
});
