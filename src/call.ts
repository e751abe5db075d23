import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Adapter } from './axios.js';
import type { CompanyId, RetryOptions } from './options.js';
import type { Lease } from './token/ledger.js';
import type { Patience, TokenSource } from './token/source.js';

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
  /** Aborts with `signal` or CancelToken. */
  readonly signal: AbortSignal | undefined;
  readonly deadlineAtMs: number;
  readonly maxWaitMs: number;
  attempts: number;
  /** The token of the attempt under way. */
  lease: Lease | undefined;
  /** A redirect has left Procore: the answer is not Procore's. */
  left: boolean;
  /** This attempt's answer came with a status that is none of success. */
  refusedByStatus: boolean;
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

/** Creates the register of calls under way. */
export function createCalls(): Calls {
  const calls = new WeakMap<AxiosRequestConfig, Call>();
  return { of: (config) => config && calls.get(config), put: (config, call) => void calls.set(config, call) };
}

/** How long this call may wait now. */
export function patienceOf(call: Call, nowMs: number): Patience {
  return { maxMs: Math.max(0, Math.min(call.maxWaitMs, call.deadlineAtMs - nowMs)), signal: call.signal };
}

/**
 * One signal for `signal` and the older CancelToken. `release` removes the listener from a signal or token that outlives the call.
 */
export function bridgeCancellation(config: AxiosRequestConfig): {
  signal: AbortSignal | undefined;
  release: () => void;
} {
  const signal = config.signal as AbortSignal | undefined;
  const token = config.cancelToken as
    | {
        promise: Promise<unknown>;
        subscribe?: (l: () => void) => void;
        unsubscribe?: (l: () => void) => void;
      }
    | undefined;
  if (!token) return { signal, release: () => {} };
  const both = new AbortController();
  const abort = () => both.abort();
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  if (token.subscribe) token.subscribe(abort);
  // Below axios 0.22 a token has a promise only.
  else void token.promise.then(abort);
  return {
    signal: both.signal,
    release: () => {
      signal?.removeEventListener('abort', abort);
      token.unsubscribe?.(abort);
    },
  };
}
