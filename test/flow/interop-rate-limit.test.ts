import axios, { type AxiosInstance } from 'axios';
import rateLimit from 'axios-rate-limit';
import { describe, expect, test } from 'vitest';
import { attachTo } from '../support/attach-to.js';
import { below } from '../support/versions.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { until } from '../support/manual-env.js';

const me = '/rest/v1.0/me';

function limited(h: Harness, order: 'before' | 'after', perMilliseconds = 60): AxiosInstance {
  h.procore.detach();
  const api = axios.create({ baseURL: h.emulator.url, proxy: false });
  const limit = () => void rateLimit(api as never, { maxRequests: 2, perMilliseconds });
  if (order === 'before') limit();
  attachTo(h, api);
  if (order === 'after') limit();
  return api;
}

describe.each(['before', 'after'] as const)(
  'an axios-rate-limit put on the instance %s the attach',
  (order) => {
    test('counts a call once, also when it is replayed and retried below', async () => {
      await using h = await createHarness();
      const api = limited(h, order);
      h.emulator.revoke();
      h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 503 } });
      const answers = await h.env.drive(Promise.all([api.get(me), api.get(me), api.get(me)]));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(h.emulator.counters.exchanges).toBe(1);
    });

    test('queues before the plugin does: a call gets its token when it leaves that queue', async () => {
      await using h = await createHarness();
      const api = limited(h, order);
      const calls = [api.get(me), api.get(me), api.get(me)];
      await Promise.all(calls.slice(0, 2));
      h.emulator.revoke();
      expect((await calls[2]!).status).toBe(200);
      // It would have met a 401 with a token of before.
      expect(h.emulator.counters).toMatchObject({ apiRequests: 4, unauthorized: 1, exchanges: 1 });
    });

    // Below 0.22 axios knows no signal.
    if (!below('0.22')) {
      test('a call that is aborted in its queue is never sent', async () => {
        await using h = await createHarness();
        const api = limited(h, order, 400);
        const controller = new AbortController();
        const calls = [api.get(me), api.get(me)];
        const late = caught(api.get(me, { signal: controller.signal }));
        await until(() => h.emulator.counters.apiRequests === 2, 'the first two');
        controller.abort();
        // That is how it tells, without axios: the reason of the signal.
        expect((await late).name).toBe('AbortError');
        await Promise.all(calls);
        expect(h.emulator.counters.apiRequests).toBe(2);
      });
    }
  },
);
