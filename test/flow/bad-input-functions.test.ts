import { describe, expect, test } from 'vitest';
import type { ProcoreOptions } from '../../src/options/options.js';
import type { TokenStore } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { drive } from '../support/drive.js';
import { createHarness, type Harness } from '../support/harness.js';
import { settled } from '../support/manual-env.js';

const me = '/rest/v1.0/me';

function hang(): Promise<never> {
  return new Promise(() => {});
}
function explode(): never {
  throw new Error('no luck');
}
function holdsWorkingPair(h: Harness): boolean {
  const pair = h.procore.unsavedTokens() ?? h.store.sets.get('default')!;
  return h.emulator.isLive(pair.refresh_token!);
}

const badSecrets: [what: string, secret: () => unknown][] = [
  ['throws', explode],
  ['rejects', () => Promise.reject(new Error('the vault is sealed'))],
  ['hangs', hang],
  ['returns undefined', () => undefined],
  ['returns an empty string', () => ''],
  ['returns a number', () => 5],
  ['returns an object', () => ({ secret: 'x' })],
];

test.each(badSecrets)(
  'a clientSecret function that %s: nothing is sent, the pair is kept, and it is asked anew',
  async (_what, bad) => {
    let secret = bad;
    await using h = await createHarness({ options: { clientSecret: (() => secret()) as never } });
    h.env.jump(5_401_000);
    const error = await drive(h.env, caught(h.instance.get(me)), 30_000);
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED', status: 503 });
    expect(error.message).toMatch(/clientSecret/);
    expect(h.emulator.counters.requests).toBe(0);
    expect(holdsWorkingPair(h)).toBe(true);
    secret = () => h.emulator.clientSecret;
    await h.env.advance(30_000);
    expect((await drive(h.env, h.instance.get(me))).status).toBe(200);
  },
);

test('a clientSecret function is asked at each renewal, not before', async () => {
  let asked = 0;
  await using h = await createHarness({
    options: {
      clientSecret: () => {
        asked++;
        return Promise.resolve('emulator-secret');
      },
    },
  });
  await h.instance.get(me);
  expect(asked).toBe(0);
  await h.procore.renew();
  await h.procore.renew();
  expect(asked).toBe(2);
});

const badExchanges: [what: string, exchange: () => unknown][] = [
  ['throws', explode],
  ['rejects', () => Promise.reject(new Error('the gateway is down'))],
  ['rejects with undefined', () => Promise.reject(undefined)],
  ['hangs', hang],
  ['returns undefined', () => undefined],
  ['returns a text', () => '{"access_token":"a"}'],
  ['returns an axios response', () => ({ status: 200, data: { access_token: 'a' } })],
  ['returns {}', () => ({})],
];

test.each(badExchanges)(
  'an exchange that %s: a TokenRenewalError, never a hang, and the pair is kept',
  async (_what, bad) => {
    let exchange: () => unknown = bad;
    await using h = await createHarness({ options: { exchange: (() => exchange()) as never } });
    h.env.jump(5_401_000);
    const error = await drive(h.env, caught(h.instance.get(me)), 30_000);
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED', status: 503 });
    expect(h.emulator.counters.requests).toBe(0);
    expect(holdsWorkingPair(h)).toBe(true);
    // The renewal that nobody waits for any more ends by itself.
    await h.env.advance(300_000);
    expect(h.procore.status().renewing).toBe(false);
    const fresh = h.emulator.issue();
    exchange = () => Promise.resolve(fresh);
    await h.env.advance(300_000);
    expect((await drive(h.env, h.instance.get(me))).status).toBe(200);
    expect(h.store.sets.get('default')!.refresh_token).toBe(fresh.refresh_token);
  },
);

test("an exchange that rejects with the token endpoint's verdict is believed", async () => {
  const rejection = Object.assign(new Error('400'), {
    response: { status: 400, data: { error: 'invalid_grant' } },
  });
  await using h = await createHarness({ options: { exchange: () => Promise.reject(rejection) } });
  h.env.jump(5_401_000);
  const error = await drive(h.env, caught(h.instance.get(me)), 30_000);
  expect(error).toMatchObject({
    code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED',
    reason: 'refresh-token-invalid',
  });
});

test('an exchange gets the grant, the account and a signal, and no secret', async () => {
  const given: unknown[][] = [];
  await using h = await createHarness();
  const { refresh_token } = h.store.sets.get('default')!;
  const exchange: ProcoreOptions['exchange'] = (...args) => {
    given.push(args);
    return Promise.resolve(h.emulator.issue());
  };
  const { procore } = h.attachProcess({ exchange });
  await procore.renew();
  expect(given).toEqual([
    [
      { type: 'refresh_token', refresh_token },
      { account: 'default', signal: expect.any(AbortSignal) as AbortSignal },
    ],
  ]);
});

type Lock = NonNullable<TokenStore['lock']>;

/** A harness whose store has this lock. */
async function locking(lock: Lock): Promise<Harness & AsyncDisposable> {
  const h = await createHarness();
  h.procore.detach();
  const store: TokenStore = { load: h.store.load, save: h.store.save, lock, renewsLock: true };
  return Object.assign(h, h.attachProcess({ store }));
}

const refusingLocks: [what: string, lock: Lock][] = [
  ['throws', explode],
  ['rejects', () => Promise.reject(new Error('no connection'))],
  ['resolves without having called its critical section', () => Promise.resolve(undefined as never)],
  ['returns no promise', (() => undefined) as never],
];

test.each(refusingLocks)(
  'a lock that %s: nothing is redeemed, and the call ends with a TokenStoreError',
  async (_what, lock) => {
    await using h = await locking(lock);
    h.env.jump(5_401_000);
    const error = await drive(h.env, caught(h.instance.get(me)), 70_000);
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED', status: 503 });
    expect(h.emulator.counters.requests).toBe(0);
    expect(holdsWorkingPair(h)).toBe(true);
  },
);

test('a lock that hangs: nothing is redeemed, the call leaves by timeoutMs, and the renewal gives up after maxWaitMs', async () => {
  await using h = await locking(hang);
  h.env.jump(5_401_000);
  const error = await drive(h.env, caught(h.instance.get(me)), 16_000);
  expect(error).toMatchObject({ isAxiosError: true, status: 503 });
  await h.env.advance(60_000);
  expect(h.procore.status().renewing).toBe(false);
  expect(h.emulator.counters.requests).toBe(0);
  expect(holdsWorkingPair(h)).toBe(true);
});

const oddLocks: [what: string, lock: Lock][] = [
  [
    'calls its critical section twice',
    async (_account, critical) => {
      const first = critical();
      expect(critical()).toBe(first);
      return first;
    },
  ],
  [
    'does not wait for it',
    ((_account: string, critical: () => Promise<unknown>) => {
      void critical();
      return Promise.resolve();
    }) as never,
  ],
  [
    'returns something else',
    (async (_account: string, critical: () => Promise<unknown>) => {
      await critical();
      return 'released';
    }) as never,
  ],
  [
    'throws after it',
    async (_account, critical) => {
      await critical();
      throw new Error('could not release');
    },
  ],
  [
    'never settles after it',
    async (_account, critical) => {
      await critical();
      return hang();
    },
  ],
];

test.each(oddLocks)('a lock that %s: one exchange, saved, and the call succeeds', async (_what, lock) => {
  await using h = await locking(lock);
  h.env.jump(5_401_000);
  expect((await drive(h.env, h.instance.get(me))).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, tokenRequests: 1 });
  expect(holdsWorkingPair(h)).toBe(true);
});

test('a lock that comes late, when the renewal has given up, redeems nothing', async () => {
  let comeLate = (): Promise<unknown> => Promise.resolve();
  await using h = await locking((_account, critical) => {
    comeLate = critical;
    return hang();
  });
  h.env.jump(5_401_000);
  await drive(h.env, caught(h.instance.get(me)), 70_000);
  await h.env.advance(120_000);
  await comeLate();
  await settled();
  expect(h.emulator.counters.tokenRequests).toBe(0);
  expect(holdsWorkingPair(h)).toBe(true);
});

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a text', '{"access_token":"a"}'],
  ['{}', {}],
  ['a set without access_token', { refresh_token: 'r' }],
  ['an array', []],
  ['a token with a line break', { access_token: 'a\nb' }],
])('setTokens with %s is a TypeError that changes nothing', async (_what, tokens) => {
  await using h = await createHarness();
  const error = await caught(h.procore.setTokens(tokens as never));
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toMatch(/setTokens got .*it takes a token set/);
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.store.log).toEqual(['load default']);
});

describe.each([
  ['a number', 7],
  ['an empty string', ''],
  ['an object', { id: 1 }],
  ['nothing', null],
])('%s as account', (what, account) => {
  test.each(['getAccessToken', 'renew', 'revoke', 'status', 'unsavedTokens', 'setTokens'] as const)(
    'is refused by %s before the store is asked',
    async (method) => {
      await using h = await createHarness();
      const given = (method === 'setTokens' ? [h.emulator.issue(), account] : [account]) as never[];
      const error = await caught(
        (async () => (h.procore[method] as (...args: never[]) => unknown)(...given))(),
      );
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain(`${method} got ${what} as "account"; it takes a non-empty string`);
      expect(h.store.log).toEqual([]);
    },
  );
});

test.each([
  ['an unknown option', { company: 5 }, 'procore.company'],
  ['auth: true', { auth: true }, 'procore.auth'],
  ['a deadline of zero', { deadlineMs: 0 }, 'procore.deadlineMs'],
  ['a company name', { companyId: 'ACME' }, 'procore.companyId'],
  ['retry: 3', { retry: 3 }, 'procore.retry'],
  ['retries as a text', { retry: { retries: '3' } }, 'procore.retry.retries'],
])(
  'a call with %s rejects with a TypeError that names the option, and is not sent',
  async (_what, procore, option) => {
    await using h = await createHarness();
    const error = await caught(h.instance.get(me, { procore } as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(`"${option}"`);
    expect(h.emulator.counters.requests).toBe(0);
  },
);

test('a logger and listeners that throw disturb no call', async () => {
  const logger = { debug: explode, info: explode, warn: explode, error: explode };
  await using h = await createHarness({ options: { logger } });
  const rejecting: unknown = () => Promise.reject(new Error('async'));
  for (const event of ['token-renewed', 'request-settled', 'request-waiting', 'warning'] as const) {
    h.procore.on(event, explode);
    h.procore.on(event, rejecting as () => void);
  }
  h.env.jump(5_401_000);
  expect((await h.instance.get(me)).status).toBe(200);
  await settled();
  expect(h.told.map(({ event }) => event)).toContain('token-renewed');
});
