import type { AxiosResponse } from 'axios';
import type { AxiosCopy } from '../axios/copy.js';
import type { Env } from '../time/env.js';
import { isProcoreError } from '../failure/errors.js';
import type { Settings } from '../options/options.js';
import { timedOutUnsent, timerEarlyMs } from '../line/overtime.js';
import { timeoutMsOf } from '../axios/timeout.js';
import { within } from '../time/within.js';
import type { LegacyCall } from './takeover.js';

/** A token request of the application that the plugin answers. `endsAtMs`: when its `timeout` has passed; Infinity without a `timeout`. */
export type AnsweredCall = LegacyCall & { readonly endsAtMs: number };

/**
 * Creates the function that bounds the answer to a token request of the application by the `timeout` of that request, where
 * `legacy.timeoutBoundsCall` says so. A renewal or a token request that is under way at that moment goes on, and its answer is kept.
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
    // `answer` begins a microtask later, so that this timer is set before those of the waits inside and fires first among equals.
    const begun = Promise.resolve().then(() => answer({ ...call, endsAtMs }));
    const waited = await within(env, timeoutMs, begun);
    if (waited.kind === 'done') return waited.value;
    const isOver = env.now() + timerEarlyMs >= endsAtMs;
    if (waited.kind === 'failed' && !(isOver && isProcoreError(waited.error))) throw waited.error;
    throw timedOutUnsent(copy, config);
  };
}
