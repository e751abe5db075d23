import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { returnOf } from '../../../src/cli/login/redirect-uri.js';
import { returnedBy } from '../../../src/cli/login/returned.js';
import { systemEnv } from '../../../src/time/env.js';
import { command, consent, createPlace, type Place } from '../../support/command.js';

let place: Place;
beforeEach(async () => {
  place = await createPlace();
});
afterEach(() => place.close());

const anyPort = ['--redirect-uri', 'http://127.0.0.1:0/callback'];
const tokensIn = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as { access_token: string };

test('login opens the page, takes the redirect with its state, and saves the tokens for this user alone', async () => {
  const { environment, file, emulator } = place;
  let page: Promise<string> | undefined;
  const opened = (url: string) => void (page = consent(place, url).then((answer) => answer.text()));
  const { code, out, err } = await command(['login', ...anyPort], { environment, opened });
  expect(code).toBe(0);
  expect(out).toMatch(
    /^Logged in as user 1: the tokens of account default are saved in .+tokens\.json\.\nThe access token ends [^\n]+\n$/,
  );
  expect(err).toMatch(/^The browser opens the log-in page\. If it does not, open it yourself:\n\n {2}http/);
  expect(await page).toContain('Go back to the terminal.');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(emulator.isLive(tokensIn(file).access_token)).toBe(true);
});

test('login --json prints one document, without a token', async () => {
  const { environment, file } = place;
  const opened = (url: string) => void consent(place, url, { userId: 7 });
  const { code, out } = await command(['login', '--json', ...anyPort], { environment, opened });
  expect([code, JSON.parse(out)]).toEqual([
    0,
    {
      command: 'login',
      ok: true,
      account: 'default',
      state: 'fresh',
      user: '7',
      accessToken: expect.stringMatching(/^[\da-f]{8}$/),
      refreshToken: expect.stringMatching(/^[\da-f]{8}$/),
      expiresAt: expect.stringMatching(/^\d{4}-/),
      store: file,
    },
  ]);
});

test('a second user gets an account of their own, which status tells, too', async () => {
  const { environment } = place;
  for (const userId of [1, 2]) {
    const opened = (url: string) => void consent(place, url, { userId });
    expect((await command(['login', ...anyPort], { environment, opened })).code).toBe(0);
  }
  const { out } = await command(['status'], { environment });
  expect(out).toMatch(/Account default \(user 1\): fresh.+\nAccount 2 \(user 2\): fresh/);
  expect((await command(['token', '--account', '2'], { environment })).code).toBe(0);
});

test('a denied consent is told, and nothing is changed', async () => {
  const { environment, file } = place;
  const opened = (url: string) => void consent(place, url, { deny: true });
  const { code, out, err } = await command(['login', ...anyPort], { environment, opened });
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(
    /\naxios-procore: The app was not authorized: the user has not agreed \(access_denied\)\. Nothing was changed\.\n$/,
  );
  expect(existsSync(file)).toBe(false);
});

test('an answer with another state, or to another path, is refused and waited past', async () => {
  const { environment } = place;
  const refused: number[] = [];
  const opened = async (url: string) => {
    const redirectUri = new URL(url).searchParams.get('redirect_uri')!;
    const strange = [
      `${redirectUri}?code=planted&state=wrong`,
      `${redirectUri}?code=planted`,
      `${redirectUri}?error=access_denied`,
      `${redirectUri}/more`,
    ];
    for (const one of strange) refused.push((await fetch(one)).status);
    refused.push((await fetch(redirectUri, { method: 'POST' })).status);
    await consent(place, url);
  };
  const ran = await command(['login', ...anyPort], { environment, opened: (url) => void opened(url) });
  expect(refused).toEqual([400, 400, 400, 404, 405]);
  expect(ran.code).toBe(0);
});

test('the server is closed after the answer', async () => {
  const { environment } = place;
  let redirectUri = '';
  const opened = (url: string) => {
    redirectUri = new URL(url).searchParams.get('redirect_uri')!;
    void consent(place, url);
  };
  await command(['login', ...anyPort], { environment, opened });
  await expect(fetch(redirectUri)).rejects.toThrow();
});

test('without a browser it prints the page; when nobody comes it ends with a message', async () => {
  const { environment, file } = place;
  const env = { ...systemEnv, sleep: async () => undefined };
  const { code, err } = await command(['login', ...anyPort], { environment, env });
  expect(code).toBe(1);
  expect(err).toMatch(
    /^Open this page in a browser on this machine, and authorize the app:\n\n {2}http:[^\n]+\n\n/,
  );
  expect(err).toMatch(/\naxios-procore: No answer came from the browser within 5 min\. [^\n]+\n$/);
  expect(existsSync(file)).toBe(false);
});

test('Ctrl-C ends the wait with 130, and nothing is changed', async () => {
  const { environment, file } = place;
  const interruption = new AbortController();
  const opened = () => interruption.abort(130);
  const ran = await command(['login', ...anyPort], { environment, opened, interrupted: interruption.signal });
  expect(ran.code).toBe(130);
  expect(ran.err).toMatch(/\naxios-procore: Ended before it was done\. Nothing was changed\.\n$/);
  expect(existsSync(file)).toBe(false);
});

test('Ctrl-C while the code is exchanged does not lose the tokens: they are saved, and the code is 130', async () => {
  const { environment, file, emulator } = place;
  const interruption = new AbortController();
  const held = emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const opened = (url: string) => void consent(place, url);
  const running = command(['login', ...anyPort], { environment, opened, interrupted: interruption.signal });
  await held.struck();
  interruption.abort(130);
  held.release();
  const { code, out } = await running;
  expect([code, out]).toEqual([130, expect.stringMatching(/^Logged in/)]);
  expect(emulator.isLive(tokensIn(file).access_token)).toBe(true);
});

test('Ctrl-C before the code is exchanged ends also where the store never answers, and nothing is redeemed', async () => {
  const { environment, emulator, file } = place;
  const config = `${file}.config.cjs`;
  const event = `${file} is loaded`;
  writeFileSync(
    config,
    `module.exports = { store: { load: () => (process.emit('${event}'), new Promise(() => undefined)), save() {} } };`,
  );
  const interruption = new AbortController();
  process.once(event, () => interruption.abort(130));
  const { PROCORE_TOKEN_FILE: _file, ...others } = environment;
  const ran = await command(['login', ...anyPort], {
    environment: { ...others, PROCORE_CONFIG: config },
    opened: (url) => void consent(place, url),
    interrupted: interruption.signal,
  });
  expect([ran.code, ran.out]).toEqual([130, '']);
  expect(emulator.log.some(({ path }) => path === '/oauth/token')).toBe(false);
});

test('--oob reads the code from the standard input', async () => {
  const { environment, emulator } = place;
  const handle = await command(['login', '--oob'], { environment });
  expect([handle.code, handle.out]).toEqual([1, '']);
  expect(handle.err).toMatch(/No code was given\. Nothing was changed\.\n$/);
  const url = /http\S+/.exec(handle.err)![0];
  const { code } = emulator.authorize(url);
  const { code: exit, out } = await command(['login', '--oob'], { environment, input: `${code}\n` });
  expect([exit, out]).toEqual([0, expect.stringMatching(/^Logged in as user 1/)]);
  const again = await command(['login', '--oob'], { environment, input: `${code}\n` });
  expect(again.code).toBe(1);
  expect(again.err).not.toContain(code);
});

test.each(['http://127.0.0.1:0', 'http://LOCALHOST:0/callback?from=login'])(
  'the redirect URI %s is sent to the letter, but for the port that is chosen',
  async (given) => {
    let sent = '';
    const opened = (url: string) => {
      sent = new URL(url).searchParams.get('redirect_uri')!;
      void consent(place, url);
    };
    const { environment } = place;
    const ran = await command(['login', '--redirect-uri', given], { environment, opened });
    expect([ran.code, sent.replace(/:\d+/, ':0')]).toEqual([0, given]);
  },
);

test('a port that is taken is one clear line', async () => {
  const taken: Server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as AddressInfo;
  const { code, err } = await command(['login', '--redirect-uri', `http://127.0.0.1:${port}/`], {
    environment: place.environment,
  });
  taken.close();
  expect(code).toBe(1);
  expect(err).toMatch(
    new RegExp(
      `^axios-procore: Port ${port} on 127\\.0\\.0\\.1 cannot be listened on \\(EADDRINUSE\\)[^\\n]+\\n$`,
    ),
  );
});

test('a service account has no log-in', async () => {
  const environment = { ...place.environment, PROCORE_GRANT: 'client_credentials' };
  expect((await command(['login'], { environment })).code).toBe(2);
});

describe('returnOf', () => {
  test('takes the argument before the settings, and these before the default', () => {
    expect(returnOf({}, undefined)).toMatchObject({ kind: 'loopback', port: 8910 });
    expect(returnOf({}, 'http://localhost:3000/cb')).toMatchObject({ port: 3000 });
    expect(returnOf({ asked: 'http://localhost/cb' }, 'http://localhost:3000/cb')).toMatchObject({
      port: 80,
    });
    expect(returnOf({ oob: true }, 'http://localhost:3000/cb')).toMatchObject({ kind: 'by-hand' });
    expect(returnOf({}, 'urn:ietf:wg:oauth:2.0:oob')).toMatchObject({ kind: 'by-hand' });
  });

  test.each([
    'https://app.example.com/cb',
    'https://127.0.0.1/cb',
    'http://10.0.0.1/cb',
    'http://127.0.0.1.example.com/',
    'nonsense',
  ])('refuses %s, which does not lead to this machine', (uri) => {
    expect(() => returnOf({ asked: uri }, undefined)).toThrow(/does not lead to this machine/);
    expect(() => returnOf({}, uri)).toThrow(/of PROCORE_REDIRECT_URI does not lead to this machine/);
  });
});

test('an error that the standard does not know is not quoted', () => {
  const asked = { path: '/cb', state: 's' };
  expect(returnedBy({ method: 'GET', url: '/cb?state=s&error=%3Cscript%3E' }, asked)).toEqual({
    kind: 'refused',
    error: 'unknown',
  });
  expect(returnedBy({ method: 'GET', url: '//[' }, asked)).toMatchObject({ kind: 'stranger' });
});
