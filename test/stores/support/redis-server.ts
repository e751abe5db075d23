/** A real Redis for tests: the one that REDIS_URL names, or one of our own on a free port. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../../examples/demo/programs.js';
import { patienceMs } from '../../support/patience.js';

/** A server that tests may use. */
export interface RedisServer {
  readonly url: string;
  /** Ends it, if it is ours. */
  stop(): Promise<void>;
}

/** A server that a test may also mistreat. */
export interface OwnRedisServer extends RedisServer {
  readonly port: number;
  /** Sends it a signal: STOP and CONT, or KILL. */
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void;
  /** Starts it again on its port after a kill; it remembers nothing. */
  restart(): Promise<void>;
}

/** Undefined, with a line that says so, where there is no server; with AXIOS_PROCORE_REQUIRE_SERVERS=1 that is an error. */
export async function startRedis(): Promise<RedisServer | undefined> {
  const url = process.env['REDIS_URL'];
  return url ? { url, stop: async () => undefined } : startOwnRedis();
}

/** As {@link startRedis}, whatever REDIS_URL says: a new server with nothing in it. */
export async function startOwnRedis(settings: readonly string[] = []): Promise<OwnRedisServer | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-redis-'));
  const port = await freePort();
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
  const memoryOnly = ['--daemonize', 'no', '--save', '', '--appendonly', 'no'];
  const start = () => launch([...args, ...memoryOnly, ...settings]);
  let running: Running;
  try {
    running = await start();
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    const { REDIS_URL: url, AXIOS_PROCORE_REQUIRE_SERVERS: required } = process.env;
    const why = `no redis-server to start${url ? '' : ', and REDIS_URL is not set'}: ${(error as Error).message}`;
    if (required === '1' && !url) throw new Error(why);
    console.warn(`skipped: ${why}`);
    return undefined;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    signal: (name) => process.kill(running.pid, name),
    async restart() {
      await running.end();
      running = await start();
    },
    async stop() {
      await running.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A server as a process of its own. */
export interface Running {
  readonly pid: number;
  end(): Promise<void>;
}

/** The shell waits on our pipe: when this process ends, in whatever way, the pipe closes and the server is killed. */
const keeper = 'redis-server "$@" & echo "pid $!"; cat > /dev/null; kill -9 $!';

/** Starts a server, and resolves when it has said that it is ready. */
export async function launch(
  args: readonly string[],
  readyLine = 'Ready to accept connections',
): Promise<Running> {
  const shell = spawn('sh', ['-c', keeper, 'sh', ...args], { stdio: 'pipe' });
  const ended = new Promise<void>((resolve) => shell.once('close', () => resolve()));
  const end = () => {
    shell.stdin.end();
    return ended;
  };
  const said: string[] = [];
  let pid = 0;
  const ready = new Promise<void>((resolve, reject) => {
    const lines = createInterface({ input: shell.stdout });
    lines.on('line', (line) => {
      pid ||= Number(/^pid (\d+)$/.exec(line)?.[1] ?? 0);
      said.push(line);
      if (line.includes(readyLine)) resolve();
    });
    shell.once('error', reject);
    shell.stderr.on('data', (chunk: Buffer) => {
      said.push(chunk.toString());
      if (!/warning/i.test(chunk.toString())) reject(new Error('it could not be started'));
    });
    setTimeout(() => reject(new Error(`it was not ready in ${patienceMs} ms`)), patienceMs).unref();
  });
  try {
    await ready;
  } catch (error) {
    await end();
    throw new Error(`${(error as Error).message} (${said.join(' ').trim().slice(-300)})`);
  }
  return { pid, end };
}
