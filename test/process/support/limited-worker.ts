/** One of several processes under one limit: makes the calls that it is told to make, and tells what has become of them. */
import axios from 'axios';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { attachProcore } from '../../../src/attach/attach.js';
import { redisPacing, type SharedPacing } from '../../../src/pacing/redis.js';
import { memoryTokenStore } from '../../../src/store/memory.js';
import type { TokenSet } from '../../../src/store/store.js';

/** What a worker is started with. */
export interface WorkerSetup {
  readonly url: string;
  readonly redisUrl: string;
  readonly client: 'ioredis' | 'redis';
  readonly tokens: TokenSet;
  readonly maxWaitMs?: number;
}

/** So many calls, so many of them at once. */
export interface WorkerTask {
  readonly calls: number;
  readonly concurrency: number;
}

export type WorkerReport =
  | { readonly kind: 'ready' }
  /** A call has been answered or has failed. */
  | {
      readonly kind: 'call';
      readonly status: number | undefined;
      readonly code: string | undefined;
      readonly waitedMs: number;
    }
  /** `atMs`: on the clock of the machine. `unansweredMs`: how long its oldest question has had no reply; 0 where there is none. */
  | {
      readonly kind: 'told';
      readonly what: 'pacing-alone' | 'pacing-together';
      readonly atMs: number;
      readonly unansweredMs: number;
    }
  | { readonly kind: 'done' };

const setup = JSON.parse(process.argv[2]!) as WorkerSetup;
const tell = (report: WorkerReport) => void process.send?.(report);
const quiet = () => undefined;

async function connect() {
  if (setup.client === 'ioredis') {
    const client = new Redis(setup.redisUrl);
    client.on('error', quiet);
    return { shared: redisPacing(client), end: () => client.disconnect() };
  }
  const client = createClient({ url: setup.redisUrl });
  client.on('error', quiet);
  await client.connect();
  return { shared: redisPacing(client), end: () => client.destroy() };
}

const { shared, end } = await connect();
/** When the questions were put that have no reply yet. */
const unanswered = new Map<object, number>();
const watched: SharedPacing = {
  async ask(scope, question) {
    const attempt = {};
    unanswered.set(attempt, Date.now());
    try {
      return await shared.ask(scope, question);
    } finally {
      unanswered.delete(attempt);
    }
  },
};
function tellOf(what: 'pacing-alone' | 'pacing-together'): void {
  const nowMs = Date.now();
  const atMs = nowMs - Number(process.env['CLOCK_AHEAD_MS']);
  tell({ kind: 'told', what, atMs, unansweredMs: nowMs - Math.min(nowMs, ...unanswered.values()) });
}
const instance = axios.create({ baseURL: setup.url, proxy: false });
const procore = attachProcore(instance, {
  clientId: 'emulator-client',
  clientSecret: 'emulator-secret',
  environment: { loginUrl: setup.url, apiUrl: setup.url },
  store: memoryTokenStore(setup.tokens),
  rateLimit: { scope: 'app', shared: watched },
  maxWaitMs: setup.maxWaitMs,
  logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
});
procore.on('warning', ({ code }) => {
  if (code === 'pacing-alone') tellOf(code);
});
procore.on('pacing-together', () => tellOf('pacing-together'));
procore.on('request-settled', ({ status, code, waitedMs }) => tell({ kind: 'call', status, code, waitedMs }));

async function run({ calls, concurrency }: WorkerTask): Promise<void> {
  let left = calls;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (left-- > 0) await instance.get('/rest/v1.0/me').catch(quiet);
    }),
  );
  tell({ kind: 'done' });
}

process.on('message', (task: WorkerTask | 'end') => {
  if (task !== 'end') return void run(task);
  procore.detach();
  end();
  process.disconnect();
});
process.on('disconnect', () => {
  // The parent is gone, or has said that this is the end: what keeps the process alive now is a fault.
});
tell({ kind: 'ready' });
