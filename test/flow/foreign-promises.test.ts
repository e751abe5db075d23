import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';
import { attachProcore } from '../../src/index.js';

const me = '/rest/v1.0/me';
const fails = () => Promise.reject(new Error('the database is away'));

/** What an application gives where no promise is awaited; each of these rejects. An unhandled rejection would end the process. */
const options: [what: string, options: object, name: string][] = [
  ['an async account', { account: async () => fails() }, 'account'],
  ['an async companyId', { companyId: async () => fails() }, 'companyId'],
  ['an async rateLimit.scope', { rateLimit: { scope: async () => fails() } }, 'rateLimit.scope'],
];

test.each(options)(
  '%s: the call fails with a TypeError that says "a promise", and nothing is sent',
  async (_what, given, name) => {
    await using h = await createHarness({ options: given });
    const error = await caught(h.instance.get(me));
    await turn();
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(`"${name}" returned a promise`);
    expect(h.emulator.counters.requests).toBe(0);
  },
);

test.each<[string, () => object, string]>([
  ['companyId', () => ({ companyId: fails() }), '"procore.companyId"'],
  ['account', () => ({ account: fails() }), '"procore.account"'],
])('a promise as the %s of one call: the same', async (_what, make, name) => {
  await using h = await createHarness();
  const error = await caught(h.instance.get(me, { procore: make() }));
  await turn();
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toContain(name);
  expect(error.message).toContain('a promise');
  expect(h.emulator.counters.requests).toBe(0);
});

test.each<[string, () => object]>([
  ['store', () => ({ store: fails() })],
  ['clientSecret', () => ({ clientSecret: fails() })],
  ['environment', () => ({ environment: fails() })],
  ['account', () => ({ account: fails() })],
  ['renewal', () => ({ renewal: fails() })],
  ['retry.retries', () => ({ retry: { retries: fails() } })],
  ['logger', () => ({ logger: fails() })],
])('a promise as option %s is refused by name', async (name, make) => {
  await using h = await createHarness();
  const { clientId, clientSecret } = h.emulator;
  const { store } = h;
  const attach = () => attachProcore(h.instance, { clientId, clientSecret, store, ...make(), replace: true });
  expect(attach).toThrow(`"${name}" is a promise`);
  await turn();
});

test.each<[string, (h: Awaited<ReturnType<typeof createHarness>>) => Promise<unknown>]>([
  ['setTokens', (h) => h.procore.setTokens(fails() as never)],
  ['exchangeCode', (h) => h.procore.exchangeCode(fails() as never)],
  ['the account of setTokens', (h) => h.procore.setTokens(h.emulator.issue(), fails() as never)],
  ['the code of exchangeCode', (h) => h.procore.exchangeCode({ code: fails() } as never)],
  ['the account of renew', (h) => h.procore.renew(fails() as never)],
  ['the account of revoke', (h) => h.procore.revoke(fails() as never)],
])('a promise as %s is refused by name', async (_what, run) => {
  await using h = await createHarness();
  const error = await caught(run(h));
  await turn();
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toContain('a promise');
});
