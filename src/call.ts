import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { bodyError, canceledError, type Adapter } from './axios.js';
import type { Env } from './env.js';
import { DeadlineError } from './failure/errors.js';
import type { CompanyId, RetryOptions } from './options.js';
import type { Lease } from './token/ledger.js';
import type { Patience } from './token/refusals.js';
import type { TokenSource } from './token/source.js';

/** One call of the application through the line, over all its attempts. */
export interface Call {
  /** The application's configuration, as it comes back on the answer. */
  readonly config: AxiosRequestConfig;
  readonly adapter: Adapter;
  readonly method: string;
  readonly path: string;
  /** Undefined for `auth: false`. */
  readonly source: TokenSource | undefined;
  readonly companyId: CompanyId | undefined;
  readonly retry: false | Readonly<Required<RetryOptions>>;
  readonly idempotent: boolean | undefined;
  /** Aborts with `signal`, CancelToken, the deadline or the body. */
  readonly signal: AbortSignal | undefined;
  /** What ended it before its time, if it was not the application itself. */
  readonly interruption: () => Interruption | undefined;
  readonly deadlineAtMs: number;
  readonly maxWaitMs: number;
  attempts: number;
  /** The token of the attempt under way. */
  lease: Lease | undefined;
  /** A redirect was followed: the call itself has run, whatever became of the rest. */
  redirected: boolean;
  /** A redirect has left Procore: the answer is not Procore's. */
  left: boolean;
  /** This attempt's answer came with a status that is none of success. */
  refusedByStatus: boolean;
  /** The adapter resolves whatever the status, as some mocks do. */
  lenient: boolean;
  replays: number;
  /** A renewal for a 401 of this call has been waited for. */
  renewed: boolean;
  /** If this attempt is accepted, that renewal has helped. */
  proves: boolean;
  /** The last answer of the API, for an error of ours that comes of it. */
  response: AxiosResponse | undefined;
}

/** Our calls, by the private configuration that travels through the line. */
export interface Calls {
  of(config: AxiosRequestConfig | undefined): Call | undefined;
  put(config: AxiosRequestConfig, call: Call): void;
}

/** Creates the register of calls under way. A symbol on the copy, not a WeakMap: an entry for each call is work for the collector. */
export function createCalls(): Calls {
  const underWay = Symbol('axios-procore.call');
  type Carrier = AxiosRequestConfig & { [underWay]?: Call };
  return {
    of: (config) => (config as Carrier | undefined)?.[underWay],
    put(config, call) {
      (config as Carrier)[underWay] = call;
    },
  };
}

/** How long this call may wait now. */
export function patienceOf(call: Call, nowMs: number): Patience {
  return { maxMs: Math.max(0, Math.min(call.maxWaitMs, call.deadlineAtMs - nowMs)), signal: call.signal };
}

/** What ended a call before its time, if it was not the application itself. */
export type Interruption = { kind: 'deadline' } | { kind: 'body'; error: unknown };

/** One signal for all that may end a call early. */
export interface Bridge {
  /** Undefined when nothing can. */
  readonly signal: AbortSignal | undefined;
  interruption(): Interruption | undefined;
  /** Removes the listeners from a signal or token that outlives the call, and the timer. */
  release(): void;
}

/** The older CancelToken, as every version has it. */
interface Token {
  promise: Promise<unknown>;
  subscribe?: (listener: () => void) => void;
  unsubscribe?: (listener: () => void) => void;
}

/**
 * One signal for `signal`, the older CancelToken, the deadline, and an error of a body that is a stream: while such a call waits nobody
 * else listens to the stream, and an unheard error ends the process.
 */
export function bridgeCancellation(config: AxiosRequestConfig, env: Env, deadlineMs?: number): Bridge {
  const signal = config.signal as AbortSignal | undefined;
  const token = config.cancelToken as Token | undefined;
  const stream = streamIn(config.data);
  if (!token && !stream && deadlineMs === undefined) {
    return { signal, interruption: () => undefined, release: () => {} };
  }
  const any = new AbortController();
  const over = new AbortController();
  let interruption: Interruption | undefined;
  const abort = () => any.abort();
  const interrupt = (by: Interruption) => {
    if (any.signal.aborted || over.signal.aborted) return;
    interruption = by;
    any.abort();
  };
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  if (token?.subscribe) token.subscribe(abort);
  // Below axios 0.22 a token has a promise only.
  else void token?.promise.then(abort);
  // For good: a stream that was never sent may fail after the call.
  stream?.on('error', (error) => interrupt({ kind: 'body', error }));
  if (deadlineMs !== undefined) {
    void env.sleep(deadlineMs, { signal: over.signal }).then(() => interrupt({ kind: 'deadline' }));
  }
  return {
    signal: any.signal,
    interruption: () => interruption,
    release() {
      over.abort();
      signal?.removeEventListener('abort', abort);
      token?.unsubscribe?.(abort);
    },
  };
}

/** What a call is rejected with that ended before its time. */
export function interruptedError(call: Call): unknown {
  const interruption = call.interruption();
  switch (interruption?.kind) {
    case 'deadline':
      return new DeadlineError('its deadlineMs has passed.');
    case 'body':
      return bodyError(interruption.error, call.config);
    case undefined:
      return canceledError(call.config);
  }
}

function streamIn(
  data: unknown,
): { on(event: 'error', listener: (error: unknown) => void): unknown } | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { pipe, on } = data as { pipe?: unknown; on?: unknown };
  return typeof pipe === 'function' && typeof on === 'function' ? (data as never) : undefined;
}
