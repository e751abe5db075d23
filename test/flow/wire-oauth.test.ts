import { expect, test } from 'vitest';
import type { TokenSet } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { until } from '../support/manual-env.js';
import { below, losesQueries } from '../support/versions.js';

const me = '/rest/v1.0/me';

function fields(h: Harness, refreshToken: string): Record<string, string> {
  return {
    grant_type: 'refresh_token',
    client_id: h.emulator.clientId,
    client_secret: h.emulator.clientSecret,
    refresh_token: refreshToken,
  };
}

const inHand = (h: Harness) => h.store.sets.get('default')!;

test('/oauth/ calls go out untouched: no token, no company, the status as axios judges it', async () => {
  await using h = await createHarness();
  const stranger = await caught(h.instance.post('/oauth/revoke', new URLSearchParams({ token: 'x' })));
  expect(stranger.response!.status).toBe(403);
  const bare = await caught(h.instance.get('/oauth/token/info'));
  expect(bare.response!.status).toBe(401);
  expect(h.emulator.log.at(-1)).toMatchObject({ refusal: 'missing' });
  const code = await h.instance.get<string>('/oauth/authorize', {
    params: {
      response_type: 'code',
      client_id: h.emulator.clientId,
      redirect_uri: 'urn:ietf:wg:oauth:2.0:oob',
    },
  });
  expect(code.data).toMatch(/^[0-9a-f]{64}$/);
  expect(h.store.log).toEqual([]);
  expect(h.told).toEqual([]);
});

test("a 401 of the token endpoint is the application's own: no renewal, no replay, no retry", async () => {
  await using h = await createHarness();
  const form = new URLSearchParams({ ...fields(h, 'x'), client_secret: 'wrong' });
  const error = await caught(h.instance.post('/oauth/token', form));
  expect(error.response).toMatchObject({ status: 401, data: { error: 'invalid_client' } });
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 503 } });
  expect((await caught(h.instance.post('/oauth/token', form))).response!.status).toBe(503);
  expect(h.emulator.counters.tokenRequests).toBe(2);
  expect(inHand(h)).toBeDefined();
});

const shapes: [name: string, send: (h: Harness, refreshToken: string) => Promise<{ data: unknown }>][] = [
  ['URLSearchParams', (h, token) => h.instance.post('/oauth/token', new URLSearchParams(fields(h, token)))],
  [
    'a form text',
    (h, token) => h.instance.post('/oauth/token', new URLSearchParams(fields(h, token)).toString()),
  ],
  ['JSON', (h, token) => h.instance.post('/oauth/token', fields(h, token))],
  [
    'the query string',
    (h, token) => h.instance.post('/oauth/token', undefined, { params: fields(h, token) }),
  ],
  [
    'the URL itself',
    (h, token) => h.instance.post(`/oauth/token?${new URLSearchParams(fields(h, token)).toString()}`),
  ],
  [
    'a form, answered as bytes',
    (h, token) =>
      h.instance.post('/oauth/token', new URLSearchParams(fields(h, token)), { responseType: 'arraybuffer' }),
  ],
];

/** The emulator takes forms only; a server that takes the other shapes answers them like this. */
function answerAnyShape(h: Harness): { successor: TokenSet } {
  const successor = h.emulator.issue();
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body: successor } });
  return { successor };
}

// Untouched, so on axios 1.0.0 a query in the URL does not arrive there.
const arriving = shapes.filter(([name]) => !losesQueries || name !== 'the URL itself');
test.each(arriving)(
  'the answer of a legacy refresh in %s is adopted and saved: the spent token is not presented again',
  async (_name, send) => {
    await using h = await createHarness();
    await h.instance.get(me);
    const spent = inHand(h);
    const { successor } = answerAnyShape(h);
    h.emulator.revoke(spent.access_token);
    await send(h, spent.refresh_token!);
    await until(() => inHand(h).refresh_token === successor.refresh_token, 'the save');
    expect((await h.instance.get(me)).status).toBe(200);
    expect(h.emulator.counters).toMatchObject({ tokenRequests: 1, unauthorized: 0 });
    expect(inHand(h).expires_at).toBe(h.env.now() / 1000 + 5400);
  },
);

test('the application gets the answer of its own refresh as it came', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const { successor } = answerAnyShape(h);
  const { data, config } = (await shapes[0]![1](h, inHand(h).refresh_token!)) as {
    data: unknown;
    config: { url: string };
  };
  expect(data).toEqual(successor);
  expect(config.url).toBe('/oauth/token');
});

test('a legacy refresh before the first call of the plugin is adopted too', async () => {
  await using h = await createHarness();
  const spent = inHand(h);
  await h.instance.post('/oauth/token', new URLSearchParams(fields(h, spent.refresh_token!)));
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

test('a legacy refresh is warned of once, without its token', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  for (let time = 0; time < 2; time++) {
    const before = inHand(h).refresh_token!;
    await h.instance.post('/oauth/token', new URLSearchParams(fields(h, before)));
    await until(() => inHand(h).refresh_token !== before, 'the adoption');
  }
  const warnings = h.told.filter(({ event }) => event === 'warning');
  expect(warnings.map(({ detail }) => detail['code'])).toEqual(['legacy-refresh']);
  expect(warnings[0]!.detail['message']).toMatch(/remove that code/);
});

test('a legacy refresh that fails changes nothing', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const before = inHand(h);
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 500, body: 'oops' } });
  await caught(h.instance.post('/oauth/token', new URLSearchParams(fields(h, before.refresh_token!))));
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body: 'no tokens' } });
  await h.instance.post('/oauth/token', new URLSearchParams(fields(h, before.refresh_token!)));
  expect((await h.instance.get(me)).status).toBe(200);
  expect(inHand(h)).toBe(before);
});

test("a refresh of somebody else's token leaves ours alone", async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const before = inHand(h);
  const other = h.emulator.issue({ userId: 2 });
  await h.instance.post('/oauth/token', new URLSearchParams(fields(h, other.refresh_token!)));
  await h.instance.get(me);
  expect(inHand(h)).toBe(before);
});

test('a code that the application exchanges by itself is neither warned of nor adopted', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body: h.emulator.issue() } });
  const before = inHand(h);
  await h.instance.post('/oauth/token', new URLSearchParams({ grant_type: 'authorization_code', code: 'c' }));
  await h.instance.get(me);
  expect(h.told.filter(({ event }) => event === 'warning')).toEqual([]);
  expect(inHand(h)).toBe(before);
});

// The fetch adapter came with 1.7, lists of adapters with 1.2.
if (!below('1.7')) {
  test("the plugin's token request goes through the dispatcher that the instance's fetch has, as through its agents", async () => {
    const through: string[] = [];
    const global = Symbol.for('undici.globalDispatcher.1');
    type Dispatcher = { dispatch(options: { path: string }, handler: object): boolean };
    const dispatcher: Dispatcher = {
      dispatch(options, handler) {
        through.push(options.path);
        return (globalThis as unknown as Record<symbol, Dispatcher>)[global]!.dispatch(options, handler);
      },
    };
    // Node makes its own with the first fetch.
    await fetch('data:,');
    await using h = await createHarness({
      defaults: { adapter: 'fetch', fetchOptions: { dispatcher } } as never,
    });
    await h.procore.renew();
    expect(through).toEqual(['/oauth/token']);
  });
}

if (!below('1.2')) {
  test("the plugin's token request never goes through an adapter of the application's own, in a list or not", async () => {
    const asked: (string | undefined)[] = [];
    const own = ({ url }: { url?: string }) => {
      asked.push(url);
      throw new Error('nothing of mine');
    };
    for (const adapter of [own, [own], [own, 'http']]) {
      await using h = await createHarness({ defaults: { adapter } as never });
      expect((await h.procore.renew()).access_token).toBe(inHand(h).access_token);
      expect(h.emulator.counters).toMatchObject({ tokenRequests: 1 });
    }
    expect(asked).toEqual([]);
  });
}
