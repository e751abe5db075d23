import { describe, expect, test } from 'vitest';
import { complaintsAboutFleet, type FleetRun, type WorkerRun } from '../../../examples/demo/fleet-verdict.js';
import type { LoggedRequest } from '../../../examples/demo/verdict.js';

const lifetimeMs = 3_000;
const outage = { durationMs: 1_500, retryAfterMs: 1_000, methods: [] };
const call = { atMs: 9_000, kind: 'api', method: 'GET', status: 200 } as const;
const last = { ...call, rateLimit: { remaining: 0 } } as const;
const limited = { ...call, status: 429, rateLimit: { remaining: 0, limited: true } } as const;
const write = { ...call, method: 'POST', status: 201, wrote: true } as const;

/** Exchange `n` redeems pair `n - 1`, which would have expired at `expiresAtMs`, for pair `n`. */
function exchange(
  n: number,
  atMs: number,
  expiresAtMs: number,
  more: Partial<LoggedRequest> & { revokedAtMs?: number } = {},
): LoggedRequest {
  const { revokedAtMs, ...rest } = more;
  return {
    atMs,
    answeredAtMs: atMs + 15,
    kind: 'token',
    method: 'POST',
    status: 200,
    fault: 'delay',
    outcome: 'issued',
    presented: `r${n - 1}`,
    issued: { accessToken: `a${n}`, refreshToken: `r${n}` },
    replaces: {
      accessToken: `a${n - 1}`,
      expiresAtMs,
      ...(revokedAtMs === undefined ? {} : { revokedAtMs }),
    },
    ...rest,
  };
}

function lost(n: number, atMs: number, expiresAtMs: number): LoggedRequest {
  const { status: _none, answeredAtMs: _never, ...entry } = exchange(n, atMs, expiresAtMs, { fault: 'drop' });
  return { ...entry, issued: { accessToken: 'unheard', refreshToken: 'unheard' } };
}

function struck(times: number): LoggedRequest[] {
  return Array.from({ length: times }, () => ({ ...call, status: 503, outage: true }));
}

function refusals(accessToken: string, times: number): LoggedRequest[] {
  return Array.from({ length: times }, () => ({ ...call, status: 401, accessToken }));
}

/** Two expiries, the second with a lost answer, an outage, a revocation, and an expiry again; each but the renewing worker learns by 401s. */
const wellGone: LoggedRequest[] = [
  write,
  last,
  exchange(1, 2_800, 3_000),
  ...refusals('a0', 38),
  lost(2, 5_600, 5_800),
  exchange(2, 5_900, 5_800),
  ...struck(52),
  exchange(3, 7_000, 8_900, { revokedAtMs: 6_990 }),
  ...refusals('a2', 50),
  exchange(4, 9_700, 10_000),
];

const worker = (number: number, more: Partial<WorkerRun> = {}): WorkerRun => ({
  name: `worker ${number}`,
  heldByOutage: 12,
  renewals: 1,
  adoptions: 3,
  unauthorized: 22,
  alone: [],
  accessToken: 'a4',
  ...more,
});
const workers = [1, 2, 3, 4].map((number) => worker(number));

function complaints(changed: Partial<FleetRun> = {}): string[] {
  return complaintsAboutFleet({
    failed: 0,
    concurrency: 50,
    lifetimeMs,
    writes: 1,
    duplicateWrites: 0,
    lostAnswers: 1,
    revocations: 1,
    outage,
    log: wellGone,
    askedAtMs: new Map(),
    pacing: 'together',
    workers,
    stored: { accessToken: 'a4', isLive: true },
    ...changed,
  });
}

/** The run with one more worker's renewal, so that their sum stays right. */
const oneMore = [worker(1, { renewals: 2 }), ...workers.slice(1)];

test('a run as it should be gets no complaint', () => {
  expect(complaints()).toEqual([]);
});

describe('what is asked of one process is asked of a fleet', () => {
  test.each<[string, Partial<FleetRun>]>([
    ['2 requests failed', { failed: 2 }],
    ['1 answer of 429 while all workers paced together', { log: [...wellGone, limited] }],
    ['1 record was written twice', { duplicateWrites: 1 }],
    [
      'a spent refresh token was presented 1 time',
      {
        log: [...wellGone, { ...exchange(4, 9_800, 9_900), status: 400, outcome: 'spent', presented: 'r3' }],
      },
    ],
    ['the run used up no window of the limit', { log: wellGone.filter((_, index) => index !== 1) }],
    ['the outage struck no call', { log: wellGone.filter((entry) => !entry.outage) }],
    ['1 answer was to be lost, 0 were', { log: wellGone.filter(({ fault }) => fault !== 'drop') }],
  ])('%s', (complaint, changed) => {
    expect(complaints(changed)).toEqual([complaint]);
  });
});

describe('a 429 while a worker paced alone, because Redis did not answer it in time', () => {
  const first = { ...call, rateLimit: { remaining: 24 } };
  /** Five windows of two seconds; the third has the 429. */
  const log = [
    ...[
      { ...first, atMs: 10_000 },
      { ...last, atMs: 11_000 },
    ],
    ...[
      { ...first, atMs: 12_000 },
      { ...last, atMs: 13_000 },
    ],
    ...[
      { ...first, atMs: 14_000 },
      { ...last, atMs: 15_000 },
      { ...limited, atMs: 15_500 },
    ],
    ...[
      { ...first, atMs: 16_000 },
      { ...last, atMs: 17_000 },
    ],
    ...[
      { ...first, atMs: 18_000 },
      { ...last, atMs: 19_000 },
    ],
  ];
  const complaintsWith = (...alone: WorkerRun['alone']) =>
    complaints({
      log: [...wellGone.filter((entry) => entry !== last), ...log],
      workers: [worker(1, { alone }), ...workers.slice(1)],
    });
  const one = '1 answer of 429 while all workers paced together';

  test('is no fault in that window, and in the one after it', () => {
    expect(complaintsWith({ fromMs: 14_500, untilMs: 14_900 })).toEqual([]);
    expect(complaintsWith({ fromMs: 13_500, untilMs: 13_900 })).toEqual([]);
  });

  test('is a fault before that, and later', () => {
    expect(complaintsWith()).toEqual([one]);
    expect(complaintsWith({ fromMs: 11_500, untilMs: 11_900 })).toEqual([one]);
    expect(complaintsWith({ fromMs: 16_500 })).toEqual([one]);
  });

  test('does not excuse workers that paced alone all the time, because then the run proves nothing', () => {
    expect(complaintsWith({ fromMs: 9_000 })).toEqual([
      'in no window of the limit did all workers pace together',
    ]);
  });
});

test('a 429 is no fault of workers that pace apart', () => {
  expect(complaints({ pacing: 'apart', log: [...wellGone, limited] })).toEqual([]);
});

describe('every exchange needs a reason', () => {
  const at = (atMs: number) => [...wellGone.slice(0, -1), exchange(4, atMs, 10_900)];

  test('an expiry in the store is in whole seconds, rounded down', () => {
    // 10 900 is 10 000 to who has it from the store; less 360 of ahead time.
    expect(complaints({ log: at(9_640) })).toEqual([]);
  });

  test('the expiry is counted from when the worker sent its request', () => {
    const askedAtMs = new Map([['a3', 6_950]]);
    // Issued at 7 900, and asked for at 6 950: it expires at 9 950, which is 9 000 in the store.
    const log = [...wellGone.slice(0, -1), exchange(4, 8_640, 10_900)];
    expect(complaints({ log, askedAtMs })).toEqual([]);
    expect(complaints({ log })).toHaveLength(1);
  });

  test('a lifetime with half a second is rounded as in the times of a JWT', () => {
    // A tenth of three seconds and a fifth more, where 2.5 seconds would give 300 ms.
    expect(complaints({ log: at(9_640), lifetimeMs: 2_500 })).toEqual([]);
    expect(complaints({ log: at(9_639), lifetimeMs: 2_500 })).toHaveLength(1);
  });

  test('a token that was replaced before its ahead time is complained of', () => {
    expect(complaints({ log: at(9_639) })).toEqual([
      'a token was replaced without a reason, 1261 ms before its expiry',
    ]);
  });
});

describe('one exchange for the whole fleet', () => {
  test('two exchanges at once are complained of', () => {
    const { presented, ...entry } = exchange(5, 9_714, 9_800, { outcome: 'fault' });
    expect(complaints({ log: [...wellGone, { ...entry, presented: presented! }] })).toEqual([
      '1 token request came while another was under way',
    ]);
  });

  test('two exchanges one after the other are no complaint', () => {
    const next = exchange(5, 9_715, 9_800);
    const stored = { accessToken: 'a5', isLive: true };
    const all = oneMore.map((one) => ({ ...one, accessToken: 'a5' }));
    expect(complaints({ log: [...wellGone, next], stored, workers: all })).toEqual([]);
  });

  test('one token that two workers exchange is complained of', () => {
    const again = { ...exchange(4, 9_800, 10_000), issued: wellGone.at(-1)!.issued! };
    expect(complaints({ log: [...wellGone, again], workers: oneMore })).toEqual([
      'refresh token r3 was exchanged 2 times',
      'refresh token r3 was exchanged, not the one of the renewal before, r4',
    ]);
  });

  test('a second line of pairs that begins at a lost answer is complained of', () => {
    const log = wellGone.map((entry) =>
      entry.presented === 'r2' ? { ...entry, presented: 'unheard' } : entry,
    );
    expect(complaints({ log })).toEqual([
      'refresh token unheard was exchanged, not the one of the renewal before, r2',
    ]);
  });

  test('a renewal that no worker reports is complained of', () => {
    const silent = [worker(1, { renewals: 0 }), ...workers.slice(1)];
    expect(complaints({ workers: silent })).toEqual(['the workers tell of 3 renewals, the server of 4']);
  });

  test('a renewal that the server does not know is complained of', () => {
    expect(complaints({ workers: oneMore })).toEqual(['the workers tell of 5 renewals, the server of 4']);
  });
});

describe('a new token costs the calls in flight', () => {
  test('more 401s than calls in flight with one token are complained of', () => {
    expect(complaints({ log: [...wellGone, ...refusals('a2', 1)] })).toEqual([
      'token a2 was refused 51 times at concurrency 50',
    ]);
  });

  test('each token may be refused to as many calls as are in flight', () => {
    expect(complaints({ log: [...wellGone, ...refusals('a1', 50), ...refusals('a3', 50)] })).toEqual([]);
  });
});

describe('an outage costs the calls in flight, and one of the whole fleet per Retry-After', () => {
  test('more 503s than that are complained of', () => {
    expect(complaints({ log: [...wellGone, ...struck(1)] })).toEqual([
      '53 requests in the outage at concurrency 50: 2 more were to ask',
    ]);
  });

  test('workers that pace apart ask for themselves each', () => {
    const log = [...wellGone, ...struck(6)];
    expect(complaints({ pacing: 'apart', log })).toEqual([]);
    expect(complaints({ pacing: 'apart', log: [...log, ...struck(1)] })).toEqual([
      '59 requests in the outage at concurrency 50: 8 more were to ask',
    ]);
  });
});

describe('all end with the token in the store', () => {
  test('a worker with another token is complained of', () => {
    const behind = [...workers.slice(0, 3), worker(4, { accessToken: 'a3' })];
    expect(complaints({ workers: behind })).toEqual(['worker 4 ends with token a3, the store with a4']);
  });

  test('a store with an older token is complained of', () => {
    const behind = workers.map((one) => ({ ...one, accessToken: 'a3' }));
    expect(complaints({ workers: behind, stored: { accessToken: 'a3', isLive: true } })).toEqual([
      'the store ends with token a3, the server issued a4 last',
    ]);
  });

  test('a store whose refresh token is spent is complained of', () => {
    expect(complaints({ stored: { accessToken: 'a4', isLive: false } })).toEqual([
      'the refresh token in the store does not work',
    ]);
  });
});

describe('a worker that met nothing proves nothing', () => {
  test('a worker that saw no renewal is complained of', () => {
    const idle = [worker(1, { renewals: 2 }), worker(2, { renewals: 0, adoptions: 0 }), ...workers.slice(2)];
    expect(complaints({ workers: idle })).toEqual(['worker 2 saw no renewal']);
  });

  test('a worker that did not wait in the outage is complained of', () => {
    const spared = [...workers.slice(0, 3), worker(4, { heldByOutage: 0 })];
    expect(complaints({ pacing: 'apart', workers: spared })).toEqual(['worker 4 did not wait in the outage']);
    // It hears of the outage from the others.
    expect(complaints({ workers: spared })).toEqual([]);
  });
});
