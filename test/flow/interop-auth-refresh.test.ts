import axios, { type AxiosInstance } from 'axios';
import { createAuthRefresh } from 'axios-auth-refresh';
import { describe, expect, test } from 'vitest';
import { attachTo } from '../support/attach-to.js';
import { below } from '../support/versions.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';

const me = '/rest/v1.0/me';

function refreshing(
  h: Harness,
  order: 'before' | 'after',
  refresh: (api: AxiosInstance) => Promise<unknown>,
) {
  h.procore.detach();
  const api = axios.create({ baseURL: h.emulator.url, proxy: false });
  const calls = { refreshes: 0 };
  const call = () => {
    calls.refreshes++;
    return refresh(api);
  };
  if (order === 'before') createAuthRefresh(api as never, call);
  const procore = attachTo(h, api);
  if (order === 'after') createAuthRefresh(api as never, call);
  return { api, calls, procore };
}

// axios-auth-refresh 5 asks for axios 1.0 or later.
describe.each(!below('1.0') ? (['before', 'after'] as const) : [])(
  'an axios-auth-refresh put on the instance %s the attach',
  (order) => {
    test('is not asked where the plugin renews and replays, also for calls side by side', async () => {
      await using h = await createHarness();
      const { api, calls } = refreshing(h, order, async () => undefined);
      h.emulator.revoke();
      const answers = await Promise.all([me, me, me].map((url) => api.get(url)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(calls.refreshes).toBe(0);
      expect(h.emulator.counters.exchanges).toBe(1);
    });

    test('is asked about a final 401, and what it sends again spends no token', async () => {
      await using h = await createHarness();
      const { api, calls } = refreshing(h, order, async () => undefined);
      h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
      const error = await h.env.drive(caught(api.get(me)));
      expect(error.code).toBe('ERR_PROCORE_REAUTHENTICATION_REQUIRED');
      expect(calls.refreshes).toBeGreaterThan(0);
      expect(h.emulator.counters.tokenRequests).toBe(1);
    });

    test('mends the call when its refresh function ends in setTokens', async () => {
      await using h = await createHarness();
      const { api, calls, procore } = refreshing(h, order, async () =>
        // As after a log-in in the browser.
        procore.setTokens(h.emulator.issue()),
      );
      h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
      expect((await h.env.drive(api.get(me))).status).toBe(200);
      expect(calls.refreshes).toBe(1);
    });

    test('is not asked when its refresh function calls /oauth/token by itself, and spends no token', async () => {
      await using h = await createHarness();
      const { api, calls } = refreshing(h, order, () =>
        api.post(`${h.emulator.url}/oauth/token`, {
          grant_type: 'refresh_token',
          client_id: h.emulator.clientId,
          client_secret: h.emulator.clientSecret,
          refresh_token: h.store.sets.get('default')!.refresh_token,
        }),
      );
      h.emulator.revoke();
      expect((await api.get(me)).status).toBe(200);
      expect(calls.refreshes).toBe(0);
      expect(h.emulator.counters).toMatchObject({ exchanges: 1, tokenRequests: 1 });
    });
  },
);

if (below('1.0')) {
  test('axios-auth-refresh 5 asks for axios 1.0 or later', () => {
    expect(!below('1.0')).toBe(false);
  });
}
