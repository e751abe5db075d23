import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import axios from 'axios';
import { expect, test } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import { systemEnv } from '../../src/time/env.js';
import type { ProcoreOptions } from '../../src/options/options.js';
import { memoryTokenStore, type TokenRenewalError, type TokenSet } from '../../src/index.js';
import type { TokenStore } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';

/**
 * Accounts whose tokens have expired, at a login host that answers 429 to more than `most` requests at once, and none before `together`
 * of them are there.
 */
async function createTown(count: number, most: number, together = 1) {
  const seen = { requests: 0, refusals: 0, underWay: 0, mostUnderWay: 0, tokens: [] as string[] };
  const held: (() => void)[] = [];
  const server: Server = createServer((request, response) => {
    if (request.url !== '/oauth/token') {
      const known = /^Bearer new-/.test(request.headers.authorization ?? '');
      response.writeHead(known ? 200 : 401, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.requests++;
      seen.underWay++;
      seen.mostUnderWay = Math.max(seen.mostUnderWay, seen.underWay);
      const refresh = new URLSearchParams(body).get('refresh_token') ?? 'none';
      const isTooMany = seen.underWay > most;
      const answer = () => {
        seen.underWay--;
        if (isTooMany) {
          seen.refusals++;
          response.writeHead(429, { 'retry-after': '1' }).end();
          return;
        }
        seen.tokens.push(refresh);
        response.writeHead(200, { 'content-type': 'application/json' }).end(
          JSON.stringify({
            access_token: `new-${refresh}`,
            refresh_token: `${refresh}+`,
            expires_in: 5400,
          }),
        );
      };
      held.push(answer);
      if (seen.mostUnderWay < together) return;
      for (const each of held.splice(0)) setTimeout(each, 5);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // The first fetch of a process takes its time, and would come in after others that have left later.
  await fetch(url);
  const sets = new Map<string, TokenSet>();
  for (let each = 0; each < count; each++)
    sets.set(`account ${each}`, { access_token: `old-${each}`, refresh_token: `r${each}`, expires_at: 1 });
  const store: TokenStore = {
    load: async (account) => sets.get(account),
    save: async (tokens, account) => void sets.set(account, tokens),
  };
  return {
    seen,
    store,
    sets,
    options: { clientId: 'id', clientSecret: 'secret', environment: { loginUrl: url, apiUrl: url } },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

test('two hundred accounts that have expired together get an answer each with a token request each, eight at once', async () => {
  await using town = await createTown(200, 50);
  const instance = axios.create({ baseURL: town.options.environment.apiUrl, proxy: false });
  createAttach(systemEnv, {})(instance, {
    ...town.options,
    store: town.store,
    renewal: { timeoutMs: 60_000 },
  });
  const calls = [...town.sets.keys()].map((account) =>
    instance.get('/rest/v1.0/me', { procore: { account } }),
  );
  const answers = await Promise.all(calls);
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(town.seen).toMatchObject({ requests: 200, refusals: 0 });
  expect(town.seen.mostUnderWay).toBeLessThanOrEqual(8);
  // In the order of their calls, but for those that were under way together.
  const places = town.seen.tokens.map((token) => Number(token.slice(1)));
  expect(places.every((place, index) => Math.abs(place - index) < 16)).toBe(true);
});

test('accounts of many stores and attaches in one process are few at once, too, as many as the option says', async () => {
  await using town = await createTown(40, 50, 3);
  const registry = {};
  const calls = [...town.sets.values()].map((set) => {
    const instance = axios.create({ baseURL: town.options.environment.apiUrl, proxy: false });
    const store = memoryTokenStore(set);
    createAttach(systemEnv, registry)(instance, { ...town.options, store, renewal: { concurrency: 3 } });
    return instance.get('/rest/v1.0/me');
  });
  await Promise.all(calls);
  expect(town.seen).toMatchObject({ requests: 40, mostUnderWay: 3 });
});

test('where a login host allows fewer at once than the option, one goes first after its wait, and few requests are turned away', async () => {
  // All that leave at first are there before the first of them is answered, however slow the machine is.
  await using town = await createTown(60, 4, 8);
  const instance = axios.create({ baseURL: town.options.environment.apiUrl, proxy: false });
  createAttach(systemEnv, {})(instance, { ...town.options, store: town.store });
  const calls = [...town.sets.keys()].map((account) =>
    instance.get('/rest/v1.0/me', { procore: { account } }),
  );
  await Promise.all(calls);
  expect(town.seen.refusals).toBeLessThanOrEqual(4);
  expect(town.seen.requests).toBe(60 + town.seen.refusals);
});

const answered429 = (retryAfter: string) =>
  ({ kind: 'answer', status: 429, headers: { 'retry-after': retryAfter } }) as const;

async function createTwo(options: Partial<ProcoreOptions> = {}) {
  const h = await createHarness({ options });
  for (const account of ['a', 'b', 'c']) h.store.sets.set(account, h.emulator.issue());
  h.env.jump(5_401_000);
  const get = (account: string) => h.instance.get('/rest/v1.0/me', { procore: { account } });
  return Object.assign(h, { get });
}

test('a 429 to one account holds the others up until its time is over, and then one of them asks', async () => {
  await using h = await createTwo();
  h.emulator.misbehave({ on: 'token', do: answered429('5') });
  const first = h.get('a');
  await h.env.advance(0);
  expect(h.emulator.counters.tokenRequests).toBe(1);
  const calls = [first, h.get('b'), h.get('c')];
  await h.env.advance(4_900);
  expect(h.emulator.counters.tokenRequests).toBe(1);
  const answers = await h.env.drive(Promise.all(calls));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(h.emulator.counters.tokenRequests).toBe(4);
});

test('while the login host is to be left alone no store lock is held', async () => {
  await using h = await createTwo();
  let held = 0;
  h.store.lock = async (_account, critical) => {
    held++;
    return critical().finally(() => held--);
  };
  Object.assign(h.store, { lockMs: 120_000, readsAreFresh: true } satisfies Partial<TokenStore>);
  h.emulator.misbehave({ on: 'token', do: answered429('5') });
  const calls = [h.get('a'), h.get('b')];
  await h.env.advance(1_000);
  expect(h.emulator.counters.tokenRequests).toBeGreaterThan(0);
  expect(held).toBe(0);
  await h.env.drive(Promise.all(calls));
  expect(held).toBe(0);
});

test('a pair that another process has saved is used while the login host is to be left alone', async () => {
  await using h = await createTwo();
  h.emulator.misbehave({ on: 'token', do: answered429('10') });
  const waiting = h.get('a');
  await h.env.advance(1_000);
  h.store.sets.set('b', h.emulator.issue());
  expect((await h.get('b')).status).toBe(200);
  expect(h.emulator.counters.tokenRequests).toBe(1);
  await h.env.drive(waiting);
});

test('a wait that calls cannot have fails at once with a retryable error that says when', async () => {
  await using h = await createTwo();
  h.emulator.misbehave({ on: 'token', times: 2, do: answered429('40') });
  const startedAtMs = h.env.now();
  const errors = (await Promise.all([
    caught(h.get('a')),
    caught(h.get('b')),
  ])) as unknown as TokenRenewalError[];
  for (const error of errors) {
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED', procore: { retryable: true } });
    expect(error.retryAt!.getTime()).toBeGreaterThanOrEqual(startedAtMs + 40_000);
    expect(error.retryAt!.getTime()).toBeLessThanOrEqual(startedAtMs + 41_000);
  }
  expect(h.emulator.counters.tokenRequests).toBeLessThanOrEqual(2);
  h.env.jump(41_000);
  const answers = await h.env.drive(Promise.all([h.get('a'), h.get('b')]));
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
});

test('a renewal whose calls have all stopped waiting leaves the queue without a token request', async () => {
  await using h = await createTwo();
  h.emulator.misbehave({ on: 'token', do: answered429('5') });
  const first = h.get('a');
  await h.env.advance(100);
  const gone = new AbortController();
  const second = caught(h.instance.get('/rest/v1.0/me', { signal: gone.signal, procore: { account: 'b' } }));
  await h.env.advance(100);
  gone.abort();
  await second;
  await h.env.drive(first);
  await h.procore.idle();
  expect(h.emulator.counters.tokenRequests).toBe(2);
});

test('a code of a person who logs in goes before the renewals that wait', async () => {
  await using h = await createTwo({ renewal: { concurrency: 1 } });
  h.emulator.misbehave({ on: 'token', do: answered429('5') });
  const calls = [h.get('a'), h.get('b'), h.get('c')];
  await h.env.advance(1_000);
  const redirectUri = 'https://app.example.com/callback';
  const code = h.emulator.authorize(h.procore.authorizationUrl({ redirectUri, state: 's' })).code!;
  const exchanged = h.procore.exchangeCode({ code, redirectUri, account: 'd' });
  await h.env.drive(Promise.all([...calls, exchanged]));
  const grants = h.emulator.log.flatMap((entry) => (entry.kind === 'token' ? [entry.grantType] : []));
  expect(grants).toEqual([
    'refresh_token',
    'authorization_code',
    'refresh_token',
    'refresh_token',
    'refresh_token',
  ]);
});

test('a renewal that nobody waits for leaves half of the places to those that calls wait for', async () => {
  await using h = await createTwo({ renewal: { concurrency: 2 } });
  // Near its end, and still good.
  for (const account of ['a', 'b']) h.store.sets.set(account, h.emulator.issue());
  h.env.jump(5_300_000);
  h.store.sets.set('c', { ...h.emulator.issue(), expires_at: 1, access_token: 'expired' });
  h.emulator.misbehave({ on: 'token', do: { kind: 'hang' } });
  // The first call loads the tokens, the second one sees that they are near their end.
  for (const account of ['a', 'b', 'a', 'b']) expect((await h.get(account)).status).toBe(200);
  await h.env.advance(1_000);
  // That of a hangs, and that of b waits.
  expect(h.emulator.counters.tokenRequests).toBe(1);
  expect((await h.get('c')).status).toBe(200);
  expect(h.emulator.counters.tokenRequests).toBe(2);
});
