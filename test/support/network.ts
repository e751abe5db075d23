import axios, { type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { resolveAdapter, type Adapter } from '../../src/axios/adapter.js';
import { createAxiosCopies } from '../../src/axios/copies.js';
import type { ManualEnv } from './manual-env.js';
import { patienceMs } from './patience.js';

/** A network whose latency passes on the manual clock: the clock stands still while real sockets work. */
export interface Network {
  /** For `axios.create({ adapter })`. */
  readonly adapter: Adapter;
  /** Moves the clock from one sleeper to the next, whenever nothing is on the wire, until `work` has settled. */
  run<T>(work: Promise<T>): Promise<T>;
}

/** Half of the latency on the way there, half on the way back. */
export function createNetwork(env: ManualEnv, latencyMs = 50): Network {
  let onTheWire = 0;

  async function adapter(config: AxiosRequestConfig): Promise<AxiosResponse> {
    await env.sleep(latencyMs / 2);
    onTheWire++;
    try {
      return await resolveAdapter(createAxiosCopies().of(axios), axios.defaults.adapter, config)(config);
    } finally {
      onTheWire--;
      await env.sleep(latencyMs / 2);
    }
  }

  return {
    adapter,
    async run(work) {
      let over = false;
      const mark = () => void (over = true);
      work.then(mark, mark);
      const giveUpAt = Date.now() + patienceMs;
      while (!over) {
        if (Date.now() > giveUpAt) throw new Error(`${patienceMs} ms have not settled it`);
        // axios-retry sends again from a timer of its own.
        await new Promise((resolve) => setTimeout(resolve, 2));
        if (over || onTheWire > 0 || env.sleeping === 0) continue;
        await env.advance(Math.min(...env.pending));
      }
      return work;
    },
  };
}

/** Runs `work` for 0 to `count - 1`, `concurrency` at a time. */
export async function pool<T>(
  count: number,
  concurrency: number,
  work: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      results[index] = await work(index);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}
