import axios, { type AxiosAdapter, type AxiosInstance } from 'axios';
import { createAttach } from '../../src/attach/attach.js';
import type { ProcoreOptions } from '../../src/options/options.js';
import type { Procore } from '../../src/attach/handle.js';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { createManualEnv, type ManualEnv } from './manual-env.js';

/** A server in memory, whose tokens say what a test wants of their life, and as many processes on one row as it wants. */
export interface World {
  readonly env: ManualEnv;
  readonly counters: { exchanges: number; spent: number; unauthorized: number; calls: number };
  /** Warnings and errors of all processes. */
  readonly said: string[];
  /** A pair of a new authorization. */
  issue(): TokenSet;
  /** Whether the refresh token of this pair would give another pair now. */
  isLive(set: TokenSet): boolean;
  /** Expires every access token. */
  expire(): void;
  start(store: TokenStore, options?: Partial<ProcoreOptions>): { instance: AxiosInstance; procore: Procore };
}

interface Pair {
  readonly set: TokenSet;
  readonly expiresAtMs: number;
  isDead: boolean;
  /** What it was redeemed for. */
  next?: Pair;
  readonly before: Pair | undefined;
}

/**
 * `mode`: A kills the old pair at the redemption, B when the new access token is first used. `jwt`: access tokens tell their end, and
 * whatever claims are given here.
 * `createdAheadMs`: how far the clock of the login server that issues the next pair is ahead.
 */
export function createWorld({
  mode = 'A',
  jwt = false,
  lifeSeconds = 5400,
  answeredLife = lifeSeconds,
  createdAheadMs = () => 0,
}: {
  mode?: 'A' | 'B';
  jwt?: boolean | Readonly<Record<string, unknown>>;
  lifeSeconds?: number;
  answeredLife?: number;
  createdAheadMs?: () => number;
} = {}): World {
  const env = createManualEnv();
  const pairs: Pair[] = [];
  const counters = { exchanges: 0, spent: 0, unauthorized: 0, calls: 0 };
  const said: string[] = [];

  function issuePair(before: Pair | undefined): Pair {
    const number = pairs.length + 1;
    const expiresAtMs = env.now() + lifeSeconds * 1000;
    const ends = { exp: Math.floor(expiresAtMs / 1000), number };
    const claims = Buffer.from(JSON.stringify({ ...ends, ...(typeof jwt === 'object' && jwt) }));
    const set = {
      access_token: jwt ? `e30.${claims.toString('base64url')}.c2ln` : `access-${number}`,
      refresh_token: `refresh-${number}`,
      token_type: 'Bearer',
      expires_in: answeredLife,
      created_at: Math.floor((env.now() + createdAheadMs()) / 1000),
    };
    const pair: Pair = { set, expiresAtMs, isDead: false, before };
    pairs.push(pair);
    if (before) before.next = pair;
    return pair;
  }

  const adapter: AxiosAdapter = async (config) => {
    counters.calls++;
    const bearer = String(config.headers?.['Authorization'] ?? '').replace('Bearer ', '');
    const pair = pairs.find(({ set }) => set.access_token === bearer);
    const isGood = pair && !pair.isDead && pair.expiresAtMs > env.now();
    if (isGood && pair.before) pair.before.isDead = true;
    if (!isGood) counters.unauthorized++;
    const headers = isGood ? {} : { 'www-authenticate': 'Bearer error="invalid_token"' };
    const date = new Date(env.now()).toUTCString();
    const response = {
      status: isGood ? 200 : 401,
      statusText: '',
      data: {},
      headers: { date, ...headers },
      config,
      request: {},
    };
    if (isGood) return response;
    // As every version says it: below 0.27 there is no class.
    throw Object.assign(new Error('refused'), { isAxiosError: true, config, response });
  };

  const exchange: ProcoreOptions['exchange'] = async (grant) => {
    const presented = grant.type === 'refresh_token' ? grant.refresh_token : '';
    const pair = pairs.find(({ set }) => set.refresh_token === presented);
    if (!pair || pair.isDead) {
      counters.spent++;
      const response = { status: 400, data: { error: 'invalid_grant' }, headers: {} };
      throw Object.assign(new Error('invalid_grant'), { response });
    }
    counters.exchanges++;
    if (mode === 'A') pair.isDead = true;
    return { ...issuePair(pair).set };
  };

  const say = (message: string) => void said.push(message);
  return {
    env,
    counters,
    said,
    issue: () => ({ ...issuePair(undefined).set }),
    isLive: ({ refresh_token }) =>
      pairs.some(({ set, isDead }) => set.refresh_token === refresh_token && !isDead),
    expire() {
      for (const pair of pairs) Object.assign(pair, { expiresAtMs: env.now() });
    },
    start(store, options) {
      const instance = axios.create({ adapter, proxy: false });
      const procore = createAttach(env, {})(instance, {
        clientId: 'id',
        environment: { loginUrl: 'http://127.0.0.1:9', apiUrl: 'http://127.0.0.1:9' },
        exchange,
        store,
        companyId: '42',
        logger: { debug: () => undefined, info: () => undefined, warn: say, error: say },
        ...options,
      });
      return { instance, procore };
    },
  };
}

/** A row that several processes share. `read` and `write` are what the table makes of a set. */
export function createRow(
  first: TokenSet,
  {
    read = (set) => set,
    write = (set) => set,
  }: { read?: (set: TokenSet) => unknown; write?: (set: TokenSet) => TokenSet } = {},
): { set: TokenSet; loads: number; plain(): TokenStore; locked(): TokenStore } {
  let tail = Promise.resolve();
  const row = {
    set: write(first),
    loads: 0,
    plain: (): TokenStore => ({
      load: () => {
        row.loads++;
        return read({ ...row.set }) as TokenSet;
      },
      save: (tokens) => void (row.set = write({ ...tokens })),
    }),
    locked: (): TokenStore => ({
      ...row.plain(),
      renewsLock: true,
      lock: (_account, critical) => {
        const work = tail.then(() => critical());
        tail = work.then(
          () => undefined,
          () => undefined,
        );
        return work;
      },
    }),
  };
  return row;
}
