import axios, { type AxiosRequestConfig } from 'axios';

type CanceledClass = new (message: string, config?: AxiosRequestConfig) => Error;

// The class is called Cancel below axios 0.27. `axios.isCancel` of every copy and version knows both by the same property.
const { CanceledError, Cancel } = axios as unknown as Record<string, CanceledClass | undefined>;
const Canceled = (CanceledError ?? Cancel)!;

/** Throws axios's error of a cancelled call where the caller's `signal` or `cancelToken` has ended the work. */
export function throwIfCanceled(config: AxiosRequestConfig): void {
  config.cancelToken?.throwIfRequested();
  if (config.signal?.aborted) throw new Canceled('canceled', config);
}

/** Whether an error is that of a cancelled call, of any copy of axios. */
export function isCancel(error: unknown): boolean {
  return Boolean((error as { __CANCEL__?: unknown } | null | undefined)?.__CANCEL__);
}

/** A signal of one request that can be aborted by itself. */
export interface OwnSignal {
  readonly signal: AbortSignal;
  abort(): void;
  /** Takes the listener off the caller's signal. */
  release(): void;
}

/** Creates a signal that is aborted with the caller's, or alone. */
export function createOwnSignal(outer: AxiosRequestConfig['signal']): OwnSignal {
  const controller = new AbortController();
  const abort = () => controller.abort();
  if (outer?.aborted) abort();
  else outer?.addEventListener?.('abort', abort);
  return {
    signal: controller.signal,
    abort,
    release: () => void outer?.removeEventListener?.('abort', abort),
  };
}
