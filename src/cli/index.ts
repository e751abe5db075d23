#!/usr/bin/env node
/** The command `axios-procore`: see docs/command-line.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.js';
import { systemIo } from './system-io.js';

async function main(): Promise<void> {
  const manifest = readFileSync(join(__dirname, '../../../package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  const args = process.argv.slice(2);
  const code = await run(args, systemIo(version, { isJson: args.includes('--json') }));
  await Promise.all([process.stdout, process.stderr].map(flushed));
  // Not left to the event loop: connections that are kept alive would keep the process alive, too.
  process.exit(code);
}

/** Resolves when everything is written, or nobody reads it any more. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) return resolve();
    stream.write('', () => resolve());
  });
}

void main();
