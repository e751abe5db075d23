import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { demo } from '../support/demo.js';
import { root } from '../support/packed.js';

beforeAll(() => {
  if (!existsSync(join(root, 'dist/esm/index.js'))) {
    throw new Error('There is no built package: run "npm run build" before these tests.');
  }
});

test('the demo goes well, and says so', async () => {
  // Few calls for the time, so that a machine with other things to do can use up the limits too.
  const { code, stdout, stderr } = await demo(
    '--duration 15 --lifetime 2.5 --concurrency 10 --requests 200'.split(' '),
  );
  expect(`${stdout}${stderr}`).not.toContain('NOT GOOD');
  expect(stdout).toMatch(/succeeded\D+200\b/);
  expect(stdout).toMatch(/failed\D+0\b/);
  expect(stdout).toMatch(/429s seen by the server\D+0\b/);
  expect(stdout).toMatch(/503s of the outage\D+[1-9]/);
  expect(code).toBe(0);
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
