import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { drive } from '../support/drive.js';
import { createHarness } from '../support/harness.js';

const me = '/rest/v1.0/me';
const how =
  /Send its user through the browser \(npx axios-procore login, or authorizationUrl and exchangeCode\), or hand new tokens to setTokens\(\)\.$/;

test('at a first start the account is said to be not authorized yet, and how it becomes so', async () => {
  await using h = await createHarness();
  h.store.sets.clear();
  const { message } = await caught(h.instance.get(me));
  expect(message).toMatch(
    /^GET \/rest\/v1\.0\/me: account "default" is not authorized yet: the store has no tokens for it\./,
  );
  expect(message).toMatch(how);
});

test('after a revocation its tokens are said to be revoked, also once the store has been asked anew', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  await h.procore.revoke();
  for (let i = 0; i < 2; i++) {
    const { message } = await caught(h.instance.get(me));
    expect(message).toContain(
      'account "default" must be authorized anew: its tokens have been revoked or removed.',
    );
    expect(message).toMatch(how);
    h.env.jump(5_000);
  }
});

test('what a failing load says is in the message of the call, without the tokens that it quotes', async () => {
  await using h = await createHarness();
  const { refresh_token: token } = h.store.sets.get('default')!;
  h.store.onLoad = () =>
    Promise.reject(
      Object.assign(new Error(`relation "tokens" does not exist, row ${token}`), { code: '42P01' }),
    );
  const error = await drive(h.env, caught(h.instance.get(me)), 30_000);
  expect(error.message).toContain(
    'store.load() failed (42P01): relation "tokens" does not exist, row [redacted]. Nothing was redeemed',
  );
  expect(error.message).not.toContain(token);
});

test('what a failing save says is in its event, without tokens that no pattern knows', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  await h.procore.setTokens({ access_token: 'short-access', refresh_token: 'short-one' });
  h.store.onSave = ({ refresh_token: token }) => Promise.reject(new Error(`cannot keep ${token}`));
  const failing = caught(h.procore.setTokens({ access_token: 'short-access-2', refresh_token: 'short-two' }));
  const { message } = await drive(h.env, failing, 60_000);
  expect(message).toContain('cannot keep [redacted]');
  expect(JSON.stringify(h.told)).not.toMatch(/short-(access|one|two)/);
});

test('a logger whose log does for info, as that of Nest, gets what others get at info', async () => {
  const lines: string[] = [];
  class NestLogger {
    prefix = 'Nest';
    log(text: string) {
      lines.push(`${this.prefix} log ${text}`);
    }
    debug(text: string) {
      lines.push(`${this.prefix} debug ${text}`);
    }
    warn() {}
    error() {}
    verbose() {}
  }
  await using h = await createHarness({ options: { logger: new NestLogger() } });
  await h.procore.renew();
  expect(lines).toContainEqual(
    expect.stringMatching(/^Nest log axios-procore: renewed the tokens of account "default" until /),
  );
  await h.instance.get(me);
  expect(lines).toContainEqual(
    expect.stringMatching(/^Nest debug axios-procore: answered with 200 .*\(request-settled /),
  );
});
