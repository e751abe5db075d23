import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { TokenSet } from '../../src/index.js';
import type { Pair, Presentation, Server } from './server.js';
import type { World } from './world.js';

/** The wires between processes, server and database, and what was seen on them. */
export interface Net {
  latencyMs(): number;
  /** Sends a request of axios; the answer takes its time, or is lost. */
  request(config: AxiosRequestConfig, by: string, isAlive: () => boolean): Promise<AxiosResponse>;
  /** The next answers of the token endpoint are lost. */
  loseAnswers(how: 'reset' | 'hang', count: number): void;
  /** What a set is called in the trace. */
  shown(set: object | undefined): string;
  /** A save was acknowledged to the process that it is of. */
  acknowledged(account: number, set: TokenSet, by: string): void;
  readonly acknowledgements: readonly Acknowledgement[];
  readonly calls: readonly ApiCall[];
  mend(): void;
}

interface Acknowledgement {
  readonly atMs: number;
  readonly by: string;
  readonly account: number;
  readonly refresh: string | undefined;
}

/** A call as the API has seen it. */
interface ApiCall {
  readonly atMs: number;
  readonly by: string;
  readonly account: number;
  readonly pair: Pair | undefined;
  readonly status: number;
}

/** Creates wires on which nothing is lost yet. */
export function createNet(world: World, server: Server): Net {
  let losses: ('reset' | 'hang')[] = [];
  const calls: ApiCall[] = [];
  const acknowledgements: Acknowledgement[] = [];
  const latencyMs = () => 1 + Math.floor(world.chance.next() ** 3 * 30);

  function shown(set: object | undefined): string {
    if (!set) return 'nothing';
    const { refresh_token, access_token, expires_at, sync_cursor } = set as Record<string, unknown> & {
      sync_cursor?: number;
    };
    const pair = server.pairOfAccess(access_token);
    const what = pair ? nameOf(pair) : 'no access token of the server';
    const refresh = pair && pair.refresh === refresh_token ? '' : ` with ${String(refresh_token)}`;
    const cursor = sync_cursor === undefined ? '' : `, sync_cursor ${sync_cursor}`;
    return `${what}${refresh}, expires_at ${String(expires_at)}${cursor}`;
  }

  function loss(presentation: Presentation | undefined): 'reset' | 'hang' | undefined {
    if (!presentation) return undefined;
    const how = losses.shift();
    if (how) presentation.lost = true;
    return how;
  }

  return {
    latencyMs,
    shown,
    calls,
    acknowledgements,
    loseAnswers: (how, count) => void losses.push(...Array<'reset' | 'hang'>(count).fill(how)),
    mend: () => void (losses = []),
    acknowledged: (account, { refresh_token: refresh }, by) =>
      void acknowledgements.push({ atMs: world.now(), by, account, refresh }),
    request: (config, by, isAlive) =>
      new Promise((resolve, reject) => {
        const abort = () => reject(Object.assign(new Error('canceled'), { code: 'ERR_CANCELED' }));
        const signal = config.signal as AbortSignal | undefined;
        if (signal?.aborted) return abort();
        signal?.addEventListener('abort', abort, { once: true });
        const isToken = String(config.url).endsWith('/oauth/token');
        const [there, back] = [latencyMs(), latencyMs()];
        // It stands for an adapter of axios, and these read them when they are called.
        const { headers } = config;
        world.after(there, () => {
          const { answer, presentation } = isToken
            ? server.token(new URLSearchParams(config.data as string), by)
            : called({ ...config, headers }, by);
          const lost = loss(presentation);
          if (isToken)
            world.note('login', `${by} presents ${described(presentation)}${lost ? ` (lost: ${lost})` : ''}`);
          if (lost === 'hang') return;
          world.after(back, () => {
            signal?.removeEventListener('abort', abort);
            if (lost) return reject(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
            // Whoever is dead has not heard it.
            if (presentation && isAlive()) presentation.answeredAtMs = world.now();
            resolve({ ...answer, statusText: '', config: config as never, request: {} });
          });
        });
      }),
  };

  function called(config: AxiosRequestConfig, by: string) {
    const headers = (config.headers ?? {}) as Record<string, unknown>;
    const authorization = headers['Authorization'] ?? headers['authorization'];
    const bearer = typeof authorization === 'string' ? authorization.replace(/^Bearer /, '') : undefined;
    const { answer, pair } = server.api(bearer, by);
    const account = Number(new URL(String(config.url), 'http://127.0.0.1:2').searchParams.get('of'));
    calls.push({ atMs: world.now(), by, account, pair, status: answer.status });
    world.note(
      'API',
      `${by} calls for account-${account} with ${pair ? nameOf(pair) : 'no token of the server'}: ${answer.status}`,
    );
    return { answer, presentation: undefined };
  }
}

/** What a pair is called in the trace: its number, its authorization and its user. */
export function nameOf(pair: Pair): string {
  return pair.refresh ?? `token ${pair.access.slice(-12)}`;
}

function described(presentation: Presentation | undefined): string {
  if (!presentation) return 'a grant: 503';
  const what = presentation.pair ? nameOf(presentation.pair) : 'its client or an unknown token';
  return `${what}: ${presentation.result}${presentation.issued ? ` ${nameOf(presentation.issued)}` : ''}`;
}
