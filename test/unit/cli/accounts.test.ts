import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { AxiosInstance } from 'axios';
import oldAxios from 'axios-1.0';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { keeping, putAside } from '../../../src/cli/keeping.js';
import type { Opened } from '../../../src/cli/opened.js';
import { command, createPlace, type Place } from '../../support/command.js';
import { createManualEnv } from '../../support/manual-env.js';

let place: Place;
beforeEach(async () => {
  place = await createPlace();
});
afterEach(() => place.close());

const seed = () => {
  const tokens = place.emulator.issue();
  writeFileSync(place.file, JSON.stringify(tokens), { mode: 0o600 });
  return tokens;
};
const stored = () =>
  JSON.parse(readFileSync(place.file, 'utf8')) as { access_token: string; refresh_token: string };
/** On a clock that stands still: however long a command takes, it says nothing meanwhile. */
const run = (...args: string[]) =>
  command(args, { environment: place.environment, env: createManualEnv(Date.now()) });

test('status reads the store, and sends nothing', async () => {
  const none = await run('status');
  expect([none.code, none.out]).toEqual([
    1,
    expect.stringMatching(/no tokens in .+ Run: axios-procore login\n$/),
  ]);
  seed();
  const { code, out } = await run('status', '--json');
  expect([code, JSON.parse(out)]).toEqual([
    0,
    {
      command: 'status',
      ok: true,
      environment: place.emulator.url,
      grant: 'refresh_token',
      accounts: [
        {
          account: 'default',
          state: 'fresh',
          user: '1',
          accessToken: expect.stringMatching(/^[\da-f]{8}$/),
          refreshToken: expect.stringMatching(/^[\da-f]{8}$/),
          expiresAt: expect.stringMatching(/Z$/),
          store: place.file,
        },
      ],
    },
  ]);
  expect(place.emulator.log).toEqual([]);
});

test('a warning of the plugin is a line on standard error, and a result stays the result', async () => {
  const { access_token: token } = seed();
  const { code, out, err } = await command(['token'], {
    environment: place.environment,
    createInstance: () => oldAxios.create() as unknown as AxiosInstance,
  });
  expect([code, out]).toEqual([0, `${token}\n`]);
  expect(err).toMatch(/^axios-procore: axios 1\.0\.0 [^\n]+ \(warning code="axios-version"\)\.\n/);
});

test('token prints the token that is held, and nothing else on standard output', async () => {
  const { access_token: token } = seed();
  expect(await run('token')).toEqual({ code: 0, out: `${token}\n`, err: '' });
  const { out } = await run('token', '--json');
  expect(JSON.parse(out)).toMatchObject({
    command: 'token',
    ok: true,
    account: 'default',
    accessToken: token,
  });
});

test('token renews first where there is a refresh token only, and has saved the new pair when it prints it', async () => {
  const { refresh_token } = place.emulator.issue();
  writeFileSync(place.file, JSON.stringify({ refresh_token }));
  const { code, out } = await run('token');
  expect([code, out]).toEqual([0, `${stored().access_token}\n`]);
  expect(place.emulator.counters.exchanges).toBe(1);
});

test('refresh renews a token that works, too, and says so after the save', async () => {
  const before = seed();
  const { code, out, err } = await run('refresh');
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^Renewed the tokens of account default, and saved them in .+tokens\.json\.\n/);
  expect(stored().refresh_token).not.toBe(before.refresh_token);
  expect(place.emulator.isLive(stored().refresh_token)).toBe(true);
});

test('two refreshes at once present each refresh token once', async () => {
  seed();
  const both = await Promise.all([run('refresh'), run('refresh')]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(place.emulator.counters.spentPresentations).toBe(0);
  expect(place.emulator.isLive(stored().refresh_token)).toBe(true);
});

test('Ctrl-C in the middle of a renewal lets it end: the new pair is saved, and the code is 130', async () => {
  seed();
  const interruption = new AbortController();
  const held = place.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const running = command(['refresh'], {
    environment: place.environment,
    interrupted: interruption.signal,
  });
  await held.struck();
  interruption.abort(130);
  held.release();
  expect(await running).toMatchObject({ code: 130, out: expect.stringMatching(/^Renewed/) });
  expect(place.emulator.isLive(stored().refresh_token)).toBe(true);
});

test('revoke revokes at the login host, removes the file, and says so; a second one says that there is nothing', async () => {
  const { access_token: token } = seed();
  const { code, out } = await run('revoke');
  expect([code, out]).toEqual([0, expect.stringMatching(/^Revoked the tokens of account default at http/)]);
  expect(place.emulator.isLive(token)).toBe(false);
  expect(existsSync(place.file)).toBe(false);
  const again = await run('revoke', '--json');
  expect([again.code, JSON.parse(again.out)]).toMatchObject([0, { revoked: false }]);
});

test.each(['token', 'refresh'])('%s without tokens says that somebody has to log in', async (name) => {
  const { code, out, err } = await run(name);
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(/^axios-procore: [^\n]+ Run: axios-procore login\n$/);
  const json = await run(name, '--json');
  expect(JSON.parse(json.out)).toMatchObject({
    ok: false,
    error: { code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED' },
  });
});

test.each(['refresh', 'revoke'])(
  '%s with a wrong secret is one clear line, and the tokens are kept',
  async (name) => {
    const before = seed();
    const environment = { ...place.environment, PROCORE_CLIENT_SECRET: 'not-the-secret-17' };
    const { code, out, err } = await command([name], { environment, env: createManualEnv(Date.now()) });
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^axios-procore: [^\n]*refused this client[^\n]*\n$/);
    expect(err).not.toContain('not-the-secret-17');
    expect(stored()).toMatchObject(before);
  },
);

test('an unreachable host is one clear line, and the tokens are kept', async () => {
  const before = seed();
  const { url } = place.emulator;
  await place.emulator.close();
  const config = join(dirname(place.file), 'config.cjs');
  writeFileSync(
    config,
    'module.exports = { renewal: { totalMs: 2500, timeoutMs: 2000, answerTimeoutMs: 2000 } };',
  );
  const environment = { ...place.environment, PROCORE_CONFIG: config };
  // A clock that stands still: however long it takes, nothing is said meanwhile.
  const { code, out, err } = await command(['refresh'], { environment, env: createManualEnv() });
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(new RegExp(`^axios-procore: [^\\n]*${url}[^\\n]*ECONNREFUSED[^\\n]*\\n$`));
  expect(stored()).toMatchObject(before);
});

describe.each([
  [
    'refresh',
    'token',
    'Renewing the tokens',
    'the tokens of account "default" could not be renewed: asked for a token',
  ],
  [
    'token',
    'token',
    'Getting an access token',
    'the tokens of account "default" could not be renewed: asked for a token',
  ],
  [
    'revoke',
    'revoke',
    'Revoking the tokens',
    'the tokens of account "default" could not be revoked: asked to',
  ],
] as const)('%s at a login host that does not answer', (name, on, text, failure) => {
  /** Runs the command until the host has got a request that it does not answer; says what it has written after a while, and in the end. */
  async function runUntil(struck: Promise<unknown>, release: () => void, ...options: string[]) {
    const env = createManualEnv(Date.parse('2026-06-30T12:00:00Z'));
    const written: string[] = [];
    const waiting: string[] = [];
    const running = command([name, ...options], {
      environment: place.environment,
      env,
      err: (line) => void written.push(line),
      waiting: (shown) => (waiting.push(shown), () => void waiting.push('')),
    });
    await struck;
    await env.advance(1_999);
    const before = [...written];
    await env.advance(1);
    const after = [...written];
    release();
    const ran = await running;
    return { before, after, written, waiting, ran };
  }
  const expired = () => {
    const { refresh_token } = place.emulator.issue();
    writeFileSync(place.file, JSON.stringify(name === 'token' ? { refresh_token } : place.emulator.issue()));
    return [refresh_token, place.emulator.clientSecret];
  };

  test('says after two seconds what is waited for, and until when it may go on, and then only the result', async () => {
    const secrets = expired();
    const held = place.emulator.misbehave({ on, do: { kind: 'hold' } });
    const { before, after, written, waiting, ran } = await runUntil(held.struck(), () => held.release());
    expect(before).toEqual([]);
    expect(after).toEqual([
      `${text} takes long, and may go on until 2026-06-30 12:01:30 UTC, in 1 min, longer only where the token store is waited for: it waits for the token store, or for ${place.emulator.url}.\n`,
    ]);
    expect([ran.code, written]).toEqual([0, after]);
    // What is shown at a terminal makes room for the line.
    expect(waiting).toEqual([text, '', text, '']);
    for (const secret of secrets) expect(written.join()).not.toContain(secret);
  });

  test('says what has failed where a try has, and standard output has the same document as ever', async () => {
    expired();
    place.emulator.misbehave({ on, do: { kind: 'drop' } });
    const second = place.emulator.misbehave({ on, do: { kind: 'hold' } });
    const { after, ran } = await runUntil(second.struck(), () => second.release(), '--json');
    expect(after).toEqual([
      expect.stringMatching(
        new RegExp(
          `^${text} takes long, and may go on until 2026-06-30 12:01:30 UTC, in 1 min, longer only where the token store is waited for: ${failure}, the answer of ${place.emulator.url} was lost \\(ECONNRESET\\)[^\\n]*\\.\n$`,
        ),
      ),
    ]);
    expect(JSON.parse(ran.out)).toMatchObject({ command: name, ok: true });
  });
});

test.each(['token', 'refresh', 'revoke'])('%s says nothing of a wait that was over in time', async (name) => {
  seed();
  const env = createManualEnv();
  let written = '';
  await command([name], { environment: place.environment, env, err: (line) => void (written += line) });
  await env.advance(60_000);
  expect(written).toBe('');
});

test('a file that is no token set is left as it is, and named', async () => {
  writeFileSync(place.file, 'nonsense');
  const { code, err } = await run('refresh');
  expect(code).toBe(2);
  expect(err).toMatch(/^axios-procore: PROCORE_TOKEN_FILE: .+tokens\.json cannot be used: [^\n]+\n$/);
  expect(readFileSync(place.file, 'utf8')).toBe('nonsense');
});

test('tokens that the store does not take are put into a file of their own, which is named', async () => {
  const tokens = place.emulator.issue();
  const listeners: ((detail: { account: string }) => void)[] = [];
  const opened = {
    ownAccount: 'default',
    store: { pathOf: () => place.file },
    handle: {
      on: (_event: string, listener: (detail: { account: string }) => void) => {
        listeners.push(listener);
        return () => undefined;
      },
      idle: async () => undefined,
      unsavedTokens: (account: string) => (account === 'user 2' ? tokens : undefined),
    },
  } as unknown as Opened;
  const io = { env: { now: () => 17 }, interrupted: new AbortController().signal } as never;
  const work = async () => {
    listeners.forEach((listener) => listener({ account: 'user 2' }));
    throw new Error('the store has failed');
  };
  const file = join(dirname(place.file), 'axios-procore-unsaved-17.json');
  await expect(keeping(io, opened, { account: 'default', before: undefined }, work)).rejects.toThrow(
    `The new tokens could not be saved in ${place.file}. They are in ${file}`,
  );
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(tokens);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('the next folder is taken where one does not take the tokens, and no file is overwritten', async () => {
  const folders = ['/nowhere/at/all', dirname(place.file)];
  const tokens = place.emulator.issue();
  const file = await putAside(tokens, folders, 1);
  expect(readdirSync(dirname(place.file))).toContain('axios-procore-unsaved-1.json');
  await expect(putAside(tokens, folders, 1)).rejects.toThrow('log in once more');
  rmSync(file);
});

test.skipIf(process.platform === 'win32')(
  'a folder that others may write to is refused before anything is sent',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'axios-procore-open-'));
    chmodSync(folder, 0o777);
    const environment = { ...place.environment, PROCORE_TOKEN_FILE: join(folder, 'tokens.json') };
    const { code, err } = await command(['login'], { environment });
    expect(code).toBe(2);
    expect(err).toMatch(/may be written to by its group or by others/);
    expect(place.emulator.log).toEqual([]);
    rmSync(folder, { recursive: true });
  },
);

test('token renews an access token of which only created_at and expires_in say that it has ended', async () => {
  const { access_token, refresh_token } = place.emulator.issue();
  const ended = {
    access_token: 'an-opaque-access-token-that-has-ended',
    refresh_token,
    created_at: Math.floor(Date.now() / 1000) - 6000,
    expires_in: 5400,
  };
  const config = join(dirname(place.file), 'ended.cjs');
  writeFileSync(
    config,
    `let set = ${JSON.stringify(ended)}; module.exports = { store: { readsAreFresh: true, load: () => set, save(next) { set = next; } } };`,
  );
  const { PROCORE_TOKEN_FILE: _file, ...others } = place.environment;
  const { code, out } = await command(['token'], { environment: { ...others, PROCORE_CONFIG: config } });
  expect([code, out.trim()]).toEqual([0, expect.not.stringMatching(/^an-opaque/)]);
  expect(out.trim()).not.toBe(access_token);
  expect(place.emulator.isLive(refresh_token!)).toBe(false);
});

test.each([
  ['refresh', 0],
  ['token', 6000],
])(
  'a store of PROCORE_CONFIG that keeps nothing loses no tokens to %s, and a logger there writes nothing to standard output',
  async (name, ageS) => {
    const config = join(dirname(place.file), 'config.cjs');
    const { access_token, refresh_token } = place.emulator.issue();
    const createdAt = Math.floor(Date.now() / 1000) - ageS;
    const old = {
      access_token: ageS === 0 ? access_token : 'an-opaque-access-token-that-has-ended',
      refresh_token,
      created_at: createdAt,
      expires_in: 5400,
      expires_at: createdAt + 5400,
    };
    writeFileSync(
      config,
      `module.exports = { logger: console, store: { readsAreFresh: true, load: () => (${JSON.stringify(old)}), save() {} } };`,
    );
    vi.stubEnv('HOME', dirname(place.file));
    const { PROCORE_TOKEN_FILE: _file, ...others } = place.environment;
    const environment = { ...others, PROCORE_CONFIG: config };
    const { code, out } = await command([name, '--json'], { environment });
    const { error } = JSON.parse(out) as { error: { message: string } };
    expect([code, error.message]).toEqual([
      1,
      expect.stringMatching(
        /^The new tokens could not be saved in the store of PROCORE_CONFIG\. They are in /,
      ),
    ]);
    const file = /They are in (.+), which/.exec(error.message)![1]!;
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { refresh_token: string };
    vi.unstubAllEnvs();
    expect(dirname(file)).toBe(dirname(place.file));
    expect(place.emulator.isLive(kept.refresh_token)).toBe(true);
    expect(kept.refresh_token).not.toBe(old.refresh_token);
  },
);

test.each([
  ['is renewed ahead of time, as PROCORE_CONFIG says', 3000, true, 'renewal: { aheadMs: 2_700_000 },', ''],
  [
    'has ended, which a first look into the store could not tell',
    6000,
    true,
    '',
    'if (++loads === 1) throw new Error("away");',
  ],
  [
    'has ended, as only created_at and expires_in say, which a first look could not tell',
    6000,
    false,
    '',
    'if (++loads === 1) throw new Error("away");',
  ],
])(
  'token loses no tokens to a store that keeps nothing where a token that seemed good %s, and prints none that was replaced',
  async (_what, ageS, hasEnd, options, first) => {
    const { refresh_token } = place.emulator.issue();
    const createdAt = Math.floor(Date.now() / 1000) - ageS;
    const old = {
      access_token: 'an-opaque-access-token',
      refresh_token,
      created_at: createdAt,
      expires_in: 5400,
      ...(hasEnd && { expires_at: createdAt + 5400 }),
    };
    const folder = dirname(place.file);
    const load = (row: string) =>
      `let loads = 0, row = ${JSON.stringify(old)}; module.exports = { ${options} store: { readsAreFresh: true, load() { ${first} return row; }, save(next) { ${row} } } };`;
    vi.stubEnv('HOME', folder);
    const { PROCORE_TOKEN_FILE: _file, ...others } = place.environment;
    const runWith = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return command(['token', '--json'], { environment: { ...others, PROCORE_CONFIG: join(folder, name) } });
    };
    const lost = await runWith('keeps-nothing.cjs', load(''));
    expect(lost.code).toBe(1);
    const { error } = JSON.parse(lost.out) as { error: { message: string } };
    const file = /They are in (.+), which/.exec(error.message)![1]!;
    const aside = JSON.parse(readFileSync(file, 'utf8')) as { refresh_token: string };
    expect(place.emulator.isLive(aside.refresh_token)).toBe(true);

    writeFileSync(file, '');
    old.refresh_token = aside.refresh_token;
    const kept = await runWith('keeps.cjs', load('row = next;'));
    vi.unstubAllEnvs();
    expect(kept.code).toBe(0);
    const { accessToken } = JSON.parse(kept.out) as { accessToken: string };
    expect(place.emulator.isLive(accessToken)).toBe(true);
  },
);

test.each(['status', 'refresh', 'revoke', 'doctor'])(
  'Ctrl-C ends %s also where the store never answers',
  async (name) => {
    const config = join(dirname(place.file), 'config.cjs');
    writeFileSync(
      config,
      `module.exports = { store: { load: () => (process.emit('${place.file}'), new Promise(() => undefined)), save() {} } };`,
    );
    const interruption = new AbortController();
    process.once(place.file, () => interruption.abort(130));
    const { PROCORE_TOKEN_FILE: _file, ...others } = place.environment;
    const environment = { ...others, PROCORE_CONFIG: config };
    const ran = await command([name], { environment, interrupted: interruption.signal });
    expect(ran).toEqual({
      code: 130,
      out: '',
      err: expect.stringMatching(/axios-procore: Ended before it was done\. Nothing was changed\.\n$/),
    });
  },
);
