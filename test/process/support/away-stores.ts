/** Stores whose server, disk or folder a test can take away and bring back. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { postgresSchema } from '../../../src/store/postgres.js';
import { startPostgres } from '../../stores/support/postgres-server.js';
import { startOwnRedis } from '../../stores/support/redis-server.js';
import type { StoreKind } from './open-store.js';

export interface FragileStore {
  readonly kind: StoreKind;
  readonly location: string;
  goAway(): Promise<void>;
  /** Resolves once it answers again, with all that was saved in it. */
  comeBack(): Promise<void>;
  /** Ends it for good, wherever it is. */
  end(): Promise<void>;
}

/** Undefined, with a line that says so, where there is no such thing. */
export type StartFragileStore = () => Promise<FragileStore | undefined>;

/** It keeps its connections and says nothing. */
export async function redisThatHangs(): Promise<FragileStore | undefined> {
  const server = await startOwnRedis();
  return (
    server && {
      kind: 'redis',
      location: server.url,
      goAway: async () => server.signal('SIGSTOP'),
      comeBack: async () => server.signal('SIGCONT'),
      end: () => server.stop(),
    }
  );
}

/** It ends without a word, and begins anew with what it has written down. */
export async function redisThatIsKilled(): Promise<FragileStore | undefined> {
  const server = await startOwnRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
  return (
    server && {
      kind: 'redis',
      location: server.url,
      goAway: async () => server.signal('SIGKILL'),
      comeBack: () => server.restart(),
      end: () => server.stop(),
    }
  );
}

/** It is stopped as an administrator does it: whoever is connected is told, and new connections are refused. */
export async function postgresThatIsRestarted(): Promise<FragileStore | undefined> {
  const server = await startPostgres();
  if (!server) return undefined;
  const { url: location, restart, stop } = server;
  if (!restart) {
    console.warn('skipped: a PostgreSQL that is restarted: the server at DATABASE_URL is somebody else’s');
    return undefined;
  }
  await ask(location, postgresSchema());
  return {
    kind: 'postgres',
    location,
    async goAway() {
      const [row] = await ask(location, "SELECT pg_read_file('postmaster.pid') AS file");
      // Its fast shutdown.
      process.kill(parseInt(String(row?.['file'])), 'SIGINT');
      while (await isAnswering(location)) await sleep(10);
    },
    comeBack: () => restart(),
    end: stop,
  };
}

async function ask(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function isAnswering(url: string): Promise<boolean> {
  return ask(url, 'SELECT 1').then(
    () => true,
    () => false,
  );
}

/** A file system of its own on which nothing more can be written; what is there can be read. */
export async function diskThatIsFull(): Promise<FragileStore | undefined> {
  const disk = mkdtempSync(join(tmpdir(), 'axios-procore-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { stdio: 'pipe' });
  } catch {
    rmSync(disk, { recursive: true });
    console.warn('skipped: a disk that is full: this user may not mount one');
    return undefined;
  }
  const filler = join(disk, 'filler');
  return {
    kind: 'file',
    location: join(disk, 'tokens'),
    async goAway() {
      const page = Buffer.alloc(4_096);
      try {
        for (;;) appendFileSync(filler, page);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
    comeBack: async () => rmSync(filler),
    async end() {
      execFileSync('umount', ['--lazy', disk], { stdio: 'pipe' });
      rmSync(disk, { recursive: true });
    },
  };
}

/** Somebody has moved it away, and put a file in its place. */
export async function folderThatBecomesAFile(): Promise<FragileStore> {
  const parent = mkdtempSync(join(tmpdir(), 'axios-procore-folder-'));
  const location = join(parent, 'tokens');
  const elsewhere = join(parent, 'tokens.away');
  mkdirSync(location, { mode: 0o700 });
  return {
    kind: 'file',
    location,
    async goAway() {
      renameSync(location, elsewhere);
      writeFileSync(location, '');
    },
    async comeBack() {
      rmSync(location);
      renameSync(elsewhere, location);
    },
    end: async () => rmSync(parent, { recursive: true, force: true }),
  };
}

/** What is in it can be read, and nothing be created: by its mode, or for root, whom modes do not stop, by a mount over it. */
export async function folderThatIsReadOnly(): Promise<FragileStore | undefined> {
  const parent = mkdtempSync(join(tmpdir(), 'axios-procore-read-only-'));
  const location = join(parent, 'tokens');
  mkdirSync(location, { mode: 0o700 });
  const isRoot = process.getuid?.() === 0;
  const run = (program: string, ...args: string[]) => void execFileSync(program, args, { stdio: 'pipe' });
  const store: FragileStore = {
    kind: 'file',
    location,
    async goAway() {
      if (!isRoot) return chmodSync(location, 0o500);
      run('mount', '--bind', location, location);
      // Only now: what is open in the folder keeps the folder itself from it.
      run('mount', '-o', 'remount,bind,ro', location);
    },
    async comeBack() {
      if (isRoot) run('umount', '--lazy', location);
      else chmodSync(location, 0o700);
    },
    end: async () => rmSync(parent, { recursive: true, force: true }),
  };
  try {
    await store.goAway();
    await store.comeBack();
    return store;
  } catch {
    await store.end();
    console.warn('skipped: a folder that is read-only: this user may not mount one');
    return undefined;
  }
}
