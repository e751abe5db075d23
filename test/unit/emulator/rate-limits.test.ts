import { describe, expect, test } from 'vitest';
import { startEmulator, type Emulator, type RateLimits } from '../../../src/emulator/index.js';
import { emulate, get, getMe, manualClock, postRfi, refresh } from './support.js';

/** Limits on a clock that stands at a whole second, and a token; `call` answers with the status and what the limits say. */
async function limited(rateLimits: RateLimits, startMs = 1_700_000_000_000) {
  const clock = manualClock(startMs);
  const emulator = await emulate({ now: clock.now, rateLimits });
  const { access_token } = emulator.issue();
  const call = async () => {
    const answer = await getMe(emulator, access_token);
    const [limit, remaining, reset] = factsOf(answer);
    return { status: answer.status, limit, remaining, resetMs: Number(reset) * 1000 - startMs };
  };
  return { clock, emulator, access_token, call };
}

const factsOf = (answer: Response) =>
  ['limit', 'remaining', 'reset'].map((name) => answer.headers.get(`x-rate-limit-${name}`));
const times = async <T>(count: number, call: () => Promise<T>) => {
  const answers: T[] = [];
  for (let i = 0; i < count; i++) answers.push(await call());
  return answers;
};
const statuses = async (count: number, call: () => Promise<{ status: number }>) =>
  (await times(count, call)).map(({ status }) => status);

describe('without limits', () => {
  test('no answer has a header of theirs, and nothing is limited', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    for (const answer of await times(30, () => getMe(emulator, access_token))) {
      expect([answer.status, ...factsOf(answer)]).toEqual([200, null, null, null]);
    }
    expect(emulator.log[0]).not.toHaveProperty('rateLimit');
  });
});

describe('a fixed window', () => {
  test('begins with its first call and lasts ten seconds', async () => {
    const { clock, call } = await limited({ spike: { limit: 3 } });
    clock.advance(4000);
    expect(await call()).toEqual({ status: 200, limit: '3', remaining: '2', resetMs: 14_000 });
    clock.advance(9000);
    expect(await call()).toEqual({ status: 200, limit: '3', remaining: '1', resetMs: 14_000 });
    clock.advance(999);
    expect(await call()).toEqual({ status: 200, limit: '3', remaining: '0', resetMs: 14_000 });
    expect(await call()).toEqual({ status: 429, limit: '3', remaining: '0', resetMs: 14_000 });
    clock.advance(1);
    expect(await call()).toEqual({ status: 200, limit: '3', remaining: '2', resetMs: 24_000 });
  });

  test('is an hour long for the hourly limit', async () => {
    const { clock, call } = await limited({ hourly: { limit: 1 } });
    expect(await call()).toMatchObject({ status: 200, resetMs: 3_600_000 });
    clock.advance(3_599_999);
    expect(await call()).toMatchObject({ status: 429 });
    clock.advance(1);
    expect(await call()).toMatchObject({ status: 200 });
  });

  test.each([0, 1, 400, 999])(
    'that begins %i ms into a second is over at its reset, and not a second before',
    async (offsetMs) => {
      const { clock, call } = await limited({ spike: { limit: 1, windowSeconds: 2 } });
      clock.advance(offsetMs);
      const { resetMs } = await call();
      expect(resetMs - (offsetMs + 2000)).toBeGreaterThanOrEqual(0);
      expect(resetMs - (offsetMs + 2000)).toBeLessThan(1000);
      clock.advance(1999);
      expect((await call()).status).toBe(429);
      clock.advance(resetMs - offsetMs - 1999);
      expect((await call()).status).toBe(200);
    },
  );

  test('counts no refused call, even where it could', async () => {
    for (const countRejected of [false, true]) {
      const { clock, call } = await limited({ spike: { limit: 1 }, countRejected });
      expect(await statuses(5, call)).toEqual([200, 429, 429, 429, 429]);
      clock.advance(10_000);
      expect(await statuses(2, call)).toEqual([200, 429]);
    }
  });
});

describe('a sliding window', () => {
  test('lets one more in as each call leaves', async () => {
    const { clock, call } = await limited({ kind: 'sliding', spike: { limit: 2 } });
    await call();
    clock.advance(4000);
    expect(await call()).toEqual({ status: 200, limit: '2', remaining: '0', resetMs: 14_000 });
    clock.advance(5999);
    expect((await call()).status).toBe(429);
    clock.advance(1);
    expect(await statuses(2, call)).toEqual([200, 429]);
    clock.advance(4000);
    expect(await statuses(2, call)).toEqual([200, 429]);
  });

  test('is whole again at the reset, and has room for one after Retry-After', async () => {
    const { clock, emulator, access_token, call } = await limited({ kind: 'sliding', spike: { limit: 2 } });
    await call();
    clock.advance(4000);
    await call();
    clock.advance(500);
    const answer = await getMe(emulator, access_token);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '6']);
    expect(factsOf(answer)[2]).toBe('1700000014');
    clock.advance(9500);
    expect(await statuses(3, call)).toEqual([200, 200, 429]);
  });

  test.each([
    [false, 200],
    [true, 429],
  ])('with countRejected: %s a client that hammers gets a %i in the end', async (countRejected, status) => {
    const { clock, call } = await limited({ kind: 'sliding', spike: { limit: 1 }, countRejected });
    expect((await call()).status).toBe(200);
    clock.advance(9999);
    expect((await call()).status).toBe(429);
    clock.advance(1);
    expect((await call()).status).toBe(status);
  });

  test('tells a client that keeps calling how long it has locked itself out', async () => {
    const { clock, emulator, access_token, call } = await limited({
      kind: 'sliding',
      spike: { limit: 1 },
      countRejected: true,
    });
    await call();
    clock.advance(3000);
    const answer = await getMe(emulator, access_token);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '10']);
    clock.advance(10_000);
    expect((await call()).status).toBe(200);
  });
});

describe('two limits', () => {
  test('tell of the one with fewer calls left', async () => {
    const { clock, call } = await limited({ spike: { limit: 3 }, hourly: { limit: 4 } });
    const seen: unknown[] = await times(2, call);
    clock.advance(10_000);
    seen.push(...(await times(3, call)));
    expect(seen).toEqual([
      { status: 200, limit: '3', remaining: '2', resetMs: 10_000 },
      { status: 200, limit: '3', remaining: '1', resetMs: 10_000 },
      { status: 200, limit: '4', remaining: '1', resetMs: 3_600_000 },
      { status: 200, limit: '4', remaining: '0', resetMs: 3_600_000 },
      { status: 429, limit: '4', remaining: '0', resetMs: 3_600_000 },
    ]);
  });

  test('that are both exhausted tell of the later reset', async () => {
    const { emulator, access_token, call } = await limited({ spike: { limit: 2 }, hourly: { limit: 2 } });
    await call();
    expect(await call()).toEqual({ status: 200, limit: '2', remaining: '0', resetMs: 3_600_000 });
    const answer = await getMe(emulator, access_token);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '3600']);
  });

  test('of which one has room left: the other says when to come back', async () => {
    const { emulator, access_token, call } = await limited({ spike: { limit: 1 }, hourly: { limit: 5 } });
    await call();
    expect((await getMe(emulator, access_token)).headers.get('retry-after')).toBe('10');
  });

  test('of one length count each call once', async () => {
    const both = { spike: { limit: 4, windowSeconds: 60 }, hourly: { limit: 2, windowSeconds: 60 } };
    const { emulator, call } = await limited(both);
    expect(await call()).toMatchObject({ limit: '2', remaining: '1' });
    emulator.setRateLimits({ ...both, hourly: { limit: 9, windowSeconds: 60 } });
    expect(await call()).toMatchObject({ limit: '4', remaining: '2' });
  });

  test.each([
    [false, '8'],
    [true, '6'],
  ])('with countRejected: %s two 429s of one leave %s to the other', async (countRejected, left) => {
    const hourly = { limit: 9 };
    const { emulator, call } = await limited({ spike: { limit: 1 }, hourly, countRejected });
    expect(await statuses(3, call)).toEqual([200, 429, 429]);
    emulator.setRateLimits({ hourly });
    expect((await call()).remaining).toBe(String(Number(left) - 1));
  });
});

describe('a call too many', () => {
  test('gets a text about an hour for either limit, and a Retry-After', async () => {
    for (const limits of [{ spike: { limit: 1 } }, { hourly: { limit: 1, windowSeconds: 10 } }]) {
      const { clock, emulator, access_token, call } = await limited(limits);
      await call();
      clock.advance(2001);
      const answer = await getMe(emulator, access_token);
      expect(answer.headers.get('content-type')).toContain('application/json');
      expect(answer.headers.get('retry-after')).toBe('8');
      expect(await answer.json()).toEqual({
        message: expect.stringMatching(/max number of requests for an hour/),
      });
    }
  });

  test('gets no Retry-After where it is switched off', async () => {
    const { emulator, access_token, call } = await limited({ spike: { limit: 1 }, retryAfter: false });
    await call();
    const answer = await getMe(emulator, access_token);
    expect([answer.status, answer.headers.has('retry-after')]).toEqual([429, false]);
    expect(factsOf(answer)).toEqual(['1', '0', '1700000010']);
  });

  test('is not carried out and writes nothing', async () => {
    const { clock, emulator, access_token } = await limited({ spike: { limit: 1 } });
    await postRfi(emulator, access_token, { subject: 'a' });
    expect((await postRfi(emulator, access_token, { subject: 'a' })).status).toBe(429);
    expect(emulator.counters).toMatchObject({ duplicateWrites: 0, byStatus: { 201: 1, 429: 1 } });
    clock.advance(10_000);
    const list = await get(emulator, '/rest/v1.0/projects/7/rfis', access_token, {
      'procore-company-id': '1',
    });
    expect(await list.json()).toHaveLength(1);
  });

  test('is no use of a token', async () => {
    const emulator = await emulate({ spentTokens: 'B', rateLimits: { spike: { limit: 1 } } });
    const old = emulator.issue();
    const answer = await refresh(emulator, old.refresh_token);
    const next = (await answer.json()) as { access_token: string };
    await getMe(emulator, old.access_token);
    expect((await getMe(emulator, next.access_token)).status).toBe(429);
    expect(emulator.isLive(old.access_token)).toBe(true);
  });

  test('is marked in the log', async () => {
    const { emulator, call } = await limited({ spike: { limit: 1 } });
    await times(2, call);
    await refresh(emulator, 'made-up');
    expect(emulator.log.map(({ rateLimit, status }) => [status, rateLimit])).toEqual([
      [200, { limited: false, remaining: 0, limit: 1 }],
      [429, { limited: true, remaining: 0, limit: 1 }],
      [400, undefined],
    ]);
  });
});

describe('what counts', () => {
  const remainingOf = async (emulator: Emulator, accessToken: string) =>
    Number(factsOf(await getMe(emulator, accessToken))[1]);

  test('failed calls do, and their answers carry the headers', async () => {
    const { emulator, access_token } = await limited({ spike: { limit: 100 } });
    const expired = emulator.issue().access_token;
    emulator.expire(expired);
    const answers = [
      await get(emulator, '/rest/v1.0/nothing', access_token),
      await get(emulator, '/rest/v1.0/projects', access_token),
      await getMe(emulator, expired),
      await postRfi(emulator, access_token, null),
      await get(emulator, '/rest/v1.0/emulator/errors/bad-gateway', access_token),
    ];
    expect(answers.map((answer) => [answer.status, factsOf(answer)[1]])).toEqual([
      [404, '99'],
      [400, '98'],
      [401, '97'],
      [400, '96'],
      [502, '95'],
    ]);
  });

  test('a call that a fault strikes does, and the made-up answer carries the headers, or its own', async () => {
    const { emulator, access_token } = await limited({ spike: { limit: 100 } });
    emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 500 } });
    const own = { 'X-Rate-Limit-Remaining': '7' };
    emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 200, headers: own } });
    emulator.misbehave({ on: 'api', do: { kind: 'drop' } });
    expect(await remainingOf(emulator, access_token)).toBe(99);
    expect(await remainingOf(emulator, access_token)).toBe(7);
    await expect(getMe(emulator, access_token)).rejects.toThrow();
    expect(await remainingOf(emulator, access_token)).toBe(96);
  });

  test('a call with an unknown token does not count, and its answer has no headers', async () => {
    const { emulator, access_token } = await limited({ spike: { limit: 1 } });
    for (const answer of [
      await getMe(emulator, 'made-up'),
      await fetch(`${emulator.url}/rest/v1.0/me`),
      await fetch(emulator.url),
      await refresh(emulator, 'made-up'),
    ]) {
      expect(factsOf(answer)).toEqual([null, null, null]);
    }
    expect(await remainingOf(emulator, access_token)).toBe(0);
    expect((await getMe(emulator, 'made-up')).status).toBe(401);
  });

  test('all tokens of the app share the limits', async () => {
    const { emulator, access_token } = await limited({ spike: { limit: 5 } });
    expect(await remainingOf(emulator, access_token)).toBe(4);
    expect(await remainingOf(emulator, emulator.issue({ userId: 2 }).access_token)).toBe(3);
  });

  test('a fault does not strike a call too many', async () => {
    const { emulator, call } = await limited({ spike: { limit: 1 } });
    await call();
    const fault = emulator.misbehave({ on: 'api', do: { kind: 'drop' } });
    expect([(await call()).status, fault.hits]).toEqual([429, 0]);
  });
});

describe('setRateLimits', () => {
  test('keeps what is counted when the limit shrinks or grows', async () => {
    const { clock, emulator, call } = await limited({ spike: { limit: 10 } });
    await times(6, call);
    emulator.setRateLimits({ spike: { limit: 4 } });
    expect(await call()).toEqual({ status: 429, limit: '4', remaining: '0', resetMs: 10_000 });
    emulator.setRateLimits({ spike: { limit: 8 } });
    expect(await call()).toMatchObject({ status: 200, remaining: '1' });
    clock.advance(10_000);
    expect(await call()).toMatchObject({ status: 200, remaining: '7' });
  });

  test('in a sliding window, enough calls must leave for the smaller limit', async () => {
    const kind = 'sliding';
    const { clock, emulator, access_token, call } = await limited({ kind, spike: { limit: 3 } });
    for (const waitMs of [1000, 1000, 1000]) {
      await call();
      clock.advance(waitMs);
    }
    emulator.setRateLimits({ kind, spike: { limit: 2 } });
    const answer = await getMe(emulator, access_token);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '8']);
    clock.advance(7999);
    expect((await call()).status).toBe(429);
    clock.advance(1);
    expect((await call()).status).toBe(200);
  });

  test('starts afresh with another kind or window', async () => {
    const { emulator, call } = await limited({ spike: { limit: 2 } });
    await call();
    emulator.setRateLimits({ spike: { limit: 2, windowSeconds: 20 } });
    expect(await call()).toMatchObject({ remaining: '1', resetMs: 20_000 });
    emulator.setRateLimits({ kind: 'sliding', spike: { limit: 2, windowSeconds: 20 } });
    expect(await call()).toMatchObject({ remaining: '1' });
  });

  test('puts limits on and takes them off', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    const call = () => getMe(emulator, access_token);
    await call();
    emulator.setRateLimits({ spike: { limit: 1 } });
    expect(await statuses(2, call)).toEqual([200, 429]);
    emulator.setRateLimits(undefined);
    const answer = await call();
    expect([answer.status, ...factsOf(answer)]).toEqual([200, null, null, null]);
  });
});

describe('a limit that makes no sense', () => {
  test.each([
    [{ spike: { limit: 0 } }, 'spike.limit" is 0 (number); it takes a whole number from 1.'],
    [{ spike: {} }, 'spike.limit" is missing; it takes a whole number from 1.'],
    [{ spike: 25 }, 'spike" is 25 (number); it takes { limit, windowSeconds }.'],
    [
      { hourly: { limit: 5, windowSeconds: 0 } },
      'hourly.windowSeconds" is 0 (number); it takes a positive number of seconds.',
    ],
    [
      { spike: { limit: 5, window: 3 } },
      'spike.window" does not exist; known are limit, windowSeconds. Did you mean "windowSeconds"?',
    ],
    [{ kind: 'rolling' }, `kind" is a string of length 7; it takes 'fixed' or 'sliding'.`],
    [{ retryAfter: 1 }, 'retryAfter" is 1 (number); it takes true or false.'],
    [{ countRejected: 'no' }, 'countRejected" is a string of length 2; it takes true or false.'],
    [
      { daily: { limit: 5 } },
      'daily" does not exist; known are spike, hourly, kind, retryAfter, countRejected.',
    ],
  ])('%j is refused by name', async (rateLimits, message) => {
    const wrong = rateLimits as unknown as RateLimits;
    await expect(startEmulator({ rateLimits: wrong })).rejects.toThrow(
      new TypeError(`startEmulator: option "rateLimits.${message}`),
    );
    const { emulator, call } = await limited({ spike: { limit: 5 } });
    expect(() => emulator.setRateLimits(wrong)).toThrow(new TypeError(`setRateLimits: option "${message}`));
    expect((await call()).limit).toBe('5');
  });

  test('a value that is no object is refused as well', async () => {
    await expect(startEmulator({ rateLimits: 25 as never })).rejects.toThrow(
      'startEmulator: option "rateLimits" is 25 (number); it takes an object of limits.',
    );
  });
});
