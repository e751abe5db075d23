import type { AxiosResponse } from 'axios';
import { problemOf } from '../failure/carried.js';
import { createCallIds } from '../observe/call-id.js';
import { contained } from '../observe/contained.js';
import type { CallOfEvent, CallSoFar, Events, ProcoreEvents } from '../observe/events.js';
import { defined } from '../options/checks.js';
import type { Env } from '../time/env.js';
import { readAnswer } from '../wire/answer.js';
import { hostOf, type Destination } from '../wire/destination.js';
import { noRateLimit, type RateLimit } from '../wire/rate-limit.js';
import type { Call } from './call.js';
import { hasCompanyId, methodOf, type Request } from './request.js';
import { Story } from './story.js';

/** A wait, without what is known of its call anyway. */
type Wait = Omit<ProcoreEvents['request-waiting'], keyof CallOfEvent | 'attempt'>;

/** A call as its events name it. */
export interface ToldCall extends Pick<Request, 'config' | 'seen'> {
  readonly destination: Destination & { readonly path: string };
  /** Undefined: it is not known yet. */
  readonly account: string | undefined;
  readonly story: Story;
}

/** The events of calls. Nothing is made of an event that nobody is told of; what a call has waited is counted in any case. */
export interface CallEvents {
  /** A call begins to wait. The wait ends with {@link CallEvents.goesOn}, or with the call. */
  waits(call: Call, wait: () => Wait): void;
  goesOn(call: Pick<ToldCall, 'story'>): void;
  /** A call begins to wait for the store, which decides whose call it is. */
  waitsForAccount(call: ToldCall): void;
  retried(call: Call, reason: ProcoreEvents['request-retried']['reason'], error: unknown): void;
  /** A call on the long path is over; `failed`: what it is rejected with. */
  settled(call: Call, failed: { readonly error: unknown } | undefined): void;
  /** A call has been answered on the straight path. */
  answeredAtOnce(request: Request, response: AxiosResponse, sentAtMs: number): void;
  /** A call is rejected before it has come to one of the two paths. */
  neverSent(call: ToldCall, error: unknown): void;
}

const noAnswer = Object.freeze({ requestId: undefined, rateLimit: noRateLimit });
/** Codes as programs choose them: another library may put anything on its errors. */
const codeLike = /^[A-Z][A-Z\d_]{1,63}$/;

/** Creates the events of the calls of one attach. */
export function createCallEvents({ env, events }: { env: Env; events: Events }): CallEvents {
  const nextCallId = createCallIds(() => env.random());

  function named({ config, seen, destination, account, story }: ToldCall): CallOfEvent {
    return {
      callId: (story.callId ??= nextCallId()),
      ...(account === undefined ? {} : { account }),
      host: hostOf(seen, destination),
      method: methodOf({ config }),
      path: destination.path,
    };
  }

  function soFar(
    story: Story,
    known: {
      [K in keyof Omit<CallSoFar, 'waitedMs' | 'durationMs' | 'limit' | 'remaining'>]:
        CallSoFar[K] | undefined;
    },
    { limit, remaining }: RateLimit,
  ): CallSoFar {
    const nowMs = env.now();
    const told = { waitedMs: story.waitedMs(nowMs), durationMs: story.durationMs(nowMs) };
    return { ...(defined({ ...known, limit, remaining }) as Partial<CallSoFar>), ...told };
  }

  /** Whatever an application has on its configuration, to tell of a call fails no call. */
  function tell<E extends keyof ProcoreEvents>(
    event: E,
    detail: () => ProcoreEvents[E],
    waitedMs?: number,
  ): void {
    if (!events.isHeard(event, waitedMs)) return;
    contained(
      () => events.emit(event, detail()),
      () => undefined,
    );
  }

  function settled(
    call: ToldCall & Partial<Pick<Request, 'companyId'>>,
    attempts: number,
    answer: AxiosResponse | undefined,
    failed?: { readonly error: unknown },
  ): ProcoreEvents['request-settled'] {
    const { requestId, rateLimit } = read(answer);
    const known = {
      status: answer?.status,
      requestId,
      kind: problemOf(failed ? failed.error : answer)?.kind,
      code: codeOf(failed?.error),
      hasCompanyId: attempts === 0 ? undefined : hasCompanyId(call),
    };
    return { ...named(call), attempts, ...soFar(call.story, known, rateLimit) };
  }

  return {
    waits(call, wait) {
      call.story.waits(env.now());
      tell('request-waiting', () => ({
        ...named(storied(call)),
        ...wait(),
        attempt: call.history.attempts + 1,
      }));
    },
    goesOn({ story }) {
      story.goesOn(env.now());
    },
    waitsForAccount(call) {
      call.story.waits(env.now());
      tell('request-waiting', () => ({ ...named(call), reason: 'token', awaits: 'store', attempt: 1 }));
    },
    retried(call, reason, error) {
      tell('request-retried', () => {
        const { attempts, failure } = call.history;
        const known = {
          status: failure?.status,
          requestId: failure?.requestId,
          kind: failure?.kind,
          code: failure?.status === undefined ? codeOf(error) : undefined,
          hasCompanyId: hasCompanyId(call.request),
        };
        // A proxy that refused the tunnel has answered in place of the server, and knows of no limit.
        const { rateLimit } = read(failure?.status === undefined ? undefined : responseOf(error));
        return {
          ...named(storied(call)),
          reason,
          attempt: attempts + 1,
          ...soFar(call.story, known, rateLimit),
        };
      });
    },
    settled(call, failed) {
      const { attempts, answer } = call.history;
      const waitedMs = call.story.waitedMs(env.now());
      tell('request-settled', () => settled(storied(call), attempts, answer, failed), waitedMs);
    },
    answeredAtOnce(request, response, sentAtMs) {
      // Asked first, so that a call of which nobody is told makes nothing for it.
      if (!events.isHeard('request-settled')) return;
      tell('request-settled', () => settled({ ...request, story: new Story(sentAtMs) }, 1, response));
    },
    neverSent(call, error) {
      const waitedMs = call.story.waitedMs(env.now());
      tell('request-settled', () => settled(call, 0, undefined, { error }), waitedMs);
    },
  };
}

function read(answer: AxiosResponse | undefined): { requestId: string | undefined; rateLimit: RateLimit } {
  return answer ? readAnswer(answer.status, answer.headers) : noAnswer;
}

function storied({ request, story }: Call): Request & { readonly story: Story } {
  return { ...request, story };
}

function responseOf(error: unknown): AxiosResponse | undefined {
  return (error as { response?: AxiosResponse } | undefined)?.response;
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && codeLike.test(code) ? code : undefined;
}
