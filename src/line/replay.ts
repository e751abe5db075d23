import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { discard, isAxiosError } from '../axios/versions.js';
import type { Env } from '../time/env.js';
import { awakeNow } from '../time/within.js';
import { isReplayable } from '../wire/replayable.js';
import type { CallEvents } from './call-events.js';
import { canSendAgain, interruptedError, note, boundsOf, type Call, type Calls } from './call.js';
import type { Line } from './chain.js';
import { mayBeReplayed } from './history.js';
import { overtime, timerEarlyMs } from './overtime.js';

/** Makes the line replay a call after a 401 with another token, where the account has one or can get one. */
export function replayUnauthorized(
  line: Line,
  { env, calls, callEvents }: { env: Env; calls: Calls; callEvents: CallEvents },
): void {
  async function rejected(error: unknown): Promise<AxiosResponse> {
    const call = isAxiosError(error) ? calls.of(error.config) : undefined;
    const response = isAxiosError(error) ? error.response : undefined;
    const { source, lease, left, tokenless, redirected } = call?.attempt ?? {};
    if (!call || !source || !lease || !response || response.status !== 401) throw error;
    const { failure, renewed } = call.history;
    // The failure has no status where a proxy that refused the tunnel has answered, and not the server.
    if (failure?.status !== 401 || left || tokenless || !mayBeReplayed(call.history, true)) throw error;
    note(call, { kind: 'answer-kept', answer: response });
    const outcome = await source.refused(lease, failure.refusal ?? 'none', {
      ...boundsOf(call, awakeNow(env)),
      // An answer that is a stream keeps its socket until it is read. Over the call's own agent the token request could wait for that socket.
      ...(isReplayable(response.data) ? {} : { way: undefined }),
      mayRenew: !renewed,
      waits: () => callEvents.waits(call, () => ({ reason: 'token', awaits: 'renewal' })),
    });
    callEvents.goesOn(call);
    switch (outcome.kind) {
      case 'aborted':
        throw interruptedError(call);
      case 'failed':
        throw lateError(call, response) ?? outcome.error;
      case 'return':
        throw error;
      case 'replay':
        if (!mayBeReplayed(call.history, outcome.renewed)) throw error;
    }
    const { config } = error as { config: AxiosRequestConfig };
    const why = reasonAgainst(call, config, redirected === true);
    // The application gets the 401; its next call has a working token.
    if (why) {
      note(call, { kind: 'gave-up', why });
      throw error;
    }
    note(call, { kind: 'replayed', renewed: outcome.renewed });
    discard(response.data);
    callEvents.retried(call, 'unauthorized', error);
    return line(config);
  }

  /** The error of a call whose time is over. Where that error has no answer on it, the answer's stream is closed here. */
  function lateError(call: Call, response: AxiosResponse): Error | undefined {
    const late = overtime(call, awakeNow(env) + timerEarlyMs);
    if (late && !call.history.answer) discard(response.data);
    return late;
  }

  line.interceptors.response.use(null, rejected);
}

/** Why a call may not be sent again with another token. Behind a redirect the call itself has run. */
function reasonAgainst(
  call: Call,
  config: AxiosRequestConfig,
  redirected: boolean,
): 'may-have-run' | 'body-not-replayable' | undefined {
  if (redirected && !call.terms.idempotent) return 'may-have-run';
  return canSendAgain(call, config) ? undefined : 'body-not-replayable';
}
