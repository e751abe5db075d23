import type { InContext } from '../time/async-context.js';
import type { ReauthenticationReason } from '../failure/error-base.js';
import { kindOf } from '../text/words.js';
import { unknownName } from '../text/nearest.js';
import type { Settings } from '../options/options.js';
import { contained } from './contained.js';
import { createLog } from './log.js';

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
  warning: true,
} satisfies Record<keyof ProcoreEvents, true>);

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
  const log = createLog(logger);

  function emit<E extends keyof ProcoreEvents>(event: E, detail: ProcoreEvents[E], logged = true): void {
    if (logged) log.write(event, detail);
    const heard = listeners.get(event);
    if (!heard) return;
    for (const listener of [...heard]) {
      contained(
        () => listener(detail as never),
        () => {
          const message = `a listener of "${event}" failed`;
          // Only the log is told, because `emit` would call a failing listener of "warning" again.
          log.write('warning', { code: 'listener-failed', message });
        },
      );
    }
  }

  return {
    emit,
    isHeard(event) {
      return log.takes(event) || Boolean(listeners.get(event)?.size);
    },
    logger,
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
      emit('warning', { code, message }, !logged.has(key));
      logged.add(key);
    },
  };
}
