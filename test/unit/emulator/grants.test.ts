import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { emulate, getMe, manualClock, postToken, refresh, renewed } from './support.js';

const oob = 'urn:ietf:wg:oauth:2.0:oob';

async function authorize(url: string, redirectUri: string, extra: Record<string, string> = {}) {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'emulator-client',
    redirect_uri: redirectUri,
    ...extra,
  });
  return fetch(`${url}/oauth/authorize?${query.toString()}`, { redirect: 'manual' });
}

describe('access tokens', () => {
  test('are ES512 JWTs that the public key verifies', async () => {
    const clock = manualClock();
    const emulator = await emulate({ now: clock.now, accessTokenLifetimeSeconds: 60 });
    const { access_token } = emulator.issue({ userId: 42 });
    const [header = '', payload = '', signature = ''] = access_token.split('.');
    const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(read(header)).toEqual({ alg: 'ES512', typ: 'JWT' });
    expect(read(payload)).toMatchObject({
      iss: emulator.url,
      sub: '42',
      iat: 1_700_000_000,
      exp: 1_700_000_060,
    });
    const key = {
      key: createPublicKey(emulator.publicKeyPem),
      dsaEncoding: 'ieee-p1363',
    } as const;
    const bytes = Buffer.from(signature, 'base64url');
    expect(verify('sha512', Buffer.from(`${header}.${payload}`), key, bytes)).toBe(true);
    expect(verify('sha512', Buffer.from(`${header}.${payload}x`), key, bytes)).toBe(false);
  });

  test('are unique even within one millisecond', async () => {
    const emulator = await emulate({ now: () => 1_700_000_000_000 });
    expect(emulator.issue().access_token).not.toBe(emulator.issue().access_token);
  });

  test('come in the wire shape', async () => {
    const emulator = await emulate({ now: () => 1_700_000_000_999 });
    expect(emulator.issue()).toEqual({
      access_token: expect.stringContaining('eyJ'),
      refresh_token: expect.stringMatching(/^[0-9a-f]{64}$/),
      token_type: 'Bearer',
      expires_in: 5400,
      created_at: 1_700_000_000,
    });
  });
});

describe('the fields of a token request', () => {
  const ask = (url: string, fields: Record<string, string>, where: 'json' | 'query') =>
    where === 'json'
      ? fetch(`${url}/oauth/token`, {
          method: 'POST',
          body: JSON.stringify(fields),
          headers: { 'content-type': 'application/json' },
        })
      : fetch(`${url}/oauth/token?${new URLSearchParams(fields).toString()}`, { method: 'POST' });

  test.each(['json', 'query'] as const)(
    'in %s are refused, unless they may stand anywhere',
    async (where) => {
      for (const [tokenFields, status] of [
        ['form', 400],
        ['anywhere', 200],
      ] as const) {
        const emulator = await emulate({ tokenFields });
        const { refresh_token = '' } = emulator.issue();
        const fields = {
          grant_type: 'refresh_token',
          client_id: emulator.clientId,
          client_secret: emulator.clientSecret,
          refresh_token,
        };
        expect((await ask(emulator.url, fields, where)).status).toBe(status);
        expect(emulator.counters.exchanges).toBe(status === 200 ? 1 : 0);
      }
    },
  );

  test("with tokenFields 'anywhere' may also be in a form, and a request without any is refused", async () => {
    const emulator = await emulate({ tokenFields: 'anywhere' });
    expect((await refresh(emulator, emulator.issue().refresh_token)).status).toBe(200);
    for (const body of ['null', '[', '']) {
      const answer = await fetch(`${emulator.url}/oauth/token`, { method: 'POST', body });
      expect(await answer.json()).toMatchObject({ error: 'invalid_request' });
    }
  });
});

describe('the refresh grant', () => {
  test('answers a new pair of the same user', async () => {
    const emulator = await emulate();
    const old = emulator.issue({ userId: 42 });
    const answer = await refresh(emulator, old.refresh_token);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const pair = (await answer.json()) as Record<string, unknown>;
    expect(Object.keys(pair).sort()).toEqual(
      ['access_token', 'created_at', 'expires_in', 'refresh_token', 'token_type'].sort(),
    );
    expect(pair['refresh_token']).not.toBe(old.refresh_token);
    const me = await getMe(emulator, pair['access_token'] as string);
    expect(await me.json()).toMatchObject({ id: 42 });
  });

  test('renews an expired and a revoked access token too', async () => {
    const emulator = await emulate();
    const first = emulator.issue();
    emulator.expire(first.access_token);
    const second = await renewed(emulator, first.refresh_token);
    emulator.revoke(second.access_token);
    const third = await renewed(emulator, second.refresh_token);
    expect(emulator.isLive(third.access_token)).toBe(true);
  });

  test('answers 400 invalid_grant to an unknown token', async () => {
    const emulator = await emulate();
    const answer = await refresh(emulator, 'made-up');
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({
      error: 'invalid_grant',
      error_description: expect.stringMatching(
        /^The provided authorization grant is invalid, expired, revoked/,
      ),
    });
    expect(emulator.log.at(-1)?.outcome).toBe('unknown');
    expect(emulator.counters.spentPresentations).toBe(0);
  });
});

describe('the client credentials grant', () => {
  test('answers without a refresh token', async () => {
    const emulator = await emulate();
    const answer = await postToken(emulator, { grant_type: 'client_credentials' });
    expect(answer.status).toBe(200);
    const token = (await answer.json()) as { access_token: string };
    expect(token).not.toHaveProperty('refresh_token');
    expect(emulator.isLive(token.access_token)).toBe(true);
  });
});

describe('the authorization code grant', () => {
  test('redirects at once with code and state, and the code buys a pair', async () => {
    const emulator = await emulate();
    const redirectUri = 'https://app.example.com/callback?tab=1';
    const page = await authorize(emulator.url, redirectUri, { state: 'a b' });
    expect(page.status).toBe(302);
    const location = new URL(page.headers.get('location') ?? '');
    expect(location.origin + location.pathname).toBe('https://app.example.com/callback');
    expect(location.searchParams.get('tab')).toBe('1');
    expect(location.searchParams.get('state')).toBe('a b');
    const code = location.searchParams.get('code') ?? '';
    const answer = await postToken(emulator, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
    });
    const pair = (await answer.json()) as { access_token: string; refresh_token: string };
    expect(emulator.isLive(pair.access_token)).toBe(true);
    expect(emulator.isLive(pair.refresh_token)).toBe(true);
  });

  test('takes a code once', async () => {
    const emulator = await emulate();
    const code = await (await authorize(emulator.url, oob)).text();
    const fields = { grant_type: 'authorization_code', code, redirect_uri: oob };
    expect((await postToken(emulator, fields)).status).toBe(200);
    const again = await postToken(emulator, fields);
    expect([again.status, await again.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
    expect(emulator.log.at(-1)?.outcome).toBe('spent');
    // Only refresh tokens count: a code presented twice is no renewal gone wrong.
    expect(emulator.counters.spentPresentations).toBe(0);
  });

  test('takes a code for ten minutes', async () => {
    const clock = manualClock();
    const emulator = await emulate({ now: clock.now });
    const early = await (await authorize(emulator.url, oob)).text();
    clock.advance(599_999);
    const fields = { grant_type: 'authorization_code', redirect_uri: oob };
    expect((await postToken(emulator, { ...fields, code: early })).status).toBe(200);
    const late = await (await authorize(emulator.url, oob)).text();
    clock.advance(600_000);
    expect((await postToken(emulator, { ...fields, code: late })).status).toBe(400);
  });

  test('takes a code with its own redirect URI only', async () => {
    const emulator = await emulate();
    const code = await (await authorize(emulator.url, oob)).text();
    const fields = { grant_type: 'authorization_code', code };
    const other = await postToken(emulator, { ...fields, redirect_uri: 'https://evil.example.com/' });
    expect([other.status, await other.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
    expect((await postToken(emulator, { ...fields, redirect_uri: oob })).status).toBe(200);
  });

  test('refuses an unknown client, another response type and a relative redirect URI', async () => {
    const { url } = await emulate();
    expect((await authorize(url, oob, { client_id: 'stranger' })).status).toBe(401);
    expect((await authorize(url, oob, { response_type: 'token' })).status).toBe(400);
    expect((await authorize(url, '/callback')).status).toBe(400);
  });
});

describe('the token endpoint refuses', () => {
  test('a wrong client, and leaves the refresh token unspent', async () => {
    const emulator = await emulate();
    const { refresh_token = '' } = emulator.issue();
    const wrongs: Record<string, string>[] = [{ client_secret: 'wrong' }, { client_id: 'stranger' }];
    for (const wrong of wrongs) {
      const answer = await postToken(emulator, { grant_type: 'refresh_token', refresh_token, ...wrong });
      expect([answer.status, await answer.json()]).toMatchObject([401, { error: 'invalid_client' }]);
    }
    expect(emulator.log.at(-1)?.outcome).toBe('invalid-client');
    expect(emulator.counters).toMatchObject({ exchanges: 0, unauthorized: 0, byStatus: { 401: 2 } });
    expect(emulator.isLive(refresh_token)).toBe(true);
  });

  test('JSON, and leaves the refresh token unspent', async () => {
    const emulator = await emulate();
    const { refresh_token } = emulator.issue();
    const { clientId: client_id, clientSecret: client_secret } = emulator;
    const answer = await fetch(`${emulator.url}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ grant_type: 'refresh_token', client_id, client_secret, refresh_token }),
    });
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'invalid_request' }]);
    const mislabelled = await fetch(`${emulator.url}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `grant_type=client_credentials&client_id=${client_id}&client_secret=${client_secret}`,
    });
    expect(mislabelled.status).toBe(400);
    expect(emulator.log.at(-1)?.outcome).toBe('invalid-request');
    expect(emulator.isLive(refresh_token as string)).toBe(true);
  });

  test('a multipart form, wherever else fields may stand', async () => {
    for (const tokenFields of ['form', 'anywhere'] as const) {
      const emulator = await emulate({ tokenFields });
      const { refresh_token = '' } = emulator.issue();
      const { clientId: client_id, clientSecret: client_secret } = emulator;
      const body = new FormData();
      const fields = { grant_type: 'refresh_token', client_id, client_secret, refresh_token };
      for (const [name, value] of Object.entries(fields)) body.set(name, value);
      const answer = await fetch(`${emulator.url}/oauth/token`, { method: 'POST', body });
      expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'invalid_request' }]);
      expect(emulator.isLive(refresh_token)).toBe(true);
    }
  });

  test('credentials in the query string', async () => {
    const emulator = await emulate();
    const { refresh_token = '' } = emulator.issue();
    const { clientId: client_id, clientSecret: client_secret } = emulator;
    const fields = { grant_type: 'refresh_token', client_id, client_secret, refresh_token };
    for (const name of ['client_secret', 'refresh_token'] as const) {
      const { [name]: moved, ...rest } = fields;
      const answer = await fetch(`${emulator.url}/oauth/token?${name}=${moved}`, {
        method: 'POST',
        body: new URLSearchParams(rest),
      });
      expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'invalid_request' }]);
    }
    expect(emulator.isLive(refresh_token)).toBe(true);
  });

  test('a query string with any of them, even where the body has them all', async () => {
    const emulator = await emulate();
    const { refresh_token = '' } = emulator.issue();
    const { clientId: client_id, clientSecret: client_secret } = emulator;
    const fields = { grant_type: 'refresh_token', client_id, client_secret, refresh_token };
    for (const [name, value] of [...Object.entries(fields), ['code', 'x'] as const]) {
      const answer = await fetch(`${emulator.url}/oauth/token?${name}=${value}`, {
        method: 'POST',
        body: new URLSearchParams(fields),
      });
      expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'invalid_request' }]);
    }
    expect(emulator.isLive(refresh_token)).toBe(true);
  });

  test('an unknown grant and a missing field', async () => {
    const emulator = await emulate();
    const password = await postToken(emulator, { grant_type: 'password' });
    expect([password.status, await password.json()]).toMatchObject([
      400,
      { error: 'unsupported_grant_type' },
    ]);
    expect(emulator.log.at(-1)).toMatchObject({ grantType: 'other', outcome: 'unsupported' });
    const incomplete: Record<string, string>[] = [
      {},
      { grant_type: 'refresh_token' },
      { grant_type: 'refresh_token', refresh_token: '' },
      { grant_type: 'authorization_code' },
      { grant_type: 'authorization_code', code: 'x' },
      { grant_type: 'authorization_code', redirect_uri: 'https://app.example.com/callback' },
    ];
    for (const fields of incomplete) {
      const answer = await postToken(emulator, fields);
      expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'invalid_request' }]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
  });
});
