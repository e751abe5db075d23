import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../../src/cli/commands.js';
import { command, consent, createPlace } from '../../support/command.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'axios-procore-others-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const csv = `Date,Response Code,HTTP Method,Normalized Route,Count
2026-06-29,200,GET,/v1.0/projects/:project_id/rfis,990
2026-06-30,404,GET,/v1.0/projects/:project_id/rfis/:id,1200
`;
const written = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe('health', () => {
  test("tells what Procore's report shows, and writes the page whole", async () => {
    const [path, html] = [written('calls.csv', csv), join(folder, 'health.html')];
    const { code, out, err } = await command(['health', path, '--html', html]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^2026-06-17 to 2026-06-30: [A-Z][\w ]+\. 2,190 calls, of which 1,200 failed\.\n/);
    expect(out).toMatch(/1,200 calls\n/);
    expect(out).toContain(`The page is ${html}.`);
    expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>[^]+<\/html>\s*$/i);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('--json has the report', async () => {
    const { out } = await command(['health', written('calls.csv', csv), '--json']);
    expect(JSON.parse(out)).toMatchObject({
      command: 'health',
      ok: true,
      report: { calls: 2190, failed: 1200 },
    });
  });

  test.each([
    ['a file that is missing', () => join(folder, 'none.csv'), /none\.csv cannot be read \(ENOENT\)/],
    ['a foreign CSV', () => written('foreign.csv', 'a,b\n1,2\n'), /foreign\.csv: .+/],
    ['a folder', () => folder, /cannot be read \(EISDIR\)/],
  ])('%s is one clear line, and exit code 1', async (_what, path, says) => {
    const html = join(folder, 'not-written.html');
    const { code, out, err } = await command(['health', path(), '--html', html]);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^axios-procore: [^\n]+\n$/);
    expect(err).toMatch(says);
    expect(existsSync(html)).toBe(false);
  });

  test('a page that cannot be written leaves nothing behind', async () => {
    const ran = await command([
      'health',
      written('calls.csv', csv),
      '--html',
      join(folder, 'none', 'x.html'),
    ]);
    expect([ran.code, ran.out]).toEqual([1, '']);
    expect(ran.err).toMatch(/x\.html cannot be written \(ENOENT\)\.\n$/);
  });
});

describe('emulate', () => {
  async function emulated(args: string[], more: { platform?: string } = {}) {
    const interruption = new AbortController();
    let shown = '';
    const out = (text: string) => void (shown += text);
    const running = command(['emulate', ...args], { interrupted: interruption.signal, out, ...more });
    await expect.poll(() => shown).not.toBe('');
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(shown)![0];
    return {
      shown,
      url,
      async end() {
        interruption.abort(130);
        return (await running).code;
      },
    };
  }

  test('prints the settings that lead to it, by which login works, and ends at Ctrl-C with 0', async () => {
    const { shown, url, end } = await emulated(['--lifetime', '60', '--spike', '25']);
    expect(shown).toContain('last 60 seconds; it takes 25 calls in ten seconds, any number in an hour.');
    const set = [...shown.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name!, value!]);
    const environment = {
      ...Object.fromEntries(set),
      PROCORE_TOKEN_FILE: join(folder, 'emulated', 'tokens.json'),
    };
    const opened = (page: string) => void fetch(page);
    const args = ['login', '--redirect-uri', 'http://127.0.0.1:0/callback'];
    expect((await command(args, { environment, opened })).code).toBe(0);
    expect(await end()).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  test('prints them for PowerShell on Windows, and as JSON', async () => {
    const windows = await emulated([], { platform: 'win32' });
    expect(windows.shown).toContain(`\n$env:PROCORE_LOGIN_URL = '${windows.url}'\n`);
    await windows.end();
    const json = await emulated(['--json']);
    expect(JSON.parse(json.shown)).toMatchObject({
      ok: true,
      url: json.url,
      variables: { PROCORE_API_URL: json.url },
    });
    await json.end();
  });

  test('listens where it is told to, for containers that reach it by a name', async () => {
    const { url, end } = await emulated(['--host', '0.0.0.0']);
    const { port } = new URL(url);
    const asked = { headers: { host: `procore:${port}`, authorization: 'Bearer none' } };
    expect((await fetch(`${url}/rest/v1.0/me`, asked)).status).toBe(401);
    expect(await end()).toBe(0);
  });

  test('an access token that would never be valid is wrong use', async () => {
    const { code, err } = await command(['emulate', '--lifetime', '0']);
    expect([code, err]).toEqual([
      2,
      expect.stringContaining(
        "'--lifetime <seconds>' argument '0' is invalid. It takes a whole number from 1",
      ),
    ]);
  });

  test('a host that is none of this machine is one clear line, and no matter of the port', async () => {
    const { code, err } = await command(['emulate', '--host', 'no such host']);
    expect(code).toBe(1);
    expect(err).toMatch(
      /^axios-procore: no such host cannot be listened on \(E[A-Z_]+\): --host takes a name or an address [^\n]+\n$/,
    );
  });

  test('a port that is taken is one clear line', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as AddressInfo;
    const { code, err } = await command(['emulate', '--port', String(port)]);
    taken.close();
    expect(code).toBe(1);
    expect(err).toMatch(
      /^axios-procore: Port \d+ on 127\.0\.0\.1 cannot be listened on \(EADDRINUSE\)[^\n]+\n$/,
    );
  });
});

test('no command but token shows a secret, whether it works or fails', async () => {
  const place = await createPlace({ clientSecret: 'planted-secret-0123456789' });
  const planted = ['planted-secret-0123456789', 'planted-word', 'eyJwbGFudGVkIjoxfQ'];
  const secrets = () => [...planted, ...tokensEver];
  const tokensEver: string[] = [];
  const note = () => {
    if (!existsSync(place.file)) return;
    const { access_token, refresh_token } = JSON.parse(readFileSync(place.file, 'utf8')) as Record<
      string,
      string
    >;
    tokensEver.push(access_token!, refresh_token!);
  };
  const said: string[] = [];
  const ran = async (args: string[], more: Record<string, string> = {}, input = '') => {
    let code = '';
    const opened = (url: string) => void consent(place, url).then(() => (code = url));
    const environment = { ...place.environment, OTHER_PASSWORD: 'planted-word', ...more };
    for (const json of [[], ['--json']]) {
      const { out, err } = await command([...args, ...json], { environment, opened, input });
      said.push(out, err);
      note();
    }
    return code;
  };
  const login = ['login', '--redirect-uri', 'http://127.0.0.1:0/callback'];
  try {
    const wrong: Record<string, string>[] = [
      {},
      { PROCORE_COMPANY_ID: 'planted-word' },
      { PROCORE_TOKEN_FILE: 'eyJwbGFudGVkIjoxfQ.e30.x' },
    ];
    for (const more of wrong) {
      for (const args of [
        login,
        ['status'],
        ['refresh'],
        ['doctor'],
        ['doctor', '--refresh'],
        ['revoke'],
        ['refresh'],
      ])
        await ran(args, more);
    }
    await ran(['login', '--oob'], {}, 'planted-word\n');
    await ran(login);
    const error = JSON.stringify({
      message: 'planted-word and eyJwbGFudGVkIjoxfQ.e30.signature',
      config: { headers: { Authorization: 'Bearer planted-secret-0123456789' } },
      response: { status: 400, data: { message: 'the client planted-secret-0123456789 is wrong' } },
    });
    await ran(['explain', error]);
    await ran(['explain'], {}, error);
    await ran(['explain', 'planted-word']);
    await ran(['health', 'planted-word.csv']);
    await ran([]);
    for (const { name } of commands) await ran([name, '--planted-word']);
    expect(tokensEver.length).toBeGreaterThan(10);
    const shown = said.join('\n');
    expect(secrets().filter((secret) => shown.includes(secret))).toEqual([]);
  } finally {
    await place.close();
  }
});
