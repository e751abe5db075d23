import { describe, expect, test } from 'vitest';
import { encryptedTokenStore } from '../../src/store/encrypted.js';
import type { TokenSet } from '../../src/store/store.js';
import { createHarness } from '../support/harness.js';

const me = '/rest/v1.0/me';
const cyclic: Record<string, unknown> = {};
cyclic['self'] = cyclic;

describe('a stored field that could not be saved again is found out before the refresh token is redeemed', () => {
  test.each<[string, unknown, string]>([
    ['a BigInt', 5n, 'a BigInt'],
    ['a cycle', cyclic, 'an object that refers to itself'],
    ['a function', () => 1, 'a function'],
  ])('%s', async (_what, value, why) => {
    await using h = await createHarness();
    h.store.sets.set('default', { ...h.store.sets.get('default')!, row_id: value });
    const renewing = h.procore.renew();
    await expect(h.env.drive(renewing)).rejects.toMatchObject({
      code: 'ERR_PROCORE_TOKEN_STORE_FAILED',
      message: expect.stringContaining(`"row_id" is ${why}`) as string,
    });
    const call = h.instance.get(me);
    await expect(h.env.drive(call)).rejects.toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
    expect(h.emulator.counters).toMatchObject({ exchanges: 0, apiRequests: 0 });
    expect(h.store.log).not.toContain('save default');
  });

  test('where the store is encrypted and its records were plain before', async () => {
    await using h = await createHarness();
    h.store.sets.set('default', { ...h.store.sets.get('default')!, row_id: 5n });
    const store = encryptedTokenStore(h.store, {
      keys: [{ id: '1', key: Buffer.alloc(32, 7) }],
      acceptPlain: true,
    });
    const { procore } = h.attach({ store });
    await expect(h.env.drive(procore.renew())).rejects.toThrow('"row_id" is a BigInt');
    expect(h.emulator.counters.exchanges).toBe(0);
  });

  test('calls go on as soon as the field is removed', async () => {
    await using h = await createHarness();
    const good = h.store.sets.get('default')!;
    h.store.sets.set('default', { ...good, row_id: 5n });
    await expect(h.env.drive(h.procore.renew())).rejects.toThrow('row_id');
    h.store.sets.set('default', { ...good, row_id: '5' });
    await h.procore.renew();
    expect(h.store.sets.get('default')).toMatchObject({ row_id: '5' });
  });
});

test('setTokens refuses such a field, by its name, and nothing has changed', async () => {
  await using h = await createHarness();
  const before = h.store.sets.get('default');
  const setting = h.procore.setTokens({ ...h.emulator.issue(), owner: { id: 5n } });
  await expect(setting).rejects.toThrow(TypeError);
  await expect(setting).rejects.toThrow('setTokens got an object whose "owner" is a BigInt');
  expect(h.store.sets.get('default')).toBe(before);
});

test('fields that are undefined are dropped, for a store that refuses them', async () => {
  await using h = await createHarness();
  h.store.sets.set('default', { ...h.store.sets.get('default')!, note: undefined, kept: 'x' });
  const undefinedIn = (set: TokenSet | undefined) =>
    Object.entries(set ?? {}).filter(([, value]) => value === undefined);
  h.store.onSave = (tokens, _account, previous) => {
    if ([...undefinedIn(tokens), ...undefinedIn(previous)].length > 0)
      throw new Error('undefined is no value');
  };
  await h.procore.renew();
  expect(h.store.sets.get('default')).toMatchObject({ kept: 'x' });
  await h.procore.setTokens({ ...h.emulator.issue(), note: undefined });
  expect(h.procore.status().unsaved).toBe(false);
});

test('what an exchange of the application answers beside the tokens costs no pair, whatever it is', async () => {
  await using h = await createHarness();
  const answer = h.emulator.issue();
  const { procore } = h.attachProcess({
    exchange: async () => ({ ...answer, expires_in: 5_400n as never, response: cyclic, done() {} }),
  });
  h.store.onSave = (tokens) => void JSON.stringify(tokens);
  await procore.renew();
  expect(h.store.sets.get('default')).toMatchObject({
    refresh_token: answer.refresh_token,
    expires_in: 5_400,
  });
  expect(procore.status().unsaved).toBe(false);
});

test('token-save-failed carries what the store has thrown, without the tokens', async () => {
  await using h = await createHarness();
  h.store.onSave = (tokens) => {
    throw Object.assign(new Error(`value "${tokens.refresh_token}" is too long`), {
      code: '22001',
      parameters: [tokens.access_token],
    });
  };
  await h.env.drive(h.procore.renew());
  const failed = h.told.find(({ event }) => event === 'token-save-failed')!.detail;
  expect(failed['cause']).toMatchObject({
    code: '22001',
    message: expect.stringContaining('too long') as string,
  });
  expect(failed['cause']).not.toHaveProperty('parameters');
  const { refresh_token: refresh } = h.procore.unsavedTokens()!;
  expect(`${(failed['cause'] as Error).message} ${(failed['cause'] as Error).stack}`).not.toContain(refresh);
  const line = h.logged.find((text) => text.includes('token-save-failed'))!;
  expect(line).not.toContain('cause=');
  expect(line).toContain('22001');
});

test('a failed save of setTokens carries what the store has thrown, without the tokens', async () => {
  await using h = await createHarness();
  h.store.onSave = () => {
    throw Object.assign(new Error('disk full'), { code: 'ENOSPC' });
  };
  await expect(h.env.drive(h.procore.setTokens(h.emulator.issue()))).rejects.toThrow('not saved');
  const failed = h.told.find(({ event }) => event === 'token-save-failed')!.detail;
  expect(failed['cause']).toMatchObject({ code: 'ENOSPC', message: 'disk full' });
});
