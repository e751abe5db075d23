import { errorMonitor } from 'node:events';
import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { acceptsStatus, isAxiosError, isCancel, reasonOf, type AxiosErrorLike } from '../axios/versions.js';
import type { AxiosCopy } from '../axios/copy.js';
import { interruptedError, note, type Call, type Calls } from './call.js';
import { concealAgents, concealAnswer, concealBody, concealRequest, isStream } from '../axios/conceal.js';
import { putOnError, putOnResponse } from '../failure/carried.js';
import { forCall, isProcoreError, type ProcoreError } from '../failure/errors.js';
import { keepRawBody } from '../failure/partial-failures.js';
import { describeProblem, type Problem } from '../failure/problem.js';
import { raisedIn } from '../failure/raised.js';
import { findReason } from '../failure/find-reason.js';
import { isReasonOf, type ProblemReason } from '../failure/reasons.js';
import type { Settings } from '../options/options.js';
import { hostOf } from '../wire/destination.js';
import { bearerOf } from '../wire/headers.js';
import { contextOf } from './call-context.js';

/** What the application gets back from a call. */
export interface Outcomes {
  /** Returns a success of the straight path. */
  plain(config: AxiosRequestConfig, response: AxiosResponse): AxiosResponse;
  finish(call: Call, response: AxiosResponse): AxiosResponse;
  /** Returns the answer where the application takes its status for a success; else throws. */
  fail(call: Call, failure: unknown): AxiosResponse;
}

/** How many causes of an error are looked at. There is a limit because an error may be its own cause. */
const mostCauses = 5;

/** Creates the way back from the line to the application, which gets its own configuration and an error that says what happened. */
export function createOutcomes({ calls, grant }: { calls: Calls; grant: Settings['grant'] }): Outcomes {
  function plain(config: AxiosRequestConfig, response: AxiosResponse): AxiosResponse {
    if (response.config !== config) response.config = config as AxiosResponse['config'];
    keepRawBody(response);
    concealAnswer(response);
    concealAgents(config);
    return response;
  }

  function finish(call: Call, response: AxiosResponse): AxiosResponse {
    const { config, source } = call.request;
    note(call, { kind: 'answer-kept', answer: response });
    if (!source) {
      response.config = config as AxiosResponse['config'];
      keepRawBody(response);
      return response;
    }
    plain(config, response);
    // If the stream fails later, it does so with an error of axios that carries the configuration that the adapter was given.
    if (isStream(response.data)) response.data.on(errorMonitor, (error) => void withOwnConfig(error, call));
    return response;
  }

  /**
   * Puts the application's configuration on an error, its causes and its response, wherever they carry the one that the adapter was given,
   * because that one has the bearer. Errors of other classes than axios's may carry it, and, with the fetch adapter of several versions, the
   * cause of an axios error. The request on an error always has the bearer, so it is concealed.
   */
  function withOwnConfig(error: unknown, call: Call, depth = 0): unknown {
    if (typeof error !== 'object' || error === null || depth === mostCauses) return error;
    const { response, cause, errors } = error as { response?: object; cause?: unknown; errors?: unknown };
    for (const carrier of [error, response]) {
      if (typeof carrier !== 'object' || carrier === null) continue;
      // Where the stream of a body fails, axios 0.27 to 0.35 puts the configuration in the place of the code.
      for (const name of ['config', 'code'] as const) {
        const config = (carrier as { config?: unknown; code?: unknown })[name];
        // By `Reflect.set`, because an assignment to a frozen error would throw.
        if (typeof config === 'object' && config !== null && isPrivate(config, call))
          Reflect.set(carrier, name, call.request.config);
      }
      if (call.request.source) concealRequest(carrier);
    }
    for (const inner of [cause, ...(Array.isArray(errors) ? (errors as unknown[]) : [])]) {
      withOwnConfig(inner, call, depth + 1);
    }
    return error;
  }

  /** Whether this is the configuration that the adapter was given, or a copy of it that an adapter has made. */
  function isPrivate(config: AxiosRequestConfig, call: Call): boolean {
    if (calls.of(config) === call) return true;
    const accessToken = call.attempt?.lease?.held.accessToken;
    return (
      accessToken !== undefined && config !== call.request.config && bearerOf(config.headers) === accessToken
    );
  }

  return {
    plain,
    finish,

    fail(call, failure) {
      const { thrown } = call.history;
      const { config, source, destination } = call.request;
      const { copy, cancellation, retry } = call.terms;
      if (thrown && thrown.error === failure) {
        putOnError(failure, problemIn(call, failure, grant));
        throw failure;
      }
      if (source) {
        concealBody(config);
        concealAgents(config);
      }
      // The reason of a CancelToken is one object for all its calls, and the fetch adapter puts its configuration and request on it.
      withOwnConfig(reasonOf(config), call);
      // Where the package has stopped the call, its own error replaces the adapter's; the shared reason of a CancelToken is replaced too.
      const isOurs = cancellation.interruption() !== undefined || failure === reasonOf(config);
      const error = isOurs && isCancel(failure) ? interruptedError(call) : failure;
      // An answer of another server than Procore's is not classified.
      const problem = call.attempt?.left ? undefined : problemIn(call, error, grant);
      if (isProcoreError(error)) {
        const { answer } = call.history;
        if (answer) finish(call, answer);
        if (answer && problem) putOnResponse(answer, problem);
        // An application whose `validateStatus` accepts the status gets the last answer, which is a 401 as a rule.
        if (answer && accepts(call, answer.status)) return answer;
        throw ownError(copy, error, config, destination.path, problem, answer);
      }
      if (problem) putOnError(error, problem);
      if (!isAxiosError(error)) throw withOwnConfig(error, call);
      Reflect.set(error, 'config', config);
      withOwnConfig(error, call);
      if (error.response) {
        const response = finish(call, error.response);
        if (problem) putOnResponse(response, problem);
        if (call.attempt?.rejectedByStatus && accepts(call, response.status)) return response;
      }
      if (retry) silenceRetriers(error);
      throw error;
    },
  };
}

/** An error of the package for a call that is rejected before it reaches the line. `response` is the synthetic answer on it. */
export function unsentError(
  copy: AxiosCopy,
  error: ProcoreError,
  config: AxiosRequestConfig,
  path: string,
  response?: AxiosResponse,
): ProcoreError {
  const { kind, status } = error;
  const reason = reasonRaised(error);
  const problem = describeProblem({
    kind,
    reason,
    status,
    attempts: 0,
    mayHaveRun: false,
    idempotent: true,
  });
  return ownError(copy, error, config, path, problem, response);
}

function problemIn(call: Call, error: unknown, grant: Settings['grant']): Problem {
  const { terms, history } = call;
  const { attempts, mayHaveRun, gaveUp, failure, answer, retryAtMs } = history;
  const own = isProcoreError(error);
  const retryAt = own ? error.retryAt : retryAtMs === undefined ? undefined : new Date(retryAtMs);
  const kind = own ? error.kind : isCancel(error) ? 'canceled' : (failure?.kind ?? 'unexpected');
  const messages = failure?.body?.messages ?? [];
  return describeProblem({
    kind,
    reason: own ? reasonRaised(error) : findReason({ kind, messages, call: contextOf(call, grant) }),
    host: attempts === 0 ? undefined : hostOf(call.request.seen, call.request.destination),
    status: own && !answer ? error.status : failure?.status,
    body: failure?.body,
    requestId: failure?.requestId,
    attempts,
    mayHaveRun,
    idempotent: terms.idempotent,
    retryAt,
    gaveUp,
  });
}

/** The finer cause of an error of this package: the reason that it carries, or what the token endpoint has said in its message. */
function reasonRaised(error: ProcoreError): ProblemReason | undefined {
  const { kind, message } = error;
  const reason = error.code === 'ERR_PROCORE_REAUTHENTICATION_REQUIRED' ? error.reason : undefined;
  return isReasonOf(kind, reason) ? reason : findReason({ kind, messages: [message] });
}

function accepts({ request, history }: Call, status: number): boolean {
  return history.lenient || acceptsStatus(request.config, status);
}

function ownError(
  copy: AxiosCopy,
  error: ProcoreError,
  config: AxiosRequestConfig,
  path: string,
  problem: Problem | undefined,
  response?: AxiosResponse,
): ProcoreError {
  const told = raisedIn(
    copy,
    forCall(error, { config, path, response, request: response?.request as unknown }),
  );
  if (problem) {
    putOnError(told, problem);
    putOnResponse(told.response, problem);
  }
  Object.assign(config, { 'axios-retry': { retries: 0 } });
  silenceRetryAxios(config);
  return told;
}

/** Keeps other retry packages on the application's instance from repeating the call, which the line has repeated already. */
function silenceRetriers({ config }: AxiosErrorLike): void {
  const state = (config as { 'axios-retry'?: object } | undefined)?.['axios-retry'];
  if (state) Object.assign(state, { retries: 0 });
  if (config) silenceRetryAxios(config);
}

/**
 * Switches retry-axios off for this call: it reads `raxConfig` on the configuration of the error, and retries three times where there is
 * none. An object of the application's may be shared with other calls, so it is replaced and not changed. Where there was none, the new one
 * is not enumerable, so that a new call with this configuration does not inherit it.
 */
function silenceRetryAxios(config: AxiosRequestConfig): void {
  const { raxConfig } = config as { raxConfig?: object };
  Reflect.defineProperty(config, 'raxConfig', {
    // Before 4.0 retry-axios asked `shouldRetry` before it looked at the count.
    value: { ...raxConfig, retry: 0, noResponseRetries: 0, shouldRetry: () => false },
    enumerable: raxConfig !== undefined,
    writable: true,
    configurable: true,
  });
}
