import { execFile, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import axios from 'axios';
import pg from 'pg';
import type { TestContext } from 'vitest';
import { createAttach } from '../../../src/attach/attach.js';
import type { Procore } from '../../../src/attach/handle.js';
import type { Emulator, EmulatorOptions, LogEntry } from '../../../src/emulator/index.js';
import { postgresSchema } from '../../../src/store/postgres.js';
import type { TokenStore } from '../../../src/store/store.js';
import { systemEnv } from '../../../src/time/env.js';
import { shortFingerprint } from '../../../src/token/pair/fingerprint.js';
import { startWithAgedPair } from '../../support/expired-pair.js';
import { startPostgres } from '../../stores/support/postgres-server.js';
import { startRedis } from '../../stores/support/redis-server.js';
import { forkProgram } from '../../support/fork.js';
import type { FreezePoint, FrozenReport, FrozenTask } from './frozen-tasks.js';
import { openStore, type StoreKind } from './open-store.js';

const program = new URL('./frozen-worker.ts', import.meta.url);

/** The stores on which a holder can be stopped. */
export interface Places {
  /** Undefined where there is no server. */
  locationOf(kind: StoreKind): string | undefined;
  stop(): Promise<void>;
}

export async function startPlaces(): Promise<Places> {
  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-frozen-'));
  const [redis, postgres] = [await startRedis(), await startPostgres()];
  if (postgres) {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    await client.query(postgresSchema());
    await client.end();
  }
  const locations = { file: join(folder, 'tokens'), redis: redis?.url, postgres: postgres?.url };
  return {
    locationOf: (kind) => locations[kind],
    async stop() {
      await Promise.all([redis?.stop(), postgres?.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The process that is stopped while it holds the lock. */
interface Holder {
  /** Has it make a call; resolves with what that came to. */
  call(): Promise<FrozenReport>;
  stop(): void;
  go(): void;
  /** Resolves when it stands still. */
  stopped(): Promise<void>;
}

async function startHolder(task: FrozenTask, ends: Ends): Promise<Holder> {
  const child: ChildProcess = forkProgram(program);
  ends.push(() => child.kill('SIGKILL'));
  const message = async () => ((await once(child, 'message')) as [unknown])[0];
  const ready = message();
  child.send(task);
  await ready;
  const state = async () =>
    (await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(child.pid)])).stdout;
  return {
    call() {
      const report = message();
      child.send('call');
      return report as Promise<FrozenReport>;
    },
    stop: () => void child.kill('SIGSTOP'),
    go: () => void child.kill('SIGCONT'),
    async stopped() {
      while (!(await state()).trim().startsWith('T')) await sleep(20);
    },
  };
}

/** What is to be ended after a test, the last first. */
type Ends = (() => unknown)[];

/** Another process, as far as that can be had in one: a store, a memory and a client of its own. */
interface Other {
  readonly procore: Procore;
  readonly store: TokenStore;
  readonly told: string[];
  /** A call, and what it came to. */
  call(): Promise<string>;
}

interface Place {
  readonly kind: StoreKind;
  readonly location: string;
  readonly account: string;
  readonly renewal: FrozenTask['renewal'];
}

async function attachOther(emulator: Emulator, place: Place, ends: Ends): Promise<Other> {
  const { kind, location, account, renewal } = place;
  const { store, close } = await openStore(kind, location, {});
  ends.push(close);
  const instance = axios.create({ baseURL: emulator.url, proxy: false });
  const quiet = () => undefined;
  const procore = createAttach(systemEnv, {})(instance, {
    clientId: emulator.clientId,
    clientSecret: emulator.clientSecret,
    environment: emulator.environment,
    store,
    account,
    renewal,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
  const told: string[] = [];
  procore.on('token-renewed', ({ unsaved }) => told.push(unsaved ? 'renewed, unsaved' : 'renewed'));
  procore.on('token-adopted', ({ from }) => told.push(`adopted from the ${from}`));
  procore.on('reauthentication-required', ({ reason }) => told.push(reason));
  const call = () => instance.get('/rest/v1.0/me').then(({ status }) => String(status), outcomeOf);
  return { procore, store, told, call };
}

/** The code of an error, its reason, and what a store says. */
function outcomeOf({ code, reason, message }: { code?: string; reason?: string; message: string }): string {
  return [code, reason, code === 'ERR_PROCORE_TOKEN_STORE_FAILED' && message].filter(Boolean).join(' ');
}

/** Where a holder is stopped, and what the server does. */
export interface Freeze {
  readonly at: FreezePoint;
  /** Its token request waits at the server: before it is carried out, or with its answer. */
  readonly held?: 'request' | 'answer';
  readonly server?: Pick<EmulatorOptions, 'spentTokens' | 'familyRevocation'>;
  /** The age of the pair; without it the pair has expired. */
  readonly agoMs?: number;
  readonly renewal?: FrozenTask['renewal'];
}

export interface Stage extends Place {
  readonly emulator: Emulator;
  readonly others: Other[];
  readonly holder: Holder;
  /** What the call comes to in which the holder was stopped. */
  readonly report: Promise<FrozenReport>;
  /** Continues the holder, and first lets its token request go on. */
  goOn(): void;
  /** Requests with the token that was being redeemed, while the holder could have made one, too. */
  presentedBeside(): LogEntry[];
}

let accounts = 0;

export async function stage(
  [kind, location]: readonly [StoreKind, string],
  freeze: Freeze,
  onTestFinished: TestContext['onTestFinished'],
): Promise<Stage> {
  const { at, held, server, agoMs = 2 * 60 * 60_000, renewal = {} } = freeze;
  const ends: Ends = [];
  onTestFinished(async () => {
    for (const end of ends.reverse()) await end();
  });
  const place: Place = { kind, location, account: `frozen-${process.pid}-${++accounts}`, renewal };
  const { emulator, aged } = await startWithAgedPair(agoMs, server);
  ends.push(() => emulator.close());
  const others = [await attachOther(emulator, place, ends), await attachOther(emulator, place, ends)];
  await others[0]!.store.save(aged, place.account, undefined);
  const answer = held && emulator.misbehave({ on: 'token', after: held === 'answer', do: { kind: 'hold' } });
  const task = { ...place, url: emulator.url, point: at };
  const holder = await startHolder(task, ends);
  const report = holder.call();
  await answer?.struck();
  if (answer) holder.stop();
  await holder.stopped();
  const stoppedAtMs = Date.now();
  let continuedAtMs = Infinity;
  const spent = shortFingerprint(aged.refresh_token!);
  return {
    ...place,
    emulator,
    others,
    holder,
    report,
    goOn() {
      continuedAtMs = Date.now();
      answer?.release();
      holder.go();
    },
    presentedBeside: () =>
      emulator.log
        .filter(({ presented }) => presented === spent)
        .slice(1)
        .filter(({ atMs }) => atMs < stoppedAtMs || atMs > continuedAtMs),
  };
}
