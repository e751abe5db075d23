// What the commands that run several things beside one another share.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs a command, and prints what it has said once it has ended, so that those that run beside one another do not mix. True if it went well.
 */
export async function succeeds(title, command, args, options) {
  return (await outcomeOf(title, command, args, options)).succeeded;
}

/** The same with what the command has said; where that `refusal` is in it, this is no failure. */
export async function outcomeOf(title, command, args, options, refusal) {
  const startedAt = Date.now();
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
  const [code, signal] = await once(child, 'close');
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  const text = Buffer.concat(said).toString();
  const refuses = code !== 0 && refusal?.test(text) === true;
  const went = code === 0 ? 'passes' : refuses ? 'refuses' : `FAILS with ${code ?? signal}`;
  console.log(`\n${title}: ${went}, ${seconds} s`);
  process.stdout.write(text);
  return { succeeded: code === 0, refuses };
}
