import { describe, expect, test } from 'vitest';
import { assess, type Attempted } from '../../../src/failure/assess.js';
import { readAnswer } from '../../../src/wire/answer.js';

const serverNowMs = Date.UTC(2030, 0, 1);
const seconds = serverNowMs / 1000;

const attempted = (more: Partial<Attempted>): Attempted => ({
  error: new Error('x'),
  answer: undefined,
  data: undefined,
  rejectedByStatus: true,
  redirected: false,
  canceled: false,
  brokenBody: false,
  ...more,
});
const answered = (status: number, headers: object = {}, more: Partial<Attempted> = {}) =>
  assess(attempted({ answer: readAnswer(status, headers), ...more }), serverNowMs);
const error = (code: string, message = 'x') => Object.assign(new Error(message), { code });

describe("the server's wait", () => {
  test.each<[string, number, object, boolean, number | undefined]>([
    ['429 without a word', 429, {}, true, undefined],
    ['429 with Retry-After', 429, { 'Retry-After': '7' }, true, 7_000],
    ['429 with a reset', 429, { 'X-Rate-Limit-Reset': seconds + 9 }, true, 9_000],
    ['429 with both: the later', 429, { 'retry-after': '7', 'x-rate-limit-reset': seconds + 9 }, true, 9_000],
    [
      '429 with both: the later',
      429,
      { 'retry-after': '11', 'x-rate-limit-reset': seconds + 9 },
      true,
      11_000,
    ],
    ['429 with a reset that has passed', 429, { 'x-rate-limit-reset': seconds - 9 }, true, undefined],
    [
      '429 with a reset in a thousand days',
      429,
      { 'x-rate-limit-reset': seconds + 86_400_000 },
      true,
      undefined,
    ],
    ['429 with a negative wait', 429, { 'retry-after': '-7' }, true, undefined],
    ['429 with garbage', 429, { 'retry-after': 'soon', 'x-rate-limit-reset': 'later' }, true, undefined],
    ['429 with a date', 429, { 'retry-after': 'Tue, 01 Jan 2030 00:00:09 GMT' }, true, 9_000],
    ['429 with a huge wait', 429, { 'retry-after': '1e9' }, true, undefined],
    ['429 with a year', 429, { 'retry-after': '31536000' }, true, 31_536_000_000],
    ['503 with Retry-After', 503, { 'retry-after': '7' }, true, 7_000],
    ['503 with Retry-After: 0', 503, { 'retry-after': '0' }, true, 0],
    ['503 with a reset only', 503, { 'x-rate-limit-reset': seconds + 9 }, false, undefined],
    [
      '503 with a reset beside it',
      503,
      { 'retry-after': '7', 'x-rate-limit-reset': seconds + 9 },
      true,
      7_000,
    ],
    ['503 with garbage', 503, { 'retry-after': 'soon' }, false, undefined],
    ['500 with Retry-After', 500, { 'retry-after': '7' }, false, undefined],
    ['404 with Retry-After', 404, { 'retry-after': '7' }, false, undefined],
  ])('%s', (_what, status, headers, throttled, serverWaitMs) => {
    expect(answered(status, headers)).toMatchObject({ throttled, serverWaitMs });
  });
});

describe('whether it may have run', () => {
  test.each<[string, number, object, boolean]>([
    ['429', 429, {}, false],
    ['503 with Retry-After', 503, { 'retry-after': '1' }, false],
    ['503 without', 503, {}, true],
    ['500', 500, {}, true],
    ['404', 404, {}, false],
    ['418', 418, {}, true],
  ])('%s', (_what, status, headers, mayHaveRun) => {
    expect(answered(status, headers).mayHaveRun).toBe(mayHaveRun);
    expect(answered(status, headers, { redirected: true }).mayHaveRun).toBe(true);
  });

  test('a refused connection has not run, behind a redirect it has', () => {
    const refused = { error: error('ECONNREFUSED'), rejectedByStatus: false };
    expect(assess(attempted(refused), 0)).toMatchObject({ kind: 'connection-refused', mayHaveRun: false });
    expect(assess(attempted({ ...refused, redirected: true }), 0)).toMatchObject({
      kind: 'connection-lost',
      mayHaveRun: true,
    });
  });

  test('a cancelled call may have, unless it never had a socket', () => {
    const request = { reusedSocket: false, outputData: [], socket: null };
    const unsent = Object.assign(error('ERR_CANCELED'), { request });
    const assessed = (more: Partial<Attempted>) => assess(attempted({ canceled: true, ...more }), 0);
    expect(assessed({ error: unsent })).toMatchObject({ kind: 'canceled', mayHaveRun: false });
    expect(assessed({ error: unsent, redirected: true })).toMatchObject({ mayHaveRun: true });
    expect(assessed({ error: error('ERR_CANCELED') })).toMatchObject({ mayHaveRun: true });
  });

  test('a cancelled call may have', () => {
    expect(assess(attempted({ canceled: true, brokenBody: false }), 0)).toMatchObject({
      kind: 'canceled',
      mayHaveRun: true,
    });
  });
});

test('a request body that fails does not count as a failed connection', () => {
  const broken = { error: error('ECONNREFUSED'), rejectedByStatus: false, brokenBody: true };
  expect(assess(attempted(broken), 0)).toMatchObject({ kind: 'unexpected', mayHaveRun: true });
});

test.each([200, 429, 503])('a body that is cut is a lost connection, also if it claims %i', (status) => {
  const answer = readAnswer(status, { 'retry-after': '1' });
  const cut = {
    error: error('ERR_BAD_RESPONSE', 'stream has been aborted'),
    answer,
    rejectedByStatus: false,
  };
  expect(assess(attempted(cut), 0)).toEqual({
    kind: 'connection-lost',
    status: undefined,
    body: undefined,
    requestId: undefined,
    refusal: undefined,
    mayHaveRun: true,
    throttled: false,
    serverWaitMs: undefined,
  });
});

test('an adapter that rejects by itself, without asking validateStatus, has its status', () => {
  const answer = readAnswer(404, {});
  const rejected = { error: error('ERR_BAD_REQUEST', 'Not found'), answer, rejectedByStatus: false };
  expect(assess(attempted(rejected), 0)).toMatchObject({ kind: 'not-found', status: 404 });
});

test('the request id is read whatever its case, and only where it is one', () => {
  expect(answered(500, { 'X-Request-Id': 'abc' }).requestId).toBe('abc');
  expect(answered(500, { 'x-request-id': ['a', 'b'] }).requestId).toBeUndefined();
  expect(answered(500, {}).requestId).toBeUndefined();
});
