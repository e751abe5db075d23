import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import type { Agent } from 'node:http';
import { SocksProxyAgent } from 'socks-proxy-agent';
import { describe, expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { createHarness, names } from '../support/harness.js';
import { until } from '../support/manual-env.js';
import { hostUnreachable, noTunnels, startProxy, type Behaviour } from '../support/proxies.js';
import { onFetch } from '../support/versions.js';

const rfis = '/rest/v1.0/projects/1/rfis';

interface Way {
  what: string;
  behaviour: Behaviour;
  agentFor: (url: string) => Agent;
}
const tunnelling = (url: string): Agent => new HttpsProxyAgent(url);
const ways: Way[] = [
  ...Object.entries(noTunnels).map(([what, behaviour]) => ({
    what: `an HTTP proxy that ${what}`,
    behaviour,
    agentFor: tunnelling,
  })),
  {
    what: 'a SOCKS proxy that cannot reach the host',
    behaviour: hostUnreachable,
    agentFor: (url) => new SocksProxyAgent(url.replace('http:', 'socks5:')),
  },
];
/** The request itself has reached somebody. */
const handedOver: Way[] = [
  {
    what: 'a tunnel that breaks',
    behaviour(socket) {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.once('data', () => socket.resetAndDestroy());
    },
    agentFor: tunnelling,
  },
  {
    what: 'a proxy without a tunnel that resets',
    behaviour: (socket) => void socket.resetAndDestroy(),
    agentFor: (url) => new HttpProxyAgent(url),
  },
];

// The fetch adapter has no agents.
(onFetch ? () => {} : describe)('a proxy that makes no tunnel', () => {
  test.each(ways)('is no reason to give up a POST, which has not run: $what', async (way) => {
    await using proxy = await startProxy(way.behaviour);
    await using h = await createHarness({ options: { retry: { retries: 2 } } });
    const { instance } = h.attach({}, { httpAgent: way.agentFor(proxy.url) });
    const error = await h.env.drive(caught(instance.post(rfis, { subject: 'a' })));
    expect(error.procore).toMatchObject({
      ...{ kind: 'connection-refused', attempts: 3, mayHaveRun: 'no', gaveUp: 'retries-exhausted' },
    });
    expect(error.procore).not.toHaveProperty('status');
    expect(proxy.heads).toHaveLength(3);
    expect(h.emulator.counters.requests).toBe(0);
    expect(names(h.told)).toEqual([]);
  });

  test.each(ways)('leaves the refresh token unspent, which is presented again: $what', async (way) => {
    await using proxy = await startProxy(way.behaviour);
    await using h = await createHarness();
    const { instance, procore } = h.attach({}, { httpAgent: way.agentFor(proxy.url) });
    h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
    const renewed = caught(procore.renew());
    // More often than a token is presented that is perhaps spent.
    await h.env.drive(proxy.seen(6));
    instance.defaults.httpAgent = undefined;
    expect(await h.env.drive(renewed)).toMatchObject({ reason: 'refresh-token-invalid' });
    expect(h.emulator.counters.tokenRequests).toBe(1);
  });

  test("is not on an error of this package as Procore's answer, where a wait after it ends in one", async () => {
    await using proxy = await startProxy(noTunnels['answers 407']!);
    await using h = await createHarness();
    h.env.chance = 1;
    const { instance } = h.attach({}, { httpAgent: tunnelling(proxy.url) });
    const failed = caught(instance.get(rfis));
    await proxy.seen(1);
    // While it waits for its second attempt its token runs out, and the proxy gives none.
    await until(() => h.env.sleeping > 0, 'the wait');
    h.env.jump(5_401_000);
    const error = await h.env.drive(failed);
    expect(error.code).toBe('ERR_PROCORE_TOKEN_RENEWAL_FAILED');
    expect(error.response!.status).toBe(503);
    expect(error.response!.headers).toMatchObject({ 'x-axios-procore': 'synthetic' });
  });

  test.each(handedOver)('is another matter than one that has the request: $what', async (way) => {
    await using proxy = await startProxy(way.behaviour);
    await using h = await createHarness();
    const { instance, procore } = h.attach({}, { httpAgent: way.agentFor(proxy.url) });
    const error = await h.env.drive(caught(instance.post(rfis, { subject: 'a' })));
    expect(error.procore).toMatchObject({ kind: 'connection-lost', attempts: 1, mayHaveRun: 'maybe' });
    h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
    const renewed = caught(procore.renew());
    await h.env.drive(proxy.seen(2));
    instance.defaults.httpAgent = undefined;
    expect(await h.env.drive(renewed)).toMatchObject({ reason: 'refresh-response-lost' });
  });
});

if (onFetch) {
  test('the fetch adapter has no agents: a call and the token request for it go past the proxy of one', async () => {
    await using proxy = await startProxy(hostUnreachable);
    await using h = await createHarness();
    const { instance } = h.attach({}, { httpAgent: tunnelling(proxy.url) });
    h.emulator.expire();
    expect((await h.env.drive(instance.get(rfis))).status).toBe(200);
    expect(h.emulator.counters.exchanges).toBe(1);
    expect(proxy.heads).toEqual([]);
  });
}
