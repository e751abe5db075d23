import { execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';

/** The user that a program runs as; empty for the user of this process. */
export type User = { uid: number; gid: number } | { uid?: undefined; gid?: undefined };

/** A running program that ends when this process ends, in whatever way. */
export interface Launched {
  /** Ends the program at once, and removes its folder or keeps it for the next one. */
  end(folder?: 'remove' | 'keep'): Promise<void>;
}

/** The path of an installed program, looked for in `folders` before the PATH. */
export function findProgram(name: string, folders: readonly string[] = []): string | undefined {
  const inPath = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return [...folders, ...inPath].map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** The user that PostgreSQL and PgBouncer run as, because they refuse to run as root; undefined where there is none. */
export function unprivileged(): User | undefined {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

/**
 * A shell script that runs the program and sends it the given signal when the script's standard input is closed, which also happens when
 * this process is killed.
 */
const keeper = `
folder=$1 signal=$2; shift 2
"$@" </dev/null >"$folder/log" 2>&1 & program=$!
read -r word
kill -$signal $program; wait $program
[ "$word" = keep ] || rm -rf "$folder"`;

/** Starts a program that a Ctrl-C in the terminal does not reach. Its output goes to the file `log` in the folder. */
export function launch(
  command: readonly string[],
  { folder, signal, user = {} }: { folder: string; signal: 'INT' | 'TERM'; user?: User },
): Launched {
  const child = spawn('/bin/sh', ['-c', keeper, 'sh', folder, signal, ...command], {
    ...user,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  child.unref();
  return {
    async end(afterwards = 'remove') {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.ref();
      const ended = once(child, 'exit');
      child.stdin.end(`${afterwards}\n`);
      await ended;
    },
  };
}

/**
 * A port of the loopback that nobody listens on. Systems give the ports above 32,767 to connections and to servers that take any port, and so
 * might give one of these to another program before its server has it. The port that is 10,000 higher is below them, too, because a node of a
 * Redis cluster uses it as well.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 22_000);
    const probe = createServer().listen(port, '127.0.0.1');
    try {
      await once(probe, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue;
      throw error;
    }
    probe.close();
    await once(probe, 'close');
    return port;
  }
}
