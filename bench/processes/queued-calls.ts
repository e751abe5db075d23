/** Calls that wait in a queue, and the same calls that wait for nothing but their answer; it wants `--expose-gc`. */
import axios, { type AxiosAdapter, type AxiosInstance } from 'axios';
import { attachProcore, memoryTokenStore } from 'axios-procore';
import rateLimit from 'axios-rate-limit';
import { answerParent } from '../support/answer-parent.js';
import { startCpuClock } from '../support/cpu.js';
import { bytesInUse } from '../support/memory.js';
import { tokensOf } from '../support/tokens.js';

const noLimitNear = {
  'x-rate-limit-limit': '1000000000',
  'x-rate-limit-remaining': '999999999',
  'x-rate-limit-reset': '4102444800',
};

/** A server whose answers can be held back. */
function createServer() {
  let held: (() => void)[] | undefined = [];
  const adapter: AxiosAdapter = (config) =>
    new Promise((resolve) => {
      const answer = () =>
        resolve({ data: '{"id":1}', status: 200, statusText: 'OK', headers: { ...noLimitNear }, config });
      if (held) held.push(answer);
      else answer();
    });
  return {
    adapter,
    holdBack: () => void (held = []),
    waiting: () => held?.length ?? 0,
    /** Answers all that it has held back, and every call from now on at once. */
    release() {
      const answers = held ?? [];
      held = undefined;
      for (const answer of answers) answer();
    },
  };
}

/** Each queues calls beyond the first ten: the limit that axios-rate-limit is told, and what the package sends before its first answer. */
const ways = {
  'bare axios': (instance: AxiosInstance) => ({ instance, open: () => undefined }),
  'axios-rate-limit': (instance: AxiosInstance) => {
    const limited = rateLimit(instance, { maxRequests: 10, perMilliseconds: 3_600_000 });
    const open = () => limited.setRateLimitOptions({ maxRequests: 1_000_000_000, perMilliseconds: 1000 });
    return { instance: limited as AxiosInstance, open };
  },
  'axios-procore': (instance: AxiosInstance) => {
    attachProcore(instance, {
      clientId: 'client',
      clientSecret: 'secret',
      environment: { loginUrl: 'https://api.example.com', apiUrl: 'https://api.example.com' },
      store: memoryTokenStore(tokensOf('user')),
    });
    return { instance, open: () => undefined };
  },
};

const aMoment = () => new Promise((resolve) => setTimeout(resolve, 10));

const tasks = {
  /** Begins so many calls, waits until each is in the queue or at the server, then lets them end. */
  async take({ how, calls, queued }: { how: keyof typeof ways; calls: number; queued: boolean }) {
    const server = createServer();
    const { instance, open } = ways[how](
      axios.create({ baseURL: 'https://api.example.com', proxy: false, adapter: server.adapter }),
    );
    if (!queued) {
      // The first answer tells that no limit is near.
      server.release();
      open();
      await instance.get('/rest/v1.0/me');
      server.holdBack();
    }
    const before = bytesInUse();
    const toBegin = startCpuClock();
    const all: Promise<unknown>[] = [];
    for (let call = 0; call < calls; call++) all.push(instance.get('/rest/v1.0/me'));
    // The first ten of a queue; without one, all: axios-rate-limit sends them one by one.
    while (server.waiting() < Math.min(calls, queued ? 10 : calls)) await aMoment();
    await aMoment();
    const beginMicroseconds = toBegin();
    if (queued && server.waiting() > calls / 2)
      throw new Error(`There is no queue: ${server.waiting()} of ${calls} calls have been sent.`);
    const bytes = bytesInUse() - before;
    const toEnd = startCpuClock();
    server.release();
    if (queued) open();
    await Promise.all(all);
    return { bytes: bytes / calls, cpuMicroseconds: (beginMicroseconds + toEnd()) / calls };
  },
};
export type QueuedCalls = typeof tasks;
answerParent(tasks);
