import { describe, expect, test } from 'vitest';
import { TokenRenewalError } from '../../../../src/failure/errors.js';
import { createLeases } from '../../../../src/token/renewal/leases.js';
import type { Hold } from '../../../../src/token/renewal/drain.js';
import type { Freshness } from '../../../../src/token/pair/freshness.js';
import type { Ledger } from '../../../../src/token/pair/ledger.js';
import type { Lease } from '../../../../src/token/pair/pairs.js';
import type { RenewalResult, RunningRenewal } from '../../../../src/token/renewal/renewal.js';
import type { Sequence } from '../../../../src/token/renewal/sequence.js';
import { within } from '../../../../src/time/within.js';
import { createManualEnv, settled } from '../../../support/manual-env.js';

const timeoutMs = 15_000;
const totalMs = 90_000;
const overdue = new TokenRenewalError('overdue');
const objected = new TokenRenewalError('objected');
const broken = new TokenRenewalError('broken');
const failed: RenewalResult = { kind: 'failed', verdict: 'undecided', error: broken };

function leaseOf(name: string): Lease {
  return { held: { set: { access_token: name } } } as Lease;
}

/** The leases of an account whose renewals a test starts and ends by hand. */
function setUp({ background = true }: { background?: boolean } = {}) {
  const env = createManualEnv();
  const old = leaseOf('old');
  const state = {
    newest: old,
    freshness: new Map<Lease, Freshness>([[old, 'expired']]),
    working: undefined as Lease | undefined,
    objections: {} as { automatic?: TokenRenewalError; asked?: TokenRenewalError },
    mayRunInBackground: true,
    pausedUntilMs: 0,
    hold: undefined as Hold | undefined,
    /** What a renewal comes to at once. */
    atOnce: undefined as RenewalResult | undefined,
  };
  const starts: (() => Lease | undefined)[] = [];
  let running: RunningRenewal | undefined;
  let end = (_result: RenewalResult) => {};

  function start(alreadyDone: () => Lease | undefined): RunningRenewal {
    if (starts.push(alreadyDone) > 20) throw new Error('started for ever');
    const done = new Promise<RenewalResult>((resolve) => {
      end = (result) => {
        running = undefined;
        resolve(result);
      };
    });
    const run = { alreadyDone, done, waiting: 0, posted: false } as RunningRenewal;
    running = run;
    if (state.atOnce) end(state.atOnce);
    return run;
  }

  const sequence = {
    get running() {
      return running;
    },
    working: () => state.working,
    objection: (wish: 'automatic' | 'asked') => state.objections[wish],
    mayRunInBackground: () => state.mayRunInBackground,
    start,
    waitFor: (run: RunningRenewal, untilMs: number, signal: AbortSignal | undefined) =>
      within(env, Math.max(0, untilMs - env.now()), run.done, signal),
    overdue: () => overdue,
  } as unknown as Sequence;
  const ledger = {
    get newest() {
      return state.newest;
    },
    freshness: (lease: Lease) => state.freshness.get(lease),
  } as unknown as Ledger;
  const leases = createLeases({
    env,
    settings: { background, timeoutMs, totalMs } as Parameters<typeof createLeases>[0]['settings'],
    ledger,
    sequence,
    isMoving: () => false,
    flight: state,
    drain: {
      get pausedUntilMs() {
        return state.pausedUntilMs;
      },
      isPaused: () => env.now() < state.pausedUntilMs,
    },
  });
  /** The token in hand is as fresh as that, and works. */
  const hold = (freshness: Freshness, lease = old) => {
    state.freshness.set(lease, freshness);
    state.newest = lease;
    state.working = lease;
    return lease;
  };
  const acquire = (maxMs = 60_000, signal?: AbortSignal) => leases.acquire({ maxMs, signal });
  const replace = (maxMs = 60_000, signal?: AbortSignal) => leases.replace(old, { maxMs, signal });
  return {
    env,
    old,
    state,
    starts,
    leases,
    hold,
    start,
    acquire,
    replace,
    end: (r: RenewalResult) => end(r),
  };
}

/** What a promise has come to so far. */
async function soFar<T>(work: Promise<T>): Promise<T | 'waiting'> {
  await settled();
  return Promise.race([work, Promise.resolve('waiting' as const)]);
}

describe('a token that can be had at once', () => {
  test('starts no renewal while it is fresh', () => {
    const { leases, starts, hold } = setUp();
    const lease = hold('fresh');
    expect(leases.peek()).toBe(lease);
    expect(starts).toHaveLength(0);
  });

  test('is renewed in the background when it is aging, by one renewal', () => {
    const { leases, starts, hold } = setUp();
    const lease = hold('aging');
    for (const _call of [1, 2, 3]) expect(leases.peek()).toBe(lease);
    expect(starts).toHaveLength(1);
  });

  test('is not renewed any more if it has been replaced by a fresh one meanwhile', () => {
    const { leases, starts, hold } = setUp();
    hold('aging');
    leases.peek();
    expect(starts[0]!()).toBeUndefined();
    const fresh = hold('fresh', leaseOf('new'));
    expect(starts[0]!()).toBe(fresh);
  });

  test('may be an old one whose successor waits to be saved: it is the successor’s age that counts', () => {
    const { leases, old, state, starts, hold } = setUp();
    hold('fresh', leaseOf('unsaved'));
    state.freshness.set(old, 'aging');
    state.working = old;
    expect(leases.peek()).toBe(old);
    expect(starts).toHaveLength(0);
    state.freshness.set(state.newest, 'aging');
    state.freshness.set(old, 'fresh');
    expect(leases.peek()).toBe(old);
    expect(starts).toHaveLength(1);
  });

  test.each([true, false])('is used as it is while no renewal may start (background: %j)', (background) => {
    const { leases, state, starts, hold } = setUp({ background });
    const lease = hold('aging');
    state.mayRunInBackground = false;
    expect(leases.peek()).toBe(lease);
    expect(starts).toHaveLength(0);
  });

  test('is waited for with background: false, also by a call that comes while it is renewed', () => {
    const { leases, starts, hold, start } = setUp({ background: false });
    hold('aging');
    expect(leases.peek()).toBeUndefined();
    expect(starts).toHaveLength(0);
    start(() => undefined);
    expect(leases.peek()).toBeUndefined();
    expect(starts).toHaveLength(1);
  });

  test('is held back during a drain', () => {
    const { env, leases, state, hold } = setUp();
    const lease = hold('fresh');
    state.pausedUntilMs = env.now() + 1;
    expect(leases.peek()).toBeUndefined();
    env.jump(1);
    expect(leases.peek()).toBe(lease);
  });
});

describe('a call that waits for a token', () => {
  test('joins a renewal under way, whatever stands against a new one', async () => {
    const { acquire, replace, state, starts, start, end } = setUp();
    state.objections.automatic = objected;
    start(() => undefined);
    const waits = [acquire(), replace()];
    const renewed = leaseOf('new');
    state.working = renewed;
    end({ kind: 'renewed', lease: renewed });
    for (const waited of waits) expect(await waited).toEqual({ kind: 'lease', lease: renewed });
    expect(starts).toHaveLength(1);
  });

  test('is told what stands against a renewal, at once', async () => {
    const { acquire, replace, state, starts } = setUp();
    state.objections.automatic = objected;
    for (const waited of [acquire(), replace()])
      expect(await soFar(waited)).toEqual({ kind: 'failed', error: objected });
    expect(starts).toHaveLength(0);
  });

  test('goes on with what works where a renewal may not start, fails, or is late', async () => {
    const { env, acquire, replace, state, hold, end } = setUp({ background: false });
    const lease = hold('aging');
    for (const wait of [acquire, replace]) {
      state.objections.automatic = objected;
      expect(await soFar(wait())).toEqual({ kind: 'lease', lease });
      state.objections = {};
      const failing = wait();
      end(failed);
      expect(await failing).toEqual({ kind: 'lease', lease });
      const late = wait();
      expect(await soFar(late)).toBe('waiting');
      await env.advance(timeoutMs);
      expect(await soFar(late)).toEqual({ kind: 'lease', lease });
      end(failed);
    }
  });

  test('has the error of the renewal that failed where nothing works', async () => {
    const { acquire, replace, end } = setUp();
    for (const wait of [acquire, replace]) {
      const failing = wait();
      end(failed);
      expect(await failing).toEqual({ kind: 'failed', error: broken });
    }
  });

  test.each([
    [60_000, timeoutMs],
    [2_000, 2_000],
  ])('for %d ms at most waits for %d', async (maxMs, waitsMs) => {
    const { env, acquire, replace } = setUp();
    const waits = [acquire(maxMs), replace(maxMs)];
    await env.advance(waitsMs - 1);
    for (const waited of waits) expect(await soFar(waited)).toBe('waiting');
    await env.advance(1);
    for (const waited of waits) expect(await soFar(waited)).toEqual({ kind: 'failed', error: overdue });
    expect(env.sleeping).toBe(0);
  });

  test('leaves at once when it is aborted', async () => {
    const { env, acquire, replace } = setUp();
    const abort = new AbortController();
    const waits = [acquire(60_000, abort.signal), replace(60_000, abort.signal)];
    abort.abort();
    for (const waited of waits) expect(await soFar(waited)).toEqual({ kind: 'aborted' });
    expect(env.sleeping).toBe(0);
  });

  test('is content with an aging token that has come meanwhile, and with background: false only with a fresh one', () => {
    for (const background of [true, false]) {
      const { acquire, starts, hold } = setUp({ background });
      void acquire();
      const aging = hold('aging', leaseOf('aging'));
      expect(starts[0]!()).toBe(background ? aging : undefined);
      const fresh = hold('fresh', leaseOf('fresh'));
      expect(starts[0]!()).toBe(fresh);
    }
  });

  test('uses what works now, else what the renewal has brought, whatever its life', async () => {
    const { acquire, state, end } = setUp();
    const [brought, current] = [leaseOf('brought'), leaseOf('current')];
    const one = acquire();
    end({ kind: 'renewed', lease: brought });
    expect(await one).toEqual({ kind: 'lease', lease: brought });
    const other = acquire();
    state.working = current;
    end({ kind: 'renewed', lease: brought });
    expect(await other).toEqual({ kind: 'lease', lease: current });
  });

  test('whose renewal is superseded waits for the next one, for as long as it may', async () => {
    const { env, acquire, starts, end } = setUp();
    const waiting = acquire();
    await env.advance(10_000);
    end({ kind: 'superseded' });
    expect(await soFar(waiting)).toBe('waiting');
    expect(starts).toHaveLength(2);
    await env.advance(timeoutMs - 10_000);
    expect(await soFar(waiting)).toEqual({ kind: 'failed', error: overdue });
  });

  test('that may not wait any longer does not try for ever', async () => {
    const { acquire, state } = setUp();
    state.atOnce = { kind: 'superseded' };
    expect(await acquire(0)).toEqual({ kind: 'failed', error: overdue });
  });
});

describe('a call that a drain holds back', () => {
  test.each([
    ['as long as that lasts, if the token works', 2_000, 2_000],
    ['no longer than it may itself', 20_000, timeoutMs],
  ])('waits %s', async (_what, holdsMs, waitsMs) => {
    const { env, acquire, state, hold } = setUp();
    const lease = hold('fresh');
    state.pausedUntilMs = env.now() + holdsMs;
    const waiting = acquire();
    await env.advance(waitsMs - 1);
    expect(await soFar(waiting)).toBe('waiting');
    await env.advance(1);
    expect(await soFar(waiting)).toEqual({ kind: 'lease', lease });
  });
});

describe('a pair that is to be replaced', () => {
  test('is left alone if it has been replaced meanwhile', () => {
    const { replace, starts, hold } = setUp();
    hold('aging');
    void replace();
    expect(starts[0]!()).toBeUndefined();
    const next = hold('aging', leaseOf('new'));
    expect(starts[0]!()).toBe(next);
  });
});

describe('a renewal that the application asks for', () => {
  test('is made though nothing needs it, and gives a copy of the new set', async () => {
    const { leases, starts, hold, end } = setUp();
    hold('fresh');
    const renewed = leases.renew();
    expect(starts[0]!()).toBeUndefined();
    const lease = leaseOf('new');
    end({ kind: 'renewed', lease });
    expect(await renewed).toEqual(lease.held.set);
    expect(await renewed).not.toBe(lease.held.set);
  });

  test('is content with what somebody else has renewed, and not with what was there before', async () => {
    const { leases, starts, start, end } = setUp();
    start(() => undefined);
    const renewed = leases.renew();
    end({ kind: 'loaded', lease: leaseOf('before') });
    expect(await soFar(renewed)).toBe('waiting');
    expect(starts).toHaveLength(2);
    end({ kind: 'adopted', lease: leaseOf('theirs'), from: 'store' });
    expect(await renewed).toEqual({ access_token: 'theirs' });
  });

  test('overtaken by tokens that the application brings gives these, without another renewal', async () => {
    const { leases, starts, hold, end } = setUp();
    const renewed = leases.renew();
    end({ kind: 'superseded' });
    await settled();
    expect(starts[1]!()).toBeUndefined();
    const brought = hold('fresh', leaseOf('brought'));
    expect(starts[1]!()).toBe(brought);
    end({ kind: 'loaded', lease: brought });
    expect(await renewed).toEqual({ access_token: 'brought' });
  });

  test('waits for no back-off, but is not made where it is pointless', async () => {
    const { leases, state, starts, end } = setUp();
    state.objections = { automatic: objected };
    const failing = leases.renew().catch((error: unknown) => error);
    expect(starts).toHaveLength(1);
    end(failed);
    expect(await failing).toBe(broken);
    state.objections = { asked: objected };
    await expect(leases.renew()).rejects.toBe(objected);
    expect(starts).toHaveLength(1);
  });

  test('is waited for as long as a renewal may take', async () => {
    const { env, leases } = setUp();
    const renewed = leases.renew().catch((error: unknown) => error);
    await env.advance(totalMs - 1);
    expect(await soFar(renewed)).toBe('waiting');
    await env.advance(1);
    expect(await soFar(renewed)).toBe(overdue);
    expect(env.sleeping).toBe(0);
  });
});
