import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { AxiosCopy } from '../axios/copy.js';
import { afterBody } from '../axios/streamed.js';
import { bodyError, canceledError } from '../axios/versions.js';
import type { Env } from '../time/env.js';

/** What ended a call before its time, if it was not the application itself. */
type Interruption = { kind: 'deadline' } | { kind: 'body'; error: unknown };

/** One signal for all that may end a call early. */
export interface Cancellation {
  /** Undefined when nothing can. */
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

/** The older CancelToken, as every version has it. */
interface Token {
  promise: Promise<unknown>;
  /** Set once it is cancelled. */
  reason?: unknown;
  subscribe?: (listener: () => void) => void;
  unsubscribe?: (listener: () => void) => void;
}

/** Of most calls: nothing but a signal of their own, if they have one, can end them early. */
const uncancelled: Cancellation = Object.freeze({
  signal: undefined,
  interruption: () => undefined,
  interrupted: undefined,
  release: () => {},
});

/**
 * Makes one signal of the call's `signal`, the older CancelToken, the deadline, and an error of a body that is a stream: while such a call
 * waits nobody else listens to the stream, and an error without a listener ends the process.
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
  // With the reason of the application's signal, because an adapter may report it.
  const abort = () => any.abort(signal?.aborted ? signal.reason : undefined);
  const interrupt = (by: Interruption) => {
    if (any.signal.aborted || over.signal.aborted) return;
    interruption = by;
    // Before the adapter hears of it, so that the call does not reject with an error of the adapter's.
    if (by.kind === 'deadline') reject(canceledError(copy, config));
    // A moment later, because the error of an adapter that reads the stream says more.
    else void env.sleep(0).then(() => reject(bodyError(copy, by.error, config)));
    any.abort();
  };
  // At once, because such a call must not be sent: not every adapter listens to a CancelToken.
  if (signal?.aborted || token?.reason) abort();
  signal?.addEventListener('abort', abort, { once: true });
  // Not at once: axios 0.27 fails where a listener of a token is removed while the others are called, as the adapter's is by an abort.
  const abortNext = () => void Promise.resolve().then(abort);
  if (token?.subscribe) token.subscribe(abortNext);
  // Below axios 0.22 a CancelToken has only a promise.
  else void token?.promise.then(abort);
  // This listener stays: a stream that was never sent may fail after the call.
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
      // Also while the body streams on: the adapter listens to the CancelToken itself.
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
