import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram, freePort, launch, unprivileged, type Launched, type User } from './programs.js';

/** A new PostgreSQL data folder, for a server of one run. */
export interface Cluster {
  readonly url: string;
  readonly data: string;
  readonly user: User;
  /** Starts a server on it; it does not answer yet. */
  launch(): Launched;
}

/**
 * Makes one with the newest PostgreSQL that is installed.
 *
 * @throws Error with one line where there is none.
 */
export async function createCluster(signal?: AbortSignal): Promise<Cluster> {
  const program = findProgram('postgres', debianFolders());
  if (!program) throw new Error('there is no server: set DATABASE_URL, or install PostgreSQL');
  const user = unprivileged();
  if (!user) throw new Error('PostgreSQL does not run as root: set DATABASE_URL, or add a user postgres');
  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-postgres-'));
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const initdb = ['-D', data, '--no-sync', '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C'];
  try {
    await promisify(execFile)(join(program, '..', 'initdb'), initdb, { ...user, cwd: '/', signal });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const port = await freePort();
  const settings = ['fsync=off', 'listen_addresses=127.0.0.1', 'unix_socket_directories=', `port=${port}`];
  const command = [program, '-D', data, ...settings.flatMap((one) => ['-c', one])];
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    data,
    user,
    launch: () => launch(command, { folder, signal: 'INT', user }),
  };
}

/** Debian keeps each version apart; the newest first. */
function debianFolders(): string[] {
  const base = '/usr/lib/postgresql';
  if (!existsSync(base)) return [];
  const versions = readdirSync(base).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(base, version, 'bin'));
}
