import axios, { type AxiosInstance } from 'axios';
import nock from 'nock';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import type { ProcoreOptions } from '../../src/options/options.js';
import type { Procore } from '../../src/attach/handle.js';
import { memoryTokenStore } from '../../src/store/memory.js';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createManualEnv } from '../support/manual-env.js';
import { patienceMs } from '../support/patience.js';

/** What an application's tests begin with, each of them: always the same texts. */
const fixture: TokenSet = {
  access_token: 'access-1',
  refresh_token: 'refresh-1',
  created_at: 999_994_600,
  expires_in: 5400,
  expires_at: 1_000_000_000,
};
const living: TokenSet = { ...fixture, created_at: 3_999_994_600, expires_at: 4_000_000_000 };
const answered = { access_token: 'access-2', refresh_token: 'refresh-2', expires_in: 5400 };
const login = 'https://login.procore.com';
const api = 'https://api.procore.com';

beforeAll(() => nock.disableNetConnect());
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

/** One process, in which tests run one after another. */
interface Suite {
  store(tokens: TokenSet | undefined): TokenStore;
  attach(store: TokenStore, options?: Partial<ProcoreOptions>): { instance: AxiosInstance; procore: Procore };
  drive<T>(work: Promise<T>): Promise<T>;
  /** In seconds. */
  now(): number;
}

/** A table of the application's own. */
function mapStore(tokens: TokenSet | undefined): TokenStore {
  const rows = new Map(tokens ? [['default', tokens]] : []);
  return { load: (account) => rows.get(account), save: (set, account) => void rows.set(account, set) };
}

function createSuite(copies: 'one copy' | 'a copy for each test', store: Suite['store']): Suite {
  const env = createManualEnv();
  const registry = {};
  const own = createAttach(env, registry);
  return {
    store,
    attach(store, options = {}) {
      const instance = axios.create({ baseURL: api, proxy: false });
      const attachProcore = copies === 'one copy' ? own : createAttach(env, registry);
      const logger = { debug() {}, info() {}, warn() {}, error() {} };
      const procore = attachProcore(instance, {
        clientId: 'client',
        clientSecret: 'secret',
        store,
        logger,
        ...options,
      });
      return { instance, procore };
    },
    // In small steps: a mock takes some turns of the event loop to answer, and no wait may end meanwhile.
    drive: (work) => env.drive(work, 20),
    now: () => Math.floor(env.now() / 1000),
  };
}

const token = (grant: object, status: number, body: object, headers: Record<string, string> = {}) =>
  nock(login)
    .post('/oauth/token', (form: Record<string, string>) =>
      Object.entries(grant).every(([name, value]) => form[name] === value),
    )
    .reply(status, body, headers);
const me = (bearer: string, status = 200, body: object = { id: 1 }, headers: Record<string, string> = {}) =>
  nock(api)
    .get('/rest/v1.0/me')
    .matchHeader('authorization', `Bearer ${bearer}`)
    .reply(status, body, headers);

/** What an application tests. Each holds when it runs alone. */
const scenarios: Record<string, (suite: Suite) => Promise<void>> = {
  async 'an expired token is renewed'({ store, attach, drive }) {
    token({ grant_type: 'refresh_token', refresh_token: 'refresh-1' }, 200, answered);
    me('access-2');
    const { instance, procore } = attach(store({ ...fixture }));
    expect((await drive(instance.get('/rest/v1.0/me'))).status).toBe(200);
    await drive(procore.idle());
  },
  async 'a refused refresh token asks for a person'({ store, attach, drive }) {
    token({ refresh_token: 'refresh-1' }, 400, { error: 'invalid_grant' });
    const { instance } = attach(store({ ...fixture }));
    const error = await drive(caught(instance.get('/rest/v1.0/me')));
    expect(error).toMatchObject({
      code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED',
      reason: 'refresh-token-invalid',
    });
  },
  async 'a 401 leads to a renewal and a replay'({ store, attach, drive }) {
    me('access-1', 401, { error: 'invalid_token' }, { 'www-authenticate': 'Bearer error="invalid_token"' });
    token({ refresh_token: 'refresh-1' }, 200, answered);
    me('access-2');
    const { instance, procore } = attach(store({ ...living }));
    expect((await drive(instance.get('/rest/v1.0/me'))).status).toBe(200);
    await drive(procore.idle());
  },
  async 'the code of a log-in is exchanged'({ store, attach, drive }) {
    token({ grant_type: 'authorization_code', code: 'code-1' }, 200, {
      ...answered,
      access_token: 'access-1',
      refresh_token: 'refresh-1',
    });
    me('access-1');
    const { instance, procore } = attach(store(undefined));
    await drive(procore.exchangeCode({ code: 'code-1', redirectUri: 'https://app.example.com/callback' }));
    expect((await drive(instance.get('/rest/v1.0/me'))).status).toBe(200);
  },
  async 'a login host that asks for more time than a call has ends the call'({ store, attach, drive }) {
    token({ refresh_token: 'refresh-1' }, 429, {}, { 'retry-after': '600' });
    const { instance } = attach(store({ ...fixture }));
    const error = await drive(caught(instance.get('/rest/v1.0/me')));
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED' });
  },
  async 'a login host that is down does not hold up a call whose token still works'({
    store,
    attach,
    drive,
    now,
  }) {
    token({ refresh_token: 'refresh-1' }, 503, {}, { 'retry-after': '600' });
    me('access-1');
    const { instance } = attach(store({ ...fixture, created_at: now() - 5_220, expires_at: now() + 180 }));
    expect((await drive(instance.get('/rest/v1.0/me'))).status).toBe(200);
    // A pair that comes from a store is tried before it is renewed.
    me('access-1');
    expect((await drive(instance.get('/rest/v1.0/me'))).status).toBe(200);
    await drive(vi.waitFor(() => expect(nock.pendingMocks()).toEqual([]), patienceMs));
  },
  async 'a service account is refused by a busy login host'({ attach, drive }) {
    token({ grant_type: 'client_credentials' }, 503, {}, { 'retry-after': '600' });
    const { instance } = attach(memoryTokenStore(), { grant: 'client_credentials' });
    const error = await drive(caught(instance.get('/rest/v1.0/me')));
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED' });
  },
  async 'tokens of a log-in are renewed by request'({ store, attach, drive }) {
    token({ refresh_token: 'refresh-1' }, 200, answered);
    const { procore } = attach(store(undefined));
    await drive(procore.setTokens({ ...living }));
    expect(await drive(procore.renew())).toMatchObject({ refresh_token: 'refresh-2' });
  },
};

/** Each test comes before each other one in some of these. */
function ordersOf<T>(items: readonly T[]): T[][] {
  const rotated = items.map((_, first) => [...items.slice(first), ...items.slice(0, first)]);
  return [...rotated, ...rotated.map((order) => [...order].reverse())];
}

const stores = { memoryTokenStore: memoryTokenStore, 'a table of its own': mapStore };

describe.each(['one copy', 'a copy for each test'] as const)(
  'with %s of the package in the process',
  (copies) => {
    test.each(Object.entries(stores))(
      'tests of an application that begin with the same tokens in a new store hold in every order, and when one runs three times: %s',
      async (_name, store) => {
        const names = Object.keys(scenarios);
        const orders = [...ordersOf(names), ...names.map((name) => [name, name, name])];
        for (const order of orders) {
          const suite = createSuite(copies, store);
          for (const name of order) {
            const context = `${name} in ${order.join(', ')}`;
            await scenarios[name]!(suite).catch((cause: unknown) => {
              throw new Error(`failed: ${context}`, { cause });
            });
            expect(nock.pendingMocks(), context).toEqual([]);
            nock.cleanAll();
          }
        }
      },
      120_000,
    );
  },
);
