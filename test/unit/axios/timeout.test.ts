import axios, { type AxiosRequestConfig } from 'axios';
import { describe, expect, test } from 'vitest';
import { createAxiosCopies } from '../../../src/axios/copies.js';
import { tellWholeTimeout } from '../../../src/line/overtime.js';
import { following } from '../../../src/axios/redirects.js';
import { timeoutAfter, timeoutMsOf } from '../../../src/axios/timeout.js';
import { createManualEnv } from '../../support/manual-env.js';

test.each([
  [5_000, 5_000],
  ['5000', 5_000],
  ['5000ms', 5_000],
  [1.5, 1],
  [0, undefined],
  ['0', undefined],
  [0.5, undefined],
  [-1, undefined],
  [NaN, undefined],
  [Infinity, undefined],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
  [null, undefined],
  [true, undefined],
  [{}, undefined],
])('a timeout of %j bounds as many milliseconds as it does in axios: %s', (timeout, ms) => {
  expect(timeoutMsOf(timeout)).toBe(ms);
});

test.each([
  [5_000, 0, 5_000],
  ['5000', 0, '5000'],
  ['5000', 1, 4_999],
  [5_000, -3_600_000, 5_000],
  [5_000, 5_000, 1],
  [5_000, 60_000, 1],
  [0, 60_000, 0],
  [undefined, 60_000, undefined],
  ['soon', 60_000, 'soon'],
])('of a timeout of %j, %i ms later, %j is left', (timeout, elapsedMs, left) => {
  expect(timeoutAfter(timeout, elapsedMs)).toBe(left);
});

describe('the number in the message of a timeout is that of the application', () => {
  const told = (error: unknown, config: AxiosRequestConfig = { timeout: 5_000 }) => {
    tellWholeTimeout(error, config);
    return error as Error & { cause?: Error };
  };

  test.each([
    ['timeout of 30ms exceeded', 'timeout of 5000ms exceeded'],
    ['timeout 30 of ms exceeded', 'timeout 5000 of ms exceeded'],
    ['timeout of 30 apples', 'timeout of 30 apples'],
    ['socket hang up', 'socket hang up'],
  ])('%s', (message, expected) => {
    const { message: own, stack } = told(new Error(message));
    expect(own).toBe(expected);
    expect(stack).toContain(expected);
  });

  test('in the message of the cause too', () => {
    const { cause } = told(new Error('wrapped', { cause: new Error('timeout of 30ms exceeded') }));
    expect(cause!.message).toBe('timeout of 5000ms exceeded');
  });

  test('and a timeoutErrorMessage of the application is left as it is', () => {
    const timeoutErrorMessage = 'timeout of 30ms exceeded';
    expect(told(new Error(timeoutErrorMessage), { timeout: 5_000, timeoutErrorMessage }).message).toBe(
      timeoutErrorMessage,
    );
  });

  test.each([undefined, null, 'text', Object.freeze(new Error('timeout of 30ms exceeded'))])(
    'and what cannot be changed stays: %s',
    (error) => {
      expect(() => told(error)).not.toThrow();
    },
  );
});

test('redirects that are followed in the place of axios have one timeout together', async () => {
  const env = createManualEnv();
  const seen: unknown[] = [];
  const adapter = async (config: AxiosRequestConfig) => {
    seen.push(config.timeout);
    env.jump(2_000);
    const isLast = seen.length === 3;
    const headers = isLast ? {} : { location: '/next' };
    return { status: isLast ? 200 : 302, statusText: '', headers, data: '', config: config as never };
  };
  const copy = createAxiosCopies().of(axios);
  await following(copy, env, adapter)({ url: 'http://127.0.0.1:1/first', timeout: 5_000 });
  expect(seen).toEqual([5_000, 3_000, 1_000]);
});
