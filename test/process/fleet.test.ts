import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import axios from 'axios';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attachProcore } from '../../src/attach/attach.js';
import { startEmulator, type Emulator, type LogEntry } from '../../src/emulator/index.js';
import { postgresSchema } from '../../src/store/postgres.js';
import { shortFingerprint } from '../../src/token/pair/fingerprint.js';
import { forkProgram } from '../support/fork.js';
import { startPostgres } from '../stores/support/postgres-server.js';
import { startRedis } from '../stores/support/redis-server.js';
import type { Report } from './support/fleet-worker.js';
import { openStore, type StoreKind } from './support/open-store.js';
import { until } from './support/until.js';

const program = new URL('./support/fleet-worker.ts', import.meta.url);
const workers = 8;
const rotations = 60;

interface Worker {
  readonly child: ChildProcess;
  readonly reports: Report[];
  readonly ended: Promise<void>;
  /** It has not made its first call. */
  isNew(): boolean;
}
interface Kill {
  readonly atMs: number;
  /** When all that the process had sent was read: the server is in this process, and gets to it when it may. */
  untilMs: number;
}

function start(url: string, storeKind: StoreKind, location: string): Worker {
  const child = forkProgram(program, [url, storeKind, location]);
  const reports: Report[] = [];
  child.on('message', (report) => void reports.push(report as Report));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let began = false;
  child.on('message', (report) => (began ||= (report as Report).kind === 'called'));
  return { child, reports, ended, isNew: () => !began };
}

const exchangesIn = (log: readonly LogEntry[]) =>
  log.filter(({ kind, outcome }) => kind === 'token' && outcome === 'issued');

/** Presentations of a spent token for which no process died between its redemption and them. */
function unexplained(log: readonly LogEntry[], kills: readonly Kill[]): LogEntry[] {
  return log
    .filter(({ outcome }) => outcome === 'spent')
    .filter(({ presented, atMs }) => {
      const redeemed = exchangesIn(log).find((one) => one.presented === presented);
      return !kills.some((kill) => redeemed && kill.untilMs >= redeemed.atMs && kill.atMs <= atMs);
    });
}

/** Pairs of token requests that were under way at once, though nobody died meanwhile. */
function overlapping(log: readonly LogEntry[], kills: readonly Kill[]): [LogEntry, LogEntry][] {
  const requests = log.filter(({ kind }) => kind === 'token');
  return requests.flatMap((one, index) =>
    requests
      .slice(index + 1)
      .filter(({ atMs }) => atMs < (one.answeredAtMs ?? Infinity))
      .filter(({ atMs }) => !kills.some((kill) => kill.untilMs >= one.atMs && kill.atMs <= atMs))
      .map((other): [LogEntry, LogEntry] => [one, other]),
  );
}

const servers: Partial<Record<StoreKind, { url: string; stop(): Promise<void> } | undefined>> = {};
let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'axios-procore-fleet-'));
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
  await Promise.all(Object.values(servers).map((server) => server?.stop()));
  rmSync(folder, { recursive: true, force: true });
});

describe.each<StoreKind>(['file', 'redis', 'postgres'])('a fleet of eight on one %s store', (kind) => {
  test('goes through sixty rotations and some deaths: one exchange each, and nothing lost that a death does not explain', async ({
    skip,
  }) => {
    const location = kind === 'file' ? join(folder, 'tokens') : servers[kind]?.url;
    if (location === undefined) return skip(`no ${kind} server here`);
    const emulator: Emulator = await startEmulator({ maxLogEntries: Infinity });
    // Long enough for a death to strike in the middle.
    emulator.misbehave({ on: 'token', times: Infinity, after: true, do: { kind: 'delay', ms: 45 } });
    const opened = await openStore(kind, location);
    const procore = attachProcore(axios.create({ baseURL: emulator.url, proxy: false }), {
      clientId: emulator.clientId,
      clientSecret: emulator.clientSecret,
      environment: emulator.environment,
      store: opened.store,
    });
    await procore.setTokens(emulator.issue());
    const fleet: Worker[] = [];
    const kills: Kill[] = [];
    try {
      for (let index = 0; index < workers; index++) fleet.push(start(emulator.url, kind, location));
      await until(
        () => fleet.every(({ reports }) => reports.some((one) => one.kind === 'called')),
        'the fleet',
      );
      for (let rotation = 1; rotation <= rotations; rotation++) {
        const before = exchangesIn(emulator.log).length;
        emulator.expire();
        if (rotation % 12 === 0) {
          // Wherever it is: before the request, in it, before the save, or far from any.
          await sleep(Math.random() * 90);
          const victim = fleet.splice(Math.floor(Math.random() * fleet.length), 1)[0]!;
          const kill: Kill = { atMs: Date.now(), untilMs: Infinity };
          kills.push(kill);
          victim.child.kill('SIGKILL');
          // What its sockets still hold is read in the turn of its end, or in the next one.
          void victim.ended
            .then(turn)
            .then(turn)
            .then(() => (kill.untilMs = Date.now()));
          fleet.push(start(emulator.url, kind, location));
        }
        const dead = () => fleet.some(({ reports }) => reports.some((one) => one.kind === 'reauthenticate'));
        await until(() => exchangesIn(emulator.log).length > before || dead(), `rotation ${rotation}`);
        // A token is used before it expires, also in a fleet.
        const called = new Map(fleet.map((worker) => [worker, worker.reports.length]));
        const goesOn = (worker: Worker) =>
          worker.isNew() || worker.reports.slice(called.get(worker)).some((one) => one.kind === 'called');
        await until(() => fleet.every(goesOn) || dead(), `the fleet after rotation ${rotation}`);
        if (dead()) {
          // A death has cost the pair: a person authorizes anew.
          await procore.setTokens(emulator.issue());
          for (const { reports } of fleet) reports.splice(0);
          called.clear();
          await until(() => fleet.every(goesOn), `the fleet after the new authorization ${rotation}`);
        }
        await sleep(Math.random() * 40);
      }
      for (const { child } of fleet) child.send('finish');
      await Promise.all(fleet.map(({ ended }) => ended));
      const stored = (await opened.store.load('default'))!;
      const finished = fleet.map(({ reports }) => reports.find((one) => one.kind === 'finished'));
      expect(finished).toEqual(
        fleet.map(() => ({
          kind: 'finished',
          status: 200,
          accessToken: shortFingerprint(stored.access_token),
        })),
      );
      expect(unexplained(emulator.log, kills)).toEqual([]);
      expect(overlapping(emulator.log, kills)).toEqual([]);
      expect(kills).toHaveLength(5);
      await procore.renew();
      expect(emulator.isLive((await opened.store.load('default'))!.refresh_token!)).toBe(true);
    } finally {
      for (const { child } of fleet) child.kill('SIGKILL');
      await opened.close();
      await emulator.close();
    }
  });
});
