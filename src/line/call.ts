import type { AxiosRequestConfig } from 'axios';
import type { Adapter } from '../axios/adapter.js';
import { bodyError, canceledError } from '../axios/versions.js';
import type { AxiosCopy } from '../axios/copy.js';
import { DeadlineError } from '../failure/errors.js';
import type { RetryOptions } from '../options/options.js';
import type { WaitBounds } from '../time/within.js';
import { isReplayable } from '../wire/replayable.js';
import type { Attempt } from './attempt.js';
import type { Cancellation } from './cancellation.js';
import { fold, noHistory, type Event, type History } from './history.js';
import type { Request } from './request.js';
import type { Story } from './story.js';

/** What is fixed for a call when it enters the long path. */
export interface Terms {
  /** The axios that the instance comes from. */
  readonly copy: AxiosCopy;
  readonly adapter: Adapter;
  readonly idempotent: boolean;
  readonly retry: false | Readonly<Required<RetryOptions>>;
  readonly cancellation: Cancellation;
  /** When its `deadlineMs` has passed, in awake time; Infinity where it has none. */
  readonly deadlineAtMs: number;
  /** When its `timeout` has passed, in awake time, where that bounds the whole call; otherwise Infinity. */
  readonly timeoutAtMs: number;
  /** The longest single wait. */
  readonly maxWaitMs: number;
}

/**
 * One call on the long path. It is a class because it refers to the configuration that carries it: where axios merges configurations, it
 * copies plain objects deeply, and leaves instances of a class as they are.
 */
export class Call {
  /** The attempt under way, or the last one; undefined before the first. */
  attempt: Attempt | undefined = undefined;
  /** What the attempts so far have come to. */
  history: History = noHistory;

  constructor(
    readonly request: Request,
    readonly terms: Terms,
    readonly story: Story,
  ) {}
}

/** The calls on the long path, by the private configuration that travels through the line. */
export interface Calls {
  of(config: AxiosRequestConfig | undefined): Call | undefined;
  put(config: AxiosRequestConfig, call: Call): void;
}

/** Creates the register of calls. It puts them on the configuration under a symbol, because a WeakMap makes work for the garbage collector. */
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

/** Notes what has happened to a call. */
export function note(call: Call, event: Event): void {
  call.history = fold(call.history, event);
}

/** Whether the body can be sent once more. */
export function canSendAgain({ request }: Call, config: AxiosRequestConfig): boolean {
  return request.seen.procore?.body !== undefined || isReplayable(config.data);
}

/** When the time of a call is over (awake time): by its deadline, or by its `timeout` where that bounds the whole call. */
export function endsAtMs({ deadlineAtMs, timeoutAtMs }: Terms): number {
  return Math.min(deadlineAtMs, timeoutAtMs);
}

/** How long a single wait of this call may take from now on. */
export function boundsOf({ request, terms }: Call, nowMs: number): WaitBounds {
  return {
    maxMs: Math.max(0, Math.min(terms.maxWaitMs, endsAtMs(terms) - nowMs)),
    signal: terms.cancellation.signal,
    way: request.config,
  };
}

/** The same for a server wait. Where the server throttles a call several times in a row, all these waits count as one. */
export function gateBoundsOf(call: Call, nowMs: number): WaitBounds {
  const bounds = boundsOf(call, nowMs);
  const { throttled } = call.history;
  const waitedMs = throttled ? nowMs - throttled.sinceMs : 0;
  return { ...bounds, maxMs: Math.max(0, Math.min(call.terms.maxWaitMs - waitedMs, bounds.maxMs)) };
}

/** The error of a call that was ended early. */
export function interruptedError({ request, terms }: Call): unknown {
  const interruption = terms.cancellation.interruption();
  switch (interruption?.kind) {
    case 'deadline':
      return new DeadlineError('its deadlineMs has passed.');
    case 'body':
      return bodyError(terms.copy, interruption.error, request.config);
    case undefined:
      return canceledError(terms.copy, request.config);
  }
}
