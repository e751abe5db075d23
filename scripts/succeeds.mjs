// What the commands that run several things beside one another share.
import { spawn } from 'node:child_process';

/**
 * Runs a command, and prints what it has said once it has ended, so that those that run beside one another do not mix. True if it went well.
 */
export async function succeeds(title, command, args, options) {
  const startedAt = Date.now();
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.log(`\n${title}: ${code === 0 ? 'passes' : 'FAILS'}, ${seconds} s`);
  process.stdout.write(Buffer.concat(said));
  return code === 0;
}
