import type { AxiosResponse } from 'axios';
import type { AxiosCopy } from '../axios/copy.js';
import type { Env } from '../time/env.js';
import { isProcoreError } from '../failure/errors.js';
import type { Settings } from '../options/options.js';
import { timedOutUnsent, timerEarlyMs } from '../line/overtime.js';
import { timeoutMsOf } from '../axios/timeout.js';
import { within } from '../time/within.js';
import type { LegacyCall } from './takeover.js';

/** A token request that is answered here. `endsAtMs`: when its `timeout` has passed, over all its waits; Infinity without one. */
export type AnsweredCall = LegacyCall & { readonly endsAtMs: number };

/**
 * Bounds the answer to a token request of the application by the `timeout` of that request. What was waited for goes on: a renewal, and a
 * redemption, whose answer is kept.
 */
export function createInTime({
  env,
  copy,
  settings,
}: {
  env: Env;
  copy: AxiosCopy;
  settings: Pick<Settings, 'legacy'>;
}): (call: LegacyCall, answer: (call: AnsweredCall) => Promise<AxiosResponse>) => Promise<AxiosResponse> {
  return async (call, answer) => {
    const { config } = call;
    const timeoutMs = timeoutMsOf(config.timeout) ?? Infinity;
    const endsAtMs = env.now() + timeoutMs;
    if (!settings.legacy.timeoutBoundsCall || timeoutMs === Infinity) return answer({ ...call, endsAtMs });
    // The timer is set before those of the waits inside.
    const begun = Promise.resolve().then(() => answer({ ...call, endsAtMs }));
    const waited = await within(env, timeoutMs, begun);
    if (waited.kind === 'done') return waited.value;
    const isOver = env.now() + timerEarlyMs >= endsAtMs;
    if (waited.kind === 'failed' && !(isOver && isProcoreError(waited.error))) throw waited.error;
    throw timedOutUnsent(copy, config);
  };
}
