import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';

const me = '/rest/v1.0/me';

test.each(['get', 'renew'] as const)(
  'a client secret that was rotated is asked for again at the next call after invalid_client, and presented (%s)',
  async (how) => {
    let secret = 'the old one';
    let asked = 0;
    await using h = await createHarness({ options: { clientSecret: () => (asked++, secret) } });
    h.env.jump(5_401_000);
    const call = () => (how === 'get' ? h.instance.get(me) : h.procore.renew());
    expect(await caught(call())).toMatchObject({ code: 'ERR_PROCORE_CLIENT_REJECTED' });
    // It is still the same: the login host is not asked again.
    for (let each = 0; each < 3; each++)
      expect(await caught(call())).toMatchObject({ code: 'ERR_PROCORE_CLIENT_REJECTED' });
    expect(h.emulator.counters.tokenRequests).toBe(1);
    expect(asked).toBe(4);
    expect(h.told.filter(({ event }) => event === 'token-renewal-failed')).toHaveLength(1);
    secret = h.emulator.clientSecret;
    await call();
    expect(h.emulator.counters).toMatchObject({ tokenRequests: 2, exchanges: 1 });
    expect((await h.instance.get(me)).status).toBe(200);
  },
);

test('a secret that the login host may know by now is presented again after a minute', async () => {
  await using h = await createHarness({ options: { clientSecret: () => 'not known yet' } });
  h.env.jump(5_401_000);
  await caught(h.instance.get(me));
  h.env.jump(59_000);
  await caught(h.instance.get(me));
  expect(h.emulator.counters.tokenRequests).toBe(1);
  h.env.jump(1_000);
  await caught(h.instance.get(me));
  expect(h.emulator.counters.tokenRequests).toBe(2);
});

test('an exchange that hangs once is called anew after totalMs', async () => {
  let calls = 0;
  await using h = await createHarness({
    options: {
      exchange: () => (++calls === 1 ? new Promise(() => {}) : Promise.resolve(h.emulator.issue())),
    },
  });
  h.env.jump(5_401_000);
  const startedAtMs = h.env.now();
  expect(await h.env.drive(caught(h.instance.get(me)))).toMatchObject({
    code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
  });
  await h.env.advance(startedAtMs + 95_000 - h.env.now());
  expect((await h.env.drive(h.instance.get(me))).status).toBe(200);
  expect(calls).toBe(2);
});
