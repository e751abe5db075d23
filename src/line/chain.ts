import type { AxiosRequestConfig, AxiosResponse } from 'axios';

type Fulfilled = (value: AxiosResponse) => AxiosResponse | Promise<AxiosResponse>;
type Rejected = (error: unknown) => AxiosResponse | Promise<AxiosResponse>;

/**
 * The private chain under the application's interceptors: an attempt, and the handlers of what it comes to. The handlers run as the
 * response interceptors of axios do, first in, first out, so that axios-retry attaches to the line as to any instance; but a re-send
 * makes another attempt and does not merge configurations.
 */
export interface Line {
  /** Makes a further attempt, and passes it to all handlers. */
  (config: AxiosRequestConfig): Promise<AxiosResponse>;
  /** Passes an attempt that is under way to all handlers. */
  back(attempt: Promise<AxiosResponse>): Promise<AxiosResponse>;
  interceptors: {
    response: { use(fulfilled: Fulfilled | null, rejected?: Rejected | null): number };
  };
  /** Empty, because axios-retry looks for agents here and must not take the call's own ones for defaults. */
  defaults: object;
}

/** Creates a line. `send` makes a further attempt. */
export function createLine(send: (config: AxiosRequestConfig) => Promise<AxiosResponse>): Line {
  const handlers: { fulfilled: Fulfilled | undefined; rejected: Rejected | undefined }[] = [];

  function back(attempt: Promise<AxiosResponse>): Promise<AxiosResponse> {
    let handled = attempt;
    for (const { fulfilled, rejected } of handlers) handled = handled.then(fulfilled, rejected);
    return handled;
  }

  function use(fulfilled: Fulfilled | null, rejected?: Rejected | null): number {
    return handlers.push({ fulfilled: fulfilled ?? undefined, rejected: rejected ?? undefined }) - 1;
  }

  return Object.assign((config: AxiosRequestConfig) => back(send(config)), {
    back,
    interceptors: { response: { use } },
    defaults: {},
  });
}
