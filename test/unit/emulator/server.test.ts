import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { emulate, fingerprintOf, getMe, manualClock, postRfi, refresh, renewed } from './support.js';

describe('the log', () => {
  test('has one entry per request in the order of arrival, provable by fingerprints', async () => {
    const clock = manualClock(1_700_000_000_000);
    const emulator = await emulate({ now: clock.now, accessTokenLifetimeSeconds: 100 });
    const old = emulator.issue();
    clock.advance(1000);
    await getMe(emulator, old.access_token);
    emulator.revoke(old.access_token);
    clock.advance(1000);
    const next = await renewed(emulator, old.refresh_token);
    expect(emulator.log).toEqual([
      {
        atMs: 1_700_000_001_000,
        answeredAtMs: 1_700_000_001_000,
        kind: 'api',
        method: 'GET',
        path: '/rest/v1.0/me',
        status: 200,
        accessToken: fingerprintOf(old.access_token),
      },
      {
        atMs: 1_700_000_002_000,
        answeredAtMs: 1_700_000_002_000,
        kind: 'token',
        method: 'POST',
        path: '/oauth/token',
        status: 200,
        grantType: 'refresh_token',
        presented: fingerprintOf(old.refresh_token as string),
        outcome: 'issued',
        replaces: {
          accessToken: fingerprintOf(old.access_token),
          issuedAtMs: 1_700_000_000_000,
          expiresAtMs: 1_700_000_100_000,
          revokedAtMs: 1_700_000_001_000,
        },
        issued: {
          accessToken: fingerprintOf(next.access_token),
          refreshToken: fingerprintOf(next.refresh_token),
        },
      },
    ]);
  });

  test('has the newest maxLogEntries requests, and the counters count all', async () => {
    const emulator = await emulate({ maxLogEntries: 3 });
    const { access_token } = emulator.issue();
    for (const path of ['/1', '/2', '/3', '/4', '/5']) await fetch(emulator.url + path);
    await getMe(emulator, access_token);
    expect(emulator.log.map(({ path }) => path)).toEqual(['/4', '/5', '/rest/v1.0/me']);
    expect(emulator.counters).toMatchObject({ requests: 6, apiRequests: 1, byStatus: { 200: 1, 404: 5 } });
  });

  test('still notes the answer of a request that it has let go of in the counters', async () => {
    const emulator = await emulate({ maxLogEntries: 1 });
    const { access_token } = emulator.issue();
    const fault = emulator.misbehave({ on: 'api', do: { kind: 'hold' } });
    const held = getMe(emulator, access_token);
    await fault.struck();
    await fetch(`${emulator.url}/other`);
    fault.release();
    expect((await held).status).toBe(200);
    expect(emulator.log.map(({ path }) => path)).toEqual(['/other']);
    expect(emulator.counters).toMatchObject({ requests: 2, byStatus: { 200: 1, 404: 1 } });
  });

  test('tells arrival from answer', async () => {
    const clock = manualClock(1000);
    const emulator = await emulate({ now: clock.now });
    const { access_token } = emulator.issue();
    const fault = emulator.misbehave({ on: 'api', do: { kind: 'hold' } });
    const held = getMe(emulator, access_token);
    await fault.struck();
    clock.advance(500);
    fault.release();
    await held;
    expect(emulator.log[0]).toMatchObject({ atMs: 1000, answeredAtMs: 1500 });
  });

  test('and the counters hold no token and no secret', async () => {
    const emulator = await emulate();
    const old = emulator.issue();
    const next = await renewed(emulator, old.refresh_token);
    await refresh(emulator, old.refresh_token);
    await getMe(emulator, next.access_token);
    await getMe(emulator, old.access_token);
    await fetch(`${emulator.url}/rest/v1.0/me?access_token=${next.access_token}`);
    const written = JSON.stringify([emulator.log, emulator.counters]);
    for (const secret of [
      old.access_token,
      old.refresh_token as string,
      next.access_token,
      next.refresh_token,
      emulator.clientSecret,
    ]) {
      expect(written).not.toContain(secret);
    }
    expect(emulator.log).toHaveLength(5);
  });
});

describe('the counters', () => {
  test('add up', async () => {
    const emulator = await emulate();
    const old = emulator.issue();
    const next = await renewed(emulator, old.refresh_token);
    await refresh(emulator, old.refresh_token);
    await getMe(emulator, old.access_token);
    await postRfi(emulator, next.access_token, { subject: 'a' });
    await fetch(emulator.url);
    expect(emulator.counters).toEqual({
      requests: 5,
      apiRequests: 2,
      tokenRequests: 2,
      unauthorized: 1,
      exchanges: 1,
      authorizations: 0,
      revokeRequests: 0,
      spentPresentations: 1,
      revocations: 0,
      duplicateWrites: 0,
      byStatus: { 200: 1, 201: 1, 400: 1, 401: 1, 404: 1 },
    });
  });
});

describe('every answer', () => {
  test('has a request id of its own and the date of the server', async () => {
    const emulator = await emulate({ now: () => Date.UTC(2031, 0, 2, 3, 4, 5, 999) });
    const answers = [
      await fetch(emulator.url),
      await getMe(emulator, 'made-up'),
      await getMe(emulator, emulator.issue().access_token),
      await refresh(emulator, 'made-up'),
    ];
    for (const answer of answers) expect(answer.headers.get('date')).toBe('Thu, 02 Jan 2031 03:04:05 GMT');
    const ids = answers.map((answer) => answer.headers.get('x-request-id'));
    expect(new Set(ids).size).toBe(4);
    expect(ids).not.toContain(null);
  });
});

describe('the server', () => {
  test('takes a free port, and frees it when closed', async () => {
    const first = await startEmulator();
    const port = Number(new URL(first.url).port);
    await expect(startEmulator({ port })).rejects.toThrow('EADDRINUSE');
    await first.close();
    await first.close();
    const second = await emulate({ port });
    expect(second.url).toBe(first.url);
    expect(second.environment).toEqual({ loginUrl: first.url, apiUrl: first.url });
  });

  test('names the option that is wrong, and of a text not its value', async () => {
    await expect(startEmulator({ spentTokens: 'C' as never })).rejects.toThrow(
      new TypeError(`startEmulator: option "spentTokens" is a string of length 1; it takes 'A' or 'B'.`),
    );
    await expect(startEmulator({ tokenLifetime: 1 } as never)).rejects.toThrow(
      'option "tokenLifetime" does not exist',
    );
    await expect(startEmulator({ tokenLifetime: 1 } as never)).rejects.toThrow('known are host, port, ');
    for (const wrong of [null, 5, []])
      await expect(startEmulator(wrong as never)).rejects.toThrow(
        /^startEmulator: option "options" is .*; it takes an object\.$/,
      );
    await expect(startEmulator({ accessTokenLifetimeSeconds: 0 })).rejects.toThrow(TypeError);
    const emulator = await emulate({ clientId: 'mine', clientSecret: undefined });
    expect([emulator.clientId, emulator.clientSecret]).toEqual(['mine', 'emulator-secret']);
  });

  test('names what is wrong with a user or an answer', async () => {
    const emulator = await emulate();
    expect(() => emulator.issue({ userID: 2 } as never)).toThrow(
      new TypeError('issue: option "userID" does not exist; known are userId. Did you mean "userId"?'),
    );
    expect(() => emulator.issue({ userId: '2' as never })).toThrow(
      new TypeError('issue: option "userId" is a string of length 1; it takes a whole number from 1.'),
    );
    expect(() => emulator.issue(null as never)).toThrow(
      new TypeError('issue: option "options" is null; it takes an object.'),
    );
    expect(() => emulator.authorize(emulator.url, { denied: true } as never)).toThrow(
      new TypeError('authorize: option "denied" does not exist; known are userId, deny.'),
    );
    expect(() => emulator.authorize('no URL')).toThrow(TypeError);
    expect(() => emulator.setRateLimits(5 as never)).toThrow(
      new TypeError('setRateLimits: option "options" is 5 (number); it takes an object.'),
    );
  });

  test.each([
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['an odd target', 'GET //?%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['a broken escape', 'POST /oauth/token?%E0%A4%A HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['an absolute target', 'GET http://x/rest/v1.0/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['a body that ends early', 'POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\na=b'],
  ])('survives %s', async (_name, bytes) => {
    const emulator = await emulate();
    const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.end(bytes);
    await new Promise((resolve) => socket.resume().on('close', resolve));
    expect((await getMe(emulator, emulator.issue().access_token)).status).toBe(200);
  });

  test.skipIf(process.platform !== 'linux')('answers on 127.0.0.1, and at no other address', async () => {
    const emulator = await emulate();
    // All of 127.0.0.0/8 is this machine.
    const socket = connect(Number(new URL(emulator.url).port), '127.0.0.2');
    const outcome = await new Promise((resolve) =>
      socket.once('connect', () => resolve('connected')).once('error', ({ message }) => resolve(message)),
    );
    socket.destroy();
    expect(outcome).toMatch('ECONNREFUSED');
  });

  test('ends connections that never said anything when it is closed', async () => {
    const emulator = await startEmulator();
    const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1');
    await once(socket, 'connect');
    const ended = once(socket.resume(), 'close');
    await emulator.close();
    await ended;
  });

  test('understands the absolute form that a client sends through a proxy', async () => {
    const emulator = await emulate();
    const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1');
    socket.write('GET http://x:80/rest/v1.0/me?a=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await new Promise((resolve) => socket.resume().on('close', resolve));
    expect(emulator.log[0]).toMatchObject({ kind: 'api', path: '/rest/v1.0/me', status: 401 });
  });

  test('reads a much too long body to its end, and refuses it', async () => {
    const emulator = await emulate();
    const body = Buffer.alloc(100 * 1024 * 1024 + 1);
    expect((await fetch(emulator.url, { method: 'POST', body })).status).toBe(413);
  });

  test('serves 2,000 requests at a concurrency of 50', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    let left = 2000;
    const worker = async (): Promise<void> => {
      while (left-- > 0) await (await getMe(emulator, access_token)).arrayBuffer();
    };
    await Promise.all(Array.from({ length: 50 }, worker));
    expect(emulator.counters).toMatchObject({ requests: 2000, byStatus: { 200: 2000 } });
  });
});
