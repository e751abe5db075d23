import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';

const life = 5_400_000;
const me = '/rest/v1.0/me';
const rfis = '/rest/v1.0/projects/1/rfis';

test('a route that always answers 401 costs no further exchange where the clock is set back by a second', async () => {
  await using h = await createHarness();
  const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
  h.emulator.misbehave({
    on: ({ path }: { path: string }) => path.endsWith('/rfis'),
    times: Infinity,
    do: { kind: 'answer', status: 401, headers },
  });
  await caught(h.instance.get(rfis));
  h.env.jump(-1_000);
  await caught(h.instance.get(rfis));
  expect(h.emulator.counters.exchanges).toBe(1);
  h.env.jump(6_000);
  await caught(h.instance.get(rfis));
  expect(h.emulator.counters.exchanges).toBe(2);
});

test('a client that was rejected is not tried again because the clock is set back by a second, and is tried again a minute later', async () => {
  await using h = await createHarness({ options: { clientSecret: 'wrong-secret' } });
  h.env.jump(life);
  await caught(h.instance.get(me));
  const asked = h.emulator.log.length;
  h.env.jump(-1_000);
  expect(await caught(h.instance.get(me))).toMatchObject({ code: 'ERR_PROCORE_CLIENT_REJECTED' });
  expect(h.emulator.log).toHaveLength(asked);
  h.env.jump(61_000);
  await caught(h.instance.get(me));
  expect(h.emulator.log.length).toBeGreaterThan(asked);
});

test('a renewal without a verdict holds up the next one also where the clock is set back by a second', async () => {
  await using h = await createHarness();
  h.env.jump(life);
  h.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'answer', status: 500 } });
  await h.env.drive(caught(h.instance.get(me)));
  const asked = h.emulator.log.length;
  h.env.jump(-1_000);
  expect(await h.env.drive(caught(h.instance.get(me)))).toMatchObject({
    code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
  });
  expect(h.emulator.log).toHaveLength(asked);
});

test('a brake does not last for hours where the clock is set back by an hour', async () => {
  await using h = await createHarness();
  h.emulator.revoke();
  const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
  h.emulator.misbehave({
    on: ({ path }: { path: string }) => path.endsWith('/rfis'),
    times: Infinity,
    do: { kind: 'answer', status: 401, headers },
  });
  await caught(h.instance.get(rfis));
  const { exchanges } = h.emulator.counters;
  h.env.jump(-3_600_000);
  await caught(h.instance.get(rfis));
  expect(h.emulator.counters.exchanges).toBe(exchanges + 1);
});
