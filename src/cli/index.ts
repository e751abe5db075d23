#!/usr/bin/env node
/** The command `axios-procore`: see docs/command-line.md. */
import { Console } from 'node:console';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes } from './answer.js';
import { run } from './run.js';
import { systemIo } from './system-io.js';

async function main(): Promise<void> {
  const manifest = readFileSync(join(__dirname, '../../../package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  const args = process.argv.slice(2);
  // What the module of PROCORE_CONFIG logs is no part of the result, which is all that standard output has.
  globalThis.console = new Console(process.stderr);
  // A store of PROCORE_CONFIG may never answer, with nothing else to wait for: Node would end then, with code 0 and without a word.
  setInterval(() => undefined, 60_000);
  const code = await run(args, systemIo(version, { isJson: args.includes('--json') }));
  const isWritten = await flushed(process.stdout);
  if (!isWritten) process.stderr.write('axios-procore: The output could not be written.\n');
  await flushed(process.stderr);
  // Not left to the event loop: connections that are kept alive would keep the process alive, too.
  process.exit(isWritten ? code : code || exitCodes.failed);
}

/** Whether everything is written. Who closes the pipe has read enough, such as `head`: that counts as written. */
function flushed(stream: NodeJS.WriteStream): Promise<boolean> {
  return new Promise((resolve) => {
    const { errored } = stream as { errored?: NodeJS.ErrnoException | null };
    if (errored) return resolve(errored.code === 'EPIPE');
    if (stream.destroyed || !stream.writable) return resolve(true);
    stream.write('', (error) => resolve(!error || (error as NodeJS.ErrnoException).code === 'EPIPE'));
  });
}

void main();
