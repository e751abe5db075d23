import axios, { type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { createAttach } from '../../src/attach/attach.js';
import { createAxiosCopies } from '../../src/axios/copies.js';
import type { Env } from '../../src/time/env.js';
import type { Procore, TokenSet, TokenStore } from '../../src/index.js';
import type { Net } from './net.js';
import { recordOf, type Table } from './rows.js';
import type { Scenario } from './scenario.js';
import type { Sabotage } from './teeth.js';
import { startMs, type World } from './world.js';

/** A process of the model: memory, clock and wires of its own. Once it is killed nothing reaches it any more. */
export interface ModelProcess {
  readonly name: string;
  readonly instance: AxiosInstance;
  readonly procore: Procore;
  readonly isAlive: () => boolean;
  kill(): void;
  /** Ends a wait of the model on behalf of this process, unless it is dead by then. */
  alive<T>(work: Promise<T>): Promise<T>;
}

const loginUrl = 'http://127.0.0.1:1';
const apiUrl = 'http://127.0.0.1:2';

/** The name of an account in the store. */
export const accountName = (account: number): string => `account-${account}`;

/** Starts a cold process. */
export function startProcess(
  name: string,
  deps: {
    world: World;
    scenario: Scenario;
    table: Table;
    net: Net;
    sabotage: Sabotage | undefined;
    told: (event: string) => void;
  },
): ModelProcess {
  const { world, scenario, table, net } = deps;
  let alive = true;
  const note = (what: string) => void (alive && world.note(name, what));

  /** Everything that comes from outside passes here: what comes to the dead is never heard. */
  function hear<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      work.then(
        (value) => void (alive && resolve(value)),
        (error: unknown) => void (alive && reject(error)),
      );
    });
  }
  const wait = (ms: number) => new Promise<void>((resolve) => void world.after(ms, resolve));

  const env: Env = {
    now: () => world.now(),
    random: () => world.chance.next(),
    sleep: (ms, { signal } = {}) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const finish = () => {
          takeBack?.();
          signal?.removeEventListener('abort', finish);
          if (alive) resolve();
        };
        const takeBack = ms === Infinity ? undefined : world.after(ms, finish);
        signal?.addEventListener('abort', finish, { once: true });
      }),
  };

  /** A request to the database: it takes effect half-way, also when its process has died meanwhile. */
  function query<T>(work: () => T): Promise<T> {
    const [there, back] = [net.latencyMs(), net.latencyMs()];
    return hear(
      wait(there).then(async () => {
        const value = work();
        await wait(back);
        return value;
      }),
    );
  }

  async function load(account: number): Promise<TokenSet | undefined> {
    const fault = table.takeLoadFault();
    if (fault === 'hang') {
      table.heard({ by: name, account, row: undefined, readAtMs: undefined });
      return hear(new Promise(() => undefined));
    }
    const { row, readAtMs } = await query(() => ({ row: table.read(account, name), readAtMs: world.now() }));
    if (fault === 'reject') {
      table.heard({ by: name, account, row: undefined, readAtMs: undefined });
      throw new Error('the database is away');
    }
    table.heard({ by: name, account, row, readAtMs });
    note(`load ${accountName(account)}: ${net.shown(row)}`);
    return row && ({ ...row } as TokenSet);
  }

  async function save(tokens: TokenSet, account: number, previous: TokenSet | undefined): Promise<void> {
    const fault = table.takeSaveFault();
    note(`save ${accountName(account)}: ${net.shown(tokens)}${fault ? ` (${fault})` : ''}`);
    const given = { ...tokens };
    const sentAtMs = world.now();
    const writes = !fault || fault.endsWith('written');
    const done = query(() => {
      if (writes) table.write(account, given, previous, { by: name, sentAtMs });
    });
    if (fault?.startsWith('hangs')) {
      done.catch(() => undefined);
      return hear(new Promise(() => undefined));
    }
    await done;
    if (fault) throw new Error('the disk is full');
    note(`saved ${accountName(account)}`);
    net.acknowledged(account, given, name);
  }

  const indexOf = (account: string) => Number(account.replace('account-', ''));
  const { locks } = table;
  const lock: NonNullable<TokenStore['lock']> = (account, critical, signal) => {
    const at = indexOf(account);
    // A lock for something else than an account is nobody else's.
    if (Number.isNaN(at)) return critical();
    return hear(
      new Promise<() => void>((resolve, reject) => {
        const leave = locks.take(at, name, () => {
          world.after(net.latencyMs(), () => {
            signal.removeEventListener('abort', giveUp);
            resolve(leave);
          });
        });
        const giveUp = () => {
          leave();
          reject(new Error('the wait for the lock was given up'));
        };
        if (signal.aborted) giveUp();
        else signal.addEventListener('abort', giveUp, { once: true });
      }),
    ).then(async (leave) => {
      note(`locked ${account}`);
      try {
        const record = scenario.store.lock === 'record' ? recordOf(locks, at, query) : undefined;
        return await critical(undefined, record);
      } finally {
        note(`unlocks ${account}`);
        leave();
      }
    });
  };

  const sound: TokenStore = {
    load: (account) => load(indexOf(account)),
    save: (tokens, account, previous) => save(tokens, indexOf(account), previous),
    ...(scenario.store.lock !== 'none' && { lock, renewsLock: true }),
  };
  const store = deps.sabotage?.store?.(sound) ?? sound;

  /** Every wire of this process, the plugin's own requests among them. */
  const adapter = (config: AxiosRequestConfig): Promise<AxiosResponse> =>
    hear(net.request(config, name, () => alive));
  const copies = createAxiosCopies();
  const attach = createAttach(
    deps.sabotage?.env?.(env) ?? env,
    {},
    {
      ...copies,
      of: (instance) => Object.assign(Object.create(copies.of(instance)), { adapterOf: () => adapter }),
    },
  );
  const instance = axios.create({ baseURL: apiUrl, proxy: false });
  const procore = attach(instance, {
    clientId: 'client',
    clientSecret: 'secret',
    environment: { loginUrl, apiUrl },
    grant: scenario.grant,
    account: accountName(0),
    store,
    logger: {
      debug: () => undefined,
      info: (message) => note(`info ${message}`),
      warn: (message) => note(`warn ${message}`),
      error: (message) => note(`error ${message}`),
    },
  });
  const beforeCall = deps.sabotage?.beforeCall;
  if (beforeCall)
    instance.interceptors.request.use(async (config) => {
      await beforeCall(procore, config.procore?.account as string);
      return config;
    });
  for (const event of [
    'token-renewed',
    'token-adopted',
    'token-save-failed',
    'reauthentication-required',
  ] as const)
    procore.on(event, () => void (alive && deps.told(event)));
  procore.on('warning', ({ code }) => void (alive && deps.told(code)));
  world.note(name, `starts, ${((world.now() - startMs) / 1000).toFixed(3)} s after all began`);

  return {
    name,
    instance,
    procore,
    isAlive: () => alive,
    kill() {
      note('is killed');
      alive = false;
      locks.die(name);
    },
    alive: hear,
  };
}
