import type { AxiosResponse } from 'axios';
import type { AxiosCopy } from '../axios/copy.js';
import { following } from '../axios/redirects.js';
import { acceptsStatus, isAxiosError } from '../axios/versions.js';
import { connectionFailureOf } from '../failure/transport.js';
import type { Events } from '../observe/events.js';
import type { Settings } from '../options/options.js';
import { isIdempotent } from '../retry/decide.js';
import type { Env } from '../time/env.js';
import { awakeNow } from '../time/within.js';
import type { TokenOrigins } from '../wire/destination.js';
import type { Call, Calls } from './call.js';
import { bridgeCancellation } from './cancellation.js';
import type { Line } from './chain.js';
import type { Choices } from './choices.js';
import { privateConfig } from './config.js';
import type { Outcomes } from './outcome.js';
import { methodOf, type Request } from './request.js';
import type { Sender } from './send.js';
import type { FirstAttempt } from './straight.js';

/** The long path, for every call that has to wait, is sent again, fails, or may be ended by more than its adapter. */
export interface LongPath {
  send(request: Request): Promise<AxiosResponse>;
  /** Takes over a call whose first attempt was made on the straight path. */
  goOn(request: Request, first: FirstAttempt, sent: Promise<AxiosResponse>): Promise<AxiosResponse>;
}

/** Creates the long path of one attach. */
export function createLongPath(deps: {
  env: Env;
  copy: AxiosCopy;
  settings: Settings;
  origins: TokenOrigins;
  choices: Choices;
  calls: Calls;
  line: Line;
  sender: Sender;
  outcomes: Outcomes;
  emit: Events['emit'];
}): LongPath {
  const { env, copy, settings, origins, choices, calls, line, sender, outcomes, emit } = deps;

  async function run(
    request: Request,
    answerOf: (call: Call, config: ReturnType<typeof privateConfig>) => Promise<AxiosResponse>,
  ): Promise<AxiosResponse> {
    const { account, gate } = request;
    const { call, release } = callOf(request);
    gate?.join();
    try {
      const config = privateConfig(call, request.destination, origins);
      calls.put(config, call);
      return outcomes.finish(call, await answerOf(call, config));
    } catch (error) {
      return outcomes.fail(call, error);
    } finally {
      release(call.response);
      gate?.leave(call.ticket!);
      const { method, path, attempts } = call;
      const status = call.response?.status;
      emit('request-settled', {
        account,
        method,
        path,
        attempts,
        ...(status === undefined ? {} : { status }),
      });
    }
  }

  function callOf(request: Request): { call: Call; release: (response?: AxiosResponse) => void } {
    const { config, seen, destination, deadlineMs, boundMs, startedAtMs } = request;
    const { procore } = seen;
    const method = methodOf(request);
    const { signal, interruption, interrupted, release } = bridgeCancellation(copy, config, env, deadlineMs);
    const call: Call = {
      config,
      adapter: request.sender.hidesRedirects
        ? following(copy, env, request.sender.adapter)
        : request.sender.adapter,
      copy,
      method,
      path: destination.path,
      source: request.source,
      bearer: request.bearer,
      isNamed: request.isNamed,
      startedAtMs,
      companyId: request.companyId,
      retry: choices.retryOf(seen),
      idempotent: isIdempotent(method, procore?.idempotent),
      makeBody: procore?.body,
      gate: request.gate,
      ticket: request.ticket,
      signal,
      interruption,
      interrupted,
      deadlineAtMs: deadlineMs === undefined ? Infinity : awakeNow(env) + deadlineMs,
      timeoutAtMs: startedAtMs + (boundMs ?? Infinity),
      maxWaitMs: settings.maxWaitMs,
      attempts: 0,
      body: undefined,
      brokenBody: undefined,
      thrown: undefined,
      failure: undefined,
      mayHaveRun: false,
      turnedAway: undefined,
      retryAtMs: undefined,
      gaveUp: undefined,
      lease: undefined,
      sentAtMs: 0,
      left: false,
      tokenless: false,
      redirected: false,
      refusedByStatus: false,
      lenient: false,
      replays: 0,
      renewed: false,
      proves: false,
      response: undefined,
    };
    return { call, release };
  }

  return {
    send: (request) => run(request, (_call, config) => line(config)),
    goOn: (request, first, sent) =>
      run(request, (call, config) => {
        Object.assign(call, first, { attempts: 1 });
        const judged = sent.catch((error: unknown) => {
          call.refusedByStatus = isRefusedByStatus(request, error);
          throw error;
        });
        return line.back(sender.settle(judged, config, call));
      }),
  };
}

/**
 * Whether an adapter has rejected for the status itself, where that was left to the application's `validateStatus`: axios rejects an answer
 * whose body was cut, too, whatever the status claims.
 */
function isRefusedByStatus({ config }: Request, error: unknown): boolean {
  if (!isAxiosError(error) || !error.response) return false;
  return !acceptsStatus(config, error.response.status) && connectionFailureOf(error) === undefined;
}
