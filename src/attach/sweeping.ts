import type { Env } from '../time/env.js';

/** Between two sweeps. */
export const sweepMs = 60_000;

/** Lets idle accounts go, once a minute, as long as there are any. */
export interface Sweeping {
  start(): void;
  stop(): void;
}

/** What is swept. Resolves with whether another sweep is needed. */
export interface Swept {
  sweep(): Promise<boolean>;
}

/** Creates it. Nothing here keeps alive what is swept, nor the process. */
export function createSweeping(env: Env, swept: Swept): Sweeping {
  const ref = new WeakRef(swept);
  let running: AbortController | undefined;

  async function run({ signal }: AbortController): Promise<void> {
    for (let isNeeded = true; isNeeded;) {
      await env.sleep(sweepMs, { signal, ref: false });
      if (signal.aborted) return;
      isNeeded = (await ref.deref()?.sweep()) ?? false;
    }
  }

  return {
    start() {
      if (running) return;
      const own = (running = new AbortController());
      const over = () => {
        if (running === own) running = undefined;
      };
      void run(own).then(over, over);
    },
    stop() {
      running?.abort();
      running = undefined;
    },
  };
}
