import type { InContext } from '../time/async-context.js';
import type { ReauthenticationReason } from '../failure/error-base.js';
import { isPromise, kindOf } from '../text/words.js';
import { unknownName } from '../text/nearest.js';
import type { Logger, LoggerWithLog, Settings } from '../options/options.js';

/** The first 8 hex digits of the SHA-256 of a token. */
export type Fingerprint = string;

/** The details of each event, by event name. None of them contains a token or a secret. */
export interface ProcoreEvents {
  /** A renewal succeeded. `unsaved`: its save has failed so far. */
  'token-renewed': { account: string; accessToken: Fingerprint; expiresAt?: Date; unsaved: boolean };
  /** Another process or another copy of the package had renewed already; its pair is used, and no token request was made. */
  'token-adopted': {
    account: string;
    accessToken?: Fingerprint;
    expiresAt?: Date;
    from: 'store' | 'process';
  };
  /** A renewal failed; no call is rejected for a failure in the background. */
  'token-renewal-failed': { account: string; code: string; message: string; retryAt?: Date };
  /**
   * The new pair could not be saved and is in memory only. Calls use the old pair while that works. `cause` is the error of the store,
   * without secrets.
   */
  'token-save-failed': { account: string; message: string; cause?: unknown };
  /** A pair that could not be saved has been saved after all. */
  'token-saved-late': { account: string };
  /** The user must authorize the application anew. Emitted as soon as that is known, even while the old access token still works. */
  'reauthentication-required': { account: string; reason: ReauthenticationReason; message: string };
  /**
   * A call waits for a token, for a rate limit, for a server that refuses calls for a time (429, 503), or before a retry. `until` is
   * missing where the end of the wait depends on the answer to another request.
   */
  'request-waiting': {
    reason: 'token' | 'rate-limit' | 'unavailable' | 'retry';
    method: string;
    path: string;
    until?: Date;
  };
  /** A call is sent again. */
  'request-retried': { reason: 'unauthorized' | 'failure'; method: string; path: string; attempt: number };
  /** A call has ended, with an answer or an error. */
  'request-settled': { account: string; method: string; path: string; status?: number; attempts: number };
  /** Something that should be changed; emitted once per cause. */
  warning: { code: WarningCode; message: string };
}

/** Stable identifiers of warnings. */
export type WarningCode =
  | 'adapter-replaced'
  | 'unlisted-procore-host'
  | 'legacy-refresh'
  | 'another-user'
  | 'account-changed-owner'
  | 'lock-contract'
  | 'store-contract'
  | 'client-shared'
  | 'listener-failed'
  | 'axios-version'
  | 'unverified-tls';

/** Emits events to listeners and to the log. */
export interface Events {
  on<E extends keyof ProcoreEvents>(event: E, listener: (detail: ProcoreEvents[E]) => void): () => void;
  emit<E extends keyof ProcoreEvents>(event: E, detail: ProcoreEvents[E], logged?: boolean): void;
  /** Whether anybody is told of this event: where nobody is, it need not be made. */
  isHeard(event: keyof ProcoreEvents): boolean;
  readonly logger: Settings['logger'];
  /**
   * Runs a function in the async context of the attach. Events of an account are emitted in it; a call's own events are emitted in the
   * call's.
   */
  readonly inContext: InContext;
  /** Emits a `warning` once for each pair of code and `subject`. */
  warnOnce(code: WarningCode, subject: string, message: string): void;
}

const levels: Record<keyof ProcoreEvents, keyof Logger> = {
  'token-renewed': 'info',
  'token-adopted': 'info',
  'token-renewal-failed': 'warn',
  'token-save-failed': 'error',
  'token-saved-late': 'info',
  'reauthentication-required': 'error',
  'request-waiting': 'debug',
  'request-retried': 'debug',
  'request-settled': 'debug',
  warning: 'warn',
};

/**
 * Creates the events of one attach. An exception of a listener or a logger is caught. Without a logger, warnings and errors go to
 * `process.emitWarning`, so that the loss of a token is not silent. `logged` are the warnings that other attaches have logged already.
 */
export function createEvents(
  logger: Settings['logger'],
  logged: Set<string> = new Set(),
  inContext: InContext = (work) => work(),
): Events {
  const listeners = new Map<keyof ProcoreEvents, Set<(detail: never) => void>>();
  const warned = new Set<string>();

  function contained(work: () => unknown, failed: (error: unknown) => void): void {
    try {
      const result = work();
      // A thenable of another library or realm has no `catch` that can be relied on.
      if (isPromise(result)) Promise.resolve(result).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  function log(event: keyof ProcoreEvents, detail: object): void {
    const level = levels[event];
    if (!logger && level !== 'warn' && level !== 'error') return;
    // Any exception is caught: a failing logger must not stop a renewal whose new pair still has to be handed out.
    contained(
      () => {
        const text = `axios-procore: ${event}${Object.entries(detail).filter(isLine).map(written).join('')}`;
        if (logger) return write(logger, level, text);
        if (typeof process === 'undefined') return undefined;
        return process.emitWarning(text, { type: 'ProcoreWarning', code: event });
      },
      () => undefined,
    );
  }

  function emit<E extends keyof ProcoreEvents>(event: E, detail: ProcoreEvents[E], logged = true): void {
    if (logged) log(event, detail);
    const heard = listeners.get(event);
    if (!heard) return;
    for (const listener of [...heard]) {
      contained(
        () => listener(detail as never),
        () => {
          const message = `a listener of "${event}" failed`;
          // Only the log is told, because `emit` would call a failing listener of "warning" again.
          log('warning', { code: 'listener-failed', message });
        },
      );
    }
  }

  return {
    emit,
    isHeard(event) {
      const level = levels[event];
      return Boolean(logger) || level === 'warn' || level === 'error' || Boolean(listeners.get(event)?.size);
    },
    logger,
    inContext,
    on(event, listener) {
      if (!Object.hasOwn(levels, event))
        throw new TypeError(
          `axios-procore: on got ${typeof event === 'string' ? unknownName(event, Object.keys(levels), 'event ') : `${kindOf(event)} as event; it takes one of ${Object.keys(levels).join(', ')}.`}`,
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
      emit('warning', { code, message }, !logged.has(key));
      logged.add(key);
    },
  };
}

/** Writes with the logger's function of this level; a logger without that has `log`, as the options check. */
function write(logger: Logger | LoggerWithLog, level: keyof Logger, text: string): unknown {
  const { [level]: own } = logger as Partial<Logger>;
  return own ? own.call(logger, text) : (logger as LoggerWithLog).log(text);
}

/** Leaves `cause` out of the log line: the message contains what matters of it. */
function isLine([name]: [string, unknown]): boolean {
  return name !== 'cause';
}

function written([name, value]: [string, unknown]): string {
  if (value === undefined) return '';
  if (!(value instanceof Date)) return ` ${name}=${JSON.stringify(value)}`;
  return ` ${name}=${Number.isNaN(value.getTime()) ? 'unknown' : value.toISOString()}`;
}
