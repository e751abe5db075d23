import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { AxiosCopy } from '../axios/copy.js';
import { afterBody } from '../axios/streamed.js';
import { bodyError, canceledError } from '../axios/versions.js';
import type { Env } from '../time/env.js';

/** What ended a call before its time, if it was not the application itself. */
type Interruption = { kind: 'deadline' } | { kind: 'body'; error: unknown };

/** One signal for all that may end a call early. */
export interface Cancellation {
  /** Undefined where nothing can end the call early. */
  readonly signal: AbortSignal | undefined;
  /** What ended the call before its time, if it was not the application itself. */
  interruption(): Interruption | undefined;
  /** Rejects when there is an interruption, because an adapter may listen to no signal; undefined when there can be none. */
  readonly interrupted: Promise<never> | undefined;
  /**
   * Removes the listeners from a signal or token that outlives the call, and the timer. An answer whose body streams on can still be
   * aborted until its end, where a signal of the package stands between the adapter and the application's.
   */
  release(response?: AxiosResponse): void;
}

/** A CancelToken, as far as every version of axios has it. */
interface Token {
  promise: Promise<unknown>;
  /** Set once it is cancelled. */
  reason?: unknown;
  subscribe?: (listener: () => void) => void;
  unsubscribe?: (listener: () => void) => void;
}

/** The cancellation of most calls, which only a signal of their own can end early, if they have one. */
const uncancelled: Cancellation = Object.freeze({
  signal: undefined,
  interruption: () => undefined,
  interrupted: undefined,
  release: () => {},
});

/**
 * Makes one signal of the call's `signal`, its CancelToken, its deadline, and an error of a body that is a stream. While such a call waits
 * nobody else listens to the stream, and an error without a listener ends the process.
 */
export function bridgeCancellation(
  copy: AxiosCopy,
  config: AxiosRequestConfig,
  env: Env,
  deadlineMs?: number,
): Cancellation {
  const signal = config.signal as AbortSignal | undefined;
  const token = config.cancelToken as Token | undefined;
  const stream = streamIn(config.data);
  // An adapter that knows no signals gets a CancelToken, which must listen to a signal that ends with the call.
  if (!token && !stream && deadlineMs === undefined && (!signal || copy.knowsSignal)) {
    return signal ? { ...uncancelled, signal } : uncancelled;
  }
  const any = new AbortController();
  const over = new AbortController();
  let interruption: Interruption | undefined;
  let reject = (_error: unknown) => {};
  const interrupted =
    stream || deadlineMs !== undefined ? new Promise<never>((_resolve, no) => (reject = no)) : undefined;
  interrupted?.catch(() => undefined);
  // The reason is that of the application's signal, because an adapter may report it.
  const abort = () => any.abort(signal?.aborted ? signal.reason : undefined);
  const interrupt = (by: Interruption) => {
    if (any.signal.aborted || over.signal.aborted) return;
    interruption = by;
    // The promise rejects before the adapter is aborted, so that the call does not reject with the adapter's error.
    if (by.kind === 'deadline') reject(canceledError(copy, config));
    // The promise rejects a turn later, because the error of an adapter that reads the stream says more.
    else void env.sleep(0).then(() => reject(bodyError(copy, by.error, config)));
    any.abort();
  };
  // A call that is cancelled already must not be sent, and not every adapter listens to a CancelToken.
  if (signal?.aborted || token?.reason) abort();
  signal?.addEventListener('abort', abort, { once: true });
  // The abort comes a microtask later. It removes the adapter's listener, and axios 0.27 fails where one is removed while others are called.
  const abortNext = () => void Promise.resolve().then(abort);
  if (token?.subscribe) token.subscribe(abortNext);
  // Below axios 0.22 a CancelToken has a promise and no `subscribe`.
  else void token?.promise.then(abort);
  // This listener is not removed, because a stream that was never sent may fail after the call.
  stream?.on('error', (error) => interrupt({ kind: 'body', error }));
  if (deadlineMs !== undefined) {
    void env
      .sleep(deadlineMs, { signal: over.signal, awake: true })
      .then(() => interrupt({ kind: 'deadline' }));
  }
  return {
    signal: any.signal,
    interruption: () => interruption,
    interrupted,
    release(response) {
      over.abort();
      // This listener is not needed while the body streams on, because the adapter listens to the CancelToken itself.
      token?.unsubscribe?.(abortNext);
      if (signal) afterBody(response, () => signal.removeEventListener('abort', abort));
    },
  };
}

function streamIn(
  data: unknown,
): { on(event: 'error', listener: (error: unknown) => void): unknown } | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { pipe, on } = data as { pipe?: unknown; on?: unknown };
  return typeof pipe === 'function' && typeof on === 'function' ? (data as never) : undefined;
}
