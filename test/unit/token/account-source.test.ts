import { expect, test } from 'vitest';
import { createGrantRegistry } from '../../../src/token/grant/registry.js';
import { createKeeper } from '../../../src/token/loading/keeper.js';
import { createLoginGate } from '../../../src/token/endpoint/login-gate.js';
import { resolveOptions } from '../../../src/options/checks.js';
import type { ClientDeps } from '../../../src/token/source.js';
import { AccountSource } from '../../../src/token/account-source.js';
import type { TokenSource } from '../../../src/token/source.js';
import { createManualEnv } from '../../support/manual-env.js';

test('an account whose parts could not be put together once is at rest again as soon as nothing is under way', async () => {
  const env = createManualEnv();
  const store = { load: () => ({ access_token: 'a', refresh_token: 'r', expires_in: 5400 }), save() {} };
  const grants = createGrantRegistry({}).of(store, {
    client: '["l","c"]',
    isPrivate: false,
    replaces: undefined,
  });
  let isBroken = true;
  const deps: ClientDeps = {
    env,
    clientAndGrant: '["l","c","refresh_token"]',
    grant: 'refresh_token',
    grants,
    keeperOf(at, account, row, held) {
      if (isBroken) throw new Error('broken');
      return createKeeper({ store: at, account, env, storeTimeoutMs: 5_000, saves: new Map(), row, held });
    },
    isBeside: () => false,
    restingWith: () => undefined,
    server: { invalidatesOld: false, foundInvalidating: () => undefined, ask: () => undefined },
    untilDetached: new Set(),
    loginGate: () => createLoginGate(env),
    settings: resolveOptions({ clientId: 'id', clientSecret: 'secret', store }).renewal,
    maxWaitMs: 60_000,
    serverOffsetMs: () => 0,
    emit() {},
    warnOnce() {},
  };
  const source: TokenSource = new AccountSource(
    deps,
    { account: 'a', store, inContext: (work) => work(), before: undefined, used: () => source },
    { order: 1, exchange: () => Promise.reject(new Error('unused')), takesOver: false },
  );
  const bounds = { maxMs: 1_000, signal: undefined };
  expect(() => source.look(bounds)).toThrow('broken');
  isBroken = false;
  await source.look(bounds);
  expect(source.hasAccessToken()).toBe(true);
  expect(source.mayBeLetGo()).toBe(true);
});
