import axios, { type AxiosInstance } from 'axios';
import * as rax4 from 'retry-axios';
import * as rax2 from 'retry-axios-2';
import * as rax3 from 'retry-axios-3';
import { expect, test } from 'vitest';
import { attachTo } from '../support/attach-to.js';
import { caught } from '../support/caught.js';
import { startEcho } from '../support/echo.js';
import { createHarness, type Harness } from '../support/harness.js';
import { breaksHeaders } from '../support/versions.js';

const me = '/rest/v1.0/me';

/** As its users set it up: on the defaults, on each call, or not at all; a function of theirs is asked in place of the count. */
const settings = {
  'its own defaults': undefined,
  'a raxConfig': { retry: 4, retryDelay: 1, backoffType: 'static', noResponseRetries: 4 },
  'a raxConfig that always retries': {
    retry: 4,
    retryDelay: 1,
    backoffType: 'static',
    shouldRetry: () => true,
  },
} as const;

const versions = { 2: rax2, 3: rax3, 4: rax4 } as unknown as Record<
  string,
  { attach(instance: AxiosInstance): number }
>;

const cases = Object.keys(versions).flatMap((version) =>
  (['before', 'after'] as const).flatMap((order) =>
    (Object.keys(settings) as (keyof typeof settings)[]).map((what) => ({ version, order, what })),
  ),
);
type Case = (typeof cases)[number];

function retrying(h: Harness, { version, order, what }: Case): AxiosInstance {
  h.procore.detach();
  const instance = axios.create({ baseURL: h.emulator.url, proxy: false });
  const raxConfig = settings[what];
  if (raxConfig) Object.assign(instance.defaults, { raxConfig: { ...raxConfig, instance } });
  if (order === 'before') versions[version]!.attach(instance);
  attachTo(h, instance, { retry: { retries: 2 } });
  if (order === 'after') versions[version]!.attach(instance);
  return instance;
}

test.each(cases)(
  'a retry-axios $version with $what, put on the instance $order the attach, does not multiply the attempts',
  async (set) => {
    await using h = await createHarness();
    const instance = retrying(h, set);
    h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'answer', status: 503 } });
    const error = await h.env.drive(caught(instance.get(me)));
    expect(error.procore).toMatchObject({ gaveUp: 'retries-exhausted', attempts: 3 });
    expect(h.emulator.counters.apiRequests).toBe(3);
  },
);

test.each(cases)(
  'a retry-axios $version with $what, put on the instance $order the attach, does not multiply lost connections',
  async (set) => {
    await using h = await createHarness();
    const instance = retrying(h, set);
    h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'drop' } });
    const error = await h.env.drive(caught(instance.get(me)));
    expect(error.procore).toMatchObject({ attempts: 3 });
    expect(h.emulator.counters.apiRequests).toBe(3);
  },
);

test.each(cases)(
  'a retry-axios $version with $what, put on the instance $order the attach, does not repeat errors of our own',
  async (set) => {
    await using h = await createHarness({ authorized: false });
    const instance = retrying(h, set);
    const error = await caught(instance.get(me));
    expect(error.code).toBe('ERR_PROCORE_REAUTHENTICATION_REQUIRED');
    expect(h.store.log.filter((entry) => entry.startsWith('load'))).toHaveLength(1);
  },
);

// axios 1.0 and 1.1 break the headers of what is sent again, with or without the plugin.
test.each(breaksHeaders ? [] : cases.filter(({ what }) => what === 'a raxConfig'))(
  'a retry-axios $version, put on the instance $order the attach, goes on retrying other hosts, and calls with retry: false',
  async (set) => {
    await using h = await createHarness();
    await using elsewhere = await startEcho({ status: 503 });
    const instance = retrying(h, set);
    await caught(instance.get(`${elsewhere.url}/x`));
    expect(elsewhere.arrived).toHaveLength(5);
    h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'answer', status: 503 } });
    const before = h.emulator.counters.apiRequests;
    await caught(instance.get(me, { procore: { retry: false } }));
    expect(h.emulator.counters.apiRequests - before).toBe(5);
  },
);

test('a configuration that has failed can be sent anew, and brings no trace of what silenced retry-axios', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 404 } });
  const { config } = await caught(h.instance.get(me));
  expect(Object.keys(config!)).not.toContain('raxConfig');
});
