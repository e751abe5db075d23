import axios from 'axios';
import { expect, test } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import { attachTo } from '../support/attach-to.js';
import { limitsToTell } from '../../src/axios/limits.js';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';
import { axiosVersion, bare } from '../support/versions.js';
import { until } from '../support/manual-env.js';

const me = '/rest/v1.0/me';

test('detach() leaves the instance as it was before', async () => {
  await using h = await createHarness();
  h.procore.detach();
  const plainInstance = axios.create({ baseURL: h.emulator.url, proxy: false });
  const [error, plain] = [await caught(h.instance.get(me)), await caught(plainInstance.get(me))];
  expect(bare(error).response!.status).toBe(401);
  expect(error.config!.adapter).toEqual(plain.config!.adapter);
  expect(h.emulator.log.every(({ accessToken, companyId }) => !accessToken && !companyId)).toBe(true);
  expect(h.emulator.counters).toMatchObject({ apiRequests: 2, tokenRequests: 0 });
});

test('detach() leaves the interceptors of the application alone', async () => {
  await using h = await createHarness();
  let runs = 0;
  h.instance.interceptors.request.use((config) => {
    runs++;
    return config;
  });
  h.procore.detach();
  await caught(h.instance.get(me));
  expect(runs).toBe(1);
});

test('detach() neither stops a call under way nor a renewal', async () => {
  await using h = await createHarness();
  h.emulator.revoke();
  const hold = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const call = h.instance.get(me);
  await hold.struck();
  h.procore.detach();
  hold.release();
  expect((await call).status).toBe(200);
  expect(h.store.sets.get('default')!.access_token).not.toBe('');
  expect(h.emulator.isLive(h.store.sets.get('default')!.access_token)).toBe(true);
});

test('after detach() the handle still gives tokens, and the instance can be attached anew', async () => {
  await using h = await createHarness();
  h.procore.detach();
  expect(h.emulator.isLive(await h.procore.getAccessToken())).toBe(true);
  const again = attachTo(h, h.instance);
  expect((await h.instance.get(me)).status).toBe(200);
  again.detach();
});

test('a second detach() of an old handle does not open the door for a third attach', async () => {
  await using h = await createHarness();
  h.procore.detach();
  attachTo(h, h.instance);
  h.procore.detach();
  expect(() => attachTo(h, h.instance)).toThrow(TypeError);
  expect((await h.instance.get(me)).status).toBe(200);
});

test('a second attach throws a TypeError that names detach()', async () => {
  await using h = await createHarness();
  expect(() => attachTo(h, h.instance)).toThrow(TypeError);
  expect(() => attachTo(h, h.instance)).toThrow(/attached already.*detach\(\)/);
  await h.instance.get(me);
  expect(h.emulator.counters.apiRequests).toBe(1);
});

test('a second attach by another copy of the package throws too', async () => {
  await using h = await createHarness();
  // A module of its own, as the CommonJS build is beside the ES module.
  const place: string = '../../src/attach/attach.js?copy';
  const copy = (await import(place)) as { createAttach: typeof createAttach };
  expect(copy.createAttach).not.toBe(createAttach);
  const attachProcore = copy.createAttach(h.env, {});
  expect(() => attachProcore(h.instance, { clientId: 'x', clientSecret: 'y', store: h.store })).toThrow(
    /detach\(\)/,
  );
});

test('an attach with wrong options leaves the instance unattached', async () => {
  await using h = await createHarness();
  h.procore.detach();
  expect(() => attachTo(h, h.instance, { clientId: '' })).toThrow(/"clientId"/);
  attachTo(h, h.instance);
  expect((await h.instance.get(me)).status).toBe(200);
});

test.each([
  ['nothing', undefined],
  ['null', null],
  ['an object without interceptors', {}],
  ['a fetch function', fetch],
])('%s in place of an axios instance is a TypeError that says what it takes', async (_what, instance) => {
  await using h = await createHarness();
  expect(() => attachTo(h, instance as never)).toThrow(TypeError);
  expect(() => attachTo(h, instance as never)).toThrow(/takes an axios instance/);
});

test('an instance made from an attached one is not attached itself', async () => {
  await using h = await createHarness();
  const child = axios.create({ ...(h.instance.defaults as object), baseURL: h.emulator.url });
  expect(bare(await caught(child.get(me))).response!.status).toBe(401);
  attachTo(h, child);
  expect((await child.get(me)).status).toBe(200);
});

test('attach makes no request and touches neither store nor defaults', async () => {
  await using h = await createHarness();
  h.procore.detach();
  const before = JSON.stringify(h.instance.defaults);
  attachTo(h, h.instance);
  expect(JSON.stringify(h.instance.defaults)).toBe(before);
  expect(Object.keys(h.instance)).toEqual(Object.keys(axios.create()));
  expect(h.store.log).toEqual([]);
  expect(h.emulator.counters.requests).toBe(0);
});

test('options that are changed after the attach change nothing', async () => {
  await using h = await createHarness();
  h.procore.detach();
  const retry = { retries: 1 };
  attachTo(h, h.instance, { retry });
  retry.retries = 9;
  h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'answer', status: 503 } });
  await caught(h.instance.get(me));
  expect(h.emulator.counters.apiRequests).toBe(2);
});

test('two instances over one store share their tokens; each keeps its own interceptors', async () => {
  await using h = await createHarness();
  const { instance } = h.attach();
  let runs = 0;
  instance.interceptors.request.use((config) => {
    runs++;
    return config;
  });
  h.emulator.revoke();
  await Promise.all([h.instance.get(me), instance.get(me)]);
  expect(runs).toBe(1);
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('instance.request, instance(config), instance(url, config) and every shorthand go through the line', async () => {
  await using h = await createHarness({ emulator: { requireCompanyHeader: false } });
  const { instance } = h;
  const any = { validateStatus: () => true };
  await instance.request({ url: me });
  await instance({ url: me });
  await instance(me, any);
  await instance.get(me);
  await instance.head(me);
  await instance.options(me, any);
  await instance.delete(me, any);
  await instance.post(me, {}, any);
  await instance.put(me, {}, any);
  await instance.patch(me, {}, any);
  const api = h.emulator.log.filter(({ kind }) => kind === 'api');
  expect(api).toHaveLength(10);
  expect(api.every(({ accessToken }) => accessToken !== undefined)).toBe(true);
  await until(() => h.env.sleeping === 0, 'every timer to be gone');
});

test('an attach anew with a corrected clientSecret is what renews from then on, over the same store', async () => {
  await using h = await createHarness();
  const wrong = h.attach({ clientSecret: 'wrong' });
  expect((await caught(wrong.procore.renew() as Promise<unknown>)).code).toBe('ERR_PROCORE_CLIENT_REJECTED');
  wrong.procore.detach();
  await h.env.advance(60_000);
  const { procore } = h.attach();
  expect((await procore.renew()).access_token).toBe(h.store.sets.get('default')!.access_token);
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('each limitation of this axios is a line of the warning at the attach', async () => {
  await using h = await createHarness();
  const expected = limitsToTell(axiosVersion).map(({ what }) => `axios ${axiosVersion} ${what}`);
  const told = h.logged.filter((line) => line.includes('"axios-version"'));
  expect(told).toEqual(expected.map((text) => expect.stringContaining(text) as string));
});
