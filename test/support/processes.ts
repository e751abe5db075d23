import type { AxiosInstance } from 'axios';
import type { Procore } from '../../src/attach/handle.js';
import type { EmulatorOptions } from '../../src/emulator/index.js';
import type { ProcoreOptions } from '../../src/options/options.js';
import { memoryTokenStore } from '../../src/store/memory.js';
import { createCommonState, type CommonState } from './common-state.js';
import { createHarness, type Harness } from './harness.js';
import { createNetwork, type Network } from './network.js';

/** A process, as far as pacing goes: it shares nothing with the others but the common state. */
interface Process {
  readonly instance: AxiosInstance;
  readonly procore: Procore;
}

/** Several processes under one limit, on one manual clock, behind a network with latency. */
export interface Processes extends AsyncDisposable {
  readonly h: Harness;
  readonly network: Network;
  readonly common: CommonState;
  readonly all: readonly Process[];
  /** Starts one more. */
  start(options?: Partial<ProcoreOptions>): Process;
  /** How many calls the API has refused because of the limit. */
  refusals(): number;
}

export async function createProcesses(
  count: number,
  setup: {
    emulator?: EmulatorOptions;
    options?: Partial<ProcoreOptions>;
    latencyMs?: number;
    skewMs?: number;
  } = {},
): Promise<Processes> {
  const h = await createHarness({ emulator: setup.emulator, skewMs: setup.skewMs });
  const network = createNetwork(h.env, setup.latencyMs);
  const common = createCommonState(h.env);
  common.latencyMs = 2;
  let started = 0;

  function start(options: Partial<ProcoreOptions> = {}): Process {
    started++;
    const process = h.attachProcess({
      store: memoryTokenStore(h.emulator.issue({ userId: started })),
      rateLimit: { scope: 'app', shared: common.shared },
      ...setup.options,
      ...options,
    });
    process.instance.defaults.adapter = network.adapter;
    return process;
  }

  const all = Array.from({ length: count }, () => start());
  return {
    h,
    network,
    common,
    all,
    start,
    refusals: () => h.emulator.counters.byStatus[429] ?? 0,
    async [Symbol.asyncDispose]() {
      for (const { procore } of all) procore.detach();
      await h.close();
    },
  };
}
