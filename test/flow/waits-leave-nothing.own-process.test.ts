import axios from 'axios';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import { startEmulator, type Emulator } from '../../src/emulator/index.js';
import { systemEnv } from '../../src/time/env.js';
import { memoryTokenStore } from '../../src/store/memory.js';
import { ways } from '../support/aborts.js';
import { caught } from '../support/caught.js';
import { until } from '../support/manual-env.js';

// On the real clock: what is left behind here would keep a process alive.
const me = '/rest/v1.0/me';
const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
beforeEach(() => void process.on('unhandledRejection', note));
afterEach(() => void process.off('unhandledRejection', note));

const closings: [string, (emulator: Emulator) => void, object][] = [
  ['the gate', (emulator) => void emulator.outage({ retryAfterSeconds: 30 }), {}],
  [
    'the wait of its own, without a gate',
    (emulator) => void emulator.outage({ retryAfterSeconds: 30 }),
    { rateLimit: false },
  ],
  [
    'its back-off',
    (emulator) => void emulator.outage({ status: 502 }),
    { retry: { baseDelayMs: 1e9, maxDelayMs: 1e9 }, maxWaitMs: 1e10 },
  ],
];
const cases = closings.flatMap(([where, begin, options]) =>
  ways.map(([way, make]) => ({ where, way, begin, options, make })),
);

test.each(cases)(
  'twenty calls that are aborted by $way in $where leave no timer and no rejection behind, within a tick',
  async ({ begin, options, make }) => {
    const emulator = await startEmulator();
    try {
      const instance = axios.create({ baseURL: emulator.url, proxy: false });
      // Never too short to be seen.
      const env = { ...systemEnv, random: () => 0.9 };
      const procore = createAttach(env, {})(instance, {
        clientId: emulator.clientId,
        clientSecret: emulator.clientSecret,
        environment: emulator.environment,
        store: memoryTokenStore(emulator.issue()),
        companyId: 42,
        ...options,
      });
      await instance.get(me);
      // The watch over the first calls ends by itself.
      await new Promise((resolve) => setTimeout(resolve, 20));
      const before = timers();
      begin(emulator);
      let waiting = 0;
      procore.on('request-waiting', ({ reason }) => void (reason === 'token' || waiting++));
      const { config, abort } = make();
      const failed = Array.from({ length: 20 }, () => caught(instance.get(me, config)));
      await until(() => waiting === 20, 'all to wait');
      await new Promise((resolve) => setTimeout(resolve, 20));
      const during = timers();
      abort();
      const errors = await Promise.all(failed);
      expect(errors.every((error) => axios.isCancel(error))).toBe(true);
      await new Promise((resolve) => setImmediate(resolve));
      // Nobody else's timer begins here, but one may end.
      expect(timers()).toBeLessThan(during);
      expect(timers()).toBeLessThanOrEqual(before);
      expect(unhandled).toEqual([]);
      procore.detach();
    } finally {
      await emulator.close();
    }
  },
);

test.each(ways)(
  'a call that a listener of request-waiting aborts by %s, before its second attempt, ends as cancelled and leaves no rejection behind',
  async (_way, make) => {
    const emulator = await startEmulator();
    try {
      const instance = axios.create({ baseURL: emulator.url, proxy: false });
      const procore = createAttach(systemEnv, {})(instance, {
        clientId: emulator.clientId,
        clientSecret: emulator.clientSecret,
        environment: emulator.environment,
        store: memoryTokenStore(emulator.issue()),
        companyId: 42,
      });
      await instance.get(me);
      const outage = emulator.outage({ retryAfterSeconds: 30 });
      const { config, abort } = make();
      procore.on('request-waiting', ({ reason }) => void (reason === 'token' || abort()));
      expect(axios.isCancel(await caught(instance.get(me, config)))).toBe(true);
      outage();
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled.splice(0)).toEqual([]);
      expect(emulator.log.map(({ status }) => status)).toEqual([200, 503]);
      procore.detach();
    } finally {
      await emulator.close();
    }
  },
);
