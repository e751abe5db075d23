import { createChance } from './chance.js';
import { judge } from './judge.js';
import { createNet, type Net } from './net.js';
import { accountName, startProcess, type ModelProcess } from './process.js';
import { columnsOf, createTable, type Table } from './rows.js';
import type { Scenario, Step } from './scenario.js';
import type { Sabotage } from './teeth.js';
import { createServer, type Line, type Pair, type Server } from './server.js';
import { createWorld, startMs, type World } from './world.js';

/** A call of the application, and what it came to. */
interface CallRecord {
  readonly process: string;
  readonly account: number;
  readonly phase: 'steps' | 'after' | 'after-log-in';
  readonly startedAtMs: number;
  endedAtMs?: number;
  /** A status, or the code of an error. */
  outcome?: string;
}

/** Something that went wrong on purpose, or that a person has done. */
export interface Deed {
  readonly kind: Step['kind'];
  readonly atMs: number;
  readonly account: number | undefined;
  readonly process: string | undefined;
  /** When the plugin was done with it, where it was asked for something. */
  endedAtMs?: number;
}

/** All that a run has left behind. */
export interface Run {
  readonly scenario: Scenario;
  readonly world: World;
  readonly server: Server;
  readonly table: Table;
  readonly net: Net;
  readonly calls: readonly CallRecord[];
  readonly deeds: readonly Deed[];
  readonly told: readonly { readonly atMs: number; readonly process: string; readonly what: string }[];
  /** When each process that was killed ended. */
  readonly deaths: ReadonlyMap<string, number>;
  /** What the store held when all faults had ended, and the newest authorization that `setTokens` had resolved for. */
  readonly stored: ReadonlyMap<number, Pair | undefined>;
  readonly newest: ReadonlyMap<number, Line | undefined>;
  /** Each authorization that a person has given, with the process that it was brought to; undefined: it was there from the beginning. */
  readonly authorizations: ReadonlyMap<Line, string | undefined>;
  /** Accounts whose live token was with nobody when all faults had ended, with the authorization that stood for them. */
  readonly lost: ReadonlyMap<number, Line | undefined>;
  /** Accounts that a call of the end was refused for until a person came. */
  readonly unserved: ReadonlySet<number>;
}

/** The end of a run: what broke a promise, and the trace. */
export interface Verdict {
  readonly broken: readonly string[];
  readonly trace: readonly string[];
  /** What has come to the API, and what the token endpoint has issued. */
  readonly calls: number;
  readonly renewals: number;
}

/** Longer than any pause of the plugin's, after which it tries again what has failed. */
const recoveryMs = 11 * 60_000;

/** Runs a scenario to its end and judges it. What is thrown or rejected and handled by nobody breaks a promise too. */
export async function runScenario(scenario: Scenario, sabotage?: Sabotage): Promise<Verdict> {
  const unhandled: string[] = [];
  const note = (error: unknown) =>
    void unhandled.push(
      `unhandled: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
  const world = createWorld(createChance(scenario.seed + 1));
  try {
    const run = await play(scenario, world, sabotage);
    const renewals = run.server.presentations.filter(({ result }) => result === 'issued').length;
    return {
      broken: [...unhandled, ...judge(run)],
      trace: world.trace,
      calls: run.net.calls.length,
      renewals,
    };
  } catch (error) {
    const thrown = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { broken: [...unhandled, thrown], trace: world.trace, calls: 0, renewals: 0 };
  } finally {
    process.off('unhandledRejection', note);
    process.off('uncaughtException', note);
  }
}

async function play(scenario: Scenario, world: World, sabotage: Sabotage | undefined): Promise<Run> {
  const server = createServer(world, scenario);
  const table = createTable(world, scenario);
  const net = createNet(world, server);
  const calls: CallRecord[] = [];
  const deeds: Deed[] = [];
  const told: { atMs: number; process: string; what: string }[] = [];
  const deaths = new Map<string, number>();
  const authorizations = new Map<Line, string | undefined>();
  const kept = new Set<Line>();
  const accounts = [...Array(scenario.accounts).keys()];

  const start = (name: string) =>
    startProcess(name, {
      world,
      scenario,
      table,
      net,
      sabotage,
      told: (what) => void told.push({ atMs: world.now(), process: name, what }),
    });
  const userOf = (account: number) => `user-${account}`;

  if (scenario.grant === 'refresh_token') {
    for (const account of accounts) {
      const expires_at = Math.floor(world.now() / 1000) + scenario.server.lifeSeconds;
      const set = { ...server.logIn(account, userOf(account)), expires_at, sync_cursor: 0 };
      authorizations.set(server.lineOf(account)!, undefined);
      table.put(account, columnsOf(scenario.store.columns, set as never, world.now()));
    }
  }
  const processes = [...Array(scenario.processes).keys()].map((index) => start(`p${index + 1}`));

  function call(index: number, account: number, phase: CallRecord['phase']): void {
    const { instance, name, alive, isAlive } = processes[index]!;
    // Nobody asks the dead.
    if (!isAlive()) return;
    const record: CallRecord = { process: name, account, phase, startedAtMs: world.now() };
    calls.push(record);
    const config = { procore: { account: accountName(account) } };
    const end = (outcome: string) => {
      record.outcome = outcome;
      record.endedAtMs = world.now();
      if (outcome !== '200') world.note(name, `a call for ${accountName(account)} ends with ${outcome}`);
    };
    void alive(instance.get(`/rest/v1.0/me?of=${account}`, config)).then(
      ({ status }) => end(String(status)),
      (error: unknown) => end(outcomeOf(error)),
    );
  }

  function logIn(at: ModelProcess, account: number): void {
    const set = server.logIn(account, userOf(account));
    world.note('person', `authorizes ${accountName(account)} anew, ${at.name} gets ${net.shown(set)}`);
    const line = server.lineOf(account)!;
    authorizations.set(line, at.name);
    at.alive(at.procore.setTokens(set as never, accountName(account))).then(
      () => {
        kept.add(line);
        world.note(at.name, 'setTokens resolves');
      },
      (error: unknown) => world.note(at.name, `setTokens rejects: ${outcomeOf(error)}`),
    );
  }

  function take(step: Step): void {
    const at = 'process' in step ? processes[step.process]! : undefined;
    if (at && !at.isAlive()) return;
    if (step.kind !== 'calls' && step.kind !== 'renew')
      world.note('fault', JSON.stringify({ ...step, atMs: undefined }));
    const deed: Deed = {
      kind: step.kind,
      atMs: world.now(),
      account: 'account' in step ? step.account : undefined,
      process: at?.name,
    };
    if (step.kind !== 'calls') deeds.push(deed);
    switch (step.kind) {
      case 'calls':
        for (let number = 0; number < step.count; number++)
          world.after(number * step.gapMs, () => call(step.process, step.account, 'steps'));
        return;
      case 'renew':
        at!
          .alive(at!.procore.renew(accountName(step.account)))
          .catch((error: unknown) => world.note(at!.name, `renew() rejects: ${outcomeOf(error)}`))
          .finally(() => (deed.endedAtMs = world.now()));
        return;
      case 'kill': {
        at!.kill();
        deaths.set(at!.name, world.now());
        world.after(step.backMs, () => {
          const [number = '', times = '1'] = at!.name.split('.');
          processes[step.process] = start(`${number}.${Number(times) + 1}`);
        });
        return;
      }
      case 'lose-answers':
        return net.loseAnswers(step.how, step.count);
      case 'busy':
        server.busyUntilMs = world.now() + step.forMs;
        return;
      case 'revoke-access':
        return server.revokeAccess(step.account);
      case 'log-in':
        return logIn(at!, step.account);
      case 'delete-row': {
        const row = table.row(step.account);
        if (!row) return;
        table.put(step.account, undefined);
        world.after(step.backMs, () => {
          if (table.row(step.account)) return;
          world.note('admin', `puts the row of ${accountName(step.account)} back`);
          table.put(step.account, row);
        });
        return;
      }
      case 'foreign-row':
        return table.showForeign(step.account);
      case 'saves-fail':
        return table.failSaves(step.how, step.count);
      case 'loads-fail':
        return table.failLoads(step.how, step.count);
      case 'touch-row': {
        const row = table.row(step.account);
        if (row) table.put(step.account, { ...row, sync_cursor: Number(row['sync_cursor'] ?? 0) + 1 });
        return;
      }
    }
  }

  for (const step of scenario.steps) world.after(step.atMs, () => take(step));
  const lastAtMs = Math.max(0, ...scenario.steps.map(({ atMs }) => atMs));
  await world.runUntil(startMs + lastAtMs + 60_000);
  world.note('fault', 'all faults end');
  net.mend();
  table.mend();
  await world.runUntil(world.now() + recoveryMs);

  /** What the store holds once all has been tried again that had failed. */
  const stored = new Map(
    accounts.map((account) => [account, server.pairOfAccess(table.row(account)?.['access_token'])]),
  );
  const newest = new Map(
    accounts.map((account) => [account, [...kept].filter((line) => line.account === account).at(-1)]),
  );
  const everyCall = (phase: CallRecord['phase']) => {
    for (const index of processes.keys()) for (const account of accounts) call(index, account, phase);
  };
  everyCall('after');
  await world.runUntil(world.now() + 90_000);
  const lost = new Map(
    accounts.filter((account) => !isHeld(account)).map((account) => [account, standing(account)]),
  );
  const unserved = new Set(
    calls
      .filter(({ phase, outcome }) => phase === 'after' && outcome !== '200')
      .map(({ account }) => account),
  );
  if (scenario.grant === 'refresh_token')
    for (const account of unserved) logIn(processes[world.chance.whole(0, processes.length - 1)]!, account);
  await world.runUntil(world.now() + 60_000);
  everyCall('after-log-in');
  await world.runUntil(world.now() + 90_000);
  return {
    scenario,
    world,
    server,
    table,
    net,
    calls,
    deeds,
    told,
    deaths,
    stored,
    newest,
    authorizations,
    lost,
    unserved,
  };

  /**
   * The newest authorization of an account. Where a person has authorized twice, and the earlier authorization was brought to its end after the
   * newest one, in another process, it has taken the place of that: the application's last setTokens counts.
   */
  function standing(account: number): Line | undefined {
    const newest = server.lineOf(account);
    const last =
      newest && kept.has(newest) ? [...kept].filter((line) => line.account === account).at(-1) : newest;
    return last && stored.get(account)?.line === last ? last : newest;
  }

  /** Whether a refresh token that the server would redeem is in the store, or in the memory of a living process. */
  function isHeld(account: number): boolean {
    if (scenario.grant !== 'refresh_token') return true;
    const held = [
      table.row(account)?.['refresh_token'],
      ...processes.map(({ procore }) => procore.unsavedTokens(accountName(account))?.refresh_token),
    ];
    return held.some((token) => {
      const pair = server.pairOfRefresh(token);
      return pair !== undefined && pair.line === standing(account) && server.isUsable(pair);
    });
  }
}

function outcomeOf(error: unknown): string {
  const { procore, code, reason, message } = error as Record<string, unknown> & {
    procore?: { kind?: string };
  };
  const { status } = (error as { response?: { status?: number } }).response ?? {};
  const why = [code, reason, procore?.kind].filter((part) => typeof part === 'string').join(' ');
  return status && !String(code).startsWith('ERR_PROCORE') ? String(status) : why || String(message);
}
