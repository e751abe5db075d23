import type { AxiosRequestConfig } from 'axios';
import { bodyError, discard } from '../axios/versions.js';
import type { AxiosCopy } from '../axios/copy.js';
import { interruptedError, type Call, type Calls } from './call.js';
import type { Env } from '../time/env.js';
import { overtime, timerEarlyMs } from './overtime.js';
import { isReplayable } from '../wire/replayable.js';
import { awakeNow, within } from '../time/within.js';

/**
 * Creates the interceptor of the line that lets `procore.body` make the body of an attempt: after the wait for the server, because a
 * stream that waits may break, and before the token is picked, because making it may take a while.
 */
export function createBodyMaker({ env, calls }: { env: Env; calls: Calls }): {
  request(config: AxiosRequestConfig): AxiosRequestConfig | Promise<AxiosRequestConfig>;
} {
  /** What the application's function throws, the call rejects with, as it is. */
  function thrown(call: Call, error: unknown): unknown {
    call.thrown = { error };
    return error;
  }

  function make(call: Call): unknown {
    try {
      return call.makeBody!();
    } catch (error) {
      throw thrown(call, error);
    }
  }

  /** A body that comes when nobody wants it any more is closed. */
  async function awaited(made: PromiseLike<unknown>, call: Call): Promise<unknown> {
    const { signal } = call;
    const body = Promise.resolve(made);
    const waited = await within(env, call.timeoutAtMs - awakeNow(env), body, signal);
    if (waited.kind === 'done' && !signal?.aborted) return waited.value;
    if (waited.kind === 'failed' && !signal?.aborted) throw thrown(call, waited.error);
    void body.then(discard, () => undefined);
    throw (
      (signal?.aborted ? undefined : overtime(call, awakeNow(env) + timerEarlyMs)) ?? interruptedError(call)
    );
  }

  function put(body: unknown, config: AxiosRequestConfig, call: Call): AxiosRequestConfig {
    if (body === call.body && !isReplayable(body)) {
      throw thrown(
        call,
        new TypeError(
          'axios-procore: procore.body returned the same stream again, which has been read; it takes a function that makes a new one for each attempt.',
        ),
      );
    }
    call.body = body;
    call.brokenBody = breaking(body, config, call.copy);
    config.data = body;
    return config;
  }

  return {
    request(config) {
      const call = calls.of(config);
      if (!call?.makeBody) return config;
      if (call.signal?.aborted) throw interruptedError(call);
      // What the last attempt came to is not what this one comes to.
      call.failure = undefined;
      call.response = undefined;
      call.retryAtMs = undefined;
      call.refusedByStatus = false;
      call.redirected = false;
      const made = make(call);
      return isThenable(made)
        ? awaited(made, call).then((body) => put(body, config, call))
        : put(made, config, call);
    },
  };
}

/** Rejects when a stream breaks; also before an adapter listens to it, where an unheard error would end the process. */
function breaking(body: unknown, config: AxiosRequestConfig, copy: AxiosCopy): Call['brokenBody'] {
  const stream = body as { on?: unknown; pipe?: unknown } | undefined;
  if (typeof stream?.on !== 'function' || typeof stream.pipe !== 'function') return undefined;
  const broken: { is: boolean; promise: Promise<never> } = {
    is: false,
    promise: new Promise((_resolve, reject) => {
      (stream as NodeJS.ReadableStream).on('error', (error: unknown) => {
        broken.is = true;
        reject(bodyError(copy, error, config));
      });
    }),
  };
  broken.promise.catch(() => undefined);
  return broken;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined | null)?.then === 'function';
}
