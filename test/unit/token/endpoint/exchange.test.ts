import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { TokenSet } from '../../../../src/store/store.js';
import { createExchange } from '../../../../src/token/endpoint/exchange.js';
import type { DatedAnswer } from '../../../../src/token/endpoint/verdict.js';
import { createLogin, type PostForm } from '../../../../src/token/endpoint/login.js';
import { createManualEnv, settled } from '../../../support/manual-env.js';

const grant = { type: 'refresh_token', refresh_token: 'r1' } as const;
const renewed: DatedAnswer = {
  status: 200,
  body: '{"access_token":"a2","refresh_token":"r2","expires_in":5400}',
  retryAfter: undefined,
  location: undefined,
  date: undefined,
};

function setUp(
  options: Partial<Parameters<typeof createExchange>[0] & Parameters<typeof createLogin>[0]> & {
    answer?: () => DatedAnswer | Promise<DatedAnswer>;
  } = {},
) {
  const env = createManualEnv();
  const posts: { url: string; form: URLSearchParams; signal: AbortSignal; atMs: number }[] = [];
  const post: PostForm = (url, form, signal) => {
    posts.push({ url, form: new URLSearchParams(form), signal, atMs: env.now() });
    return options.answer ? (options.answer() as Promise<DatedAnswer>) : new Promise(() => {});
  };
  const login = createLogin({
    env,
    post,
    loginUrl: 'https://login.procore.com',
    clientId: 'id',
    clientSecret: 'secret',
    secretTimeoutMs: 5_000,
    serverOffsetMs: () => 0,
    ...options,
  });
  const exchange = createExchange({
    env,
    login,
    redirectUri: undefined,
    custom: undefined,
    serverOffsetMs: () => 0,
    ownRenewals: { run: (request) => request() },
    totalMs: 90_000,
    outliving: new Map(),
    broughtLate: () => undefined,
    ...options,
  });
  const abort = new AbortController();
  const present = (given: Parameters<typeof exchange>[0] = grant) =>
    exchange(given, { account: 'acme', signal: abort.signal, answerTimeoutMs: 60_000 });
  return { env, posts, present, abort };
}

describe('an exchange over the token endpoint', () => {
  test('posts the form once and judges the answer', async () => {
    const { env, posts, present, abort } = setUp({ answer: () => renewed });
    expect(await present()).toEqual({
      kind: 'renewed',
      answer: { access_token: 'a2', refresh_token: 'r2', expires_in: 5400 },
      sentAtMs: env.now(),
    });
    expect(posts).toHaveLength(1);
    expect(posts[0]!.url).toBe('https://login.procore.com/oauth/token');
    expect(Object.fromEntries(posts[0]!.form)).toEqual({
      grant_type: 'refresh_token',
      client_id: 'id',
      client_secret: 'secret',
      refresh_token: 'r1',
    });
    expect(env.sleeping).toBe(0);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  test('tells the moment of sending, not that of the answer', async () => {
    let arrive!: (answer: DatedAnswer) => void;
    const { env, present } = setUp({ answer: () => new Promise((resolve) => (arrive = resolve)) });
    const sentAtMs = env.now();
    const presented = present();
    await env.advance(30_000);
    arrive(renewed);
    expect(await presented).toMatchObject({ kind: 'renewed', sentAtMs });
  });

  test('measures a date of Retry-After by the clock of the server', async () => {
    const { env, present } = setUp({
      serverOffsetMs: () => 600_000,
      answer: () => ({
        ...renewed,
        status: 429,
        body: '',
        retryAfter: new Date(env.now() + 607_000).toUTCString(),
      }),
    });
    expect(await present()).toMatchObject({ kind: 'busy', waitMs: 7_000 });
  });

  test('gives up after answerTimeoutMs and aborts the request', async () => {
    const { env, posts, present, abort } = setUp();
    const presented = present();
    await env.advance(59_999);
    expect(posts[0]!.signal.aborted).toBe(false);
    await env.advance(1);
    expect(await presented).toMatchObject({
      kind: 'perhaps-spent',
      why: 'https://login.procore.com gave no answer in 60000 ms',
    });
    expect(posts[0]!.signal.aborted).toBe(true);
    expect(env.sleeping).toBe(0);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  test('an abort ends it at once, and the request with it', async () => {
    const { env, posts, present, abort } = setUp();
    const presented = present();
    await settled();
    abort.abort();
    expect(await presented).toMatchObject({ kind: 'perhaps-spent', why: 'the request was given up' });
    expect(posts[0]!.signal.aborted).toBe(true);
    expect(env.sleeping).toBe(0);
  });

  test('an abort that came before sends nothing: these tokens have been replaced', async () => {
    const { posts, present, abort } = setUp({ answer: () => renewed });
    abort.abort();
    expect(await present()).toMatchObject({ kind: 'not-sent' });
    expect(posts).toEqual([]);
  });

  test('a rejection that comes after the time-out disturbs nobody', async () => {
    let fail!: (error: unknown) => void;
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', listen);
    const { env, present } = setUp({ answer: () => new Promise((_resolve, reject) => (fail = reject)) });
    const presented = present();
    await env.advance(60_000);
    await presented;
    fail(new Error('much too late'));
    await settled();
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
  });

  test.each<[string, () => never, string]>([
    [
      'says that nothing was sent where no connection was made',
      () => {
        throw Object.assign(new Error('x'), { code: 'ECONNREFUSED', syscall: 'connect' });
      },
      'not-sent',
    ],
    [
      'else that the token may be spent',
      () => {
        throw Object.assign(new Error('x'), { code: 'ECONNRESET' });
      },
      'perhaps-spent',
    ],
  ])('%s', async (_what, answer, kind) => {
    expect(await setUp({ answer }).present()).toMatchObject({ kind });
    expect(await setUp({ answer: async () => answer() }).present()).toMatchObject({ kind });
  });

  test('never shows what the server quotes of the request', async () => {
    const { present } = setUp({
      clientSecret: 'pass word&1',
      answer: () => ({
        ...renewed,
        status: 400,
        body: JSON.stringify({
          error: 'invalid_grant',
          error_description: 'r-e-f-r-e-s-h of pass word&1 (pass%20word%261, pass+word%261) is unknown',
        }),
      }),
    });
    const presented = await present({ type: 'refresh_token', refresh_token: 'r-e-f-r-e-s-h' });
    expect(presented).toMatchObject({
      kind: 'invalid-grant',
      why: 'it answered 400 invalid_grant: [redacted] of [redacted] ([redacted], [redacted]) is unknown',
    });
  });
});

describe('the client secret', () => {
  test('may come from a function, each time anew; the moment of sending is after it', async () => {
    const secrets = ['one', 'two'];
    const { env, posts, present } = setUp({
      clientSecret: async () => {
        await env.sleep(3_000);
        return secrets.shift()!;
      },
      answer: () => renewed,
    });
    const startMs = env.now();
    const first = present();
    await env.advance(3_000);
    expect(await first).toMatchObject({ sentAtMs: startMs + 3_000 });
    const second = present();
    await env.advance(3_000);
    await second;
    expect(posts.map(({ form }) => form.get('client_secret'))).toEqual(['one', 'two']);
    expect(posts[0]!.atMs).toBe(startMs + 3_000);
  });

  test.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new RangeError('vault sealed');
      },
      'clientSecret() failed (RangeError)',
    ],
    [
      'rejects',
      () => Promise.reject(Object.assign(new Error('vault sealed'), { code: 'ECONNREFUSED' })),
      'clientSecret() failed (ECONNREFUSED)',
    ],
    ['gives nothing', () => undefined, 'clientSecret() gave no secret'],
    ['gives an empty text', () => '', 'clientSecret() gave no secret'],
    ['gives no text', () => 5, 'clientSecret() gave no secret'],
  ])('from a function that %s: nothing is sent, so nothing is spent', async (_what, clientSecret, why) => {
    const { posts, present } = setUp({ clientSecret: clientSecret as () => string });
    expect(await present()).toMatchObject({ kind: 'not-sent', why });
    expect(posts).toEqual([]);
  });

  test('from a function that hangs is waited for within bounds', async () => {
    const { env, posts, present } = setUp({ clientSecret: () => new Promise(() => {}) });
    const presented = present();
    await env.advance(5_000);
    expect(await presented).toMatchObject({ kind: 'not-sent' });
    expect(posts).toEqual([]);
    expect(env.sleeping).toBe(0);
  });

  test('that comes after an abort is not used', async () => {
    let give!: (secret: string) => void;
    const { env, posts, present, abort } = setUp({
      clientSecret: () => new Promise((resolve) => (give = resolve)),
      answer: () => renewed,
    });
    const presented = present();
    await settled();
    abort.abort();
    expect(await presented).toMatchObject({ kind: 'not-sent' });
    give('late');
    await settled();
    expect(posts).toEqual([]);
    expect(env.sleeping).toBe(0);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });
});

describe("the application's own exchange", () => {
  test('gets the grant, the account and a signal, and its answer is a renewal', async () => {
    const seen: unknown[] = [];
    const { env, posts, present } = setUp({
      custom: async (given, { account, signal }) => {
        seen.push(given, account, signal.aborted);
        return { access_token: 'a2' };
      },
    });
    expect(await present()).toEqual({
      kind: 'renewed',
      answer: { access_token: 'a2' },
      sentAtMs: env.now(),
    });
    expect(seen).toEqual([grant, 'acme', false]);
    expect(posts).toEqual([]);
  });

  test('needs no secret of ours', async () => {
    const { present } = setUp({ clientSecret: undefined, custom: async () => ({ access_token: 'a2' }) });
    expect(await present({ type: 'client_credentials' })).toMatchObject({ kind: 'renewed' });
  });

  test('is bounded, and its signal aborts', async () => {
    let its!: AbortSignal;
    const { env, present } = setUp({
      custom: (_grant, { signal }) => ((its = signal), new Promise(() => {})),
    });
    const presented = present();
    await env.advance(60_000);
    expect(await presented).toMatchObject({ kind: 'perhaps-spent', why: 'it gave no answer in 60000 ms' });
    expect(its.aborted).toBe(true);
  });

  test.each<[string, () => unknown, string]>([
    [
      'that throws at once may have spent the token',
      () => {
        throw new TypeError('x');
      },
      'perhaps-spent',
    ],
    ['that rejects may have spent it', () => Promise.reject(new Error('x')), 'perhaps-spent'],
    ['that gives nothing may have spent it', () => undefined, 'perhaps-spent'],
    [
      "that carries the endpoint's invalid_grant tells the truth",
      () => Promise.reject({ response: { status: 400, data: { error: 'invalid_grant' } } }),
      'invalid-grant',
    ],
  ])('%s', async (_what, custom, kind) => {
    expect(await setUp({ custom: custom as never }).present()).toMatchObject({ kind });
  });

  test('brings a pair in time: nobody else is told of it', async () => {
    const late: string[] = [];
    const custom = async () => ({ access_token: 'a2' });
    const { present } = setUp({ custom, broughtLate: (token) => void late.push(token) });
    expect(await present()).toMatchObject({ kind: 'renewed' });
    await settled();
    expect(late).toEqual([]);
  });

  // Several microtasks lie between the end of a wait and whoever waited.
  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
    'brings a pair as its time ends, and %d microtasks later: it is told of once, for nobody has got it',
    async (turns) => {
      const clock = createManualEnv();
      let bring = (_pair: TokenSet) => {};
      const late: string[] = [];
      const { present } = setUp({
        env: {
          ...clock,
          async sleep(...wait) {
            await clock.sleep(...wait);
            void (async () => {
              for (let turn = 0; turn < turns; turn++) await Promise.resolve();
              bring({ access_token: 'a2' });
            })();
          },
        },
        custom: () => new Promise((resolve) => (bring = resolve)),
        broughtLate: (token) => void late.push(token),
      });
      const presented = present();
      await clock.advance(60_000);
      expect(await presented).toMatchObject({ kind: 'perhaps-spent' });
      expect(late).toEqual(['r1']);
    },
  );

  test('is not called for tokens that have been replaced', async () => {
    let calls = 0;
    const { present, abort } = setUp({ custom: async () => (calls++, { access_token: 'a2' }) });
    abort.abort();
    expect(await present()).toMatchObject({ kind: 'not-sent' });
    expect(calls).toBe(0);
  });
});
