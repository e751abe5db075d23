import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { createBrowser } from '../support/browser.js';
import { root } from '../support/packed.js';

test('the Express example runs on the built package, logs a person in, and ends when it is told to', async () => {
  const env: NodeJS.ProcessEnv = { ...process.env, TSX_TSCONFIG_PATH: 'scripts/tsconfig.run.json' };
  for (const name of Object.keys(env)) if (/^(PROCORE_|PORT$|ORIGIN$)/.test(name)) delete env[name];
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/express.ts'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  try {
    const origin = await new Promise<string>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(chunk.toString()) ?? [];
        if (url) resolve(url);
      });
      void ended.then(() => reject(new Error(stderr)));
    });
    const browser = createBrowser();
    await browser.open(`${origin}/connect`);
    const seen = await browser.press('Allow', { user_id: '2' });
    expect([seen.status, seen.html.includes('Projects of User 2')]).toEqual([200, true]);
    child.kill('SIGINT');
    expect([await ended, stderr]).toEqual([0, '']);
  } finally {
    child.kill('SIGKILL');
  }
});
