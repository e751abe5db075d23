/** A request as the condition of a fault gets it. */
export interface EmulatedRequest {
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  /** The query string without its question mark; empty when there is none. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Record<string, string | string[] | undefined>;
  /** The whole body as UTF-8 text. */
  readonly body: string;
}

/**
 * What a fault does to a request.
 *
 * - `drop`: the socket is destroyed without an answer.
 * - `answer`: this answer; an object becomes JSON, a string stays as it is (`text/html` unless a header says otherwise).
 * - `delay`: the normal answer, `ms` milliseconds later.
 * - `hang`: no answer until the client goes away or the emulator closes.
 * - `hold`: the normal answer once {@link FaultHandle.release} is called, so that tests order events without sleeping.
 * - `cut`: headers and half of the body, then the socket is destroyed. With `after: true` it is half of the real answer; otherwise half of
 *   a made-up
 *   JSON 200.
 * - `redirect`: `status` is 302 by default; `location` goes out as given.
 */
export type FaultAction =
  | { kind: 'drop' }
  | {
      kind: 'answer';
      status: number;
      headers?: Record<string, string> | undefined;
      body?: string | object | undefined;
    }
  | { kind: 'delay'; ms: number }
  | { kind: 'hang' }
  | { kind: 'hold' }
  | { kind: 'cut' }
  | { kind: 'redirect'; location: string; status?: number | undefined };

/**
 * A fault on the way to or from the server.
 *
 * @example
 * // The refresh token is spent, and the answer is lost.
 * emulator.misbehave({ on: 'token', after: true, do: { kind: 'drop' } });
 */
export interface Fault {
  /**
   * `'token'`: `POST /oauth/token`. `'revoke'`, `'info'`, `'authorize'`: the other endpoints of the login host. `'api'`: everything
   * under `/rest/`. `'storage'`: the PUTs to presigned URLs. A function may choose from all requests.
   */
  on: 'token' | 'revoke' | 'info' | 'authorize' | 'api' | 'storage' | ((request: EmulatedRequest) => boolean);
  /** How many requests it strikes; `Infinity` for all. @default 1 */
  times?: number | undefined;
  /**
   * False: the fault strikes before the request is carried out, so nothing is exchanged or written; a delayed or held
   * request is carried out when its wait ends, and never if the client has left by then.
   * True: the request is carried out first (token spent, RFI written), then the fault strikes. @default false
   */
  after?: boolean | undefined;
  /**
   * For an `answer` to an API request. False: it strikes only requests whose access token is valid; any other gets its 401, and the fault
   * waits for the next request. True: it strikes every request, as the answer of a gateway in front of the API does. @default false
   */
  beforeTokenCheck?: boolean | undefined;
  do: FaultAction;
}

/** The handle on one registered fault. */
export interface FaultHandle {
  /** How many requests it has struck so far. */
  readonly hits: number;
  /** Resolves once it has struck `count` (default 1) requests; for a hold: once that many have been held. */
  struck(count?: number): Promise<void>;
  /** Releases all held and delayed requests in the order of their arrival, and ends the fault. */
  release(): void;
  /** Ends the fault; held requests stay held until `release()`. */
  remove(): void;
}
