import type { InContext } from '../time/async-context.js';
import type { ProblemKind } from '../failure/catalogue.js';
import type { ReauthenticationReason } from '../failure/error-base.js';
import { kindOf } from '../text/words.js';
import { unknownName } from '../text/nearest.js';
import type { Settings } from '../options/options.js';
import { openChannels, type Channels } from './channels.js';
import { contained } from './contained.js';
import type { Log } from './log.js';

/** The first 8 hex digits of the SHA-256 of a token. */
export type Fingerprint = string;

/** What the events of a call have in common. Those of one call have the same `callId`. */
export interface CallOfEvent {
  /** Unique, over processes too. It is made when the first event of a call is told, and is in no header. */
  callId: string;
  /** Whose tokens it uses. Missing where a call ends, or waits, before that is known. */
  account?: string;
  /** Of the API, with the port where that is not the usual one. */
  host: string;
  /** In capitals. */
  method: string;
  /** Without the query. */
  path: string;
}

/** What a call has come to so far. */
export interface CallSoFar {
  /** The HTTP status of the last answer. */
  status?: number;
  /** `x-request-id` of the last answer, by which Procore's support finds the request. */
  requestId?: string;
  /** What kind of failure it is, as in `error.procore.kind`. */
  kind?: ProblemKind;
  /** The code of the error, where it has one: `ECONNRESET`, `ERR_PROCORE_DEADLINE`. Of an answer's status axios makes `ERR_BAD_REQUEST`. */
  code?: string;
  /** Whether the header `Procore-Company-Id` was sent. Missing where nothing was sent. */
  hasCompanyId?: boolean;
  /** Calls that the rate limit allows in its window, as the last answer says. */
  limit?: number;
  /** Calls that this window still allows. */
  remaining?: number;
  /** Milliseconds that the call has waited for tokens, limits and retries, all waits together. */
  waitedMs: number;
  /** Milliseconds since the call came, waits included. */
  durationMs: number;
}

/** The details of each event, by event name. None of them contains a token or a secret. */
export interface ProcoreEvents {
  /** A renewal succeeded. */
  'token-renewed': {
    /** Whose tokens they are. */
    account: string;
    /** Of the new access token. */
    accessToken: Fingerprint;
    /** When the new access token expires, as far as that is known. */
    expiresAt?: Date;
    /** Whether the save of the new pair has failed so far. */
    unsaved: boolean;
  };
  /** Another process or another copy of the package had renewed already; its pair is used, and no token request was made. */
  'token-adopted': {
    /** Whose tokens they are. */
    account: string;
    /** Of the adopted access token. */
    accessToken?: Fingerprint;
    /** When the adopted access token expires, as far as that is known. */
    expiresAt?: Date;
    /** Where the pair was found: in the store, or in the memory of this process. */
    from: 'store' | 'process';
  };
  /** A renewal failed. No call is rejected for a failure in the background. */
  'token-renewal-failed': {
    /** Whose tokens were to be renewed. */
    account: string;
    /** The code of the error: `ERR_PROCORE_TOKEN_RENEWAL_FAILED`, `ERR_PROCORE_TOKEN_STORE_FAILED`. */
    code: string;
    /** What went wrong and what to do, without secrets. */
    message: string;
    /** When the next automatic renewal may start. */
    retryAt?: Date;
  };
  /** The new pair could not be saved and is in memory only. Calls use the old pair while that works. */
  'token-save-failed': {
    /** Whose tokens they are. */
    account: string;
    /** What went wrong and what to do, without secrets. */
    message: string;
    /** The error of the store, without secrets. */
    cause?: unknown;
  };
  /** A pair that could not be saved has been saved after all. */
  'token-saved-late': {
    /** Whose tokens they are. */
    account: string;
  };
  /** The user must authorize the application anew. Emitted as soon as that is known, even while the old access token still works. */
  'reauthentication-required': {
    /** Who must authorize the application. */
    account: string;
    /** Why, as in {@link ReauthenticationRequiredError}. */
    reason: ReauthenticationReason;
    /** What happened and what to do, without secrets. */
    message: string;
  };
  /** A call waits. Told when the wait begins; what it has taken is in what is told of the call later. */
  'request-waiting': CallOfEvent & {
    /** For a token, for a rate limit, for a server that refuses calls for a time (503), or before a retry. */
    reason: 'token' | 'rate-limit' | 'unavailable' | 'retry';
    /** With reason `token`: the tokens are read from the store, or renewed, by this process or by another one that holds the lock. */
    awaits?: 'store' | 'renewal';
    /** Missing where the end of the wait depends on the answer to another request. */
    until?: Date;
    /** With reason `rate-limit` or `unavailable`: how many calls of this process that wait for the same limit are sent before this one. */
    before?: number;
    /** The attempt that waits, from 1 on. */
    attempt: number;
  };
  /** A call is sent again, once its turn at the limit comes. What is told of the answer is that of the attempt which has failed. */
  'request-retried': CallOfEvent &
    CallSoFar & {
      /** After a 401, or after another failure that is safe to repeat. */
      reason: 'unauthorized' | 'failure';
      /** The number of the attempt that follows, from 2 on. */
      attempt: number;
    };
  /** A call has ended, with an answer or an error: once for each call. */
  'request-settled': CallOfEvent &
    CallSoFar & {
      /** How often it was sent; 0 where it never was. */
      attempts: number;
    };
  /**
   * The common state of `rateLimit.shared` answers again, and all processes pace their calls together. Told after the warning
   * `pacing-alone`.
   */
  'pacing-together': {
    /** For how many milliseconds this process has paced its calls alone. */
    aloneMs: number;
  };
  /** Something that should be changed; emitted once per cause, `pacing-alone` at each outage. */
  warning: {
    /** What the warning is about. `docs/reference.md` explains each. */
    code: WarningCode;
    /** What is wrong and what to do, without secrets. */
    message: string;
  };
}

/** Stable identifiers of warnings. */
export type WarningCode =
  | 'adapter-replaced'
  | 'unlisted-procore-host'
  | 'legacy-refresh'
  | 'another-user'
  | 'account-changed-owner'
  | 'company-conflict'
  | 'lock-contract'
  | 'store-contract'
  | 'client-shared'
  | 'listener-failed'
  | 'axios-version'
  | 'unverified-tls'
  | 'unencrypted'
  | 'deprecated-endpoint'
  | 'pacing-alone';

/** Whom an event is told beside the listeners of the attach, where several attaches tell of one thing. */
interface Audience {
  readonly log: boolean;
  readonly channel: boolean;
}

/** Emits events to listeners, to the log, and to the channels of the process. */
export interface Events {
  on<E extends keyof ProcoreEvents>(event: E, listener: (detail: ProcoreEvents[E]) => void): () => void;
  emit<E extends keyof ProcoreEvents>(event: E, detail: ProcoreEvents[E], audience?: Audience): void;
  /** Whether anybody is told of this event: where nobody is, it need not be made. `waitedMs`: how long the call has waited. */
  isHeard(event: keyof ProcoreEvents, waitedMs?: number): boolean;
  readonly logger: Settings['logger'];
  /**
   * Runs a function in the async context of the attach. Events of an account are emitted in it; a call's own events are emitted in the
   * call's.
   */
  readonly inContext: InContext;
  /** Emits a `warning` once for each pair of code and `subject`. */
  warnOnce(code: WarningCode, subject: string, message: string): void;
}

/** Every event there is. */
const names = Object.keys({
  'token-renewed': true,
  'token-adopted': true,
  'token-renewal-failed': true,
  'token-save-failed': true,
  'token-saved-late': true,
  'reauthentication-required': true,
  'request-waiting': true,
  'request-retried': true,
  'request-settled': true,
  'pacing-together': true,
  warning: true,
} satisfies Record<keyof ProcoreEvents, true>);

const everybody: Audience = Object.freeze({ log: true, channel: true });

/**
 * Creates the events of one attach. An exception of a listener is caught. `logged` are the warnings that other attaches have logged
 * already.
 */
export function createEvents(
  log: Log,
  logged: Set<string> = new Set(),
  inContext: InContext = (work) => work(),
  channels: Channels = openChannels(),
): Events {
  const listeners = new Map<keyof ProcoreEvents, Set<(detail: never) => void>>();
  const warned = new Set<string>();
  /** The events that have a listener which has failed: one that fails at each call is logged once. */
  const failing = new Set<keyof ProcoreEvents>();

  function emit<E extends keyof ProcoreEvents>(
    event: E,
    detail: ProcoreEvents[E],
    audience: Audience = everybody,
  ): void {
    if (audience.log) log.write(event, detail);
    if (audience.channel && channels.hasSubscribers(event)) channels.publish(event, detail);
    const heard = listeners.get(event);
    if (!heard) return;
    for (const listener of [...heard]) {
      contained(
        () => listener(detail as never),
        () => {
          if (failing.has(event)) return;
          failing.add(event);
          const message = `a listener of "${event}" failed`;
          // Only the log is told, because `emit` would call a failing listener of "warning" again.
          log.write('warning', { code: 'listener-failed', message });
        },
      );
    }
  }

  return {
    emit,
    isHeard(event, waitedMs) {
      return (
        log.takes(event, waitedMs) || Boolean(listeners.get(event)?.size) || channels.hasSubscribers(event)
      );
    },
    logger: log.logger,
    inContext,
    on(event, listener) {
      if (!names.includes(event))
        throw new TypeError(
          `axios-procore: on got ${typeof event === 'string' ? unknownName(event, names, 'event ') : `${kindOf(event)} as event; it takes one of ${names.join(', ')}.`}`,
        );
      if (typeof listener !== 'function')
        throw new TypeError(`axios-procore: on got ${kindOf(listener)} as listener; it takes a function.`);
      const own = listeners.get(event) ?? new Set();
      listeners.set(event, own);
      own.add(listener);
      return () => void own.delete(listener);
    },
    warnOnce(code, subject, message) {
      const key = `${code} ${subject}`;
      if (warned.has(key)) return;
      warned.add(key);
      const isNew = !logged.has(key);
      emit('warning', { code, message }, { log: isNew, channel: isNew });
      logged.add(key);
    },
  };
}
