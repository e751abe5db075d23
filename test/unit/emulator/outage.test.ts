import { describe, expect, test } from 'vitest';
import { emulate, get, getMe, manualClock, postRfi, refresh } from './support.js';

describe('an outage', () => {
  test('answers every API request until it is ended, and carries none out', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    const end = emulator.outage({ retryAfterSeconds: 3 });
    const answers = [
      await getMe(emulator, access_token),
      await postRfi(emulator, access_token, { subject: 'a' }),
      await getMe(emulator, 'made-up'),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '3']);
      expect(await answer.json()).toEqual({ message: 'Service Unavailable' });
    }
    expect(emulator.log.map(({ outage, wrote }) => [outage, wrote])).toEqual([
      [true, undefined],
      [true, undefined],
      [true, undefined],
    ]);
    end();
    const list = await get(emulator, '/rest/v1.0/projects/7/rfis', access_token, {
      'procore-company-id': '1',
    });
    expect([list.status, await list.json()]).toEqual([200, []]);
    expect(emulator.log.at(-1)).not.toHaveProperty('outage');
  });

  test('leaves the login host alone', async () => {
    const emulator = await emulate();
    emulator.outage();
    expect((await refresh(emulator, emulator.issue().refresh_token)).status).toBe(200);
  });

  test('has the status that is asked for, and no Retry-After unless asked for', async () => {
    const emulator = await emulate();
    emulator.outage({ status: 502 });
    const answer = await getMe(emulator, 'any');
    expect([answer.status, answer.headers.has('retry-after')]).toEqual([502, false]);
  });

  test('ends by itself when its time is over by the clock of the server', async () => {
    const clock = manualClock();
    const emulator = await emulate({ now: clock.now });
    const { access_token } = emulator.issue();
    const end = emulator.outage({ forMs: 5000 });
    clock.advance(4999);
    expect((await getMe(emulator, access_token)).status).toBe(503);
    clock.advance(1);
    expect((await getMe(emulator, access_token)).status).toBe(200);
    end();
  });

  test('inside another answers in its place', async () => {
    const clock = manualClock();
    const emulator = await emulate({ now: clock.now });
    const { access_token } = emulator.issue();
    const endOuter = emulator.outage({ status: 500 });
    emulator.outage({ status: 504, forMs: 10 });
    expect((await getMe(emulator, access_token)).status).toBe(504);
    clock.advance(10);
    expect((await getMe(emulator, access_token)).status).toBe(500);
    endOuter();
    expect((await getMe(emulator, access_token)).status).toBe(200);
  });

  test('comes before faults and limits, and its answers count', async () => {
    const emulator = await emulate({ rateLimits: { spike: { limit: 2 } } });
    const { access_token } = emulator.issue();
    const fault = emulator.misbehave({ on: 'api', do: { kind: 'drop' } });
    const end = emulator.outage();
    const seen: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const answer = await getMe(emulator, access_token);
      seen.push([answer.status, answer.headers.get('x-rate-limit-remaining')]);
    }
    expect([fault.hits, seen]).toEqual([
      0,
      [
        [503, '1'],
        [503, '0'],
        [503, '0'],
      ],
    ]);
    end();
    expect((await getMe(emulator, access_token)).status).toBe(429);
  });

  test('with a wrong value is refused with a TypeError that names it', async () => {
    const emulator = await emulate();
    const table: [wrong: unknown, message: string][] = [
      [{ status: 200 }, 'outage: option "status" is 200 (number); it takes a whole number from 400 to 599.'],
      [{ status: 503.5 }, 'outage: option "status" is 503.5 (number); it takes a whole number'],
      [
        { retryAfterSeconds: 0.5 },
        'outage: option "retryAfterSeconds" is 0.5 (number); it takes a whole number from 0.',
      ],
      [{ forMs: -1 }, 'outage: option "forMs" is -1 (number); it takes milliseconds from 0.'],
      [{ forMs: NaN }, 'outage: option "forMs" is NaN (number); it takes milliseconds'],
      [
        { retryAfter: 1 },
        'outage: option "retryAfter" does not exist; known are status, retryAfterSeconds, forMs.',
      ],
      [null, 'outage: option "options" is null; it takes an object.'],
      [503, 'outage: option "options" is 503 (number); it takes an object.'],
    ];
    for (const [wrong, message] of table) {
      expect(() => emulator.outage(wrong as never)).toThrow(TypeError);
      expect(() => emulator.outage(wrong as never)).toThrow(message);
    }
    expect((await getMe(emulator, emulator.issue().access_token)).status).toBe(200);
  });
});
