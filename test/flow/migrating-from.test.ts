import { client, oauth, refresher } from '@procore/js-sdk';
import axios from 'axios';
import { createAuthRefresh } from 'axios-auth-refresh';
// @ts-expect-error -- it has no types
import untyped from 'axios-token-interceptor';
import { describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';
import { attachTo } from '../support/attach-to.js';
import { caught } from '../support/caught.js';
import { bare, below, losesAnswers } from '../support/versions.js';
import { createHarness, type Harness } from '../support/harness.js';
import { settled, until } from '../support/manual-env.js';

interface TokenProvider {
  (options: { getToken: () => Promise<string> }): (config: object) => Promise<object>;
  tokenCache(getToken: () => Promise<string>, options: { maxAge: number }): () => Promise<string>;
}
const tokenProvider = untyped as TokenProvider;

// What docs/migrating.md says of other libraries is measured here: without the plugin.
const me = '/rest/v1.0/me';
const nothing = '/rest/v1.0/nothing';

/** A refresh as such code does it, with the token that it has at hand. */
function refreshing(h: Harness) {
  let pair = h.store.sets.get('default')!;
  return {
    get bearer() {
      return `Bearer ${pair.access_token}`;
    },
    async refresh() {
      const { clientId, clientSecret, url } = h.emulator;
      const form = { grant_type: 'refresh_token', client_id: clientId, client_secret: clientSecret };
      const body = new URLSearchParams({ ...form, refresh_token: pair.refresh_token! });
      const { data } = await axios.post<typeof pair>(`${url}/oauth/token`, body.toString(), { proxy: false });
      pair = data;
      return data;
    },
  };
}

function counters({ emulator }: { emulator: Emulator }) {
  const { apiRequests, unauthorized, tokenRequests, exchanges } = emulator.counters;
  return { apiRequests, unauthorized, tokenRequests, exchanges };
}

async function outcomes(calls: Promise<{ status?: number }>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((one) => (one.status === 'fulfilled' ? 'answer' : 'error'));
}

describe('@procore/js-sdk', () => {
  function sdk(h: Harness) {
    const tokens = refreshing(h);
    const authorizer = oauth(h.store.sets.get('default')!.access_token);
    return client(refresher(authorizer, tokens.refresh), {}, { apiHostname: h.emulator.url });
  }

  test('refreshes for a 404, and spends a refresh token for each', async () => {
    await using h = await createHarness();
    const api = sdk(h);
    for (let call = 0; call < 3; call++) await api.get(nothing).catch(() => undefined);
    expect(counters(h)).toEqual({ apiRequests: 6, unauthorized: 0, tokenRequests: 3, exchanges: 3 });
  });

  test('refreshes once for each of several calls that fail side by side, and most of them are lost', async () => {
    await using h = await createHarness();
    const api = sdk(h);
    h.emulator.expire();
    // None is answered before all have asked: the race is certain.
    const held = h.emulator.misbehave({ on: 'token', times: 5, do: { kind: 'hold' } });
    const calling = outcomes([1, 2, 3, 4, 5].map(() => api.get(me) as Promise<never>));
    await held.struck(5);
    held.release();
    const calls = await calling;
    expect(h.emulator.counters.tokenRequests).toBe(5);
    expect(h.emulator.counters.exchanges).toBe(1);
    expect(calls.filter((outcome) => outcome === 'answer')).toHaveLength(1);
  });
});

// It asks for axios 1.0 or later; 1.0 and 1.1 break the headers of a config that is sent again, and one fetch adapter loses every 401.
describe.each(!below('1.2') && !losesAnswers ? ['axios-auth-refresh'] : [])('%s', () => {
  test('of three calls that fail side by side it sends one again, and hands the others their 401', async () => {
    await using h = await createHarness();
    h.procore.detach();
    const tokens = refreshing(h);
    const api = axios.create({ baseURL: h.emulator.url, proxy: false });
    api.interceptors.request.use((config) => {
      config.headers['Authorization'] = tokens.bearer;
      return config;
    });
    let failed = 0;
    api.interceptors.response.use(undefined, (error: unknown) => {
      failed++;
      throw error;
    });
    createAuthRefresh(api as never, async () => {
      // A refresh takes longer than the 401s of calls that left together.
      await until(() => failed === 3, 'the other 401s');
      await settled();
      return tokens.refresh();
    });
    h.emulator.expire();
    const calls = await outcomes([me, me, me].map((url) => api.get(url)));
    expect(h.emulator.counters.exchanges).toBe(1);
    // The first to fail is sent again; the others are handed their 401.
    expect(calls.filter((outcome) => outcome === 'answer')).toHaveLength(1);
  });
});

describe('axios-token-interceptor', () => {
  test('does not react to a 401: a token that became invalid early is sent until its maxAge is over', async () => {
    await using h = await createHarness();
    h.procore.detach();
    const tokens = refreshing(h);
    const api = axios.create({ baseURL: h.emulator.url, proxy: false });
    const cache = tokenProvider.tokenCache(async () => (await tokens.refresh()).access_token, {
      maxAge: 60_000,
    });
    api.interceptors.request.use(tokenProvider({ getToken: cache }) as never);
    await api.get(me);
    h.emulator.revoke();
    expect(await outcomes([api.get(me)])).toEqual(['error']);
    expect(await outcomes([api.get(me)])).toEqual(['error']);
    expect(counters(h)).toMatchObject({ unauthorized: 2, exchanges: 1 });
  });
});

describe('a queue with isRefreshing', () => {
  test('in two processes with one pair, one of them is signed out', async () => {
    await using h = await createHarness();
    const [first, second] = [refreshing(h), refreshing(h)];
    await first.refresh();
    expect(bare(await caught(second.refresh()))).toMatchObject({ response: { status: 400 } });
  });
});

test('the same 404s, side by side 401s and early death with the plugin: one exchange each, every call answered', async () => {
  await using h = await createHarness();
  h.procore.detach();
  const api = axios.create({ baseURL: h.emulator.url, proxy: false });
  attachTo(h, api);
  for (let call = 0; call < 3; call++) await api.get(nothing).catch(() => undefined);
  expect(h.emulator.counters.tokenRequests).toBe(0);
  h.emulator.expire();
  expect(await outcomes([1, 2, 3, 4, 5].map(() => api.get(me)))).toEqual(Array(5).fill('answer'));
  expect(h.emulator.counters.exchanges).toBe(1);
  h.emulator.revoke();
  expect(await outcomes([api.get(me), api.get(me)])).toEqual(['answer', 'answer']);
  expect(h.emulator.counters.exchanges).toBe(2);
});

// A pair as such code has stored it: seconds, milliseconds, a date, or none of these.
test.each([
  ['as Procore sent it', {}],
  ['with expires_at in milliseconds', { expires_at: 1_800_000_000_000 + 3_600_000 }],
  ['with expires_at as a date', { expires_at: new Date(1_800_000_000_000 + 3_600_000).toISOString() }],
  ['with fields of its own', { userId: 7, scopes: ['a'] }],
])('a pair that was stored %s is used without an exchange', async (_name, extra) => {
  await using h = await createHarness();
  h.store.sets.set('default', { ...h.emulator.issue(), ...extra } as never);
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters.tokenRequests).toBe(0);
});
