import type { ManualEnv } from './manual-env.js';

/** Moves time on until the promise has settled; fails when it has not after `withinMs` of test time. */
export async function drive<T>(env: ManualEnv, promise: Promise<T>, withinMs = 120_000): Promise<T> {
  let settled = false;
  const mark = () => void (settled = true);
  promise.then(mark, mark);
  const endsAtMs = env.now() + withinMs;
  while (!settled) {
    if (env.now() >= endsAtMs) throw new Error(`nothing has settled within ${withinMs} ms`);
    await env.advance(250);
  }
  return promise;
}
