import type { AxiosResponse } from 'axios';
import type { AxiosCopy } from '../axios/copy.js';
import { following } from '../axios/redirects.js';
import { acceptsStatus, isAxiosError } from '../axios/versions.js';
import { connectionFailureOf } from '../failure/transport.js';
import type { Settings } from '../options/options.js';
import { isIdempotent } from '../retry/decide.js';
import type { Env } from '../time/env.js';
import { awakeNow } from '../time/within.js';
import { idempotencyTokenIn } from '../wire/headers.js';
import { newAttempt, tellAnswered, type Attempt } from './attempt.js';
import type { CallEvents } from './call-events.js';
import { Call, type Calls, type Terms } from './call.js';
import { bridgeCancellation } from './cancellation.js';
import type { Line } from './chain.js';
import type { Choices } from './choices.js';
import { privateConfig } from './private-config.js';
import type { Outcomes } from './outcome.js';
import type { Enter } from './enter.js';
import type { Request } from './request.js';
import type { Sender } from './send.js';
import type { Settle } from './settle.js';
import { Story } from './story.js';
import type { FirstAttempt } from './straight.js';

/** The long path, for calls that have to wait, are sent again or fail, and for those that something else than their adapter may end. */
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
  choices: Choices;
  calls: Calls;
  enter: Enter;
  sender: Sender;
  settle: Settle;
  line: Line;
  outcomes: Outcomes;
  callEvents: CallEvents;
}): LongPath {
  const { env, copy, settings, choices, calls, enter, sender, settle, line, outcomes, callEvents } = deps;

  async function run(
    request: Request,
    story: Story,
    answerOf: (call: Call) => Promise<AxiosResponse>,
  ): Promise<AxiosResponse> {
    const { gate, ticket } = request;
    gate?.join();
    let call: Call | undefined;
    let failed: { readonly error: unknown } | undefined;
    try {
      call = new Call(request, termsOf(request), story);
      return await outcomeOf(call, answerOf);
    } catch (error) {
      failed = { error };
      throw error;
    } finally {
      // The gate is left in any case, also where reading the configuration or removing a listener throws.
      gate?.leave(ticket!);
      if (call) callEvents.settled(call, failed);
      else callEvents.neverSent({ ...request, story }, failed?.error);
    }
  }

  async function outcomeOf(
    call: Call,
    answerOf: (call: Call) => Promise<AxiosResponse>,
  ): Promise<AxiosResponse> {
    try {
      return outcomes.finish(call, await answerOf(call));
    } catch (error) {
      return outcomes.fail(call, error);
    } finally {
      if (call.attempt) tellAnswered(call.attempt, undefined);
      call.terms.cancellation.release(call.history.answer);
    }
  }

  function termsOf({ config, seen, chosenAdapter: { adapter, hidesRedirects }, ...request }: Request): Terms {
    const { deadlineMs, boundMs = Infinity, startedAtMs, idempotencyToken } = request;
    // A header of the call's own counts as much: who sends it wants the server to carry the call out once, however often it arrives.
    const hasToken = (idempotencyToken ?? idempotencyTokenIn(seen.headers)) !== undefined || undefined;
    return {
      copy,
      adapter: hidesRedirects ? following(copy, env, adapter) : adapter,
      idempotent: isIdempotent(config.method ?? 'get', seen.procore?.idempotent ?? hasToken),
      retry: choices.retryOf(seen),
      cancellation: bridgeCancellation(copy, config, env, deadlineMs),
      deadlineAtMs: deadlineMs === undefined ? Infinity : awakeNow(env) + deadlineMs,
      timeoutAtMs: startedAtMs + boundMs,
      maxWaitMs: settings.maxWaitMs,
    };
  }

  /** Makes the configuration that travels through the line, and by which the handlers of the line find the call. */
  function configOf(call: Call): ReturnType<typeof privateConfig> {
    const config = privateConfig(call.request, call.terms);
    calls.put(config, call);
    return config;
  }

  async function sent(call: Call): Promise<AxiosResponse> {
    const config = configOf(call);
    const entering = enter(call);
    if (entering) await entering;
    return line.back(sender.send(config));
  }

  return {
    send: (request) => run(request, request.story ?? new Story(env.now()), sent),
    async goOn(request, first, sending) {
      const attempt: Attempt = {
        ...newAttempt({ ...first, source: request.source, body: undefined }),
        ...first,
        isUnderWay: true,
      };
      const judged = sending.catch((error: unknown) => {
        attempt.rejectedByStatus = isRejectedByStatus(request, error);
        throw error;
      });
      // Its rejection is handled here for the case that reading the configuration throws, so that nothing else waits for it.
      judged.catch(() => undefined);
      try {
        return await run(request, new Story(first.sentAtMs), (call) => {
          call.attempt = attempt;
          return line.back(settle(judged, configOf(call), call, attempt));
        });
      } finally {
        tellAnswered(attempt, undefined);
      }
    },
  };
}

/**
 * Whether an adapter has rejected because of the status, on the straight path, where the application's own `validateStatus` decides. axios
 * also rejects an answer whose body was cut, whatever its status is.
 */
function isRejectedByStatus({ config }: Request, error: unknown): boolean {
  if (!isAxiosError(error) || !error.response) return false;
  return !acceptsStatus(config, error.response.status) && connectionFailureOf(error) === undefined;
}
