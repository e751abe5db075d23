import { describe, expect, test } from 'vitest';
import {
  complaintsAbout,
  longestAheadMs,
  type LoggedRequest,
  type Run,
} from '../../../examples/demo/verdict.js';

const lifetimeMs = 3_000;

/** An exchange at `atMs` of refresh token `presented`, whose pair would have expired at `expiresAtMs`. */
function exchange(
  presented: string,
  atMs: number,
  expiresAtMs: number,
  more: Partial<LoggedRequest> & { revokedAtMs?: number } = {},
): LoggedRequest {
  const { revokedAtMs, ...rest } = more;
  const replaces = { expiresAtMs, ...(revokedAtMs === undefined ? {} : { revokedAtMs }) };
  return { atMs, kind: 'token', status: 200, outcome: 'issued', presented, replaces, ...rest };
}

function lost(presented: string, atMs: number, expiresAtMs: number): LoggedRequest {
  const { status: _none, ...entry } = exchange(presented, atMs, expiresAtMs, { fault: 'drop' });
  return entry;
}

function refusals(accessToken: string, times: number): LoggedRequest[] {
  return Array.from({ length: times }, () => ({ atMs: 9_000, kind: 'api', status: 401, accessToken }));
}

/** Two expiries, the second with a lost answer, then a revocation with its burst. */
const wellGone: LoggedRequest[] = [
  { atMs: 10, kind: 'api', status: 200, accessToken: 'a0' },
  exchange('r0', 2_800, 3_000),
  lost('r1', 5_600, 5_800),
  exchange('r1', 6_100, 5_800),
  exchange('r2', 7_000, 9_100, { revokedAtMs: 6_990 }),
  ...refusals('a2', 50),
];

function complaints(changed: Partial<Run> = {}): string[] {
  return complaintsAbout({
    failed: 0,
    concurrency: 50,
    lifetimeMs,
    lostAnswers: 1,
    revocations: 1,
    log: wellGone,
    ...changed,
  });
}

test('a run as it should be gets no complaint', () => {
  expect(complaints()).toEqual([]);
});

test('a failed request', () => {
  expect(complaints({ failed: 3 })).toEqual(['3 requests failed']);
});

describe('every exchange needs a reason', () => {
  test('a token replaced long before its ahead time', () => {
    expect(complaints({ log: [...wellGone, exchange('r3', 10_000, 12_000)] })).toEqual([
      'a token was replaced without a reason, 2000 ms before its expiry',
    ]);
  });

  test('the answer that was lost counts too', () => {
    const log = wellGone.map((entry) => (entry.fault ? lost('r1', 4_000, 5_800) : entry));
    expect(complaints({ log })).toEqual(['a token was replaced without a reason, 1800 ms before its expiry']);
  });

  test('a revocation that came after the exchange is no reason for it', () => {
    const log = [...wellGone, exchange('r3', 10_000, 12_000, { revokedAtMs: 10_001 })];
    expect(complaints({ log })).toEqual(['a token was replaced without a reason, 2000 ms before its expiry']);
  });

  test('an exchange that replaces nothing', () => {
    const { replaces: _none, ...entry } = exchange('r3', 10_000, 10_100);
    expect(complaints({ log: [...wellGone, entry] })).toEqual(['an exchange replaced no token']);
  });

  test('the ahead time is a tenth of the life, at most five minutes, and up to a fifth more', () => {
    expect([3_000, 5_400_000, 7_200_000].map(longestAheadMs)).toEqual([360, 360_000, 360_000]);
  });
});

describe('no token is exchanged twice', () => {
  test('a second exchange of one token', () => {
    expect(complaints({ log: [...wellGone, exchange('r2', 9_000, 9_100)] })).toEqual([
      'refresh token r2 was exchanged 2 times',
    ]);
  });

  test('a lost answer excuses one more presentation, not two', () => {
    expect(complaints({ log: [...wellGone, exchange('r1', 6_600, 5_800)] })).toEqual([
      'refresh token r1 was exchanged 2 times',
    ]);
  });

  test('more answers lost than were dropped on purpose', () => {
    expect(complaints({ log: [...wellGone, lost('r3', 9_000, 9_100)] })).toEqual([
      '2 answers were lost, 1 on purpose',
    ]);
  });

  test('a spent token presented and refused', () => {
    const spent: LoggedRequest = {
      atMs: 9_000,
      kind: 'token',
      status: 400,
      outcome: 'spent',
      presented: 'r0',
    };
    expect(complaints({ log: [...wellGone, spent] })).toEqual([
      'a spent refresh token was presented 1 times',
    ]);
  });
});

describe('a surprise costs one burst of 401s', () => {
  test('more than the concurrency for one token', () => {
    expect(complaints({ log: [...wellGone, ...refusals('a2', 1)] })).toEqual([
      'token a2 was refused 51 times at concurrency 50',
    ]);
  });

  test('more in all than there were surprises', () => {
    const log = [...wellGone, ...refusals('a0', 50), ...refusals('a1', 1)];
    expect(complaints({ log })).toEqual(['101 answers of 401 for 2 surprises at concurrency 50']);
  });
});

describe('a run in which nothing happened proves nothing', () => {
  test('no lost answer', () => {
    expect(complaints({ log: wellGone.filter(({ fault }) => !fault) })).toEqual([
      '1 answers were to be lost, 0 were',
    ]);
  });

  test('no revocation', () => {
    const log = wellGone.filter(({ replaces }) => replaces?.revokedAtMs === undefined);
    expect(complaints({ log })).toEqual(['1 tokens were to be revoked, 0 were replaced for it']);
  });

  test('a single expiry', () => {
    expect(complaints({ log: wellGone.filter(({ presented }) => presented !== 'r0') })).toEqual([
      'the run saw fewer than two expiries',
    ]);
  });
});
