import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import axios, { type AxiosAdapter } from 'axios';
import { expect, test } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import { accountBySubject, memoryTokenStore, type ProcoreOptions, type TokenSet } from '../../src/index.js';
import type { TokenStore } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createManualEnv } from '../support/manual-env.js';

const minute = 60_000;
const idle = 12 * minute;
const hour = 3_600_000;
const me = '/rest/v1.0/me';

const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;

/** A store of many accounts that has neither a lock nor a list, and counts its loads. */
function createTable(rows: Record<string, TokenSet> = {}) {
  const sets = new Map(Object.entries(rows));
  const loads: string[] = [];
  const table = {
    sets,
    loads,
    keeps: (set: TokenSet): TokenSet | undefined => set,
    store: {
      load: async (account) => {
        loads.push(account);
        return sets.get(account);
      },
      save: async (tokens, account) => {
        const kept = table.keeps(tokens);
        if (kept) sets.set(account, kept);
      },
    } satisfies TokenStore,
  };
  return table;
}

/** A process on a clock of its own, with the server that issues its tokens. */
function createProcess() {
  const env = createManualEnv();
  const registry = {};
  const own = createAttach(env, registry);
  const sent: string[] = [];
  const presented: string[] = [];
  const dead = new Set<string>();
  let issued = 0;
  const pair = (of: string, lifeMs = hour): TokenSet => ({
    access_token: `access-${of}`,
    refresh_token: `refresh-${of}`,
    expires_at: Math.floor((env.now() + lifeMs) / 1000),
  });
  const adapter: AxiosAdapter = async (config) => {
    sent.push(String(config.headers?.['Authorization'] ?? 'none').replace('Bearer ', ''));
    return { status: 200, statusText: 'OK', data: {}, headers: {}, config, request: {} };
  };
  const exchange: ProcoreOptions['exchange'] = async (grant) => {
    const token = grant.type === 'refresh_token' ? grant.refresh_token : '';
    presented.push(token);
    if (dead.has(token)) {
      const response = { status: 400, data: { error: 'invalid_grant' }, headers: {} };
      throw Object.assign(new Error('invalid_grant'), { response });
    }
    dead.add(token);
    return { ...pair(`new-${++issued}`), expires_in: 3600 };
  };
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const start = (
    store: TokenStore,
    options?: Partial<ProcoreOptions>,
    instance = axios.create({ adapter, proxy: false }),
    attach = own,
  ) => {
    const procore = attach(instance, {
      clientId: 'id',
      environment: { loginUrl: 'http://127.0.0.1:9', apiUrl: 'http://127.0.0.1:9' },
      exchange,
      store,
      companyId: '42',
      logger: { debug: () => undefined, info: () => undefined, warn: say, error: say },
      ...options,
    });
    const get = (account?: string, headers: Record<string, string> = {}) =>
      env.drive(instance.get(me, { headers, ...(account ? { procore: { account } } : {}) }));
    return { instance, procore, get };
  };
  return { env, start, registry, sent, presented, dead, pair, said };
}

test('an account that no call has used for ten minutes is let go, and loaded again for the next call', async () => {
  const { env, start, sent, presented, pair } = createProcess();
  const table = createTable({ ann: pair('ann'), bob: pair('bob') });
  const { procore, get } = start(table.store);
  await get('ann');
  await env.advance(8 * minute);
  await get('bob');
  await env.advance(4 * minute);
  table.loads.length = 0;
  await get('bob');
  expect(table.loads).toEqual([]);
  await get('ann');
  expect(new Set(table.loads)).toEqual(new Set(['ann']));
  expect(procore.status('ann').state).toBe('fresh');
  expect(sent).toEqual(['access-ann', 'access-bob', 'access-bob', 'access-ann']);
  expect(presented).toEqual([]);
});

test('the account that calls have where they name none stays in memory, and nothing waits for its end', async () => {
  const { env, start, pair } = createProcess();
  const table = createTable({ default: pair('own') });
  const { get } = start(table.store);
  await get();
  expect(env.sleeping).toBe(0);
  await env.advance(idle);
  table.loads.length = 0;
  await get();
  expect(table.loads).toEqual([]);
});

test('no timer is left after the last detach', async () => {
  const { env, start, pair } = createProcess();
  const { procore, get } = start(createTable({ ann: pair('ann') }).store);
  await get('ann');
  expect(env.sleeping).toBe(1);
  procore.detach();
  await env.advance(0);
  expect(env.sleeping).toBe(0);
});

test('an account whose pair is in memory only is not let go', async () => {
  const { env, start, sent, pair } = createProcess();
  const table = createTable({ ann: pair('ann') });
  table.keeps = () => {
    throw new Error('disk full');
  };
  const { procore, get } = start(table.store);
  await env.drive(procore.renew('ann'));
  await env.advance(idle);
  expect(procore.unsavedTokens('ann')).toMatchObject({ refresh_token: 'refresh-new-1' });
  table.keeps = (set) => set;
  await env.advance(idle);
  await get('ann');
  expect(table.sets.get('ann')).toMatchObject({ refresh_token: 'refresh-new-1' });
  expect(sent.at(-1)).toBe('access-new-1');
});

test('an account whose store has not kept what it was given is not let go: its pair is nowhere else', async () => {
  const { env, start, sent, presented, pair } = createProcess();
  const table = createTable({ ann: pair('ann') });
  table.keeps = () => undefined;
  const { procore, get } = start(table.store);
  await env.drive(procore.renew('ann'));
  await get('ann');
  await env.advance(3 * idle);
  await get('ann');
  expect(sent.at(-1)).toBe('access-new-1');
  expect(presented).toEqual(['refresh-ann']);
});

test('an account that needs a log-in is not let go: its spent token is never sent again', async () => {
  const { env, start, presented, dead, pair } = createProcess();
  const table = createTable({ ann: pair('ann') });
  dead.add('refresh-ann');
  const { procore } = start(table.store);
  await caught(env.drive(procore.renew('ann')));
  await env.advance(idle);
  expect(procore.status('ann').state).not.toBe('not-loaded');
  await caught(env.drive(procore.renew('ann')));
  expect(presented).toEqual(['refresh-ann']);
});

test('an account with a call in flight is not let go', async () => {
  const { env, start, pair } = createProcess();
  const table = createTable({ ann: pair('ann'), bob: pair('bob') });
  let answer = () => {};
  const slow: AxiosAdapter = (config) =>
    new Promise((resolve) => {
      answer = () => resolve({ status: 200, statusText: 'OK', data: {}, headers: {}, config, request: {} });
    });
  const { instance, procore } = start(table.store);
  const call = instance.get(me, { adapter: slow, procore: { account: 'ann' } });
  await env.advance(2 * idle);
  expect(procore.status('ann').state).toBe('fresh');
  answer();
  await call;
  await env.advance(2 * idle);
  expect(procore.status('ann').state).toBe('not-loaded');
});

test('the pair of an account that was let go is not used for another account whose row shows it', async () => {
  const { env, start, sent, pair } = createProcess();
  const ann = pair('ann');
  const table = createTable({ ann, bob: ann });
  const { get } = start(table.store);
  await get('ann');
  await env.advance(idle);
  const error = await caught(get('bob'));
  expect(String(error)).toContain('account "ann" holds');
  expect(sent).toEqual(['access-ann']);
  await get('ann');
  expect(sent).toEqual(['access-ann', 'access-ann']);
});

test('a call that brings no bearer is not taken for the one user whose account is still in memory', async () => {
  const { env, start, pair } = createProcess();
  const of = (sub: string) => ({ ...pair(sub), access_token: jwt({ sub, exp: env.now() / 1000 + 7200 }) });
  const [ann, bob] = [of('ann'), of('bob')];
  const table = createTable({ default: ann, bob });
  const { get } = start(table.store, { account: accountBySubject });
  await get(undefined, { Authorization: `Bearer ${ann.access_token}` });
  await get(undefined, { Authorization: `Bearer ${bob.access_token}` });
  const before = await caught(get());
  await env.advance(idle);
  const after = await caught(get());
  expect([before, after]).toMatchObject([
    { code: 'ERR_PROCORE_ACCOUNT_UNDECIDED' },
    { code: 'ERR_PROCORE_ACCOUNT_UNDECIDED' },
  ]);
  await get(undefined, { Authorization: `Bearer ${bob.access_token}` });
});

test('an account that was let go goes on in the store that has taken the place of its own', async () => {
  const { env, start, sent, pair } = createProcess();
  const first = memoryTokenStore();
  await first.save(pair('ann'), 'ann', undefined);
  const { instance, get } = start(first);
  await get('ann');
  await env.advance(idle);
  const second = memoryTokenStore();
  const again = createTable();
  for (const store of [second, again.store]) {
    await env.advance(idle);
    start(store, { replace: true }, instance);
    await get('ann');
  }
  await env.advance(minute);
  expect(sent).toEqual(['access-ann', 'access-ann', 'access-ann']);
  expect(again.sets.get('ann')).toMatchObject({ refresh_token: 'refresh-ann' });
});

test('what the application redeems by itself for an account that was let go is saved for it', async () => {
  const { env, start, dead, pair } = createProcess();
  const table = createTable({ ann: pair('ann') });
  const { instance, get, procore } = start(table.store);
  await get('ann');
  await env.advance(idle);
  dead.add('refresh-ann');
  const answer: AxiosAdapter = async (config) => ({
    status: 200,
    statusText: 'OK',
    data: { ...pair('legacy'), expires_in: 3600 },
    headers: {},
    config,
    request: {},
  });
  const form = { grant_type: 'refresh_token', refresh_token: 'refresh-ann', client_id: 'id' };
  await instance.post('http://127.0.0.1:9/oauth/token', form, { adapter: answer });
  await env.advance(minute);
  await procore.idle();
  expect(table.sets.get('ann')).toMatchObject({ refresh_token: 'refresh-legacy' });
});

test('a bearer of before, of which the store keeps no note, is known for as long as it may be brought', async () => {
  const { env, start, sent, pair } = createProcess();
  const table = createTable({ ann: pair('ann') });
  table.keeps = ({ access_token, refresh_token, expires_at }) => ({
    access_token,
    ...(refresh_token ? { refresh_token } : {}),
    ...(expires_at ? { expires_at } : {}),
  });
  const account = (config: { headers?: unknown }) =>
    (config.headers as Record<string, string>)['X-User'] as string;
  const { procore, get } = start(table.store, { account });
  const old = { 'X-User': 'ann', Authorization: 'Bearer access-ann' };
  await get(undefined, old);
  await env.drive(procore.renew('ann'));
  await get(undefined, old);
  await env.advance(idle);
  await get(undefined, old);
  expect(sent).toEqual(['access-ann', 'access-new-1', 'access-new-1']);
});

test('a log-in that cannot read the row of an account that was let go keeps the columns that it has seen there', async () => {
  const { env, start, pair } = createProcess();
  const table = createTable({ ann: { ...pair('ann'), sync_cursor: 7 } });
  let isReadable = true;
  const load = async (account: string) => {
    if (!isReadable) throw new Error('no connection');
    return table.sets.get(account);
  };
  const { procore, get } = start({ ...table.store, load });
  await get('ann');
  await env.advance(idle);
  isReadable = false;
  await env.drive(procore.setTokens(pair('again'), 'ann'));
  expect(table.sets.get('ann')).toMatchObject({ access_token: 'access-again', sync_cursor: 7 });
});

test('a store that drops rows by itself gets back the row of an account that nobody has used', async () => {
  const { env, start, sent, pair } = createProcess();
  const table = createTable({ ann: pair('ann') });
  const { get } = start({ ...table.store, rowsMayVanish: true });
  await get('ann');
  await env.advance(idle);
  table.sets.clear();
  await get('ann');
  expect(sent).toEqual(['access-ann', 'access-ann']);
});

test('where the package itself is evaluated again, an account that was let go goes on in another store', async () => {
  const { env, start, sent, pair } = createProcess();
  const { instance, get } = start(createTable({ ann: pair('ann') }).store);
  await get('ann');
  await env.advance(idle);
  const table = createTable();
  start(table.store, { replace: true }, instance, createAttach(env, {}));
  await get('ann');
  await env.advance(minute);
  expect(sent).toEqual(['access-ann', 'access-ann']);
  expect(table.sets.get('ann')).toMatchObject({ refresh_token: 'refresh-ann' });
});

test('accounts are let go also where the garbage collector has run meanwhile', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const { env, start, pair } = createProcess();
  const { procore, get } = start(createTable({ ann: pair('ann') }).store);
  await get('ann');
  collect();
  await env.advance(idle);
  expect(procore.status('ann').state).toBe('not-loaded');
});

test('an account that was asked for its status, and was not loaded for it, is known as before', async () => {
  const { env, start, sent, pair } = createProcess();
  const ann = pair('ann');
  const table = createTable({ ann, bob: ann });
  const { get, procore } = start(table.store);
  await get('ann');
  for (let times = 0; times < 2; times++) {
    await env.advance(idle);
    expect(procore.status('ann').state).toBe('not-loaded');
    expect(String(await caught(get('bob')))).toContain('account "ann" holds');
  }
  expect(sent).toEqual(['access-ann']);
});

test('a call that brings no bearer is not taken for the one user whose account is in memory while that of another cannot be loaded', async () => {
  const { env, start, sent, pair } = createProcess();
  const of = (sub: string) => ({ ...pair(sub), access_token: jwt({ sub, exp: env.now() / 1000 + 7200 }) });
  const [ann, bob] = [of('ann'), of('bob')];
  const table = createTable({ default: ann, bob });
  let isReadable = true;
  const load = async (account: string) => {
    if (!isReadable) throw new Error('no connection');
    return table.sets.get(account);
  };
  const { get } = start({ ...table.store, load }, { account: accountBySubject });
  await get(undefined, { Authorization: `Bearer ${ann.access_token}` });
  await get(undefined, { Authorization: `Bearer ${bob.access_token}` });
  await env.advance(idle);
  isReadable = false;
  await get(undefined, { Authorization: `Bearer ${bob.access_token}` });
  expect(sent).toEqual([ann, bob, bob].map(({ access_token }) => access_token));
  expect(await caught(get())).toMatchObject({ code: 'ERR_PROCORE_ACCOUNT_UNDECIDED' });
});

test('an account goes on in another store also where that of before has been closed meanwhile', async () => {
  const { env, start, sent, pair } = createProcess();
  const table = createTable({ ann: pair('ann') });
  let isOpen = true;
  const load = async (account: string) => {
    if (!isOpen) throw new Error('the client is closed');
    return table.sets.get(account);
  };
  const { instance, get } = start({ ...table.store, load });
  await get('ann');
  await env.advance(idle);
  isOpen = false;
  start(table.store, { replace: true }, instance);
  await get('ann');
  expect(sent).toEqual(['access-ann', 'access-ann']);
});

/** A module that has run again with an empty store while the one before fails: `ann` has been used before, or not. */
async function createMove(wasUsed: boolean) {
  const process = createProcess();
  const table = createTable({ ann: process.pair('ann') });
  const before = { fails: !wasUsed };
  const load = async (account: string) => {
    if (before.fails) throw new Error('the connection is lost');
    return table.sets.get(account);
  };
  const { instance, get } = process.start({ ...table.store, load });
  await (wasUsed ? get('ann') : caught(get('ann')));
  await process.env.advance(idle);
  before.fails = true;
  process.sent.length = 0;
  const next = createTable();
  const { procore } = process.start(next.store, { replace: true }, instance);
  return {
    ...process,
    before,
    next,
    get,
    procore,
    call: () => instance.get(me, { procore: { account: 'ann' } }),
  };
}

test.each([
  ['let go', true],
  ['never loaded', false],
])(
  'an account that was %s goes on in an empty store with what that of before has, although that fails for a moment',
  async (_, wasUsed) => {
    const { env, sent, before, next, call } = await createMove(wasUsed);
    const calls = [call()];
    await env.advance(5_000);
    calls.push(call());
    before.fails = false;
    await env.drive(Promise.all(calls));
    await env.advance(5_000);
    expect(sent).toEqual(['access-ann', 'access-ann']);
    expect(next.sets.get('ann')).toMatchObject({ refresh_token: 'refresh-ann' });
  },
);

test('a person is asked where a store is empty and that of before has failed for more than a minute', async () => {
  const { env, get, before, procore, pair, next } = await createMove(true);
  expect(await caught(get('ann'))).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
  await env.advance(minute);
  expect(await caught(get('ann'))).toMatchObject({ code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED' });
  before.fails = false;
  await procore.setTokens(pair('anew'), 'ann');
  expect(next.sets.get('ann')).toMatchObject({ refresh_token: 'refresh-anew' });
});

test.each([
  { when: 'before the account was let go', afterMs: 5 * minute },
  { when: 'after that', afterMs: idle },
])(
  'the pair of an old session does not take the place of what another process has renewed it to: $when',
  async ({ afterMs }) => {
    const { env, start, pair } = createProcess();
    const of = (name: string) => {
      const iat = Math.floor(env.now() / 1000);
      return { ...pair(name), access_token: jwt({ sub: 'ann', name, iat, exp: iat + 7200 }) };
    };
    const session = of('session');
    const table = createTable({ ann: session });
    const { get, procore } = start(table.store);
    await get('ann');
    await env.advance(afterMs);
    table.sets.set('ann', of('renewed'));
    await env.advance(idle);
    await env.drive(procore.setTokens(session, 'ann'));
    expect(table.sets.get('ann')).toMatchObject({ refresh_token: 'refresh-renewed' });
  },
);

test('a refresh of the application for an account that was let go is answered by an attach that takes refreshes over', async () => {
  const { env, start, presented, pair } = createProcess();
  const table = createTable({ ann: pair('ann'), default: pair('own') });
  const { get } = start(table.store);
  const legacy = start(table.store, { legacy: { takeOverRefresh: true } });
  await get('ann');
  await env.advance(idle);
  const form = { grant_type: 'refresh_token', refresh_token: 'refresh-ann', client_id: 'id' };
  const answer = await env.drive(legacy.instance.post('http://127.0.0.1:9/oauth/token', form));
  expect(answer.data).toMatchObject({ access_token: 'access-ann' });
  expect(presented).toEqual([]);
});

test.each([
  ['one copy', false],
  ['two copies', true],
])(
  'the pair of an account that was let go is not used for another account of another store whose row shows it: %s of the package',
  async (_, isOther) => {
    const { env, start, registry, sent, pair } = createProcess();
    const ann = start(createTable({ ann: pair('ann') }).store);
    const table = createTable({ bob: pair('bob') });
    const bob = start(table.store, {}, undefined, isOther ? createAttach(env, registry) : undefined);
    await bob.get('bob');
    await ann.get('ann');
    await env.advance(idle);
    await bob.get('bob');
    table.sets.set('bob', pair('ann'));
    await expect(env.drive(bob.procore.renew('bob'))).rejects.toMatchObject({
      code: 'ERR_PROCORE_TOKEN_STORE_FAILED',
      message: expect.stringContaining('the tokens that account "ann" of another store holds'),
    });
    await bob.get('bob');
    await ann.get('ann');
    expect(sent).toEqual(['access-bob', 'access-ann', 'access-bob', 'access-bob', 'access-ann']);
  },
);

test('two store objects over one row may use it by two names, also where one of these accounts was let go after another user had followed', async () => {
  const { env, start, sent, pair } = createProcess();
  const of = (sub: string) => {
    const iat = Math.floor(env.now() / 1000);
    return { ...pair(sub), access_token: jwt({ sub, iat, exp: iat + 7200 }) };
  };
  const table = createTable({ row: of('ann') });
  const storeObject = (): TokenStore => ({
    load: () => table.store.load('row'),
    // The table has no place for what the package adds.
    save: ({ access_token, refresh_token, expires_at }) =>
      table.store.save({ access_token, refresh_token: refresh_token!, expires_at: expires_at! }, 'row'),
  });
  const [reports, sync] = [start(storeObject()), start(storeObject())];
  await sync.get('sync');
  await reports.get('reports');
  await env.advance(10_000);
  const bob = of('bob');
  table.sets.set('row', bob);
  await env.drive(reports.procore.renew('reports'));
  for (let times = 0; times < 15; times++) {
    await env.advance(minute);
    await sync.get('sync');
  }
  expect(reports.procore.status('reports').state).toBe('not-loaded');
  await env.drive(sync.procore.renew('sync'));
  await sync.get('sync');
  expect(sent.at(-1)).toBe(bob.access_token);
});

test('a call that took longer to make its body than its account stays in memory is sent with the token of that account as it is then', async () => {
  const { env, start, sent, presented, pair } = createProcess();
  const { instance, get, procore } = start(createTable({ ann: pair('ann') }).store);
  await get('ann');
  let made = (_body: string) => {};
  const body = new Promise<string>((resolve) => (made = resolve));
  const call = instance.post(me, undefined, { procore: { account: 'ann', body: () => body } });
  await env.advance(idle);
  expect(procore.status('ann').state).toBe('not-loaded');
  await get('ann');
  await env.drive(procore.setTokens(pair('next'), 'ann'));
  made('text');
  await env.drive(call);
  expect(sent).toEqual(['access-ann', 'access-ann', 'access-next']);
  expect(presented).toEqual([]);
});

test('an account that was let go while a call makes its body goes on in the store that has taken the place of its own', async () => {
  const { env, start, sent, pair } = createProcess();
  const [table, next] = [createTable({ ann: pair('ann') }), createTable()];
  const { instance, get } = start(table.store);
  await get('ann');
  let made = (_body: string) => {};
  const body = new Promise<string>((resolve) => (made = resolve));
  const call = instance.post(me, undefined, { procore: { account: 'ann', body: () => body } });
  await env.advance(idle);
  const { procore } = start(next.store, { replace: true }, instance);
  made('text');
  await env.drive(call);
  await env.advance(minute);
  expect(next.sets.get('ann')).toMatchObject({ refresh_token: 'refresh-ann' });
  await env.advance(idle);
  expect(procore.status('ann').state).toBe('not-loaded');
  expect(sent).toEqual(['access-ann', 'access-ann']);
});

test('accounts are let go also after the last attach of a store was detached and another has come', async () => {
  const { env, start, pair } = createProcess();
  const { store } = createTable({ ann: pair('ann') });
  const { get, procore } = start(store);
  await get('ann');
  procore.detach();
  const next = start(store);
  await env.advance(idle);
  expect(next.procore.status('ann').state).toBe('not-loaded');
});

test('the account that the calls of an attach have where they name none is let go after that attach is detached', async () => {
  const { env, start, pair } = createProcess();
  const { store } = createTable({ ann: pair('ann'), bob: pair('bob') });
  const [ann, bob] = [start(store, { account: 'ann' }), start(store, { account: 'bob' })];
  await ann.get();
  await bob.get();
  ann.procore.detach();
  await env.advance(idle);
  expect(env.sleeping).toBe(0);
  expect(bob.procore.status('ann').state).toBe('not-loaded');
  expect(bob.procore.status('bob').state).toBe('fresh');
});

test('an account whose row cannot be read does not keep others from being let go', async () => {
  const { env, start, pair } = createProcess();
  const table = createTable({ ann: pair('ann'), bob: pair('bob') });
  let asked = 0;
  let hangs = false;
  const load = (account: string) => {
    if (!hangs || account === 'bob') return table.store.load(account);
    asked++;
    return new Promise<undefined>(() => {});
  };
  const { get, procore } = start({ ...table.store, load });
  await get('ann');
  await get('bob');
  hangs = true;
  while (asked === 0) await env.advance(minute / 60);
  expect(procore.status('bob').state).toBe('not-loaded');
});
