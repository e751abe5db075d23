import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { emulate, get, getMe, postRfi, refresh, renewed } from './support.js';

async function outcomeOf(request: Promise<Response>): Promise<string> {
  return request.then(
    (answer) => String(answer.status),
    () => 'no answer',
  );
}

describe('drop', () => {
  test('before: no answer, and the refresh token is unspent', async () => {
    const emulator = await emulate();
    const { refresh_token } = emulator.issue();
    const fault = emulator.misbehave({ on: 'token', do: { kind: 'drop' } });
    expect(await outcomeOf(refresh(emulator, refresh_token))).toBe('no answer');
    expect(fault.hits).toBe(1);
    expect(emulator.counters).toMatchObject({ tokenRequests: 1, exchanges: 0, byStatus: {} });
    expect(emulator.log[0]).toMatchObject({ outcome: 'fault', fault: 'drop', grantType: 'refresh_token' });
    expect(emulator.log[0]).not.toHaveProperty('status');
    expect(emulator.log[0]).not.toHaveProperty('answeredAtMs');
    expect(await outcomeOf(refresh(emulator, refresh_token))).toBe('200');
  });

  test('after: no answer, and the refresh token is spent', async () => {
    const emulator = await emulate();
    const { refresh_token } = emulator.issue();
    emulator.misbehave({ on: 'token', after: true, do: { kind: 'drop' } });
    expect(await outcomeOf(refresh(emulator, refresh_token))).toBe('no answer');
    expect(emulator.counters.exchanges).toBe(1);
    expect(emulator.log[0]).toMatchObject({ outcome: 'issued', fault: 'drop' });
    expect(emulator.log[0]?.status).toBeUndefined();
    expect(await outcomeOf(refresh(emulator, refresh_token))).toBe('400');
    expect(emulator.counters.spentPresentations).toBe(1);
  });

  test('on the API before and after: written or not', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    emulator.misbehave({ on: 'api', do: { kind: 'drop' } });
    emulator.misbehave({ on: 'api', after: true, do: { kind: 'drop' } });
    expect(await outcomeOf(postRfi(emulator, access_token, { subject: 'before' }))).toBe('no answer');
    expect(await outcomeOf(postRfi(emulator, access_token, { subject: 'after' }))).toBe('no answer');
    const list = await get(emulator, '/rest/v1.0/projects/7/rfis', access_token, {
      'procore-company-id': '1',
    });
    expect(await list.json()).toMatchObject([{ subject: 'after' }]);
  });
});

describe('answer', () => {
  test('an object goes out as JSON, with its headers', async () => {
    const emulator = await emulate();
    emulator.misbehave({
      on: 'api',
      do: { kind: 'answer', status: 503, headers: { 'Retry-After': '7' }, body: { message: 'busy' } },
    });
    const answer = await getMe(emulator, emulator.issue().access_token);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('7');
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.headers.get('x-request-id')).toMatch(/./);
    expect(await answer.json()).toEqual({ message: 'busy' });
  });

  test('a string goes out as it is, as HTML unless told otherwise', async () => {
    const emulator = await emulate();
    const body = '<h1>502</h1>';
    emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 502, body } });
    emulator.misbehave({
      on: 'api',
      do: { kind: 'answer', status: 502, body, headers: { 'Content-Type': 'text/plain' } },
    });
    const { access_token } = emulator.issue();
    const html = await getMe(emulator, access_token);
    expect([html.headers.get('content-type'), await html.text()]).toEqual(['text/html', body]);
    expect((await getMe(emulator, access_token)).headers.get('content-type')).toBe('text/plain');
  });

  test.each([
    [false, 0, '200'],
    [true, 1, '400'],
  ])('with after: %s the exchange happens %i times', async (after, exchanges, next) => {
    const emulator = await emulate();
    const { refresh_token } = emulator.issue();
    emulator.misbehave({ on: 'token', after, do: { kind: 'answer', status: 504 } });
    expect(await outcomeOf(refresh(emulator, refresh_token))).toBe('504');
    expect(emulator.counters.exchanges).toBe(exchanges);
    expect(emulator.log[0]).toMatchObject({ outcome: after ? 'issued' : 'fault', status: 504 });
    expect(await outcomeOf(refresh(emulator, refresh_token))).toBe(next);
  });

  test('stands behind the token check, and waits there for a request with a valid token', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    const fault = emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 403 } });
    expect((await getMe(emulator, 'made-up')).status).toBe(401);
    emulator.expire(access_token);
    expect((await getMe(emulator, access_token)).status).toBe(401);
    expect(fault.hits).toBe(0);
    expect((await getMe(emulator, emulator.issue().access_token)).status).toBe(403);
    expect(emulator.log.map(({ fault, refusal }) => [fault, refusal])).toEqual([
      [undefined, 'unknown'],
      [undefined, 'expired'],
      ['answer', undefined],
    ]);
  });

  test('with beforeTokenCheck it strikes any request', async () => {
    const emulator = await emulate();
    emulator.misbehave({ on: 'api', beforeTokenCheck: true, do: { kind: 'answer', status: 502 } });
    expect((await getMe(emulator, 'made-up')).status).toBe(502);
  });

  test('is a use of the token that it stands behind', async () => {
    const emulator = await emulate({ spentTokens: 'B' });
    const old = emulator.issue();
    const { access_token } = await renewed(emulator, old.refresh_token);
    emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 500 } });
    expect((await getMe(emulator, access_token)).status).toBe(500);
    expect(emulator.isLive(old.access_token)).toBe(false);
  });

  test('a 204 has no length', async () => {
    const emulator = await emulate();
    emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 204 } });
    const answer = await getMe(emulator, emulator.issue().access_token);
    expect([answer.status, answer.headers.has('content-length')]).toEqual([204, false]);
  });

  test('a made-up 401 of the API counts as unauthorized', async () => {
    const emulator = await emulate();
    emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 401 } });
    await getMe(emulator, emulator.issue().access_token);
    expect(emulator.counters).toMatchObject({ unauthorized: 1, byStatus: { 401: 1 } });
  });
});

describe('hold', () => {
  test('before: the request is carried out at the release', async () => {
    const emulator = await emulate();
    const { access_token, refresh_token } = emulator.issue();
    const fault = emulator.misbehave({ on: 'api', do: { kind: 'hold' } });
    const held = getMe(emulator, access_token);
    await fault.struck();
    expect(emulator.log[0]).not.toHaveProperty('status');
    await refresh(emulator, refresh_token);
    fault.release();
    expect((await held).status).toBe(401);
    expect(emulator.log.map(({ kind, status }) => [kind, status])).toEqual([
      ['api', 401],
      ['token', 200],
    ]);
  });

  test('after: only the answer waits', async () => {
    const emulator = await emulate();
    const { access_token, refresh_token } = emulator.issue();
    const fault = emulator.misbehave({ on: 'api', after: true, do: { kind: 'hold' } });
    const held = getMe(emulator, access_token);
    await fault.struck();
    await refresh(emulator, refresh_token);
    fault.release();
    expect((await held).status).toBe(200);
  });

  test('a token exchange held after it happened has already spent the token', async () => {
    const emulator = await emulate();
    const { refresh_token } = emulator.issue();
    const fault = emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
    const held = refresh(emulator, refresh_token);
    await fault.struck();
    expect(emulator.isLive(refresh_token as string)).toBe(false);
    fault.release();
    expect((await held).status).toBe(200);
  });

  test('release lets all go in order, and lets later ones pass', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    const fault = emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'hold' } });
    const held: Promise<Response>[] = [];
    for (const subject of ['1', '2', '3']) {
      held.push(postRfi(emulator, access_token, { subject }));
      await fault.struck(held.length);
    }
    fault.release();
    const numbers = await Promise.all(
      held.map(async (one) => ((await (await one).json()) as RfiLike).number),
    );
    expect(numbers).toEqual(['1', '2', '3']);
    expect((await getMe(emulator, access_token)).status).toBe(200);
    expect(fault.hits).toBe(3);
  });

  test('remove stops striking but keeps what is held', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    const fault = emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'hold' } });
    const held = getMe(emulator, access_token);
    await fault.struck();
    fault.remove();
    expect((await getMe(emulator, access_token)).status).toBe(200);
    expect(emulator.log[0]?.status).toBeUndefined();
    fault.release();
    expect((await held).status).toBe(200);
  });
});

describe('delay', () => {
  test('answers normally, and not before its time', async () => {
    const emulator = await emulate();
    const fault = emulator.misbehave({ on: 'api', do: { kind: 'delay', ms: 60 } });
    const startMs = performance.now();
    expect((await getMe(emulator, emulator.issue().access_token)).status).toBe(200);
    expect(performance.now() - startMs).toBeGreaterThan(55);
    expect(fault.hits).toBe(1);
  });

  test('decides when it is carried out: after the wait, or before it', async () => {
    for (const [after, status] of [
      [false, 401],
      [true, 200],
    ] as const) {
      const emulator = await emulate();
      const { access_token } = emulator.issue();
      const fault = emulator.misbehave({ on: 'api', after, do: { kind: 'delay', ms: 2 ** 40 } });
      const delayed = getMe(emulator, access_token);
      await fault.struck();
      emulator.revoke(access_token);
      fault.release();
      expect((await delayed).status).toBe(status);
    }
  });
});

describe('hang', () => {
  test('never answers, and close ends it', async () => {
    const emulator = await emulate();
    const { refresh_token } = emulator.issue();
    const fault = emulator.misbehave({ on: 'token', after: true, do: { kind: 'hang' } });
    const hanging = outcomeOf(refresh(emulator, refresh_token));
    await fault.struck();
    fault.release();
    expect(emulator.isLive(refresh_token as string)).toBe(false);
    // The server goes on with others meanwhile.
    expect((await fetch(emulator.url)).status).toBe(404);
    expect(emulator.log[0]?.status).toBeUndefined();
    await emulator.close();
    expect(await hanging).toBe('no answer');
  });
});

describe('cut', () => {
  test('after: headers and half of the real body', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue({ userId: 42 });
    const whole = await (await getMe(emulator, access_token)).text();
    emulator.misbehave({ on: 'api', after: true, do: { kind: 'cut' } });
    const answer = await getMe(emulator, access_token);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-length')).toBe(String(whole.length));
    const received: Uint8Array[] = [];
    await expect(
      (async () => {
        for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) received.push(chunk);
      })(),
    ).rejects.toThrow();
    expect(Buffer.concat(received).toString()).toBe(whole.slice(0, Math.floor(whole.length / 2)));
    expect(emulator.log.at(-1)).toMatchObject({ status: 200, fault: 'cut' });
  });

  test('before: nothing is exchanged', async () => {
    const emulator = await emulate();
    const { refresh_token } = emulator.issue();
    emulator.misbehave({ on: 'token', do: { kind: 'cut' } });
    const answer = await refresh(emulator, refresh_token);
    await expect(answer.text()).rejects.toThrow();
    expect(emulator.isLive(refresh_token as string)).toBe(true);
    expect(emulator.log[0]?.outcome).toBe('fault');
  });

  test('even an empty body is cut', async () => {
    const emulator = await emulate();
    emulator.misbehave({ on: 'api', after: true, do: { kind: 'cut' } });
    const answer = await getMe(emulator, 'made-up');
    expect(answer.status).toBe(401);
    await expect(answer.text()).rejects.toThrow();
  });
});

describe('redirect', () => {
  test('sends the client to another origin, 302 by default', async () => {
    const elsewhere = createServer((_request, response) => void response.end('elsewhere'));
    await new Promise<void>((resolve) => void elsewhere.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void elsewhere.close());
    const location = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/file`;
    const emulator = await emulate();
    emulator.misbehave({ on: 'api', times: 2, do: { kind: 'redirect', location } });
    emulator.misbehave({ on: 'api', do: { kind: 'redirect', location, status: 307 } });
    expect(await (await getMe(emulator, 'any')).text()).toBe('elsewhere');
    await getMe(emulator, 'any');
    await getMe(emulator, 'any');
    expect(emulator.log.map(({ status }) => status)).toEqual([302, 302, 307]);
  });
});

describe('rules', () => {
  test('strike in the order of their registration, each as often as its times', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    const twice = emulator.misbehave({ on: 'api', times: 2, do: { kind: 'answer', status: 500 } });
    const once = emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 502 } });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await getMe(emulator, access_token)).status);
    expect(statuses).toEqual([500, 500, 502, 200]);
    expect([twice.hits, once.hits]).toEqual([2, 1]);
  });

  test('strike what they name only', async () => {
    const emulator = await emulate();
    const pair = emulator.issue();
    emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 500 } });
    expect(await outcomeOf(getMe(emulator, pair.access_token))).toBe('200');
    expect(await outcomeOf(refresh(emulator, pair.refresh_token))).toBe('500');
    emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 502 } });
    expect(await outcomeOf(refresh(emulator, pair.refresh_token))).toBe('200');
  });

  test('may look at method, path, query, headers and body', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    const seen: unknown[] = [];
    emulator.misbehave({
      on: ({ method, path, query, headers, body }) => {
        seen.push([method, path, query, headers['procore-company-id'], body]);
        return body.includes('bad');
      },
      times: Infinity,
      do: { kind: 'answer', status: 500 },
    });
    expect(await outcomeOf(get(emulator, '/rest/v1.0/me?a=1', access_token))).toBe('200');
    expect(await outcomeOf(postRfi(emulator, access_token, { subject: 'bad' }))).toBe('500');
    expect(seen).toEqual([
      ['GET', '/rest/v1.0/me', 'a=1', undefined, ''],
      ['POST', '/rest/v1.0/projects/7/rfis', '', '1', '{"subject":"bad"}'],
    ]);
  });

  test('a condition that throws or a header that cannot be sent is a 500, and the server lives on', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    const broken = emulator.misbehave({
      on: () => {
        throw new Error('typo');
      },
      do: { kind: 'drop' },
    });
    const answer = await getMe(emulator, access_token);
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining('typo')]);
    broken.remove();
    emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 200, headers: { 'x-bad': 'a\nb' } } });
    expect((await getMe(emulator, access_token)).status).toBe(500);
    expect((await getMe(emulator, access_token)).status).toBe(200);
  });

  test.each([
    [undefined, 'misbehave: option "options" is missing; it takes an object.'],
    [
      { do: { kind: 'drop' } },
      `misbehave: option "on" is missing; it takes 'token', 'revoke', 'info', 'authorize', 'api', 'storage', or a function`,
    ],
    [
      { on: 'tokens', do: { kind: 'drop' } },
      `misbehave: option "on" is a string of length 6; it takes 'token', 'revoke', 'info'`,
    ],
    [{ on: 'api' }, 'misbehave: option "do" is missing; it takes an object with a kind.'],
    [
      { on: 'api', do: { kind: 'explode' } },
      'misbehave: option "do.kind" names no fault; known are drop, answer, delay,',
    ],
    [
      { on: 'api', time: 2, do: { kind: 'drop' } },
      'option "time" does not exist; known are on, times, after, beforeTokenCheck, do. Did you mean "times"?',
    ],
    [
      { on: 'api', times: NaN, do: { kind: 'drop' } },
      'option "times" is NaN (number); it takes a whole number from 0, or Infinity.',
    ],
    [
      { on: 'api', times: 0.5, do: { kind: 'drop' } },
      'option "times" is 0.5 (number); it takes a whole number from 0, or Infinity.',
    ],
    [
      { on: 'api', after: 'yes', do: { kind: 'drop' } },
      'option "after" is a string of length 3; it takes true or false.',
    ],
    [{ on: 'api', do: { kind: 'drop', status: 500 } }, 'misbehave: option "do.status" does not exist'],
    [
      { on: 'api', do: { kind: 'answer' } },
      'option "do.status" is missing; it takes a whole number from 200 to 599.',
    ],
    [
      { on: 'api', do: { kind: 'answer', status: '500' } },
      'option "do.status" is a string of length 3; it takes a whole number from 200 to 599.',
    ],
    [
      { on: 'api', do: { kind: 'answer', status: 503, header: {} } },
      'option "do.header" does not exist; known are status, headers, body.',
    ],
    [
      { on: 'api', do: { kind: 'answer', status: 503, headers: { 'retry-after': 1 } } },
      'option "do.headers" is an object; it takes an object of st',
    ],
    [
      { on: 'api', do: { kind: 'answer', status: 503, body: 5 } },
      'option "do.body" is 5 (number); it takes a string or an object.',
    ],
    [{ on: 'api', do: { kind: 'delay' } }, 'option "do.ms" is missing; it takes milliseconds from 0.'],
    [{ on: 'api', do: { kind: 'redirect' } }, 'option "do.location" is missing; it takes a string.'],
    [
      { on: 'api', do: { kind: 'redirect', location: '/', status: 200 } },
      'option "do.status" is 200 (number); it takes a whole number from 300',
    ],
  ])('%j is refused at once, by what is wrong', async (fault, message) => {
    const emulator = await emulate();
    const attempt = () => emulator.misbehave(fault as never);
    expect(attempt).toThrow(TypeError);
    expect(attempt).toThrow(message);
  });

  test('struck resolves for the count asked for, also when it is past', async () => {
    const emulator = await emulate();
    const fault = emulator.misbehave({ on: 'api', times: 2, do: { kind: 'answer', status: 500 } });
    const { access_token } = emulator.issue();
    let twice = false;
    const second = fault.struck(2).then(() => void (twice = true));
    await getMe(emulator, access_token);
    await fault.struck();
    expect(twice).toBe(false);
    await getMe(emulator, access_token);
    await second;
    await fault.struck(2);
  });
});

interface RfiLike {
  number: string;
}
