import { expect, test } from 'vitest';
import type { Emulator } from '../../../src/emulator/index.js';
import { emulate, fingerprintOf, getMe, manualClock, postToken, refresh, renewed } from './support.js';

const revoke = (emulator: Emulator, fields: Record<string, string>, query = '') =>
  fetch(`${emulator.url}/oauth/revoke${query}`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: emulator.clientId,
      client_secret: emulator.clientSecret,
      ...fields,
    }),
  });

const info = (emulator: Emulator, token: string) =>
  fetch(`${emulator.url}/oauth/token/info`, { headers: { authorization: `Bearer ${token}` } });

test.each(['access_token', 'refresh_token'] as const)(
  'by its %s a pair is revoked as a whole',
  async (name) => {
    const emulator = await emulate();
    const pair = emulator.issue();
    const answer = await revoke(emulator, { token: pair[name]! });
    expect([answer.status, await answer.json()]).toEqual([200, {}]);
    expect([emulator.isLive(pair.access_token), emulator.isLive(pair.refresh_token!)]).toEqual([
      false,
      false,
    ]);
    expect((await getMe(emulator, pair.access_token)).status).toBe(401);
    expect((await refresh(emulator, pair.refresh_token)).status).toBe(400);
    expect(emulator.counters).toMatchObject({ revokeRequests: 1, revocations: 1 });
    expect(emulator.log[0]).toMatchObject({
      kind: 'revoke',
      presented: fingerprintOf(pair[name]!),
      outcome: 'revoked',
    });
  },
);

test('200 for an unknown, a spent and a revoked token: nothing is left to revoke', async () => {
  const emulator = await emulate();
  const spent = emulator.issue();
  const live = await renewed(emulator, spent.refresh_token);
  for (const token of ['made-up', '', spent.refresh_token!, spent.access_token]) {
    expect((await revoke(emulator, { token })).status).toBe(200);
    expect(emulator.log.at(-1)).toMatchObject({ outcome: 'unknown' });
  }
  expect(emulator.isLive(live.refresh_token)).toBe(true);
  expect(emulator.counters.revocations).toBe(0);
});

test('an access token that has expired leads nowhere, its refresh token does', async () => {
  const emulator = await emulate();
  const pair = emulator.issue();
  emulator.expire(pair.access_token);
  await revoke(emulator, { token: pair.access_token });
  expect(emulator.isLive(pair.refresh_token!)).toBe(true);
  await revoke(emulator, { token: pair.refresh_token! });
  expect(emulator.isLive(pair.refresh_token!)).toBe(false);
});

test('a wrong client is refused with 403, and nothing is revoked', async () => {
  const emulator = await emulate();
  const pair = emulator.issue();
  for (const wrong of [{ client_secret: 'wrong' }, { client_id: 'stranger' }] as Record<string, string>[]) {
    const answer = await revoke(emulator, { token: pair.access_token, ...wrong });
    expect([answer.status, await answer.json()]).toMatchObject([403, { error: 'unauthorized_client' }]);
  }
  expect(emulator.isLive(pair.access_token)).toBe(true);
  expect(emulator.log.at(-1)).toMatchObject({ outcome: 'invalid-client' });
});

test('JSON and a query string are refused', async () => {
  const emulator = await emulate();
  const { access_token: token } = emulator.issue();
  expect((await revoke(emulator, { token }, `?token=${token}`)).status).toBe(400);
  const body = JSON.stringify({ token, client_id: emulator.clientId, client_secret: emulator.clientSecret });
  const headers = { 'content-type': 'application/json' };
  expect((await fetch(`${emulator.url}/oauth/revoke`, { method: 'POST', headers, body })).status).toBe(400);
  expect(emulator.isLive(token)).toBe(true);
});

test('a fault strikes before or after the revocation', async () => {
  const emulator = await emulate();
  const [before, after] = [emulator.issue(), emulator.issue()];
  emulator.misbehave({ on: 'revoke', do: { kind: 'drop' } });
  await expect(revoke(emulator, { token: before.access_token })).rejects.toThrow();
  expect(emulator.log.at(-1)).toMatchObject({ fault: 'drop', outcome: 'fault' });
  emulator.misbehave({ on: 'revoke', after: true, do: { kind: 'drop' } });
  await expect(revoke(emulator, { token: after.access_token })).rejects.toThrow();
  expect([emulator.isLive(before.access_token), emulator.isLive(after.access_token)]).toEqual([true, false]);
});

test('a token tells of its user, its app and the life that is left', async () => {
  const clock = manualClock();
  const emulator = await emulate({ now: clock.now });
  const pair = emulator.issue({ userId: 7 });
  clock.advance(100_500);
  const answer = await info(emulator, pair.access_token);
  expect([answer.status, await answer.json()]).toEqual([
    200,
    {
      resource_owner_id: 7,
      scope: [],
      expires_in: 5_299,
      application: { uid: emulator.clientId },
      created_at: 1_700_000_000,
    },
  ]);
  const service = (await (await postToken(emulator, { grant_type: 'client_credentials' })).json()) as {
    access_token: string;
  };
  expect(await (await info(emulator, service.access_token)).json()).toMatchObject({
    resource_owner_id: null,
  });
});

test('a token that is no good is refused as by the API, and asking is no use of one', async () => {
  const emulator = await emulate({ spentTokens: 'B' });
  const old = emulator.issue();
  const next = await renewed(emulator, old.refresh_token);
  expect((await info(emulator, next.access_token)).status).toBe(200);
  expect(emulator.isLive(old.access_token)).toBe(true);
  emulator.revokeGrant(old.access_token);
  const answer = await info(emulator, old.access_token);
  expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
    401,
    expect.stringMatching('was revoked'),
  ]);
  expect(emulator.log.at(-1)).toMatchObject({ kind: 'info', refusal: 'revoked' });
  // Only the API's are counted there.
  expect(emulator.counters.unauthorized).toBe(0);
});
