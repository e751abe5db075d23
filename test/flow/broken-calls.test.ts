import axios, { type AxiosAdapter, type AxiosRequestConfig } from 'axios';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';

const me = '/rest/v1.0/me';
/** More than may be under way before the first answer, so that a place that is kept lets the next call wait. */
const many = 12;
const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
beforeEach(() => void process.on('unhandledRejection', note));
afterEach(() => {
  process.off('unhandledRejection', note);
  expect(unhandled.splice(0)).toEqual([]);
});

const adapterOf = (answer: (config: AxiosRequestConfig) => object) =>
  (async (config: AxiosRequestConfig) =>
    Object.defineProperties(
      { status: 200, statusText: '', data: '{}', headers: {}, config },
      Object.getOwnPropertyDescriptors(answer(config)),
    )) as unknown as AxiosAdapter;

function throwing<T extends object>(object: T, key: string, isArmed: () => boolean = () => true): T {
  return Object.defineProperty(object, key, {
    enumerable: true,
    configurable: true,
    get() {
      if (isArmed()) throw new Error('mine');
      return undefined;
    },
  });
}

/** Neither the gate nor the account believes that one of the broken calls is still under way. */
async function expectNothingHeld(h: Harness): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  h.told.length = 0;
  await h.instance.get(me);
  expect(h.told.map(({ event }) => event)).toEqual(['request-settled']);
}

const paths: [string, AxiosRequestConfig][] = [
  ['the straight path', {}],
  ['the long path', { procore: { deadlineMs: 60_000 } }],
];

describe.each(paths)('on %s', (_path, chosen) => {
  test('a configuration that cannot be read any more when the adapter has failed is the error of the call, and holds no place at the gate', async () => {
    await using h = await createHarness();
    await h.procore.renew();
    for (let call = 0; call < many; call++) {
      let isSent = false;
      const adapter = adapterOf(() => ((isSent = true), { status: 500 }));
      const transformRequest = [
        function (this: object) {
          throwing(this, 'cancelToken', () => isSent);
        },
      ];
      const config = { adapter, transformRequest, ...chosen } as unknown as AxiosRequestConfig;
      expect((await caught(h.instance.post(me, undefined, config))).message).toMatch(/mine|500/);
    }
    await expectNothingHeld(h);
  });

  test('an answer whose headers cannot be read comes to what it comes to on a bare instance, and holds no place at the gate', async () => {
    await using h = await createHarness();
    await h.procore.renew();
    const adapter = adapterOf(() => ({ headers: throwing({}, 'date') }));
    const outcome = (calling: Promise<unknown>) =>
      calling.then(
        () => 'answered',
        (error: unknown) => (error as Error).message,
      );
    const bare = await outcome(axios.create().get(me, { adapter }));
    for (let call = 0; call < many; call++)
      expect(await outcome(h.instance.get(me, { adapter, ...chosen }))).toBe(bare);
    await expectNothingHeld(h);
  });

  test('an answer that cannot be looked at is the error of the call, and holds no place at the gate', async () => {
    await using h = await createHarness();
    await h.procore.renew();
    const adapter = adapterOf(() => throwing({}, 'status'));
    for (let call = 0; call < many; call++)
      expect((await caught(h.instance.get(me, { adapter, ...chosen }))).message).toBe('mine');
    await expectNothingHeld(h);
  });

  test('an adapter that seals the configuration which it is given answers the call', async () => {
    await using h = await createHarness();
    await h.procore.renew();
    const adapter = adapterOf((config) => (Object.seal(config), {}));
    for (let call = 0; call < many; call++)
      expect((await h.instance.get(me, { adapter, ...chosen })).status).toBe(200);
    await expectNothingHeld(h);
  });
});
