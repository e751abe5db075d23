import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { demo } from '../support/demo.js';
import { root } from '../support/packed.js';
import { pictureIn } from '../support/picture.js';

beforeAll(() => {
  if (!existsSync(join(root, 'dist/esm/index.js'))) {
    throw new Error('There is no built package: run "npm run build" before these tests.');
  }
});

test('the demo tells its story in a pipe, goes well, and says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-test-'));
  const html = join(folder, 'page.html');
  // Few calls for the time, so that a machine with other things to do can use up the limits too.
  const args = '--duration 15 --concurrency 10 --requests 200'.split(' ');
  const { code, stdout, stderr } = await demo([...args, '--html', html], { env: { FORCE_COLOR: '1' } });
  expect(`${stdout}${stderr}`).not.toContain('NOT GOOD');

  // What will happen.
  const lines = stdout.trimEnd().split('\n');
  expect(lines.slice(0, 3), stderr).toEqual([
    'One application with the plugin on its axios instance makes 200 calls, 10 at a time, to an emulated Procore on this machine, for about 15 s.',
    'Meanwhile each access token expires after 2.5 s, a rate limit allows 48 calls in 2.75 s, one answer of the token endpoint is lost, the API is down for 1.5 s and a token is revoked on the server.',
    'The same calls are made without the plugin, too, on another emulator with the same surprises: there the application sets the bearer and refreshes after a 401 by itself.',
  ]);

  // Each surprise once, and what the plugin did.
  const told = lines.filter((line) => /^ +[\d.]+ s  /.test(line)).map((line) => line.slice(9));
  const sentences = [
    /^The first access token neared its end: the plugin renewed it once for all calls\.$/,
    /^The limit of 48 calls in [\d.]+ s was used up: \d+ calls? waited for the next window, and no call got a 429\.$/,
    /^The answer to a token request was lost: the plugin presented the same refresh token again [\d.]+ s later, /,
    /^The API was down for 1\.5 s: [1-9]\d* requests? got a 503, and the plugin held all calls until Retry-After was over, /,
    /^The access token was revoked on the server: [1-9]\d* calls? got a 401, the plugin renewed once, and /,
  ];
  for (const sentence of sentences) expect(told.filter((line) => sentence.test(line))).toHaveLength(1);

  // The table, whose numbers are those of the last line of progress.
  const rowOf = (name: string) => {
    const cells = lines.filter((line) => line.startsWith(`│ ${name} `)).map((line) => line.split('│'));
    expect(cells).toHaveLength(1);
    return cells[0]!.slice(2, -1).map((cell) => cell.trim());
  };
  expect(rowOf(' ')).toEqual(['with the plugin', 'without the plugin']);
  expect(rowOf('succeeded')[0]).toBe('200');
  expect(rowOf('failed')[0]).toBe('0');
  expect(rowOf('429s seen by the server')[0]).toBe('0');
  expect(rowOf('presentations of a spent token')[0]).toBe('0');
  expect(rowOf('still authorized at the end')[0]).toBe('yes');
  const [renewals, held, refused, limited, unavailable] = [
    'renewals',
    'calls held for the limit',
    '401s seen by the server',
    '429s seen by the server',
    '503s of the outage',
  ].map((name) => rowOf(name)[0]);
  expect(stderr.trimEnd().split('\n').at(-1)).toBe(
    `==================== 200/200 calls | ${renewals} renewals, ${held} held | 401s: ${refused}, 429s: ${limited}, 503s: ${unavailable} | done`,
  );

  // The other client was really run: its calls add up.
  const [succeeded, failed, open] = ['succeeded', 'failed', 'not ended in the same time'].map((name) =>
    Number(rowOf(name)[1]),
  );
  expect(succeeded! + failed! + open!).toBe(200);
  expect(succeeded).toBeGreaterThan(0);

  expect(lines.at(-2)).toMatch(/^Good: nothing failed/);
  expect(lines.at(-1)).toBe(
    `How healthy Procore would find the calls with the plugin, those that the surprises met included, is on a page for your browser: ${html}`,
  );
  expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>/i);
  expect(stdout).not.toContain('\u001b');
  expect(code).toBe(0);

  const picture = pictureIn(readFileSync(join(root, 'docs/demo.svg'), 'utf8'));
  const inPicture = (name: string) => picture.rows.find(([first]) => first === name)?.[1];
  const alike = ['succeeded', 'failed', '429s seen by the server'];
  expect(
    { ...picture, rows: picture.rows.map(([name]) => name), figures: alike.map(inPicture) },
    'docs/demo.svg, the picture of README, shows a run like this one: `npm run docs:demo` writes it again',
  ).toEqual({
    command: `$ npm run demo -- ${args.join(' ')}`,
    opening: lines.slice(0, 3).join(' '),
    story: sentences.map((sentence) => expect.stringMatching(sentence)),
    rows: lines.filter((line) => line.startsWith('│')).map((line) => line.split('│')[1]!.trim()),
    figures: alike.map((name) => rowOf(name)[0]),
    verdict: lines.at(-2),
  });
  rmSync(folder, { recursive: true });
});

test.each([
  [['--concurrency', '0'], /--concurrency.*It takes a whole number from 1/],
  [['--concurrency', 'abc'], /--concurrency.*'abc'.*It takes a whole number from 1/],
  [['--duration', '-1'], /--duration.*It takes a number from 1/],
  [['--lifetime', '60'], /--lifetime 60 is too long for --duration 12/],
  [['--requests', '10'], /--requests 10 is too few for --concurrency 50/],
  [['--workers', '0'], /--workers.*It takes a whole number from 1/],
  [['--workers', '4'], /--workers 4 needs a store that processes share: add --store file\|redis\|postgres/],
  [['--workers', '4', '--store', 'memory'], /--workers 4 needs a store that processes share/],
  [['--workers', '60', '--store', 'file'], /--workers 60 is too many for --concurrency 50/],
  [['--store', 'disk'], /--store.*'disk'.*Allowed choices are memory, file, redis, postgres/],
  [
    ['--html', 'no/such/folder/page.html'],
    /--html no\/such\/folder\/page.html: there is no folder .*no\/such\/folder/,
  ],
  [['--store', 'file', '--lifetime', '1'], /--lifetime 1 is too short for --store file/],
])('%j gets one line that says what it takes', async (args, line) => {
  const { code, stdout, stderr } = await demo(args);
  expect(stderr.trim()).toMatch(line);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stdout).toBe('');
  expect(code).toBe(1);
});

test('Ctrl-C ends it without a verdict and without an error', async () => {
  const { code, stdout, stderr } = await demo(['--duration', '30', '--lifetime', '2'], { interrupt: true });
  expect(stdout).toContain('Stopped before the end');
  expect(stderr).not.toMatch(/error|warning/i);
  expect(code).toBe(130);
});

test('a closed pipe stops it, and nothing is left of the run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const args = '--duration 12 --lifetime 2 --concurrency 10 --requests 200 --workers 2 --store file'.split(
    ' ',
  );
  const { code } = await demo(args, { hangUp: true, env: { TMPDIR: folder } });
  expect(readdirSync(folder).filter((name) => name.startsWith('axios-procore-'))).toEqual([]);
  expect(code).toBe(130);
});
