import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';
import { root } from './packed.js';

/** An example that was started as a process. */
export interface Example {
  /** The first `http://127.0.0.1:…` that it prints; rejects where it ends without one. */
  readonly url: Promise<string>;
  /** Resolves when it has ended. */
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** What it has printed so far. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
}

/** Starts an example of `examples/` by its name, on the built package. It gets these variables and none of this process about Procore. */
export function startExample(
  name: string,
  { env = {}, args = [] }: { env?: Record<string, string>; args?: readonly string[] } = {},
): Example {
  return start(['--import', 'tsx', `examples/${name}.ts`, ...args], {
    TSX_TSCONFIG_PATH: 'scripts/tsconfig.run.json',
    ...env,
  });
}

/** Starts an example as `npm run example <name>` does after the build: without variables, on the emulator of the command. */
export function startByName(
  name: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Example {
  return start(['scripts/example.mjs', name, ...args], env);
}

/** Starts an example that has packages of its own, which `npm run test:applications` has installed and built, by a script for Node. */
export function startApplication(
  name: string,
  args: readonly string[],
  env: Record<string, string>,
): Example {
  return start(args, env, join(root, 'examples', name));
}

/** The variables that lead an example to an emulator, with the tokens of a user who has logged in. */
export function environmentOf(emulator: Emulator): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-example-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'tokens.json');
  writeFileSync(file, JSON.stringify(emulator.issue()), { mode: 0o600 });
  return {
    PROCORE_CLIENT_ID: emulator.clientId,
    PROCORE_CLIENT_SECRET: emulator.clientSecret,
    PROCORE_LOGIN_URL: emulator.url,
    PROCORE_API_URL: emulator.url,
    PROCORE_COMPANY_ID: '562949953421401',
    PROCORE_TOKEN_FILE: file,
  };
}

function start(args: readonly string[], env: Record<string, string>, cwd: string = root): Example {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/PROCORE|^(PORT|ORIGIN|DATABASE_URL)$/.test(name),
  );
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...Object.fromEntries(kept), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr })),
  );
  const url = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(stdout) ?? [];
      if (found) resolve(found);
    });
    void ended.then(() => reject(new Error(`It ended without an address: ${stderr}`)));
  });
  // Most examples are no servers, and nobody asks for the address of theirs.
  url.catch(() => undefined);
  return { url, ended, output: () => stdout + stderr, kill: (signal) => void child.kill(signal) };
}

/** What the API has under a path, asked for as another user. */
export async function recordsAt(emulator: Emulator, path: string): Promise<Record<string, unknown>[]> {
  const answer = await fetch(`${emulator.url}${path}`, {
    headers: {
      authorization: `Bearer ${emulator.issue({ userId: 3 }).access_token}`,
      'procore-company-id': '562949953421401',
    },
  });
  return (await answer.json()) as Record<string, unknown>[];
}
