import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAttach } from '../../../src/attach/attach.js';
import { systemEnv } from '../../../src/time/env.js';
import { memoryTokenStore } from '../../../src/store/memory.js';
import { describeValue, drained } from './describe.js';
import { startTarget, type Seen, type Target } from './target.js';

/** Where a scene plays. */
export interface At {
  /** The server under test; also the `baseURL` of the instance. */
  url: string;
  /** A server at another origin, that is never Procore's. */
  other: string;
  /** Nobody listens here. */
  refused: string;
  /** Resolves with the next request that arrives at `url`. */
  arrival(): Promise<void>;
  /** Notes something that the application has seen. */
  note(what: string): void;
}

/** One thing that an application does with its instance. */
export type Play = (api: AxiosInstance, at: At) => unknown;

/** All that two runs are compared by. */
export interface Run {
  server: Seen[];
  other: Seen[];
  /** What the application's own functions saw, in order. */
  notes: string[];
  outcome: unknown;
}

/** Whose server it is that the attached instance calls. */
export type Ownership = 'foreign' | 'procore without token' | 'procore' | 'procore with deadline';

export interface Stage extends AsyncDisposable {
  /** Plays on a bare instance, and on an attached one. */
  both(play: Play, ownership: Ownership): Promise<{ bare: Run; attached: Run }>;
}

const token = 'an-opaque-access-token';

export async function startStage(): Promise<Stage> {
  const [target, other] = [await startTarget(), await startTarget()];
  const refused = await closedPort();

  async function run(play: Play, ownership: Ownership, isAttached: boolean): Promise<Run> {
    const notes: string[] = [];
    const at: At = {
      ...{ url: target.url, other: other.url, refused },
      arrival: () => target.arrival(),
      note: (what) => void notes.push(what),
    };
    const api = axios.create({ baseURL: target.url, proxy: false });
    Object.assign(api.defaults, ownOptions(ownership));
    if (ownership.startsWith('procore') && ownership !== 'procore without token' && !isAttached)
      api.defaults.headers.common['Authorization'] = `Bearer ${token}`;
    noteCalls(api, 'first', at);
    if (isAttached) attach(api, target, ownership);
    noteCalls(api, 'second', at);
    let outcome: unknown;
    try {
      outcome = { resolved: describeValue(await drained(await play(api, at))) };
    } catch (error) {
      outcome = { rejected: describeValue(await drained(error)) };
    }
    // What a call has left behind when it was given up still arrives.
    for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
    return { server: target.take(), other: other.take(), notes, outcome };
  }

  return {
    async both(play, ownership) {
      const bare = await run(play, ownership, false);
      const attached = await run(play, ownership, true);
      return { bare, attached };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([target.close(), other.close()]);
    },
  };
}

/** Both instances have them, so that they are on both configurations. */
function ownOptions(ownership: Ownership): AxiosRequestConfig {
  if (ownership === 'procore without token') return { procore: { auth: false, retry: false } };
  if (ownership === 'procore with deadline') return { procore: { retry: false, deadlineMs: 600_000 } };
  return ownership === 'procore' ? { procore: { retry: false } } : {};
}

function attach(api: AxiosInstance, target: Target, ownership: Ownership): void {
  const tokens = { access_token: token, refresh_token: 'never-used', expires_at: 4_000_000_000 };
  // A port that no server of ours has: the environment is elsewhere.
  const apiUrl = ownership === 'foreign' ? 'http://127.0.0.1:1' : target.url;
  createAttach(systemEnv, {})(api, {
    clientId: 'client',
    clientSecret: 'secret',
    environment: { loginUrl: 'http://127.0.0.1:1', apiUrl },
    store: memoryTokenStore(tokens),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
}

/** Interceptors such as every application has. */
function noteCalls(api: AxiosInstance, name: string, at: At): void {
  api.interceptors.request.use((config) => {
    at.note(`${name}: request ${config.method} ${config.url}`);
    return config;
  });
  api.interceptors.response.use(
    (response) => {
      at.note(`${name}: response ${response.status}`);
      return response;
    },
    (error: Error & { response?: { status: number } }) => {
      at.note(`${name}: error ${error.message} ${error.response?.status}`);
      throw error;
    },
  );
}

async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
