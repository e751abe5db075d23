import type { AxiosRequestConfig } from 'axios';
import { resolveAdapter } from '../axios/adapter.js';
import { errorWithCode } from '../axios/versions.js';
import type { AxiosCopy } from '../axios/copy.js';
import { endsAtMs, note, type Call } from './call.js';
import { assessUnsent } from '../failure/assess.js';
import { putOnError } from '../failure/carried.js';
import { DeadlineError } from '../failure/errors.js';
import { describeProblem } from '../failure/problem.js';
import { timeoutMsOf } from '../axios/timeout.js';

/** A timer of Node may fire this many milliseconds too early by the clock. */
export const timerEarlyMs = 1;
/** How the adapters of axios report a timeout; the fetch adapter has two messages for it. */
const ownWords = /^timeout (of )?\d+(?=ms exceeded| of ms exceeded)/;
/** How many causes of an error of a timeout are looked at. */
const mostCauses = 3;

/** The error of a call whose time is over while it waits for a token or at the gate; undefined where its time is not over. */
export function overtime(call: Call, nowMs: number): Error | undefined {
  const { request, terms } = call;
  if (nowMs < endsAtMs(terms)) return undefined;
  if (terms.deadlineAtMs <= terms.timeoutAtMs) {
    return new DeadlineError('its deadlineMs has passed while it waited.');
  }
  const error = timeoutError(terms.copy, request.config);
  note(call, { kind: 'timed-out', failure: assessUnsent(error) });
  return error;
}

/** The error with which axios itself rejects a call whose `timeout` has passed. */
function timeoutError(copy: AxiosCopy, config: AxiosRequestConfig): Error {
  const { adapter, timeout, timeoutErrorMessage, transitional } = config;
  const isClear =
    transitional?.clarifyTimeoutError === true ||
    // The fetch adapter always uses ETIMEDOUT, whatever `transitional` says.
    copy.isFetch(resolveAdapter(copy, adapter, config), adapter, config);
  const message = timeoutErrorMessage || `timeout of ${timeout}ms exceeded`;
  return errorWithCode(copy, message, isClear ? 'ETIMEDOUT' : 'ECONNABORTED', config);
}

/** The same for a request that was never sent, with its problem. */
export function timedOutUnsent(copy: AxiosCopy, config: AxiosRequestConfig): Error {
  const error = timeoutError(copy, config);
  putOnError(error, describeProblem({ kind: 'timeout', attempts: 0, mayHaveRun: false, idempotent: true }));
  return error;
}

/** Puts the application's own `timeout` into the message of an error, where the adapter was given the rest of it and names that number. */
export function tellWholeTimeout(error: unknown, config: AxiosRequestConfig): void {
  // Without a `timeout` on the call, it is the adapter's own timeout that has passed.
  if (timeoutMsOf(config.timeout) === undefined) return;
  let link = error as { message?: unknown; stack?: unknown; cause?: unknown } | null | undefined;
  for (let depth = 0; depth < mostCauses && typeof link === 'object' && link !== null; depth++) {
    const { message, stack } = link;
    if (typeof message === 'string' && message !== config.timeoutErrorMessage && ownWords.test(message)) {
      const told = message.replace(ownWords, (_words, of: string = '') => `timeout ${of}${config.timeout}`);
      // By `Reflect.set`, because an assignment to a frozen error would throw.
      if (told !== message) {
        Reflect.set(link, 'message', told);
        if (typeof stack === 'string')
          Reflect.set(
            link,
            'stack',
            stack.replace(message, () => told),
          );
      }
    }
    link = link.cause as typeof link;
  }
}
