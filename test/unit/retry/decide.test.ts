import { describe, expect, test } from 'vitest';
import { assess, type Attempted, type Failure } from '../../../src/failure/assess.js';
import type { ProblemKind } from '../../../src/failure/catalogue.js';
import { retryDefaults } from '../../../src/options/options.js';
import {
  decideRetry,
  isIdempotent,
  type FailedAttempt,
  type RetryDecision,
  type RetryLimits,
} from '../../../src/retry/decide.js';
import { readAnswer } from '../../../src/wire/answer.js';

const limits: RetryLimits = { retry: retryDefaults, paced: false, maxWaitMs: 60_000, leftMs: Infinity };

const failed = (more: Partial<Attempted>) =>
  assess(
    {
      error: undefined,
      answer: undefined,
      data: undefined,
      rejectedByStatus: false,
      redirected: false,
      canceled: false,
      brokenBody: false,
      ...more,
    },
    0,
  );
const answered = (status: number, headers: Record<string, string> = {}, redirected = false) =>
  failed({ answer: readAnswer(status, headers), rejectedByStatus: true, redirected });
const broken = (code: string, more: object = {}) =>
  failed({ error: Object.assign(new Error('x'), { code, ...more }) });
const canceled = failed({ canceled: true });

const told = { 'retry-after': '7' };
const failures: Record<string, Failure> = {
  '429': answered(429),
  '429 told': answered(429, told),
  '503': answered(503),
  '503 told': answered(503, told),
  'redirected 503 told': answered(503, told, true),
  refused: broken('ECONNREFUSED'),
  reset: broken('ECONNRESET'),
  timeout: broken('ECONNABORTED', { message: 'timeout of 10ms exceeded' }),
  canceled,
};
const failureOf = (name: string) => failures[name] ?? answered(Number(name));

/** R: again, after a back-off that counts. W: again, after the server's wait. M, B: given up. -: returned. */
const letters: Record<string, string> = { 'may-have-run': 'M', 'body-not-replayable': 'B', return: '-' };
function letterOf(decision: RetryDecision): string {
  if (decision.kind === 'retry') return decision.counts ? 'R' : 'W';
  return letters[decision.kind === 'give-up' ? decision.why : decision.kind] ?? '?';
}

// Columns: no word on idempotence, idempotent: true, idempotent: false; of each, a body that can be sent again and one that cannot.
const table = `
                     | GET HEAD OPTIONS PUT DELETE | POST PATCH
  status             | unsaid  true  false         | unsaid  true  false
  300                | --      --    --            | --      --    --
  400                | --      --    --            | --      --    --
  401                | --      --    --            | --      --    --
  402                | --      --    --            | --      --    --
  403                | --      --    --            | --      --    --
  404                | --      --    --            | --      --    --
  406                | --      --    --            | --      --    --
  408                | --      --    --            | --      --    --
  409                | --      --    --            | --      --    --
  418                | --      --    --            | --      --    --
  422                | --      --    --            | --      --    --
  429                | RB      RB    RB            | RB      RB    RB
  429 told           | WB      WB    WB            | WB      WB    WB
  500                | RB      RB    MM            | MM      RB    MM
  501                | RB      RB    MM            | MM      RB    MM
  502                | RB      RB    MM            | MM      RB    MM
  503                | RB      RB    MM            | MM      RB    MM
  503 told           | WB      WB    WB            | WB      WB    WB
  redirected 503 told| WB      WB    MM            | MM      WB    MM
  504                | RB      RB    MM            | MM      RB    MM
  599                | RB      RB    MM            | MM      RB    MM
  refused            | RB      RB    RB            | RB      RB    RB
  reset              | RB      RB    MM            | MM      RB    MM
  timeout            | RB      RB    MM            | MM      RB    MM
  canceled           | --      --    --            | --      --    --
`;
const groups = [
  ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'],
  ['POST', 'PATCH'],
] as const;
const optIns = [undefined, true, false] as const;
const cells = table
  .trim()
  .split('\n')
  .slice(2)
  .flatMap((line) => {
    const [status = '', ...columns] = line.split('|').map((cell) => cell.trim());
    return columns.flatMap((column, group) =>
      column.split(/\s+/).flatMap((pair, optIn) =>
        groups[group]!.flatMap((method) =>
          [...pair].map((letter, body) => {
            const replayable = body === 0;
            return { status, method, idempotent: optIns[optIn], replayable, letter };
          }),
        ),
      ),
    );
  });

const attempt = (more: Partial<FailedAttempt> = {}): FailedAttempt => ({
  ...answered(500),
  idempotent: true,
  replayable: true,
  retries: 0,
  timesThrottled: 1,
  ...more,
});
const toldFor = (ms: number, status = 503) => ({
  ...answered(status, { 'retry-after': String(ms / 1000) }),
});

describe('every cell: status, method, body, opt-in', () => {
  test('the table has them all', () => {
    expect(cells).toHaveLength(25 * (5 + 2) * 3 * 2);
  });

  test.each(cells)(
    '$status to $method, idempotent: $idempotent, replayable: $replayable: $letter',
    ({ status, method, idempotent, replayable, letter }) => {
      const attempted = { ...failureOf(status), idempotent: isIdempotent(method, idempotent), replayable };
      for (const paced of [false, true]) {
        const decision = decideRetry(
          { ...attempted, retries: 0, timesThrottled: 1 },
          { ...limits, paced },
          0.5,
        );
        expect(letterOf(decision)).toBe(letter);
      }
    },
  );

  test.each<ProblemKind>([
    'reauthentication-required',
    'token-renewal-failed',
    'client-rejected',
    'token-store-failed',
    'deadline',
    'wrong-environment',
    'account-undecided',
    'unexpected',
  ])('%s is returned', (kind) => {
    expect(decideRetry(attempt({ kind }), limits, 0)).toEqual({ kind: 'return' });
  });
});

describe('what a call allows itself', () => {
  test('retry: false says that it is disabled, before anything else', () => {
    const failed = attempt({ mayHaveRun: true, idempotent: false, replayable: false });
    expect(decideRetry(failed, { ...limits, retry: false }, 0)).toEqual({ kind: 'give-up', why: 'disabled' });
    expect(decideRetry(attempt({ kind: 'not-found' }), { ...limits, retry: false }, 0)).toEqual({
      kind: 'return',
    });
  });

  test('full jitter, doubling, up to the cap', () => {
    const waits = [0, 1, 2, 3].map((retries) => decideRetry(attempt({ retries }), limits, 0.5));
    expect(waits.map((decision) => decision.kind === 'retry' && decision.waitMs)).toEqual([
      250, 500, 1_000, 2_000,
    ]);
    const retry = { retries: 20, baseDelayMs: 500, maxDelayMs: 30_000 };
    expect(decideRetry(attempt({ retries: 19 }), { ...limits, retry }, 1)).toMatchObject({ waitMs: 30_000 });
  });

  test('the fifth retry is one too many', () => {
    expect(decideRetry(attempt({ retries: 3 }), limits, 0)).toMatchObject({ kind: 'retry', counts: true });
    expect(decideRetry(attempt({ retries: 4 }), limits, 0)).toEqual({
      kind: 'give-up',
      why: 'retries-exhausted',
    });
  });

  test("the server's wait costs no retry, also after the last one", () => {
    expect(decideRetry(attempt({ ...toldFor(7_000), retries: 4 }), limits, 0)).toEqual({
      kind: 'retry',
      waitMs: 7_000,
      counts: false,
    });
  });

  test('jitter comes on top of the wait of the server, a tenth of it and never below', () => {
    expect(decideRetry(attempt(toldFor(7_000)), limits, 0.999)).toMatchObject({ waitMs: 7_699.3 });
    expect(decideRetry(attempt(toldFor(1_000, 429)), limits, 0)).toMatchObject({ waitMs: 1_000 });
  });

  test('with a gate the gate waits', () => {
    const decision = decideRetry(attempt(toldFor(7_000)), { ...limits, paced: true }, 0.5);
    expect(decision).toEqual({ kind: 'retry', waitMs: 0, counts: false });
  });

  test.each([
    ['no word on when', answered(429)],
    ['a Retry-After that is garbage', answered(429, { 'retry-after': 'soon' })],
  ])(
    'a call that is throttled with %s is never sent again at once, and the retry counts',
    (_what, failure) => {
      expect(decideRetry(attempt({ ...failure, retries: 2 }), limits, 0)).toEqual({
        kind: 'retry',
        waitMs: 2_000,
        counts: true,
      });
      expect(decideRetry(attempt({ ...failure, retries: 4 }), limits, 0)).toMatchObject({
        why: 'retries-exhausted',
      });
    },
  );

  test.each([
    [1, 500],
    [2, 1_000],
    [4, 4_000],
  ])(
    'the %ith Retry-After: 0 in a row is waited for by a schedule of our own and costs no retry',
    (timesThrottled, waitMs) => {
      const failure = answered(503, { 'retry-after': '0' });
      expect(decideRetry(attempt({ ...failure, timesThrottled }), limits, 0)).toEqual({
        kind: 'retry',
        waitMs,
        counts: false,
      });
      expect(decideRetry(attempt({ ...failure, timesThrottled, retries: 4 }), limits, 0)).toMatchObject({
        counts: false,
      });
    },
  );

  test.each([false, true])('a wait that does not fit is not begun (paced: %s)', (paced) => {
    const decide = (ms: number, more: Partial<RetryLimits>) =>
      decideRetry(attempt(toldFor(ms)), { ...limits, paced, ...more }, 0);
    expect(decide(60_000, {})).toMatchObject({ kind: 'retry' });
    expect(decide(61_000, {})).toEqual({ kind: 'give-up', why: 'wait-too-long' });
    expect(decide(30 * 86_400_000, {})).toEqual({ kind: 'give-up', why: 'wait-too-long' });
    expect(decide(5_000, { leftMs: 4_999, maxWaitMs: 4_999 })).toEqual({ kind: 'give-up', why: 'deadline' });
  });

  test('a back-off that does not fit is not begun either', () => {
    const retry = { retries: 4, baseDelayMs: 10_000, maxDelayMs: 10_000 };
    const decide = (more: Partial<RetryLimits>) => decideRetry(attempt(), { ...limits, retry, ...more }, 0.5);
    expect(decide({ maxWaitMs: 4_999 })).toEqual({ kind: 'give-up', why: 'wait-too-long' });
    expect(decide({ leftMs: 4_999, maxWaitMs: 4_999 })).toEqual({ kind: 'give-up', why: 'deadline' });
    expect(decide({ leftMs: 5_000, maxWaitMs: 5_000 })).toMatchObject({ waitMs: 5_000 });
  });

  test.each([0, -1])('where %i ms are left nothing is sent again, even without a wait', (leftMs) => {
    const more = { ...limits, leftMs, maxWaitMs: 0 };
    expect(decideRetry(attempt(), more, 0)).toEqual({ kind: 'give-up', why: 'deadline' });
    expect(decideRetry(attempt(toldFor(0)), { ...more, paced: true }, 0)).toEqual({
      kind: 'give-up',
      why: 'deadline',
    });
  });
});
