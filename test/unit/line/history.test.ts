import type { AxiosResponse } from 'axios';
import { describe, expect, test } from 'vitest';
import type { Failure } from '../../../src/failure/assess.js';
import { fold, mayBeReplayed, noHistory, type Event, type History } from '../../../src/line/history.js';

const failure = (more: Partial<Failure> = {}): Failure => ({
  kind: 'server-error',
  status: 500,
  body: undefined,
  requestId: undefined,
  refusal: undefined,
  mayHaveRun: false,
  throttled: false,
  serverWaitMs: undefined,
  ...more,
});
const failed = (more: Partial<Failure> = {}, rest: Partial<Event & { kind: 'failed' }> = {}): Event => ({
  kind: 'failed',
  failure: failure(more),
  lenient: false,
  nowMs: 10_000,
  awakeMs: 500,
  ...rest,
});
const answer = { status: 401 } as AxiosResponse;
const once = { sinceMs: 500, times: 1 };
const hour = 60 * 60 * 1000;
const error = new Error('x');

describe('the history of a call', () => {
  test.each<[string, Partial<History>, Event, Partial<History>]>([
    [
      'a success is an attempt, and forgets the failure before',
      { attempts: 2, failure: failure(), answer, mayHaveRun: true },
      { kind: 'left' },
      { attempts: 3, failure: undefined, answer: undefined, mayHaveRun: true },
    ],
    ['a failure is an attempt', { attempts: 1 }, failed(), { attempts: 2, failure: failure() }],
    ['a failure has an answer of its own, or none', { answer }, failed(), { answer: undefined }],
    ['an attempt that may have run', {}, failed({ mayHaveRun: true }), { mayHaveRun: true }],
    ['an attempt that may have run is never forgotten', { mayHaveRun: true }, failed(), { mayHaveRun: true }],
    [
      'a call that is throttled for the first time',
      {},
      failed({ throttled: true }),
      { throttled: once, retryAtMs: undefined },
    ],
    [
      'a call that is throttled once more',
      { throttled: { sinceMs: 20, times: 2 } },
      failed({ throttled: true }),
      { throttled: { sinceMs: 20, times: 3 } },
    ],
    [
      'a call that is no longer throttled',
      { throttled: { sinceMs: 20, times: 2 }, retryAtMs: 9_000 },
      failed(),
      { throttled: undefined, retryAtMs: undefined },
    ],
    [
      'a server wait',
      { retryAtMs: 9_000 },
      failed({ throttled: true, serverWaitMs: 7_000 }),
      { retryAtMs: 17_000, throttled: once },
    ],
    [
      'a server wait of none',
      {},
      failed({ throttled: true, serverWaitMs: 0 }),
      { retryAtMs: 10_000, throttled: once },
    ],
    [
      'a server wait of a day, which is cut at an hour',
      {},
      failed({ throttled: true, serverWaitMs: 24 * hour }),
      { retryAtMs: 10_000 + hour, throttled: once },
    ],
    ['an adapter that resolves any status', {}, failed({}, { lenient: true }), { lenient: true }],
    ['an adapter that has done so', { lenient: true }, failed(), { lenient: true }],
    ['an answer that is kept', {}, { kind: 'answer-kept', answer }, { answer }],
    [
      'an answer that cannot be kept',
      { answer },
      { kind: 'answer-kept', answer: undefined },
      { answer: undefined },
    ],
    [
      'a replay with a token that was renewed for the 401',
      { answer, attempts: 1 },
      { kind: 'replayed', renewed: true },
      { replays: 1, renewed: true, answer: undefined, attempts: 1 },
    ],
    [
      'a second replay, with a token that has come meanwhile',
      { replays: 1, renewed: true },
      { kind: 'replayed', renewed: false },
      { replays: 2, renewed: true },
    ],
    [
      'a body is made anew, and the call fails of that or of what follows',
      { failure: failure(), answer, retryAtMs: 9_000, mayHaveRun: true, attempts: 1 },
      { kind: 'body-begun' },
      { failure: undefined, answer: undefined, retryAtMs: undefined, mayHaveRun: true, attempts: 1 },
    ],
    ['a body that cannot be made', {}, { kind: 'body-failed', error }, { thrown: { error } }],
    [
      'a timeout of the whole call, which has no answer',
      { answer, attempts: 1, mayHaveRun: true },
      { kind: 'timed-out', failure: failure({ kind: 'timeout', status: undefined }) },
      {
        failure: failure({ kind: 'timeout', status: undefined }),
        answer: undefined,
        gaveUp: 'deadline',
        attempts: 1,
        mayHaveRun: true,
      },
    ],
    [
      'a call that is given up',
      { failure: failure(), answer },
      { kind: 'gave-up', why: 'retries-exhausted' },
      { gaveUp: 'retries-exhausted', failure: failure(), answer },
    ],
  ])('%s', (_what, before, event, after) => {
    const history = Object.freeze({ ...noHistory, ...before });
    expect(fold(history, event)).toEqual({
      ...history,
      ...(event.kind === 'failed' && counted(history, event)),
      ...after,
    });
  });

  test('of a 401 that renews, is throttled and fails for good', () => {
    const events: Event[] = [
      failed({ kind: 'access-token-invalid', status: 401 }),
      { kind: 'answer-kept', answer },
      { kind: 'replayed', renewed: true },
      failed({ kind: 'rate-limited', status: 429, throttled: true, serverWaitMs: 7_000 }),
      failed({ mayHaveRun: true }),
      { kind: 'gave-up', why: 'may-have-run' },
    ];
    expect(events.reduce(fold, noHistory)).toEqual({
      ...noHistory,
      attempts: 3,
      failure: failure({ mayHaveRun: true }),
      mayHaveRun: true,
      replays: 1,
      renewed: true,
      gaveUp: 'may-have-run',
    });
  });
});

test.each([
  [2, false, false, true],
  [3, false, false, false],
  [3, false, true, true],
  [3, true, false, true],
  [4, true, false, false],
  [4, true, true, false],
])(
  'a call that was replayed %i times (a renewal for it: %s) may be replayed once more, with a token that was renewed for it (%s): %s',
  (replays, renewed, isRenewed, may) => {
    expect(mayBeReplayed({ ...noHistory, replays, renewed }, isRenewed)).toBe(may);
  },
);

/** What every failure changes. */
function counted(history: History, event: Event & { kind: 'failed' }): Partial<History> {
  return { attempts: history.attempts + 1, failure: event.failure };
}
