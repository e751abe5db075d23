import { expect, test } from 'vitest';
import type { FaultAction } from '../../src/emulator/index.js';
import { caught } from '../support/caught.js';
import { drive } from '../support/drive.js';
import { createHarness, type Harness } from '../support/harness.js';
import { refusedCode, refusing } from '../support/versions.js';

const me = '/rest/v1.0/me';
const html = '<html><body><h1>Sorry</h1>We are making improvements.</body></html>';
const answer = (
  status: number,
  body: string | object = '',
  headers: Record<string, string> = {},
): FaultAction => ({
  kind: 'answer',
  status,
  body,
  headers,
});

function holdsWorkingPair(h: Harness): boolean {
  const pair = h.procore.unsavedTokens() ?? h.store.sets.get('default')!;
  return h.emulator.isLive(pair.refresh_token!);
}

/** Answers that are no answer. Some may have spent the token, so it is presented again; none of them loses it. */
const odd: [what: string, action: FaultAction, presentations: number][] = [
  ['an HTML page with 200', answer(200, html), 4],
  ['an empty 200', answer(200), 4],
  ['a 200 of white space', answer(200, ' \n '), 4],
  ['a 204', answer(204), 4],
  ['a JSON null', answer(200, 'null'), 4],
  ['a JSON array', answer(200, '[{"access_token":"a"}]'), 4],
  ['a JSON text', answer(200, '"token"'), 4],
  ['an object without access_token', answer(200, { refresh_token: 'r' }), 4],
  ['an access_token that is a number', answer(200, { access_token: 5 }), 4],
  ['an empty access_token', answer(200, { access_token: '', refresh_token: 'r' }), 4],
  ['an access_token with a line break', answer(200, { access_token: 'a\r\nX-Evil: 1' }), 4],
  ['a 200 with an error in it', answer(200, { error: 'server_error' }), 4],
  ['a cut JSON', answer(200, '{"access_token":"abc","refresh_tok'), 4],
  ['2 MB of broken JSON', answer(200, `{"access_token":"${'a'.repeat(2 * 1024 * 1024)}`), 4],
  ['17 MB', answer(200, { access_token: 'a', pad: 'p'.repeat(17 * 1024 * 1024) }), 4],
  ['an HTML page with 500', answer(500, html), 4],
  ['an HTML page with 502', answer(502, html), 4],
  ['an empty 504', answer(504), 4],
  ['a dropped connection', { kind: 'drop' }, 4],
  ['an answer cut off', { kind: 'cut' }, 4],
  ['a 302', { kind: 'redirect', location: 'https://login.example.com/sign-in?x=1' }, 1],
  ['a 302 to nowhere', answer(302), 1],
  ['a 307', { kind: 'redirect', location: '/elsewhere', status: 307 }, 1],
  ['an HTML page with 404', answer(404, html), 1],
  ['an HTML page with 400', answer(400, html), 1],
  ['an empty 403', answer(403), 1],
  ['a 418 with an unknown error', answer(418, { error: 'teapot' }), 1],
];

test.each(odd)(
  'a token endpoint that answers %s: a TokenRenewalError, the refresh token is kept, and works as soon as the endpoint does',
  async (_what, action, presentations) => {
    await using h = await createHarness();
    h.env.jump(5_401_000);
    const before = h.store.sets.get('default')!;
    const fault = h.emulator.misbehave({ on: 'token', times: Infinity, do: action });
    const error = await drive(h.env, caught(h.instance.get(me)), 20_000);
    expect(error).toMatchObject({
      code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
      kind: 'token-renewal-failed',
      status: 503,
    });
    expect(error.message).toMatch(/refresh token .*is kept/);
    expect(error['retryAt']).toBeInstanceOf(Date);
    expect(fault.hits).toBe(presentations);
    expect(h.store.sets.get('default')).toBe(before);
    expect(holdsWorkingPair(h)).toBe(true);

    fault.remove();
    await h.env.advance((error['retryAt'] as Date).getTime() - h.env.now());
    expect((await drive(h.env, h.instance.get(me))).status).toBe(200);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
    expect(holdsWorkingPair(h)).toBe(true);
  },
  30_000,
);

test.each(odd)(
  'after %s with a token that still works, calls go on with it',
  async (_what, action) => {
    await using h = await createHarness();
    await h.instance.get(me);
    h.env.jump(5_200_000);
    h.emulator.misbehave({ on: 'token', times: Infinity, do: action });
    for (let call = 0; call < 5; call++) {
      expect((await h.instance.get(me)).status).toBe(200);
      await h.env.advance(20_000);
    }
    expect(h.emulator.counters.unauthorized).toBe(0);
    expect(holdsWorkingPair(h)).toBe(true);
  },
  30_000,
);

test('the redirect of a token endpoint is not followed: whoever answers it is not handed the secret', async () => {
  await using h = await createHarness();
  h.env.jump(5_401_000);
  h.emulator.misbehave({
    on: 'token',
    times: Infinity,
    do: { kind: 'redirect', location: `${h.emulator.url}/x`, status: 307 },
  });
  const error = await drive(h.env, caught(h.instance.get(me)));
  expect(error.message).toMatch(/a redirect to http:\/\/127\.0\.0\.1:\d+; check loginUrl/);
  expect(h.emulator.log.map(({ path }) => path)).toEqual(['/oauth/token']);
});

test('2 MB of JSON with tokens in it is an answer like any other', async () => {
  await using h = await createHarness();
  h.env.jump(5_401_000);
  const issued = h.emulator.issue();
  h.emulator.misbehave({ on: 'token', do: answer(200, { ...issued, pad: 'p'.repeat(2 * 1024 * 1024) }) });
  expect((await drive(h.env, h.instance.get(me))).status).toBe(200);
  expect(h.store.sets.get('default')!.refresh_token).toBe(issued.refresh_token);
});

test('a 200 without refresh_token keeps the presented one, which then is not spent', async () => {
  await using h = await createHarness();
  const before = h.store.sets.get('default')!;
  h.env.jump(5_401_000);
  const { refresh_token: _gone, ...access } = h.emulator.issue();
  h.emulator.misbehave({ on: 'token', do: answer(200, access) });
  expect((await drive(h.env, h.instance.get(me))).status).toBe(200);
  expect(h.store.sets.get('default')).toMatchObject({
    access_token: access.access_token,
    refresh_token: before.refresh_token!,
  });
  h.env.jump(5_401_000);
  expect((await drive(h.env, h.instance.get(me))).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

const lives: [what: string, change: Record<string, unknown>, expiresInMs: number | undefined][] = [
  ['a string', { expires_in: '600' }, 600_000],
  ['zero', { expires_in: 0 }, 5_400_000],
  ['negative', { expires_in: -600 }, 5_400_000],
  ['missing', { expires_in: undefined }, 5_400_000],
  ['garbage', { expires_in: 'soon' }, 5_400_000],
  ['zero with an opaque token', { expires_in: 0, created_at: undefined, access_token: 'opaque' }, undefined],
];

test.each(lives)(
  'expires_in of an answer is %s: the token is used, and the pair is kept',
  async (_what, change, lifeMs) => {
    await using h = await createHarness();
    h.env.jump(5_401_000);
    h.emulator.misbehave({ on: 'token', do: answer(200, { ...h.emulator.issue(), ...change }) });
    const issuedAtMs = h.env.now();
    const opaque = change['access_token'] === 'opaque';
    if (opaque) h.emulator.misbehave({ on: 'api', beforeTokenCheck: true, do: answer(200, {}) });
    expect((await drive(h.env, h.instance.get(me))).status).toBe(200);
    expect(h.procore.status().expiresAt).toEqual(
      lifeMs === undefined ? undefined : new Date(issuedAtMs + lifeMs),
    );
    expect(holdsWorkingPair(h)).toBe(true);
    expect(h.emulator.counters.tokenRequests).toBe(1);
  },
);

test.each(['invalid_client', 'unauthorized_client', 'unsupported_grant_type', 'invalid_request'])(
  '%s: a ClientRejectedError that is remembered for a minute, and the refresh token is kept',
  async (code) => {
    await using h = await createHarness();
    h.env.jump(5_401_000);
    const fault = h.emulator.misbehave({
      on: 'token',
      times: Infinity,
      do: answer(401, { error: code, error_description: 'No.' }),
    });
    for (let call = 0; call < 5; call++) {
      const error = await drive(h.env, caught(h.instance.get(me)));
      expect(error).toMatchObject({
        code: 'ERR_PROCORE_CLIENT_REJECTED',
        kind: 'client-rejected',
        status: 503,
      });
      expect(error.message).toContain(code);
    }
    expect(fault.hits).toBe(1);
    fault.remove();
    expect(holdsWorkingPair(h)).toBe(true);
    await h.env.advance(60_000);
    expect((await drive(h.env, h.instance.get(me))).status).toBe(200);
  },
);

test.each([200, 400, 401, 403, 404, 500])(
  'invalid_grant counts by its body, whatever the status (%i)',
  async (status) => {
    await using h = await createHarness();
    h.env.jump(5_401_000);
    h.emulator.misbehave({ on: 'token', times: Infinity, do: answer(status, { error: 'invalid_grant' }) });
    const error = await drive(h.env, caught(h.instance.get(me)), 30_000);
    expect(error).toMatchObject({
      code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED',
      reason: 'refresh-token-invalid',
    });
    expect(h.emulator.counters.tokenRequests).toBe(1);
    // A stored set is never deleted.
    expect(h.store.sets.get('default')).toBeDefined();
  },
);

test('a token endpoint that hangs: the call leaves by timeoutMs, and the late answer is saved', async () => {
  await using h = await createHarness();
  h.env.jump(5_401_000);
  const hold = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const startedAtMs = h.env.now();
  const failed = caught(h.instance.get(me));
  await hold.struck();
  const error = await drive(h.env, failed, 16_000);
  expect(error.code).toBe('ERR_PROCORE_TOKEN_RENEWAL_FAILED');
  expect(h.env.now() - startedAtMs).toBeLessThanOrEqual(15_500);
  hold.release();
  await h.procore.idle();
  expect(holdsWorkingPair(h)).toBe(true);
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, tokenRequests: 1 });
});

test('a token endpoint that hangs for good: every renewal ends by totalMs, and nothing is lost', async () => {
  await using h = await createHarness();
  h.env.jump(5_401_000);
  const fault = h.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'hang' } });
  await drive(h.env, caught(h.instance.get(me)), 16_000);
  await h.env.advance(90_000);
  expect(h.procore.status().renewing).toBe(false);
  fault.remove();
  await h.env.advance(10_000);
  expect((await drive(h.env, h.instance.get(me))).status).toBe(200);
  expect(holdsWorkingPair(h)).toBe(true);
});

test('a token endpoint behind a refused connection: not sent, tried again while a call waits, the token kept', async () => {
  await using h = await createHarness();
  const environment = { loginUrl: refusing, apiUrl: h.emulator.url };
  const { instance } = h.attach({ environment });
  h.env.jump(5_401_000);
  const error = await drive(h.env, caught(instance.get(me)), 20_000);
  expect(error.code).toBe('ERR_PROCORE_TOKEN_RENEWAL_FAILED');
  expect(error.message).toContain(
    `asked for a token, no connection to ${refusing} was made (${refusedCode})`,
  );
  expect(holdsWorkingPair(h)).toBe(true);
});

test.each([429, 503])(
  'a token endpoint that answers %i with Retry-After is asked again when it says so',
  async (status) => {
    await using h = await createHarness();
    h.env.jump(5_401_000);
    h.emulator.misbehave({ on: 'token', do: answer(status, html, { 'retry-after': '5' }) });
    const call = h.instance.get(me);
    await h.env.advance(4_900);
    expect(h.emulator.counters.tokenRequests).toBe(1);
    expect((await drive(h.env, call)).status).toBe(200);
    expect(h.emulator.counters).toMatchObject({ tokenRequests: 2, exchanges: 1, spentPresentations: 0 });
  },
);

test.each(['garbage', '-5', '1e99', '9999999999'])(
  'a Retry-After of %s from the token endpoint is no hang',
  async (value) => {
    await using h = await createHarness();
    h.env.jump(5_401_000);
    h.emulator.misbehave({ on: 'token', do: answer(503, '', { 'retry-after': value }) });
    const outcome = await drive(
      h.env,
      h.instance.get(me).then(
        ({ status }) => status,
        (error: { code: string }) => error.code,
      ),
      20_000,
    );
    expect([200, 'ERR_PROCORE_TOKEN_RENEWAL_FAILED']).toContain(outcome);
    expect(holdsWorkingPair(h)).toBe(true);
  },
);
