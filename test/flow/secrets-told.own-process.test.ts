import { expect, test, vi } from 'vitest';
import type { TokenSet } from '../../src/store/store.js';
import { attachTo } from '../support/attach-to.js';
import { drive } from '../support/drive.js';
import { fail, failures } from '../support/failures.js';
import { createHarness } from '../support/harness.js';

test.each(failures)('$name: no event, log line or status shows a token or secret', async (failure) => {
  await using failed = await fail(failure);
  const { h, secrets } = failed;
  const told = [JSON.stringify(h.told), h.logged.join('\n'), JSON.stringify(h.procore.status())];
  for (const text of told) for (const secret of secrets()) expect(text).not.toContain(secret);
});

test('a day with renewals, failed saves, adoptions and legacy refreshes tells a lot, and no secret', async () => {
  await using h = await createHarness();
  const me = '/rest/v1.0/me';
  const sets: TokenSet[] = [h.store.sets.get('default')!];
  let failing = 0;
  h.store.onSave = (tokens) => {
    sets.push(tokens);
    if (failing-- > 0) throw new Error(`no room for ${JSON.stringify(tokens)}`);
  };
  await h.instance.get(me);
  await h.procore.renew();
  h.emulator.revoke();
  await h.instance.get(me);
  // Their error quotes the whole set, a field of ours with it: each save is tried once more without that field.
  failing = 12;
  h.env.jump(5_401_000);
  await drive(h.env, h.instance.get(me));
  await drive(h.env, h.procore.idle());
  const theirs = h.emulator.issue();
  sets.push(theirs);
  h.store.sets.set('default', theirs);
  h.env.jump(5_401_000);
  await drive(h.env, h.instance.get(me));
  const spent = h.store.sets.get('default')!.refresh_token!;
  const form = {
    grant_type: 'refresh_token',
    client_id: h.emulator.clientId,
    client_secret: h.emulator.clientSecret,
  };
  const { data } = await h.instance.post<TokenSet>(
    '/oauth/token',
    new URLSearchParams({ ...form, refresh_token: spent }),
  );
  sets.push(data);
  await drive(h.env, h.procore.idle());
  h.emulator.misbehave({ on: 'api', times: 2, do: { kind: 'answer', status: 503 } });
  await drive(h.env, h.instance.get(`${me}?access_token=${data.access_token}`));

  const events = new Set(h.told.map(({ event }) => event));
  expect([...events].sort()).toEqual([
    'request-retried',
    'request-settled',
    'request-waiting',
    'token-adopted',
    'token-renewed',
    'token-save-failed',
    'token-saved-late',
    'warning',
  ]);
  const told = [JSON.stringify(h.told), h.logged.join('\n'), JSON.stringify(h.procore.status())];
  const secrets = [h.emulator.clientSecret, ...sets.flatMap((set) => [set.access_token, set.refresh_token!])];
  expect(secrets.length).toBeGreaterThan(12);
  for (const text of told) for (const secret of secrets) expect(text).not.toContain(secret);
});

test('tokens appear in events as the first 8 hex digits of their SHA-256', async () => {
  await using h = await createHarness();
  await h.procore.renew();
  const { accessToken, refreshToken } = h.procore.status();
  expect(accessToken).toMatch(/^[0-9a-f]{8}$/);
  expect(refreshToken).toMatch(/^[0-9a-f]{8}$/);
  const renewed = h.told.find(({ event }) => event === 'token-renewed')!;
  expect(renewed.detail['accessToken']).toBe(accessToken);
  expect(h.emulator.log[0]!.issued).toEqual({ accessToken, refreshToken });
});

test('without a logger no secret reaches process.emitWarning', async () => {
  const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  await using h = await createHarness();
  h.procore.detach();
  const procore = attachTo(h, h.instance, { logger: undefined as never });
  h.store.onSave = (tokens) => {
    throw new Error(JSON.stringify(tokens));
  };
  await drive(h.env, procore.renew());
  const pair = procore.unsavedTokens()!;
  const warned = JSON.stringify(emitWarning.mock.calls);
  emitWarning.mockRestore();
  expect(warned).toContain('token-save-failed');
  for (const secret of [pair.access_token, pair.refresh_token!, h.emulator.clientSecret])
    expect(warned).not.toContain(secret);
});
