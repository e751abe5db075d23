import { writeSync } from 'node:fs';

/** One line on stderr. */
export function say(line: string): void {
  try {
    // At once, also into a pipe: the process may be about to end.
    writeSync(2, `axios-procore/register: ${line}${line.endsWith('?') ? '' : '.'}\n`);
  } catch {
    // Nobody listens, or the pipe is full: the application goes on.
  }
}

/** One line that says what is wrong, and the end of the process. */
export function fail(error: unknown): never {
  say((error as Error).message.replace(/^axios-procore: /, '').replace(/\.$/, ''));
  return process.exit(1);
}
