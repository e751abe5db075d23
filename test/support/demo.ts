import { spawn } from 'node:child_process';
import { root } from './packed.js';

/** How a run of the demo ended. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs the demo on the built package, as `npm run demo` does, but without tsx's own process above it, which ends a child that does not
 * react to a signal within 30 ms. `interrupt` sends a Ctrl-C at the first sign of life, `hangUp` closes the pipes then.
 */
export function demo(
  args: string[],
  {
    interrupt = false,
    hangUp = false,
    env = {},
  }: { interrupt?: boolean; hangUp?: boolean; env?: Record<string, string> } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'examples/demo.ts', ...args], {
      cwd: root,
      env: { ...process.env, TSX_TSCONFIG_PATH: 'scripts/tsconfig.run.json', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (interrupt) child.kill('SIGINT');
      interrupt = false;
      if (!hangUp) return;
      child.stdout.destroy();
      child.stderr.destroy();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
