import { describe, expect, test } from 'vitest';
import {
  complaintsAbout,
  longestAheadMs,
  type LoggedRequest,
  type Run,
} from '../../../examples/demo/verdict.js';

const lifetimeMs = 3_000;
const outage = { durationMs: 1_500, retryAfterMs: 1_000, methods: ['GET', 'POST'] };

/** An exchange at `atMs` of refresh token `presented`, whose pair would have expired at `expiresAtMs`. */
function exchange(
  presented: string,
  atMs: number,
  expiresAtMs: number,
  more: Partial<LoggedRequest> & { revokedAtMs?: number } = {},
): LoggedRequest {
  const { revokedAtMs, ...rest } = more;
  const replaces = {
    accessToken: `a of ${presented}`,
    expiresAtMs,
    ...(revokedAtMs === undefined ? {} : { revokedAtMs }),
  };
  return {
    atMs,
    kind: 'token',
    method: 'POST',
    status: 200,
    outcome: 'issued',
    presented,
    replaces,
    ...rest,
  };
}

function lost(presented: string, atMs: number, expiresAtMs: number): LoggedRequest {
  const { status: _none, ...entry } = exchange(presented, atMs, expiresAtMs, { fault: 'drop' });
  return entry;
}

function refusals(accessToken: string, times: number): LoggedRequest[] {
  return Array.from({ length: times }, () => ({ ...call, status: 401, accessToken }));
}

const call = { atMs: 9_000, kind: 'api', method: 'GET', status: 200 } as const;
const write = { ...call, method: 'POST', status: 201, wrote: true } as const;
const last = { ...call, rateLimit: { remaining: 0 } } as const;

/** What an outage struck: one POST, else GETs. */
function struck(times: number): LoggedRequest[] {
  const down = { ...call, status: 503, outage: true };
  return [{ ...down, method: 'POST' }, ...Array.from({ length: times - 1 }, () => down)];
}

/** Two windows used up, an outage, two expiries, the second with a lost answer, then a revocation with its burst. */
const wellGone: LoggedRequest[] = [
  { ...call, atMs: 10, accessToken: 'a0' },
  write,
  last,
  last,
  ...struck(52),
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
    writes: 1,
    duplicateWrites: 0,
    held: 100,
    lostAnswers: 1,
    revocations: 1,
    outage,
    log: wellGone,
    askedAtMs: new Map(),
    ...changed,
  });
}

test('a run as it should be gets no complaint', () => {
  expect(complaints()).toEqual([]);
});

test('failed requests are complained of', () => {
  expect(complaints({ failed: 3 })).toEqual(['3 requests failed']);
});

describe('every exchange needs a reason', () => {
  test('a token that was replaced long before its ahead time is complained of', () => {
    expect(complaints({ log: [...wellGone, exchange('r3', 10_000, 12_000)] })).toEqual([
      'a token was replaced without a reason, 2000 ms before its expiry',
    ]);
  });

  describe('a token that the client had asked for a second before it was issued', () => {
    const askedAtMs = new Map([['a of r3', 8_000]]);

    test('is about to expire when the client says so', () => {
      expect(complaints({ askedAtMs, log: [...wellGone, exchange('r3', 10_640, 12_000)] })).toEqual([]);
    });

    test('is not about to expire before the client says so', () => {
      expect(complaints({ askedAtMs, log: [...wellGone, exchange('r3', 10_639, 12_000)] })).toEqual([
        'a token was replaced without a reason, 1361 ms before its expiry',
      ]);
    });
  });

  test('an exchange whose answer was lost needs a reason too', () => {
    const log = wellGone.map((entry) => (entry.fault ? lost('r1', 4_000, 5_800) : entry));
    expect(complaints({ log })).toEqual(['a token was replaced without a reason, 1800 ms before its expiry']);
  });

  test('a revocation that came after the exchange is no reason for it', () => {
    const log = [...wellGone, exchange('r3', 10_000, 12_000, { revokedAtMs: 10_001 })];
    expect(complaints({ log })).toEqual(['a token was replaced without a reason, 2000 ms before its expiry']);
  });

  test('an exchange that replaces no token is complained of', () => {
    const { replaces: _none, ...entry } = exchange('r3', 10_000, 10_100);
    expect(complaints({ log: [...wellGone, entry] })).toEqual(['an exchange replaced no token']);
  });

  test('the ahead time is a tenth of the life, at most five minutes, and up to a fifth more', () => {
    expect([3_000, 5_400_000, 7_200_000].map(longestAheadMs)).toEqual([360, 360_000, 360_000]);
  });
});

describe('no token is exchanged twice', () => {
  test('a second exchange of one token is complained of', () => {
    expect(complaints({ log: [...wellGone, exchange('r2', 9_000, 9_100)] })).toEqual([
      'refresh token r2 was exchanged 2 times',
    ]);
  });

  test('a lost answer excuses one more presentation, not two', () => {
    expect(complaints({ log: [...wellGone, exchange('r1', 6_600, 5_800)] })).toEqual([
      'refresh token r1 was exchanged 2 times',
    ]);
  });

  test('more lost answers than were dropped on purpose are complained of', () => {
    expect(complaints({ log: [...wellGone, lost('r3', 9_000, 9_100)] })).toEqual([
      '2 answers were lost, 1 on purpose',
    ]);
  });

  test('a spent token that was presented and refused is complained of', () => {
    const spent: LoggedRequest = {
      atMs: 9_000,
      kind: 'token',
      method: 'POST',
      status: 400,
      outcome: 'spent',
      presented: 'r0',
    };
    expect(complaints({ log: [...wellGone, spent] })).toEqual(['a spent refresh token was presented 1 time']);
  });
});

describe('a surprise costs one burst of 401s', () => {
  test('more 401s for one token than the concurrency are complained of', () => {
    expect(complaints({ log: [...wellGone, ...refusals('a2', 1)] })).toEqual([
      'token a2 was refused 51 times at concurrency 50',
    ]);
  });

  test('more 401s in total than the surprises explain are complained of', () => {
    const log = [...wellGone, ...refusals('a0', 50), ...refusals('a1', 1)];
    expect(complaints({ log })).toEqual(['101 answers of 401 for 2 surprises at concurrency 50']);
  });

  test('calls that came after the expiry of their token are no more than were in flight, for each token', () => {
    const late = (token: string, times: number) =>
      refusals(token, times).map((entry) => ({ ...entry, refusal: 'expired' }));
    const log = [...wellGone, ...late('a0', 50), ...late('a1', 50)];
    expect(complaints({ log })).toEqual([]);
    expect(complaints({ log: [...log, ...late('a1', 1)] })).toEqual([
      'token a1 was refused 51 times at concurrency 50',
    ]);
  });
});

describe('the limits refuse no call', () => {
  test('a 429 is complained of', () => {
    const log = [...wellGone, { ...call, status: 429, rateLimit: { remaining: 0 } }];
    expect(complaints({ log })).toEqual(['1 answer of 429']);
  });
});

describe('an outage costs the calls in flight, and one per Retry-After', () => {
  test('more 503s than that are complained of', () => {
    expect(complaints({ log: [...wellGone, ...struck(1)] })).toEqual([
      '53 requests in the outage at concurrency 50: 2 more were to ask',
    ]);
  });

  test('a longer outage allows more 503s', () => {
    const longer = { ...outage, durationMs: 2_500 };
    expect(complaints({ outage: longer, log: [...wellGone, ...struck(1)] })).toEqual([]);
  });
});

describe('a write is made once', () => {
  test('a write that was made again is complained of', () => {
    expect(complaints({ duplicateWrites: 1, log: [...wellGone, write] })).toEqual([
      '1 record was written twice',
      '1 record was to be written, 2 were',
    ]);
  });

  test('a write that was never made is complained of', () => {
    expect(complaints({ writes: 2 })).toEqual(['2 records were to be written, 1 was']);
  });
});

describe('a run in which nothing happened proves nothing', () => {
  test('a run without a lost answer is complained of', () => {
    expect(complaints({ log: wellGone.filter(({ fault }) => !fault) })).toEqual([
      '1 answer was to be lost, 0 were',
    ]);
  });

  test('a run without a revocation is complained of', () => {
    const log = wellGone.filter(({ replaces }) => replaces?.revokedAtMs === undefined);
    expect(complaints({ log })).toEqual(['1 token was to be revoked, 0 were replaced for it']);
  });

  test('a run with a single expiry is complained of', () => {
    expect(complaints({ log: wellGone.filter(({ presented }) => presented !== 'r0') })).toEqual([
      'the run saw fewer than two expiries',
    ]);
  });

  test('a run in which a limit was never reached is complained of', () => {
    const log = wellGone.filter(({ rateLimit }) => !rateLimit);
    const shown = 'the run used up fewer than two windows of the limit';
    expect(complaints({ log: [...log, last] })).toEqual([shown]);
    expect(complaints({ log: [...log, last, { ...call, rateLimit: { remaining: 1 } }] })).toEqual([shown]);
  });

  test('a refused call does not count as using up a window', () => {
    const refused = { ...last, rateLimit: { remaining: 0, limited: true } };
    const log = [...wellGone.filter(({ rateLimit }) => !rateLimit), last, refused];
    expect(complaints({ log })).toContain('the run used up fewer than two windows of the limit');
  });

  test('a run in which no call waited for the limit is complained of', () => {
    expect(complaints({ held: 0 })).toEqual(['no call waited for the limit']);
  });

  test('an outage that struck no call is complained of', () => {
    const log = wellGone.filter((entry) => !entry.outage);
    expect(complaints({ log })).toEqual(['the outage struck no call']);
  });

  test.each(['GET', 'POST'])('an outage without a %s in flight', (without) => {
    const log = wellGone.filter((entry) => !entry.outage || entry.method !== without);
    expect(complaints({ log })).toEqual([`the outage struck no ${without}`]);
  });
});
