import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Emulator } from '../../../src/emulator/index.js';
import { createConsumer, root, type Consumer } from '../../support/packed.js';
import { patienceMs } from '../../support/patience.js';

/** What a process has come to. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const examples = join(root, 'examples/legacy');

/** The packed package beside an axios and the five applications. */
export async function createApplications(axios?: string): Promise<Consumer> {
  const consumer = await createConsumer(axios, { also: ['fs-native-extensions', 'sql.js'] });
  for (const name of readdirSync(examples)) copyFileSync(join(examples, name), join(consumer.folder, name));
  return consumer;
}

/** Starts Node in a folder, with nothing in its environment but what is given. */
export function startNode(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  execPath = process.execPath,
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(execPath, args, {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: patienceMs,
  });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (out[name] += text));
  // What was meant for somebody who has gone is of no interest.
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...out }));
  return { child, ended };
}

/** The same, to its end. */
export function runNode(...how: Parameters<typeof startNode>): Promise<Ended> {
  const { child, ended } = startNode(...how);
  child.stdin!.end();
  return ended;
}

/** The variables of `axios-procore/register` for an emulator. */
export function variablesFor(emulator: Emulator): Record<string, string> {
  return {
    PROCORE_CLIENT_ID: emulator.clientId,
    PROCORE_CLIENT_SECRET: emulator.clientSecret,
    PROCORE_LOGIN_URL: emulator.environment.loginUrl,
    PROCORE_API_URL: emulator.environment.apiUrl,
  };
}
