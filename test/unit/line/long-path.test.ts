import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { expect, test } from 'vitest';
import { ownCopy } from '../../../src/axios/copies.js';
import { newAttempt, tellSent } from '../../../src/line/attempt.js';
import { createCalls, type Call } from '../../../src/line/call.js';
import { createLine } from '../../../src/line/chain.js';
import { createLongPath } from '../../../src/line/long-path.js';
import type { Request } from '../../../src/line/request.js';
import { caught } from '../../support/caught.js';
import { createManualEnv } from '../../support/manual-env.js';

const broken = () => {
  throw new Error('mine');
};

/** A long path whose attempts end as `settle` says, and what it tells the gate and the account. */
function stage(settle: (call: Call) => Promise<AxiosResponse> = broken) {
  const told: string[] = [];
  const calls = createCalls();
  const source = {
    sent: () => void told.push('sent'),
    answered: (_lease: unknown, status: unknown) => void told.push(`answered ${String(status)}`),
  };
  const longPath = createLongPath({
    env: createManualEnv(),
    copy: ownCopy,
    settings: { maxWaitMs: 1_000 } as never,
    choices: { retryOf: () => false } as never,
    calls,
    enter: () => undefined,
    sender: {
      async send(config: AxiosRequestConfig) {
        const call = calls.of(config)!;
        const lease = {} as never;
        call.attempt = newAttempt({ source: source as never, lease, body: undefined, sentAtMs: 0 });
        tellSent(call.attempt);
        return settle(call);
      },
    } as never,
    settle: (_sending, _config, call) => settle(call),
    line: createLine(() => Promise.reject(new Error('not in this test'))),
    outcomes: {
      plain: (_config, response) => response,
      finish: (_call, response) => response,
      fail(_call, error) {
        throw error;
      },
    },
    callEvents: { settled: () => {}, neverSent: () => {} } as never,
  });
  const request = (config: AxiosRequestConfig): Request =>
    ({
      config,
      seen: config,
      destination: { path: '/' },
      chosenAdapter: { adapter: broken, hidesRedirects: false },
      source,
      gate: { join: () => void told.push('join'), leave: () => void told.push('leave') },
      ticket: {},
      startedAtMs: 0,
    }) as never;
  return { told, longPath, request };
}

const unreadable = Object.defineProperty({}, 'signal', { get: broken });
const first = { lease: {} as never, sentAtMs: 0, redirected: false, left: false, tokenless: false };
const unremovable = {
  cancelToken: { promise: new Promise(() => {}), subscribe: () => {}, unsubscribe: broken } as never,
};

test('a call whose configuration cannot be read leaves the gate that it has joined', async () => {
  const { told, longPath, request } = stage();
  expect((await caught(longPath.send(request(unreadable)))).message).toBe('mine');
  expect(told).toEqual(['join', 'leave']);
});

test('a call whose configuration cannot be read any more after its first attempt leaves the gate, and its account waits for it no longer', async () => {
  const { told, longPath, request } = stage();
  const sent = Promise.reject<AxiosResponse>(new Error('of the adapter'));
  expect((await caught(longPath.goOn(request(unreadable), first, sent))).message).toBe('mine');
  expect(told).toEqual(['join', 'leave', 'answered undefined']);
});

test('a call whose attempt breaks before its answer is read leaves the gate, and its account waits for it no longer', async () => {
  const { told, longPath, request } = stage();
  expect((await caught(longPath.send(request({})))).message).toBe('mine');
  expect(told).toEqual(['join', 'sent', 'answered undefined', 'leave']);
});

test('a call whose CancelToken lets nobody remove a listener leaves the gate', async () => {
  const { told, longPath, request } = stage(() => Promise.resolve({ status: 200 } as AxiosResponse));
  expect((await caught(longPath.send(request(unremovable)))).message).toBe('mine');
  expect(told).toEqual(['join', 'sent', 'answered undefined', 'leave']);
});
