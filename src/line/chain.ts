import type { AxiosRequestConfig, AxiosResponse } from 'axios';

type Handler<T> = (value: T) => T | Promise<T>;
type Rejected = (error: unknown) => AxiosResponse | Promise<AxiosResponse>;

/**
 * The private interceptor chain under the application's interceptors. It has axios's contract (request interceptors run last in,
 * first out; response interceptors first in, first out), so that axios-retry attaches to it as to any instance; but a re-send runs
 * this chain again and not axios's merging of configurations.
 */
export interface Line {
  (config: AxiosRequestConfig): Promise<AxiosResponse>;
  /** The way back alone, for an attempt that has been made already. */
  back(answer: Promise<AxiosResponse>): Promise<AxiosResponse>;
  interceptors: {
    request: { use(handler: Handler<AxiosRequestConfig>): number };
    response: { use(fulfilled: Handler<AxiosResponse> | null, rejected?: Rejected | null): number };
  };
  /** Nothing: whoever attaches looks for agents here and must not take the call's own for defaults. */
  defaults: object;
}

/** Creates a line that ends in `send`. Where no handler returns a promise, `send` runs in the same tick. */
export function createLine(send: (config: AxiosRequestConfig) => Promise<AxiosResponse>): Line {
  const requestHandlers: Handler<AxiosRequestConfig>[] = [];
  const responseHandlers: {
    fulfilled: Handler<AxiosResponse> | undefined;
    rejected: Rejected | undefined;
  }[] = [];

  function request(config: AxiosRequestConfig, from: number): Promise<AxiosResponse> {
    let current = config;
    for (let index = from; index >= 0; index--) {
      const next = requestHandlers[index]!(current);
      if (next instanceof Promise) return next.then((awaited) => request(awaited, index - 1));
      current = next;
    }
    return send(current);
  }

  function back(answer: Promise<AxiosResponse>): Promise<AxiosResponse> {
    let handled = answer;
    for (const { fulfilled, rejected } of responseHandlers) handled = handled.then(fulfilled, rejected);
    return handled;
  }

  const line = (config: AxiosRequestConfig): Promise<AxiosResponse> => {
    try {
      return back(request(config, requestHandlers.length - 1));
    } catch (error) {
      return back(Promise.reject(error));
    }
  };
  return Object.assign(line, {
    back,
    interceptors: {
      request: { use: (handler: Handler<AxiosRequestConfig>) => requestHandlers.push(handler) - 1 },
      response: {
        use: (fulfilled: Handler<AxiosResponse> | null, rejected?: Rejected | null) =>
          responseHandlers.push({ fulfilled: fulfilled ?? undefined, rejected: rejected ?? undefined }) - 1,
      },
    },
    defaults: {},
  });
}
