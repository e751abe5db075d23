import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { TokenSet } from '../../src/store/store.js';
import { isProcoreError } from '../../src/failure/errors.js';
import { caught } from '../support/caught.js';
import { drive } from '../support/drive.js';
import { clientSecret } from '../support/failures.js';
import { createHarness, type Harness } from '../support/harness.js';

const redirectUri = 'https://app.example.com/callback';
const state = 'state-of-the-session-0123456789';

/** What a failing call of the handle may have known. */
interface Scene {
  h: Harness;
  pair: TokenSet;
  code: string;
}

const exchangeCode = ({ h, code }: Scene) => h.procore.exchangeCode({ code, redirectUri });
const revoke = ({ h }: Scene) => h.procore.revoke();
/** A server that repeats all it was sent, as it was and decoded. */
const repeat = (on: 'token' | 'revoke', status: number, error: string) => (scene: Scene) => {
  const { h, pair, code } = scene;
  const said = `${code} ${encodeURIComponent(code)} ${clientSecret} ${pair.access_token} ${pair.refresh_token}`;
  const body = { error, error_description: `code=${code}&client_secret=${clientSecret}: ${said}` };
  h.emulator.misbehave({ on, times: Infinity, do: { kind: 'answer', status, body } });
};

const cases: [string, (scene: Scene) => unknown, (scene: Scene) => Promise<unknown>][] = [
  ['a code that is no good', repeat('token', 400, 'invalid_grant'), exchangeCode],
  ['a client that is refused a code', repeat('token', 401, 'invalid_client'), exchangeCode],
  ['a code whose answer is lost', repeat('token', 500, 'oops'), exchangeCode],
  ['a code that is answered strangely', repeat('token', 418, 'I got code'), exchangeCode],
  [
    'a code that is redirected',
    ({ h, code }) =>
      h.emulator.misbehave({
        on: 'token',
        do: { kind: 'redirect', location: `https://x.example.com/?code=${code}&s=${clientSecret}` },
      }),
    exchangeCode,
  ],
  [
    'tokens of a code that can not be saved',
    ({ h }) =>
      (h.store.onSave = (tokens) => Promise.reject(new Error(`no room for ${JSON.stringify(tokens)}`))),
    exchangeCode,
  ],
  [
    'a code without redirect URI',
    () => undefined,
    ({ h, code }) => h.procore.exchangeCode({ code, redirectUri: code }),
  ],
  ['a client that may not revoke', repeat('revoke', 403, 'unauthorized_client'), revoke],
  ['a revocation that fails', repeat('revoke', 500, 'oops'), revoke],
  ['a revocation that is answered strangely', repeat('revoke', 400, 'unsupported_token_type'), revoke],
  [
    'a store that can not forget, and says what',
    ({ h, pair }) =>
      (h.store.remove = () => Promise.reject(new Error(`row ${JSON.stringify(pair)} is locked`))),
    revoke,
  ],
  [
    'a store that can not be read, and says what',
    ({ h, pair }) => (h.store.onLoad = () => Promise.reject(new Error(`row ${JSON.stringify(pair)}`))),
    revoke,
  ],
];

test.each(cases)(
  '%s: neither the error nor anything that is told shows a code, token or secret',
  async (_case, prepare, act) => {
    await using h = await createHarness({ emulator: { clientSecret } });
    const saved: TokenSet[] = [];
    h.store.onSave = (tokens) => void saved.push(tokens);
    const pair = h.store.sets.get('default')!;
    const code = h.emulator.authorize(h.procore.authorizationUrl({ redirectUri, state })).code!;
    const scene = { h, pair, code };
    await prepare(scene);
    const error = await drive(h.env, caught(act(scene)), 300_000);
    expect(isProcoreError(error) || (error as unknown) instanceof TypeError).toBe(true);
    const unsaved = h.procore.unsavedTokens();
    const secrets = [
      clientSecret,
      code,
      ...[pair, ...saved, ...(unsaved ? [unsaved] : [])].flatMap((set) => [
        set.access_token,
        set.refresh_token!,
      ]),
    ];
    const shown = [
      JSON.stringify(error),
      inspect(error, { depth: 10 }),
      inspect(error, { depth: Infinity, showHidden: true }),
      inspect(new Error('wrapped', { cause: error }), { depth: 10 }),
      String(error),
      error.stack ?? '',
      JSON.stringify(error.response?.data ?? null),
      inspect([error.config, error.response?.config, error.response?.headers], { depth: 10 }),
      JSON.stringify(h.told),
      h.logged.join('\n'),
      JSON.stringify(h.procore.status()),
    ];
    for (const text of shown) for (const secret of secrets) expect(text).not.toContain(secret);
    expect(inspect([error.config, error.response?.config], { depth: 10 })).not.toMatch(
      /grant_type|client_secret/,
    );
  },
);

test('a log-in, a renewal and a revocation are told without a code, token or secret', async () => {
  await using h = await createHarness({ emulator: { clientSecret }, authorized: false });
  const code = h.emulator.authorize(h.procore.authorizationUrl({ redirectUri, state })).code!;
  const first = await h.procore.exchangeCode({ code, redirectUri });
  await h.instance.get('/rest/v1.0/me');
  const second = await h.procore.renew();
  await h.procore.revoke();
  await caught(h.instance.get('/rest/v1.0/me'));
  const told = [JSON.stringify(h.told), h.logged.join('\n'), JSON.stringify(h.procore.status())];
  const tokens = [first, second].flatMap((set) => [set.access_token, set.refresh_token!]);
  for (const text of told)
    for (const secret of [clientSecret, code, state, ...tokens]) expect(text).not.toContain(secret);
});
