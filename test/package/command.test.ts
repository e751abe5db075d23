import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startEmulator, type Emulator } from '../../src/emulator/index.js';
import { createConsumer, run, type Consumer } from '../support/packed.js';

let consumer: Consumer;
beforeAll(async () => {
  const also = ['fs-native-extensions', 'papaparse', 'echarts', 'zrender', 'tslib'];
  consumer = await createConsumer('axios', { also });
});
afterAll(() => consumer?.remove());

let folder: string;
let emulator: Emulator;
beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'command-')));
  emulator = await startEmulator();
});
afterEach(async () => {
  await emulator.close();
  rmSync(folder, { recursive: true, force: true });
});

const file = () => join(folder, 'tokens.json');
const seed = () => {
  const tokens = emulator.issue();
  writeFileSync(file(), JSON.stringify(tokens), { mode: 0o600 });
  return tokens;
};
const stored = () =>
  JSON.parse(readFileSync(file(), 'utf8')) as { access_token: string; refresh_token: string };

interface Running {
  readonly child: ChildProcess;
  /** What has been written so far. */
  readonly said: { out: string; err: string };
  /** Resolves when standard output or standard error has this. */
  has(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<{ code: number | null; out: string; err: string }>;
}

/** What the command says where the login host takes longer than two seconds, as it may on a machine that is busy. */
const slowness = /^.* takes long, and may go on until .*\n/gm;

/** Starts the installed command in a process of its own. */
function start(
  args: readonly string[],
  more: Record<string, string> = {},
  input = '',
  errors: 'pipe' | number = 'pipe',
): Running {
  const child = spawn(process.execPath, [join(consumer.installed, 'dist/cjs/cli/index.js'), ...args], {
    cwd: folder,
    stdio: ['pipe', 'pipe', errors],
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      PROCORE_CLIENT_ID: emulator.clientId,
      PROCORE_CLIENT_SECRET: emulator.clientSecret,
      PROCORE_LOGIN_URL: emulator.url,
      PROCORE_API_URL: emulator.url,
      PROCORE_TOKEN_FILE: file(),
      ...more,
    },
  });
  const said = { out: '', err: '' };
  const waiting = new Set<() => void>();
  for (const [name, stream] of [
    ['out', child.stdout],
    ['err', child.stderr],
  ] as const)
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      waiting.forEach((look) => look());
    });
  child.stdin!.on('error', () => undefined);
  child.stdin!.end(input);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    child,
    said,
    has: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(said.out) ?? pattern.exec(said.err);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error(`it ended without ${pattern}: ${said.out}${said.err}`)));
      }),
    ended: ended.then((code) => ({ code, out: said.out, err: said.err.replace(slowness, '') })),
  };
}

const ran = (...args: Parameters<typeof start>) => start(...args).ended;

/** The output without what differs from run to run. */
function same({ code, out, err }: { code: number | null; out: string; err: string }): string {
  const text = (said: string) =>
    said
      .replaceAll(emulator.url, '<emulator>')
      .replaceAll(encodeURIComponent(emulator.url), '<emulator>')
      .replaceAll(folder, '<folder>')
      .replace(/127\.0\.0\.1(:|%3A)\d+/g, '127.0.0.1$1<port>')
      .replace(/state=[\w-]+/g, 'state=<state>')
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, in 1 h \d+ min/g, '<moment>')
      .replace(/another 1 h \d+ min/g, 'another <time>')
      .replace(/axios-procore \d+\.\d+\.\d+/g, 'axios-procore <version>')
      .replace(/this clock[^\n]+server's[^\n]*/g, "this clock and the server's <agree>");
  return `exit code ${code}\n--- standard output\n${text(out)}--- standard error\n${text(err)}`;
}

const isUnix = process.platform !== 'win32';

test('npx axios-procore shows what can be done, with an example each', async () => {
  writeFileSync(join(consumer.folder, 'package.json'), '{ "dependencies": { "axios-procore": "*" } }');
  await run('npm', ['rebuild', '--ignore-scripts', '--offline', 'axios-procore'], { cwd: consumer.folder });
  const { stdout } = await run('npx', ['--no', 'axios-procore'], { cwd: consumer.folder });
  expect(same({ code: 0, out: stdout, err: '' })).toMatchSnapshot();
});

test('login, status, token, refresh, doctor and revoke, one after another', async () => {
  expect(same(await ran(['status']))).toMatchSnapshot('status before');
  const login = start(['login', '--redirect-uri', 'http://127.0.0.1:0/callback']);
  const [url] = await login.has(/http:\S+state=\S+(?=\n)/);
  await fetch(emulator.authorize(url).url!);
  expect(same(await login.ended)).toMatchSnapshot('login');
  expect(same(await ran(['status']))).toMatchSnapshot('status');
  const { out: token, err } = await ran(['token']);
  expect([token, err]).toEqual([`${stored().access_token}\n`, '']);
  const before = stored();
  expect(same(await ran(['refresh']))).toMatchSnapshot('refresh');
  expect(stored().refresh_token).not.toBe(before.refresh_token);
  expect(same(await ran(['doctor']))).toMatchSnapshot('doctor');
  expect(same(await ran(['revoke']))).toMatchSnapshot('revoke');
  expect(existsSync(file())).toBe(false);
});

test.skipIf(process.platform !== 'linux')('login opens the page in the browser of the desktop', async () => {
  const browser = join(folder, 'xdg-open');
  writeFileSync(browser, `#!${process.execPath}\nfetch(process.argv[2]);\n`, { mode: 0o755 });
  const more = { PATH: `${folder}:${process.env['PATH']}`, DISPLAY: ':0' };
  const { code, err } = await ran(['login', '--redirect-uri', 'http://127.0.0.1:0/callback'], more);
  expect([code, err]).toEqual([0, expect.stringMatching(/^The browser opens the log-in page\./)]);
  expect(emulator.isLive(stored().access_token)).toBe(true);
});

test('explain, by words and by the standard input', async () => {
  expect(same(await ran(['explain', '429']))).toMatchSnapshot('429');
  const body = '{"errors":"App is not connected to this company"}';
  expect(same(await ran(['explain', '--json'], {}, body))).toMatchSnapshot('JSON');
});

test('health, of a report and of what is none', async () => {
  const csv = join(folder, 'calls.csv');
  writeFileSync(
    csv,
    'Date,Response Code,HTTP Method,Normalized Route,Count\n2026-06-30,200,GET,/v1.0/me,900\n2026-06-30,403,GET,/v1.0/projects/:id,90\n',
  );
  expect(same(await ran(['health', csv, '--html', join(folder, 'health.html')]))).toMatchSnapshot('health');
  expect(readFileSync(join(folder, 'health.html'), 'utf8')).toContain('</html>');
  writeFileSync(join(folder, 'foreign.csv'), 'name,age\nsomebody,7\n');
  expect(same(await ran(['health', 'foreign.csv', '--html', 'none.html']))).toMatchSnapshot('foreign CSV');
  expect(same(await ran(['health', 'missing.csv']))).toMatchSnapshot('missing file');
  expect(readdirSync(folder).sort()).toEqual(['calls.csv', 'foreign.csv', 'health.html']);
});

test.skipIf(!isUnix)('emulate, until Ctrl-C', async () => {
  const running = start(['emulate', '--spike', '25']);
  const [url] = await running.has(/http:\/\/127\.0\.0\.1:\d+(?=')/);
  expect((await fetch(`${url}/rest/v1.0/me`)).status).toBe(401);
  running.child.kill('SIGINT');
  expect(same(await running.ended)).toMatchSnapshot();
});

describe('what goes wrong is one clear line and the documented code:', () => {
  test('bad arguments', async () => {
    expect(same(await ran(['statsu']))).toMatchSnapshot('a command that there is not');
    expect(same(await ran(['login', '--timeout', '-5']))).toMatchSnapshot('a wrong value');
  });

  test('missing settings', async () => {
    expect(same(await ran(['refresh'], { PROCORE_CLIENT_SECRET: '' }))).toMatchSnapshot();
  });

  test('a wrong secret', async () => {
    const before = seed();
    expect(same(await ran(['refresh'], { PROCORE_CLIENT_SECRET: 'not-the-secret' }))).toMatchSnapshot();
    expect(stored()).toMatchObject(before);
  });

  test('a host that cannot be reached', async () => {
    const before = seed();
    await emulator.close();
    const config = join(folder, 'config.cjs');
    writeFileSync(
      config,
      'module.exports = { renewal: { totalMs: 2500, timeoutMs: 2000, answerTimeoutMs: 2000 } };',
    );
    expect(same(await ran(['refresh'], { PROCORE_CONFIG: config }))).toMatchSnapshot();
    expect(stored()).toMatchObject(before);
  });

  test.skipIf(!isUnix)('Ctrl-C while the browser is waited for', async () => {
    const login = start(['login', '--redirect-uri', 'http://127.0.0.1:0/callback']);
    await login.has(/state=\S+\n/);
    login.child.kill('SIGINT');
    expect(same(await login.ended)).toMatchSnapshot();
    expect(readdirSync(folder)).toEqual([]);
  });
});

test.skipIf(!isUnix)(
  'Ctrl-C in the middle of a renewal: the new pair is saved before the command ends',
  async () => {
    seed();
    const held = emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
    const refresh = start(['refresh']);
    await held.struck();
    refresh.child.kill('SIGINT');
    await refresh.has(/ended first/);
    held.release();
    expect(same(await refresh.ended)).toMatchSnapshot();
    expect(emulator.isLive(stored().refresh_token)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  },
);

test.skipIf(!isUnix)('a store that never answers is waited for, until Ctrl-C', async () => {
  const config = join(folder, 'config.cjs');
  writeFileSync(
    config,
    'module.exports = { store: { load() { process.stderr.write("asked"); return new Promise(() => {}); }, save() {} } };',
  );
  const status = start(['status'], { PROCORE_TOKEN_FILE: '', PROCORE_CONFIG: config });
  await status.has(/asked/);
  status.child.kill('SIGINT');
  expect((await status.ended).code).toBe(130);
});

test('what PROCORE_CONFIG logs is no part of the result: it goes to standard error', async () => {
  seed();
  const config = join(folder, 'config.cjs');
  writeFileSync(config, 'console.log("a tip"); module.exports = {};');
  const { code, out, err } = await ran(['token'], { PROCORE_CONFIG: config });
  expect([code, out, err]).toEqual([0, `${stored().access_token}\n`, 'a tip\n']);
});

/** Every write to it fails, as to a terminal that was closed. */
const deadStream = '/dev/full';

test.skipIf(!existsSync(deadStream))(
  'messages that cannot be written do not end a renewal: the new pair is saved',
  async () => {
    seed();
    const held = emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
    const full = openSync(deadStream, 'w');
    const refresh = start(['refresh'], {}, '', full);
    await held.struck();
    refresh.child.kill('SIGHUP');
    held.release();
    expect((await refresh.ended).code).toBe(129);
    closeSync(full);
    expect(emulator.isLive(stored().refresh_token)).toBe(true);
  },
);

test.skipIf(!existsSync(deadStream))(
  'output that cannot be written is one clear line, and code 1',
  async () => {
    const command = `"$0" "$1" > ${deadStream}`;
    const index = join(consumer.installed, 'dist/cjs/cli/index.js');
    const ran = await run('sh', ['-c', command, process.execPath, index]).catch((error: unknown) => error);
    expect(ran).toMatchObject({ code: 1, stderr: 'axios-procore: The output could not be written.\n' });
  },
);

test('a closed pipe is no failure, and does not keep tokens from being saved', async () => {
  const before = seed();
  for (const args of [[], ['status'], ['refresh']]) {
    const running = start(args);
    running.child.stdout!.destroy();
    expect(await running.ended).toEqual({ code: 0, out: '', err: '' });
  }
  expect(stored().refresh_token).not.toBe(before.refresh_token);
  expect(emulator.isLive(stored().refresh_token)).toBe(true);
});
