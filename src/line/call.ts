import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Adapter } from '../axios/adapter.js';
import { bodyError, canceledError } from '../axios/versions.js';
import type { AxiosCopy } from '../axios/copy.js';
import type { Interruption } from './cancellation.js';
import { DeadlineError } from '../failure/errors.js';
import type { Failure } from '../failure/assess.js';
import type { GaveUp } from '../failure/problem.js';
import type { CompanyId, RetryOptions } from '../options/options.js';
import type { Gate, Ticket } from '../pacing/gate.js';
import { isReplayable } from '../wire/replayable.js';
import type { Lease } from '../token/pair/ledger.js';
import type { TokenSource } from '../token/source.js';
import type { Patience } from '../time/within.js';

/** One call of the application through the line, over all its attempts. */
export interface Call {
  /** The application's configuration, as it comes back on the answer. */
  readonly config: AxiosRequestConfig;
  readonly adapter: Adapter;
  /** The axios that the instance comes from. */
  readonly copy: AxiosCopy;
  readonly method: string;
  readonly path: string;
  /** Undefined for `auth: false`. */
  source: TokenSource | undefined;
  /** The bearer that the call brings along. */
  readonly bearer: string | undefined;
  /** It names its account: its bearer has no say in whose tokens it uses. */
  readonly isNamed: boolean;
  readonly companyId: CompanyId | undefined;
  readonly retry: false | Readonly<Required<RetryOptions>>;
  readonly idempotent: boolean;
  /** Makes a new body for each attempt. */
  readonly makeBody: (() => unknown) | undefined;
  /** Undefined with `rateLimit: false`. */
  readonly gate: Gate | undefined;
  readonly ticket: Ticket | undefined;
  /** Aborts with `signal`, CancelToken, the deadline or the body. */
  readonly signal: AbortSignal | undefined;
  /** What ended it before its time, if it was not the application itself. */
  readonly interruption: () => Interruption | undefined;
  /** Rejects with that: an adapter may listen to nobody. Undefined when nothing can. */
  readonly interrupted: Promise<never> | undefined;
  readonly deadlineAtMs: number;
  readonly startedAtMs: number;
  /** When its `timeout` has passed, where that bounds the whole call; else Infinity. */
  readonly timeoutAtMs: number;
  readonly maxWaitMs: number;
  attempts: number;
  /** What `makeBody` made for the attempt under way. */
  body: unknown;
  /** If that is a stream: whether it has broken, and a promise that rejects then. */
  brokenBody: { readonly is: boolean; readonly promise: Promise<never> } | undefined;
  /** What `makeBody` has thrown. */
  thrown: { readonly error: unknown } | undefined;
  /** What the last attempt came to, if it failed. */
  failure: Failure | undefined;
  /** Of all attempts so far, one may have been carried out. */
  mayHaveRun: boolean;
  /** Since when, and how often, the server, asked again and again, turns it away. */
  turnedAway: { readonly sinceMs: number; readonly times: number } | undefined;
  /** When the server wants to be asked again. */
  retryAtMs: number | undefined;
  gaveUp: GaveUp | undefined;
  /** The token of the attempt under way. */
  lease: Lease | undefined;
  /** When that was sent. */
  sentAtMs: number;
  /** A redirect was followed: the call itself has run, whatever became of the rest. */
  redirected: boolean;
  /** A redirect has left Procore: the answer is not Procore's. */
  left: boolean;
  /** A redirect has taken the token off on its way between two origins of Procore: the answer says nothing about it. */
  tokenless: boolean;
  /** This attempt's answer came with a status that is none of success. */
  refusedByStatus: boolean;
  /** The adapter resolves whatever the status, as some mocks do. */
  lenient: boolean;
  replays: number;
  /** A renewal has been made for a 401 of this call. */
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

/** Whether the body gives the same bytes once more. */
export function canSendAgain(call: Call, config: AxiosRequestConfig): boolean {
  return call.makeBody !== undefined || isReplayable(config.data);
}

/** When the time of this call is over: by its deadline, or by its `timeout` where that bounds the whole call. */
export function endsAtMs(call: Call): number {
  return Math.min(call.deadlineAtMs, call.timeoutAtMs);
}

/** How long a single wait of this call may take from now on. */
export function patienceOf(call: Call, nowMs: number): Patience {
  return {
    maxMs: Math.max(0, Math.min(call.maxWaitMs, endsAtMs(call) - nowMs)),
    signal: call.signal,
    way: call.config,
  };
}

/** The same for a wait for the server. Where the server has turned the call away several times in a row, all of that counts as one wait. */
export function gatePatienceOf(call: Call, nowMs: number): Patience {
  const patience = patienceOf(call, nowMs);
  const waitedMs = call.turnedAway ? nowMs - call.turnedAway.sinceMs : 0;
  return { ...patience, maxMs: Math.max(0, Math.min(call.maxWaitMs - waitedMs, patience.maxMs)) };
}

/** What a call is rejected with that ended before its time. */
export function interruptedError(call: Call): unknown {
  const interruption = call.interruption();
  switch (interruption?.kind) {
    case 'deadline':
      return new DeadlineError('its deadlineMs has passed.');
    case 'body':
      return bodyError(call.copy, interruption.error, call.config);
    case undefined:
      return canceledError(call.copy, call.config);
  }
}
