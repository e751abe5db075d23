import type { Env } from '../time/env.js';

/** The time between two sweeps. */
export const sweepMs = 60_000;

/** Lets idle accounts go, once a minute, as long as there are any. Whoever holds this object keeps alive what is swept. */
export interface Sweeping {
  readonly swept: Swept;
  start(): void;
  stop(): void;
}

/** What is swept. Resolves with whether another sweep is needed. */
export interface Swept {
  sweep(): Promise<boolean>;
}

/** Creates the timer of the sweeps. While it waits for the next sweep it keeps alive neither what is swept nor the process. */
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
    // Kept as a property and not by a function, because all functions here share one scope, and the one that waits would keep it alive.
    swept,
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
