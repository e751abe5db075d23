import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axios, { type AxiosInstance } from 'axios';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import type { Procore } from '../../src/attach/handle.js';
import { startEmulator, type Emulator, type Fault } from '../../src/emulator/index.js';
import { systemEnv } from '../../src/time/env.js';
import { postgresSchema } from '../../src/store/postgres.js';
import type { TokenSet } from '../../src/store/store.js';
import { forkProgram } from '../support/fork.js';
import { startPostgres } from '../stores/support/postgres-server.js';
import { startRedis } from '../stores/support/redis-server.js';
import type { CrashPoint, CrashTask } from './support/crash-points.js';
import { openStore, type OpenedStore, type StoreKind } from './support/open-store.js';

const program = new URL('./support/crash-worker.ts', import.meta.url);
const me = '/rest/v1.0/me';

/** What the next process comes to. */
type Ending = 'renews' | 'learns that the answer was lost' | 'adopts the new pair without a request';

interface Death {
  readonly what: string;
  readonly at: CrashPoint;
  readonly then: Ending;
  /** What the server does with the token request of the one that dies. */
  readonly fault?: Pick<Fault, 'after' | 'do'>;
  readonly stores?: readonly StoreKind[];
}

const stores: StoreKind[] = ['file', 'redis', 'postgres'];
const hold = { kind: 'hold' } as const;
const lost = 'learns that the answer was lost';
const adopts = 'adopts the new pair without a request';
const deaths: Death[] = [
  { what: 'with the lock, before its record says so', at: 'locked', then: 'renews' },
  { what: 'before the token request', at: 'noted', then: 'renews' },
  {
    what: 'when the token request has arrived and is not carried out',
    at: 'waiting for the answer',
    fault: { do: hold },
    then: 'renews',
  },
  {
    what: 'when the token is spent and the answer on its way',
    at: 'waiting for the answer',
    fault: { after: true, do: hold },
    then: lost,
  },
  { what: 'with the answer, before the save', at: 'answered', then: lost },
  {
    what: 'in the middle of the save',
    at: 'in the middle of the save',
    // Of the file store, test/process/file-lock.test.ts has every system call.
    stores: ['redis', 'postgres'],
    then: lost,
  },
  { what: 'with all saved, before its record says so', at: 'saved', then: adopts },
  { what: 'with all done, before the lock is released', at: 'about to release the lock', then: adopts },
];

/** A process to be, already awake while the one before it is dying: most of its time goes into that. */
let spare: ChildProcess | undefined;
const children: ChildProcess[] = [];

function wake(): ChildProcess {
  const child = forkProgram(program);
  children.push(child);
  return child;
}

/** Has a process do this task, and resolves with the signal that it died of. */
function startDying(task: CrashTask): { child: ChildProcess; died: Promise<unknown> } {
  const child = spare ?? wake();
  spare = wake();
  // Sent before it listens, the task waits for it.
  child.send(task);
  const survived = once(child, 'message').then(async ([said]) => {
    const then = said === 'ready' ? (await once(child, 'message'))[0] : said;
    throw new Error(`the process has not died: ${then}`);
  });
  survived.catch(() => undefined);
  const died = once(child, 'exit').then(([code, signal]) => signal ?? `exit ${code}`);
  return { child, died: Promise.race([died, survived]) };
}

const servers: Partial<Record<StoreKind, { url: string; stop(): Promise<void> } | undefined>> = {};
let folder = '';
beforeAll(async () => {
  spare = wake();
  folder = mkdtempSync(join(tmpdir(), 'axios-procore-crash-'));
  servers.redis = await startRedis();
  servers.postgres = await startPostgres();
  if (servers.postgres) {
    const client = new pg.Client({ connectionString: servers.postgres.url });
    await client.connect();
    await client.query(postgresSchema());
    await client.end();
  }
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(Object.values(servers).map((server) => server?.stop()));
  rmSync(folder, { recursive: true, force: true });
});

/** An instance on a store of its own, with a memory of its own, as another process has them. */
interface Process {
  readonly instance: AxiosInstance;
  readonly procore: Procore;
  readonly store: OpenedStore['store'];
  readonly told: string[];
  close(): Promise<void>;
}

async function attachProcess(
  emulator: Emulator,
  kind: StoreKind,
  location: string,
  account: string,
): Promise<Process> {
  const { store, close } = await openStore(kind, location);
  const instance = axios.create({ baseURL: emulator.url, proxy: false });
  const quiet = () => undefined;
  const procore = createAttach(systemEnv, {})(instance, {
    clientId: emulator.clientId,
    clientSecret: emulator.clientSecret,
    environment: emulator.environment,
    store,
    account,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
  const told: string[] = [];
  procore.on('token-renewed', ({ unsaved }) => told.push(unsaved ? 'renewed, unsaved' : 'renewed'));
  procore.on('token-adopted', ({ from }) => told.push(`adopted from the ${from}`));
  procore.on('reauthentication-required', ({ reason }) => told.push(reason));
  procore.on('token-renewal-failed', ({ code }) => told.push(code));
  return { instance, procore, store, told, close };
}

let accounts = 0;

describe.each(stores)('a process that dies in a renewal, on a %s store', (kind) => {
  const possible = deaths
    .filter((death) => (death.stores ?? stores).includes(kind))
    .map((death) => [death.what, death.then, death] as const);

  test.for(possible)('%s: the next one %s', async ([, then, { at, fault }], { skip }) => {
    const location = kind === 'file' ? join(folder, 'tokens') : servers[kind]?.url;
    if (location === undefined) return skip(`no ${kind} server here`);
    const account = `account-${process.pid}-${++accounts}`;
    const emulator = await startEmulator();
    const next = await attachProcess(emulator, kind, location, account);
    const later = await attachProcess(emulator, kind, location, account);
    try {
      // The next one has had its tokens for a while: the renewal is news to it.
      await next.procore.setTokens(emulator.issue());
      await next.instance.get(me);
      emulator.expire();
      const before = (await next.store.load(account))!;
      const held = fault && emulator.misbehave({ on: 'token', ...fault });
      const dying = startDying({ url: emulator.url, kind, location, account, point: at });
      if (held) {
        await Promise.race([held.struck(), dying.died]);
        dying.child.kill('SIGKILL');
      }
      expect(await dying.died).toBe('SIGKILL');

      const outcome = await next.instance.get(me).catch((error: unknown) => error);

      const { tokenRequests, exchanges, spentPresentations } = emulator.counters;
      const stored = (await later.store.load(account)) as TokenSet;
      if (then === lost) {
        expect(outcome).toMatchObject({
          code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED',
          reason: 'refresh-response-lost',
          message: expect.stringContaining(
            `account "${account}" must be authorized anew: its refresh token was redeemed and the answer never arrived`,
          ),
        });
        expect(next.told).toEqual(['refresh-response-lost']);
        expect({ tokenRequests, exchanges, spentPresentations }).toEqual({
          tokenRequests: 2,
          exchanges: 1,
          spentPresentations: 1,
        });
        expect(stored).toEqual(before);
        // Nobody asks the server again; a person does what is left to do.
        await expect(next.instance.get(me)).rejects.toMatchObject({ reason: 'refresh-response-lost' });
        expect(emulator.counters.tokenRequests).toBe(2);
        await next.procore.setTokens(emulator.issue());
      } else {
        const arrived = at === 'waiting for the answer' ? 2 : 1;
        expect(outcome).toMatchObject({ status: 200 });
        expect(next.told).toEqual([then === 'renews' ? 'renewed' : 'adopted from the store']);
        expect({ tokenRequests, exchanges, spentPresentations }).toEqual({
          tokenRequests: arrived,
          exchanges: 1,
          spentPresentations: 0,
        });
        expect(stored.refresh_token).not.toBe(before.refresh_token);
        expect(emulator.isLive(stored.refresh_token!)).toBe(true);
      }

      // Nothing that the dead one has left behind stays in the way: not of calls, and not of the renewal after.
      const soFar = emulator.counters.exchanges;
      expect(await later.instance.get(me)).toMatchObject({ status: 200 });
      expect(emulator.counters.exchanges).toBe(soFar);
      const renewed = await later.procore.renew();
      expect(later.told).toEqual(['renewed']);
      expect(emulator.isLive(renewed.refresh_token!)).toBe(true);
      expect(emulator.counters.spentPresentations).toBe(spentPresentations);
    } finally {
      await Promise.all([next.procore.idle(), later.procore.idle()]);
      await Promise.all([next.close(), later.close()]);
      await emulator.close();
    }
  });
});
