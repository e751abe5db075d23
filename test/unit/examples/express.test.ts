import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import axios from 'axios';
import { describe, expect, onTestFinished, test } from 'vitest';
import { callbackPath, createApp } from '../../../examples/express/app.js';
import { html, page } from '../../../examples/express/html.js';
import { startEmulator } from '../../../src/emulator/index.js';
import { attachProcore, memoryTokenStore } from '../../../src/index.js';
import { createBrowser, type Browser } from '../../support/browser.js';

/** The example on an emulator of its own. */
async function serve() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const emulator = await startEmulator({ redirectUris: [origin + callbackPath] });
  const store = memoryTokenStore();
  const api = axios.create({ proxy: false });
  const procore = attachProcore(api, {
    clientId: emulator.clientId,
    clientSecret: emulator.clientSecret,
    environment: emulator.environment,
    store,
    companyId: '42',
    retry: false,
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  server.on('request', createApp({ api, procore, origin }));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await emulator.close();
  });
  return { origin, emulator, procore };
}

/** Logs a person in, who chooses this user on Procore's page. */
async function logIn(browser: Browser, origin: string, userId: number) {
  await browser.open(`${origin}/connect`);
  return browser.press('Allow', { user_id: String(userId) });
}

describe('two people', () => {
  test('log in, each for themselves, and see what is theirs', async () => {
    const { origin, emulator } = await serve();
    const [ann, bob] = [createBrowser(), createBrowser()];
    const start = await ann.open(origin);
    expect(start.html).toContain('href="/connect"');
    expect((await ann.open(`${origin}/connect`)).url.origin).toBe(emulator.url);
    await bob.open(`${origin}/connect`);
    const [annSees, bobSees] = [
      await ann.press('Allow', { user_id: '1' }),
      await bob.press('Allow', { user_id: '2' }),
    ];
    for (const [seen, name] of [
      [annSees, 'User 1'],
      [bobSees, 'User 2'],
    ] as const) {
      expect([seen.status, seen.url.href]).toEqual([200, `${origin}/projects`]);
      expect(seen.html).toContain(`Projects of ${name}`);
      expect(seen.html).toContain('Harbour Bridge');
    }
    expect(emulator.counters).toMatchObject({ authorizations: 2, exchanges: 2, unauthorized: 0 });
    expect(ann.setCookies).toEqual([
      expect.stringMatching(/^session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
  });

  test('whose tokens expire between calls get their answers', async () => {
    const { origin, emulator } = await serve();
    const [ann, bob] = [createBrowser(), createBrowser()];
    await logIn(ann, origin, 1);
    await logIn(bob, origin, 2);
    emulator.expire();
    const [annSees, bobSees] = await Promise.all([
      ann.open(`${origin}/projects`),
      bob.open(`${origin}/projects`),
    ]);
    expect([annSees.status, bobSees.status]).toEqual([200, 200]);
    expect(annSees.html).toContain('Projects of User 1');
    expect(bobSees.html).toContain('Projects of User 2');
    // Two codes and two renewals.
    expect(emulator.counters.exchanges).toBe(4);
  });

  test('of whom one disconnects: the other stays, and the first is asked again', async () => {
    const { origin, emulator } = await serve();
    const [ann, bob] = [createBrowser(), createBrowser()];
    await logIn(ann, origin, 1);
    await logIn(bob, origin, 2);
    await ann.open(origin);
    expect((await ann.press('Disconnect')).url.pathname).toBe('/');
    expect(emulator.counters.revocations).toBe(1);
    expect((await bob.open(`${origin}/projects`)).html).toContain('Projects of User 2');
    const asked = await ann.open(`${origin}/projects`);
    expect([asked.url.origin, asked.url.pathname]).toEqual([emulator.url, '/oauth/authorize']);
    const back = await ann.press('Allow', { user_id: '3' });
    expect([back.url.href, back.html.includes('Projects of User 3')]).toEqual([`${origin}/projects`, true]);
  });
});

test('a person whose access was taken away logs in again, and is back where they were', async () => {
  const { origin, emulator } = await serve();
  const browser = createBrowser();
  await logIn(browser, origin, 1);
  const grants = emulator.log.filter(({ issued }) => issued);
  expect(grants).toHaveLength(1);
  emulator.misbehave({
    on: ({ body }) => body.includes('grant_type=refresh_token'),
    do: { kind: 'answer', status: 400, body: { error: 'invalid_grant' } },
  });
  emulator.expire();
  const asked = await browser.open(`${origin}/projects?page=2`);
  expect(asked.url.origin).toBe(emulator.url);
  const back = await browser.press('Allow', { user_id: '1' });
  expect([back.status, back.url.href]).toEqual([200, `${origin}/projects?page=2`]);
});

describe('the way back is refused', () => {
  test.each<[string, (origin: string) => string]>([
    ['with a wrong state', (origin) => `${origin}${callbackPath}?code=abc&state=wrong`],
    ['without a state', (origin) => `${origin}${callbackPath}?code=abc`],
    ['with two states', (origin) => `${origin}${callbackPath}?code=abc&state=a&state=b`],
  ])('%s: 403, and nothing is exchanged', async (_case, urlOf) => {
    const { origin, emulator } = await serve();
    const browser = createBrowser();
    await browser.open(`${origin}/connect`);
    expect((await browser.open(urlOf(origin))).status).toBe(403);
    expect(emulator.counters.tokenRequests).toBe(0);
  });

  test("with another browser's state, or in a browser that began no log-in", async () => {
    const { origin, emulator } = await serve();
    const [ann, eve] = [createBrowser(), createBrowser()];
    const asked = await eve.open(`${origin}/connect`);
    const { url = '' } = emulator.authorize(asked.url.href);
    expect((await ann.open(url)).status).toBe(403);
    await ann.open(`${origin}/connect`);
    expect((await ann.open(url)).status).toBe(403);
    expect(emulator.counters.tokenRequests).toBe(0);
  });

  test('a second time: a state works once', async () => {
    const { origin, emulator } = await serve();
    const browser = createBrowser();
    const asked = await browser.open(`${origin}/connect`);
    const { url = '' } = emulator.authorize(asked.url.href);
    expect((await browser.open(url)).status).toBe(200);
    expect((await browser.open(url)).status).toBe(403);
    expect(emulator.counters.exchanges).toBe(1);
    expect((await browser.open(`${origin}/projects`)).status).toBe(200);
  });
});

test('a user who denies gets a page that says so, and no code is exchanged', async () => {
  const { origin, emulator } = await serve();
  const browser = createBrowser();
  await browser.open(`${origin}/connect`);
  const seen = await browser.press('Deny');
  expect(seen.html).toContain('access_denied');
  expect(seen.url.origin).toBe(origin);
  expect(emulator.counters.tokenRequests).toBe(0);
});

test('a code that does not work gets an error page, and the browser is not redirected in a loop', async () => {
  const { origin, emulator } = await serve();
  const browser = createBrowser();
  await browser.open(`${origin}/connect`);
  emulator.misbehave({
    on: 'token',
    do: { kind: 'answer', status: 400, body: { error: 'invalid_grant' } },
  });
  const seen = await browser.press('Allow');
  expect([seen.status, seen.url.pathname]).toEqual([502, callbackPath]);
  expect(seen.html).toContain('used or expired');
  expect((await logIn(browser, origin, 1)).status).toBe(200);
});

test('a revocation that fails gets an error page, and the user stays connected', async () => {
  const { origin, emulator } = await serve();
  const browser = createBrowser();
  await logIn(browser, origin, 1);
  emulator.misbehave({
    on: 'revoke',
    do: { kind: 'answer', status: 403, body: { error: 'unauthorized_client' } },
  });
  await browser.open(origin);
  expect((await browser.press('Disconnect')).status).toBe(503);
  expect((await browser.open(`${origin}/projects`)).html).toContain('Projects of User 1');
});

test('what is shown is text, wherever it comes from', () => {
  const shown = page('<b>', html`<p class="${'"'}">${['<i>', html`<br />`, "'&"]}</p>`);
  expect(shown).toContain('<title>&lt;b&gt;</title>');
  expect(shown).toContain('<p class="&quot;">&lt;i&gt;<br />&#39;&amp;</p>');
});
