import type { AxiosRequestConfig } from 'axios';
import { bodyError, discard } from '../axios/versions.js';
import type { AxiosCopy } from '../axios/copy.js';
import type { Env } from '../time/env.js';
import { awakeNow, within } from '../time/within.js';
import { isReplayable } from '../wire/replayable.js';
import { interruptedError, note, type Call } from './call.js';
import { overtime, timerEarlyMs } from './overtime.js';

/** The body of one attempt, made by `procore.body`. */
export interface MadeBody {
  readonly value: unknown;
  /** Of a stream: whether it has failed, and a promise that rejects with that failure. */
  readonly broken: { readonly is: boolean; readonly promise: Promise<never> } | undefined;
}

/** Lets `procore.body` make the body of an attempt, and puts it on the configuration; undefined for a call without that option. */
export type BodyMaker = (call: Call, config: AxiosRequestConfig) => MadeBody | undefined | Promise<MadeBody>;

/** Closes a stream that `procore.body` has made for an attempt. Nobody else does, because it was made for that attempt alone. */
export function closeMade(body: MadeBody | undefined): void {
  if (body) discard(body.value);
}

/** Creates the maker of bodies. */
export function createBodyMaker(env: Env): BodyMaker {
  /** Notes what the application's function has thrown, because the call rejects with exactly that. */
  function thrown(call: Call, error: unknown): unknown {
    note(call, { kind: 'body-failed', error });
    return error;
  }

  /** Waits for a body that comes as a promise. One that comes when the call has ended is closed. */
  async function awaited(made: PromiseLike<unknown>, call: Call): Promise<unknown> {
    const { timeoutAtMs, cancellation } = call.terms;
    const { signal } = cancellation;
    const body = Promise.resolve(made);
    const waited = await within(env, timeoutAtMs - awakeNow(env), body, signal);
    if (waited.kind === 'done' && !signal?.aborted) return waited.value;
    if (waited.kind === 'failed' && !signal?.aborted) throw thrown(call, waited.error);
    void body.then(discard, () => undefined);
    throw (
      (signal?.aborted ? undefined : overtime(call, awakeNow(env) + timerEarlyMs)) ?? interruptedError(call)
    );
  }

  function put(value: unknown, config: AxiosRequestConfig, call: Call): MadeBody {
    if (value === call.attempt?.body?.value && !isReplayable(value)) {
      throw thrown(
        call,
        new TypeError(
          'axios-procore: procore.body returned the same stream again, which has been read; it takes a function that makes a new one for each attempt.',
        ),
      );
    }
    config.data = value;
    return { value, broken: breaking(value, config, call.terms.copy) };
  }

  return (call, config) => {
    const makeBody = call.request.seen.procore?.body;
    if (!makeBody) return undefined;
    if (call.terms.cancellation.signal?.aborted) throw interruptedError(call);
    note(call, { kind: 'body-begun' });
    let made: unknown;
    try {
      made = makeBody();
    } catch (error) {
      throw thrown(call, error);
    }
    return isThenable(made)
      ? awaited(made, call).then((body) => put(body, config, call))
      : put(made, config, call);
  };
}

/** Listens to a stream before the adapter does, because an error of a stream that nobody listens to ends the process. */
function breaking(body: unknown, config: AxiosRequestConfig, copy: AxiosCopy): MadeBody['broken'] {
  const stream = body as { on?: unknown; pipe?: unknown } | undefined | null;
  if (typeof stream?.on !== 'function' || typeof stream.pipe !== 'function') return undefined;
  const broken: { is: boolean; promise: Promise<never> } = {
    is: false,
    promise: new Promise((_resolve, reject) => {
      (stream as NodeJS.ReadableStream).on('error', (error: unknown) => {
        broken.is = true;
        reject(bodyError(copy, error, config));
      });
    }),
  };
  broken.promise.catch(() => undefined);
  return broken;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined | null)?.then === 'function';
}
