import { describe, expect, test } from 'vitest';
import { createAloneStory } from '../../../examples/demo/alone-story.js';
import { createFleetStory } from '../../../examples/demo/fleet-story.js';
import { createInFlight } from '../../../examples/demo/in-flight.js';
import { lastRenewal } from '../../../examples/demo/reasons.js';
import type { LoggedRequest } from '../../../examples/demo/verdict.js';

/** An exchange of the refresh token `presented`; its access token was revoked where `revokedAtMs` is given. */
function exchange(
  presented: string,
  atMs: number,
  more: { lost?: true; revokedAtMs?: number } = {},
): LoggedRequest {
  const { lost, revokedAtMs } = more;
  return {
    atMs,
    kind: 'token',
    method: 'POST',
    outcome: 'issued',
    presented,
    ...(lost && { fault: 'drop' }),
    replaces: { accessToken: 'a', expiresAtMs: 3_000, ...(revokedAtMs !== undefined && { revokedAtMs }) },
  };
}

describe('why a token was renewed is read from the log of the server', () => {
  test.each([
    [[exchange('r0', 10)], ['expiry'], 0],
    [[exchange('r0', 10, { lost: true }), exchange('r0', 700)], ['lost-answer'], 690],
    [[exchange('r0', 10), exchange('r1', 20, { revokedAtMs: 15 })], ['revocation'], 0],
    [
      [exchange('r0', 10, { lost: true }), exchange('r0', 30, { revokedAtMs: 15 })],
      ['lost-answer', 'revocation'],
      20,
    ],
    [[exchange('r0', 10, { lost: true }), exchange('r0', 30), exchange('r1', 90)], ['expiry'], 0],
  ])('%#', (log, reasons, afterMs) => {
    expect(lastRenewal(log)).toEqual({ reasons, afterMs });
  });

  test('and not told where none was heard', () => {
    expect(lastRenewal([exchange('r0', 10, { lost: true })])).toBeUndefined();
  });
});

test('what waits for the calls in flight waits for those of now, and for no later one', () => {
  const inFlight = createInFlight();
  const ran: string[] = [];
  inFlight.whenEnded(() => ran.push('none in flight'));
  inFlight.began(1);
  inFlight.began(2);
  inFlight.whenEnded(() => ran.push('1 and 2'));
  inFlight.began(3);
  inFlight.ended(1);
  expect(ran).toEqual(['none in flight']);
  inFlight.ended(2);
  inFlight.ended(3);
  expect(ran).toEqual(['none in flight', '1 and 2']);
});

test('a run of one process tells each surprise once, with the numbers of when it is over', () => {
  const log: LoggedRequest[] = [];
  const inFlight = createInFlight();
  const told: string[] = [];
  let held = 0;
  const story = createAloneStory((sentence) => told.push(sentence), {
    log,
    inFlight,
    limit: () => ({ limit: 48, windowSeconds: 2.75 }),
    outageMs: 1_500,
    heldSoFar: () => held,
  });
  const renew = (...args: Parameters<typeof exchange>) => {
    log.push(exchange(...args));
    story.renewed();
  };

  renew('r0', 10);
  renew('r1', 20);
  expect(told).toEqual([expect.stringContaining('neared its end')]);

  inFlight.began(1);
  for (held = 1; held < 3; held++) story.held();
  log.push({ atMs: 30, kind: 'api', method: 'GET', status: 401, refusal: 'revoked' });
  renew('r2', 40, { revokedAtMs: 35 });
  log.push({ atMs: 45, kind: 'api', method: 'GET', status: 401, refusal: 'revoked' });
  story.outage();
  log.push({ atMs: 50, kind: 'api', method: 'GET', status: 503, outage: true });
  expect(told).toHaveLength(1);

  inFlight.ended(1);
  story.held();
  expect(told.slice(1)).toEqual([
    expect.stringContaining('3 calls waited for the next window'),
    expect.stringContaining('2 calls got a 401'),
    expect.stringContaining('1 request got a 503'),
  ]);
});

test('a fleet tells which worker dealt with a surprise', () => {
  const log: LoggedRequest[] = [];
  const told: string[] = [];
  const story = createFleetStory((sentence) => told.push(sentence), log, { workers: 3, pacing: 'together' });
  log.push(exchange('r0', 10));
  story.renewed('worker 2');
  log.push(exchange('r1', 20, { lost: true }), exchange('r1', 630));
  story.renewed('worker 1');
  log.push(exchange('r2', 700, { revokedAtMs: 690 }));
  story.renewed('worker 3');
  story.renewed('worker 3');
  story.outage(1_600);
  const limit = { limit: 48, windowSeconds: 2.75 };
  story.limit(limit, undefined);
  log.push({ atMs: 800, kind: 'api', method: 'GET', status: 200, rateLimit: { remaining: 0 } });
  story.limit(limit, undefined);
  story.limit(limit, { ...limit, windowSeconds: 5.75 });
  expect(told).toEqual([
    expect.stringMatching(/neared its end: worker 2 renewed it, and the other workers take/),
    expect.stringMatching(/was lost: worker 1 presented the same refresh token again 0\.61 s later/),
    expect.stringMatching(/was revoked on the server: worker 3 renewed it once for all/),
    expect.stringMatching(
      /was down for 1\.6 s: 0 requests got a 503, and all workers held their calls until Retry-After was over, one of them sent one to ask/,
    ),
    expect.stringMatching(
      /^All workers together have sent the 48 calls in 2\.75 s that the limit allows: they hold/,
    ),
    expect.stringMatching(/48 calls in 5\.75 s from now on/),
  ]);
});
