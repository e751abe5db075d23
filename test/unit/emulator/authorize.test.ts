import { expect, test } from 'vitest';
import { escapeHtml } from '../../../src/emulator/html.js';
import { emulate, getMe, manualClock, postToken } from './support.js';

const oob = 'urn:ietf:wg:oauth:2.0:oob';
const callback = 'https://app.example.com/callback';
const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

function asked(extra: Record<string, string> = {}): URLSearchParams {
  const base = { response_type: 'code', client_id: 'emulator-client', redirect_uri: callback };
  return new URLSearchParams({ ...base, state: 's1', ...extra });
}

const open = (url: string, params = asked()) =>
  fetch(`${url}/oauth/authorize?${params.toString()}`, { headers: browser, redirect: 'manual' });

/** Presses a button on the page. */
const press = (url: string, decision: string, params = asked()) =>
  fetch(`${url}/oauth/authorize`, {
    method: 'POST',
    headers: browser,
    redirect: 'manual',
    body: new URLSearchParams([...params, ['decision', decision]]),
  });

const locationOf = (answer: Response) => new URL(answer.headers.get('location')!);

test('a browser gets a page with both buttons and several users, and nothing is decided yet', async () => {
  const emulator = await emulate();
  const answer = await open(emulator.url);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect([answer.headers.get('referrer-policy'), answer.headers.get('cache-control')]).toEqual([
    'no-referrer',
    'no-store',
  ]);
  const html = await answer.text();
  expect(html.match(/name="user_id" value="\d+"/g)).toHaveLength(3);
  expect(html.match(/name="decision" value="\w+"/g)).toEqual([
    'name="decision" value="allow"',
    'name="decision" value="deny"',
  ]);
  expect(emulator.counters.authorizations).toBe(0);
  expect(emulator.log.at(-1)).toMatchObject({ kind: 'authorize', decision: 'asked', status: 200 });
});

test('Allow sends the browser back with state and a code that buys tokens of the chosen user', async () => {
  const emulator = await emulate();
  const answer = await press(emulator.url, 'allow', asked({ user_id: '2' }));
  expect(answer.status).toBe(303);
  const back = locationOf(answer);
  expect([back.origin + back.pathname, back.searchParams.get('state')]).toEqual([callback, 's1']);
  const code = back.searchParams.get('code')!;
  const bought = await postToken(emulator, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: callback,
  });
  const { access_token } = (await bought.json()) as { access_token: string };
  expect(await (await getMe(emulator, access_token)).json()).toMatchObject({ id: 2 });
  expect(emulator.counters).toMatchObject({ authorizations: 1, exchanges: 1 });
});

test.each(['deny', 'anything else'])(
  '%s sends the browser back with access_denied and no code',
  async (button) => {
    const emulator = await emulate();
    const back = locationOf(await press(emulator.url, button)).searchParams;
    expect([back.get('error'), back.get('state'), back.get('code')]).toEqual(['access_denied', 's1', null]);
    expect(emulator.log.at(-1)).toMatchObject({ decision: 'denied' });
    expect(emulator.counters.authorizations).toBe(0);
  },
);

test('the way back has the state as it was: none where none was sent, an empty one where it was empty', async () => {
  const { url } = await emulate();
  const without = asked();
  without.delete('state');
  for (const [params, state] of [
    [without, null],
    [asked({ state: '' }), ''],
  ] as const) {
    const page = await open(url, params);
    expect([page.status, (await page.text()).includes('name="state"')]).toEqual([200, state !== null]);
    const answer = await press(url, 'allow', params);
    expect(locationOf(answer).searchParams.get('state')).toBe(state);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  }
});

test('a fragment is refused even where any redirect URI will do', async () => {
  const { url } = await emulate();
  expect((await open(url, asked({ redirect_uri: `${callback}#x` }))).status).toBe(400);
});

test('a button is a form, and nobody chooses a user by a URL', async () => {
  const emulator = await emulate();
  const fields = asked({ decision: 'allow' }).toString();
  const text = await fetch(`${emulator.url}/oauth/authorize?${fields}`, { method: 'POST', body: fields });
  expect([text.status, emulator.counters.authorizations]).toEqual([401, 0]);
  const back = await fetch(`${emulator.url}/oauth/authorize?${asked({ user_id: '2' }).toString()}`, {
    redirect: 'manual',
  });
  const code = locationOf(back).searchParams.get('code')!;
  const fieldsOfCode = { grant_type: 'authorization_code', code, redirect_uri: callback };
  const { access_token } = (await (await postToken(emulator, fieldsOfCode)).json()) as {
    access_token: string;
  };
  expect(await (await getMe(emulator, access_token)).json()).toMatchObject({ id: 1 });
});

test('out of band, the page shows the code; denied, it shows none', async () => {
  const emulator = await emulate();
  const page = await (await press(emulator.url, 'allow', asked({ redirect_uri: oob }))).text();
  const code = /<code>([0-9a-f]{64})<\/code>/.exec(page)?.[1] ?? '';
  const fields = { grant_type: 'authorization_code', code, redirect_uri: oob };
  expect((await postToken(emulator, fields)).status).toBe(200);
  expect(await (await press(emulator.url, 'deny', asked({ redirect_uri: oob }))).text()).not.toMatch(
    /<code>/,
  );
});

test.each<[string, Record<string, string>, number]>([
  ['an unknown client', { client_id: 'stranger' }, 401],
  ['a redirect URI that is not registered', { redirect_uri: 'https://evil.example.com/callback' }, 400],
  ['a redirect URI that only begins like one', { redirect_uri: `${callback}/../x` }, 400],
  ['a redirect URI with a fragment', { redirect_uri: `${callback}#x` }, 400],
  ['a relative redirect URI', { redirect_uri: '/callback' }, 400],
  ['another response type', { response_type: 'token' }, 400],
])('%s: an error page, and nobody is redirected, asked or not', async (_case, wrong, status) => {
  const emulator = await emulate({ redirectUris: [callback] });
  for (const answer of [
    await open(emulator.url, asked(wrong)),
    await press(emulator.url, 'allow', asked(wrong)),
  ]) {
    expect([answer.status, answer.headers.get('location')]).toEqual([status, null]);
    expect(answer.headers.get('content-type')).toMatch('text/html');
  }
  const url = `${emulator.url}/oauth/authorize?${asked(wrong).toString()}`;
  expect(() => emulator.authorize(url)).toThrow(/^authorize: invalid_/);
  expect(emulator.log.at(-1)).toMatchObject({ decision: 'refused' });
  expect(emulator.counters.authorizations).toBe(0);
});

test('what comes in a URL is text on the page, whatever it looks like', async () => {
  const redirectUri = `https://app.example.com/cb?x="><script>alert('1')</script>&y`;
  const emulator = await emulate({ clientId: '<b>"me"</b>' });
  const params = asked({ client_id: '<b>"me"</b>', redirect_uri: redirectUri, state: `"><img src=x>'` });
  const html = await (await open(emulator.url, params)).text();
  expect(html).not.toMatch(/<script|<img|<b>"|value="">/);
  expect(html).toContain('value="&quot;&gt;&lt;img src=x&gt;&#39;"');
});

test('the five characters that matter are escaped, and nothing else', () => {
  expect(escapeHtml(`a&b<c>d"e'f é/`)).toBe('a&amp;b&lt;c&gt;d&quot;e&#39;f é/');
});

test('a test without a browser decides by a call', async () => {
  const emulator = await emulate();
  const url = `${emulator.url}/oauth/authorize?${asked().toString()}`;
  const allowed = emulator.authorize(url, { userId: 7 });
  expect(allowed.url).toBe(`${callback}?code=${allowed.code}&state=s1`);
  const denied = emulator.authorize(url, { deny: true });
  expect(denied.code).toBeUndefined();
  expect(new URL(denied.url!).searchParams.get('error')).toBe('access_denied');
  const bare = emulator.authorize(url.replace(encodeURIComponent(callback), encodeURIComponent(oob)));
  expect(bare).toEqual({ code: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(emulator.counters).toMatchObject({ authorizations: 2, requests: 0 });
});

test('a code presented twice takes its tokens along where families are revoked, as RFC 6749 wants it', async () => {
  const clock = manualClock();
  for (const familyRevocation of [true, false]) {
    const emulator = await emulate({ now: clock.now, familyRevocation });
    const { code = '' } = emulator.authorize(`${emulator.url}/oauth/authorize?${asked().toString()}`);
    const fields = { grant_type: 'authorization_code', code, redirect_uri: callback };
    const first = (await (await postToken(emulator, fields)).json()) as { access_token: string };
    expect((await postToken(emulator, fields)).status).toBe(400);
    expect(emulator.isLive(first.access_token)).toBe(!familyRevocation);
  }
});

test('a user that cannot be is refused', async () => {
  const emulator = await emulate();
  const answer = await press(emulator.url, 'allow', asked({ user_id: 'x' }));
  expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
});

test('a fault strikes the page', async () => {
  const emulator = await emulate();
  emulator.misbehave({ on: 'authorize', do: { kind: 'answer', status: 503 } });
  expect([(await open(emulator.url)).status, (await open(emulator.url)).status]).toEqual([503, 200]);
});
