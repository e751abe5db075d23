import type { InContext } from '../time/async-context.js';
import type { ReauthenticationReason } from '../failure/errors.js';
import { isPromise, kindOf } from '../text/words.js';
import { unknownName } from '../text/nearest.js';
import type { Logger, LoggerWithLog, Settings } from '../options/options.js';

/** A token by the first 8 hex digits of its SHA-256. */
export type Fingerprint = string;

/** What the plugin tells, by event name. Nothing here holds a token or a secret. */
export interface ProcoreEvents {
  /** A renewal succeeded. `unsaved`: its save has failed so far. */
  'token-renewed': { account: string; accessToken: Fingerprint; expiresAt?: Date; unsaved: boolean };
  /** Somebody else had renewed: no request was made. */
  'token-adopted': {
    account: string;
    accessToken?: Fingerprint;
    expiresAt?: Date;
    from: 'store' | 'process';
  };
  /** A renewal failed; no call is rejected for a failure in the background. */
  'token-renewal-failed': { account: string; code: string; message: string; retryAt?: Date };
  /** The new pair is in memory only; calls go on with the old one while it works. `cause`: what the store has thrown, without secrets. */
  'token-save-failed': { account: string; message: string; cause?: unknown };
  /** A pair that could not be saved has been saved after all. */
  'token-saved-late': { account: string };
  /** Nobody but a person can go on; comes early where the old access token still works. */
  'reauthentication-required': { account: string; reason: ReauthenticationReason; message: string };
  /** A call waits: for a token, for a limit or a server that turns calls away, or before it is sent again. `until` is missing where only an answer can tell. */
  'request-waiting': {
    reason: 'token' | 'rate-limit' | 'unavailable' | 'retry';
    method: string;
    path: string;
    until?: Date;
  };
  /** A call is sent again. */
  'request-retried': { reason: 'unauthorized' | 'failure'; method: string; path: string; attempt: number };
  /** A call is over. */
  'request-settled': { account: string; method: string; path: string; status?: number; attempts: number };
  /** Something to look at, once per cause. */
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

/** Tells listeners and the log. */
export interface Events {
  on<E extends keyof ProcoreEvents>(event: E, listener: (detail: ProcoreEvents[E]) => void): () => void;
  emit<E extends keyof ProcoreEvents>(event: E, detail: ProcoreEvents[E], logged?: boolean): void;
  readonly logger: Settings['logger'];
  /** Where events of an account are told: a call tells its own events where it runs. */
  readonly inContext: InContext;
  /** Emits `warning`, once for each `subject`. */
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
 * Creates the events of one attach. A listener or a log that throws harms nobody. Without a logger, warnings and errors go to
 * `process.emitWarning`: losing a token must not be silent. `logged`: the warnings that this log has had already, from other attaches.
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
      // Of any library, and of any realm.
      if (isPromise(result)) Promise.resolve(result).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  function log(event: keyof ProcoreEvents, detail: object): void {
    const level = levels[event];
    if (!logger && level !== 'warn' && level !== 'error') return;
    // Whatever is thrown here: what is told has happened, and a pair that has just been redeemed for waits to be used.
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
          // Not through emit: a failing listener of "warning" must not call itself.
          log('warning', { code: 'listener-failed', message });
        },
      );
    }
  }

  return {
    emit,
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

/** A logger without `info` has `log`. */
function write(logger: Logger | LoggerWithLog, level: keyof Logger, text: string): unknown {
  const { [level]: own } = logger as Partial<Logger>;
  return own ? own.call(logger, text) : (logger as LoggerWithLog).log(text);
}

/** A cause is for listeners: what can be said of it in a line stands in the message. */
function isLine([name]: [string, unknown]): boolean {
  return name !== 'cause';
}

function written([name, value]: [string, unknown]): string {
  if (value === undefined) return '';
  if (!(value instanceof Date)) return ` ${name}=${JSON.stringify(value)}`;
  return ` ${name}=${Number.isNaN(value.getTime()) ? 'unknown' : value.toISOString()}`;
}
