import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { root } from '../support/packed.js';

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs the demo on the built package, as `npm run demo` does, but without tsx's own process above it, which ends a child that does not
 * react to a signal within 30 ms. `interrupt` sends a Ctrl-C at the first sign of life.
 */
function demo(args: string[], { interrupt = false } = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'examples/demo.ts', ...args], {
      cwd: root,
      env: { ...process.env, TSX_TSCONFIG_PATH: 'scripts/tsconfig.run.json' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (interrupt) child.kill('SIGINT');
      interrupt = false;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

beforeAll(() => {
  if (!existsSync(join(root, 'dist/esm/index.js'))) {
    throw new Error('There is no built package: run "npm run build" before these tests.');
  }
});

test('the demo goes well, and says so', async () => {
  const { code, stdout, stderr } = await demo(['--duration', '4', '--lifetime', '1', '--requests', '1000']);
  expect(`${stdout}${stderr}`).not.toContain('NOT GOOD');
  expect(stdout).toMatch(/succeeded\D+1000\b/);
  expect(stdout).toMatch(/failed\D+0\b/);
  expect(code).toBe(0);
});

test.each([
  [['--concurrency', '0'], /--concurrency.*It takes a whole number from 1/],
  [['--concurrency', 'abc'], /--concurrency.*'abc'.*It takes a whole number from 1/],
  [['--duration', '-1'], /--duration.*It takes a number from 1/],
  [['--lifetime', '60'], /--lifetime 60 is too long for --duration 12/],
  [['--requests', '10'], /--requests 10 is too few for --concurrency 50/],
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
