import { expect, test } from 'vitest';
import { commands } from '../../../src/cli/commands.js';
import { command } from '../../support/command.js';

test('without arguments it shows what can be done, with an example each', async () => {
  const { code, out, err } = await command([]);
  expect([code, err]).toEqual([0, '']);
  for (const { name, summary, example } of commands) {
    expect(out).toContain(`${name.padEnd(7)}  ${summary}\n`);
    expect(out).toContain(`$ ${example}\n`);
  }
  const { out: json } = await command(['--json']);
  expect((JSON.parse(json) as { commands: unknown[] }).commands).toHaveLength(commands.length);
});

test.each(commands.map(({ name }) => name))('%s --help tells its options and ends with 0', async (name) => {
  const { code, out, err } = await command([name, '--help']);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(new RegExp(`^Usage: axios-procore ${name} `));
  expect(out).toContain('--json');
});

test('--version tells the version', async () => {
  expect(await command(['--version'])).toEqual({ code: 0, out: '1.2.3\n', err: '' });
});

test.each([
  [['nonsense'], /unknown command 'nonsense'/],
  [['statuss'], /unknown command 'statuss' \(Did you mean status\?\)/],
  [['status', '--nonsense'], /unknown option '--nonsense'/],
  [['status', 'more'], /too many arguments/],
  [['login', '--timeout', 'soon'], /'soon' is invalid. It takes a whole number from 1 to 3600/],
  [['emulate', '--port', '70000'], /whole number from 0 to 65535/],
  [['emulate', '--host', ''], /'--host <address>' argument '' is invalid. It is empty/],
  [['token', '--account', ' '], /'--account <name>' argument ' ' is invalid. It is empty/],
  [['health'], /missing required argument 'csv'/],
  [['--account'], /unknown option '--account'/],
])('%j is wrong use: one line on standard error, and exit code 2', async (args, says) => {
  const { code, out, err } = await command(args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(/^axios-procore: [^\n]+ Help: axios-procore [^\n]*--help\n$/);
  expect(err).toMatch(says);
});

test.each(['login', 'status', 'token', 'refresh', 'revoke'])(
  '%s without settings names those that are missing, and ends with 2',
  async (name) => {
    const none = await command([name]);
    expect([none.code, none.out]).toEqual([2, '']);
    expect(none.err).toMatch(/^axios-procore: There are no settings\. Set PROCORE_CLIENT_ID, [^\n]+\n$/);
    const half = await command([name, '--json'], { environment: { PROCORE_CLIENT_ID: 'id' } });
    expect([half.code, half.err]).toEqual([2, '']);
    expect(JSON.parse(half.out)).toEqual({
      command: name,
      ok: false,
      error: {
        code: 'ERR_USAGE',
        message: expect.stringMatching(/PROCORE_CLIENT_SECRET is missing.*PROCORE_TOKEN_FILE is missing/),
      },
    });
  },
);

test('a variable that is probably misspelt is asked about', async () => {
  const { err } = await command(['status'], { environment: { PROCORE_CLIENT_IDD: 'id' } });
  expect(err).toMatch(/PROCORE_CLIENT_IDD is set and not read: is PROCORE_CLIENT_ID meant\?\n$/);
});

test('colours are for a terminal, FORCE_COLOR asks for them and NO_COLOR forbids them', async () => {
  const isTerminal = { input: true, output: true, errors: true };
  const isColored = async (environment: Record<string, string>, onTerminal: boolean) =>
    (await command(['explain', '429'], { environment, ...(onTerminal ? { isTerminal } : {}) })).out.includes(
      '\u001B[',
    );
  expect(await isColored({}, true)).toBe(true);
  expect(await isColored({}, false)).toBe(false);
  expect(await isColored({ NO_COLOR: '1' }, true)).toBe(false);
  expect(await isColored({ NO_COLOR: '' }, true)).toBe(true);
  expect(await isColored({ TERM: 'dumb' }, true)).toBe(false);
  expect(await isColored({ FORCE_COLOR: '1' }, false)).toBe(true);
  expect(await isColored({ FORCE_COLOR: '0' }, true)).toBe(false);
});
