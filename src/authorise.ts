import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { discard, isAxiosError } from './axios.js';
import { interruptedError, patienceOf, type Call, type Calls } from './call.js';
import type { Env } from './env.js';
import { refusalReason } from './failure/challenge.js';
import { DeadlineError, type ProcoreError } from './failure/errors.js';
import type { Line } from './line.js';
import type { Events } from './observe/events.js';
import { isReplayable } from './retry/replayable.js';
import type { Lease } from './token/ledger.js';
import { dressed } from './wire/headers.js';

/** More often than this a token is not replaced under one call, unless something is very wrong. */
const mostReplays = 3;

/** Puts a fresh token on each attempt, and answers a 401 with a replay. */
export interface Authorisation {
  /** Last thing before the send, after all waiting. */
  request(config: AxiosRequestConfig): AxiosRequestConfig | Promise<AxiosRequestConfig>;
  rejected(error: unknown): Promise<AxiosResponse>;
}

/** Creates the two interceptors of the line that deal with tokens. */
export function createAuthorisation(deps: {
  env: Env;
  calls: Calls;
  line: Line;
  emit: Events['emit'];
}): Authorisation {
  const { env, calls, emit } = deps;

  function wear(config: AxiosRequestConfig, call: Call, lease: Lease): AxiosRequestConfig {
    call.lease = lease;
    config.headers = dressed(call.config.headers, lease.held.accessToken ?? '', call.companyId);
    return config;
  }

  async function wearLater(config: AxiosRequestConfig, call: Call): Promise<AxiosRequestConfig> {
    const { method, path } = call;
    emit('request-waiting', { reason: 'token', method, path });
    const acquired = await call.source!.acquire(patienceOf(call, env.now()));
    if (acquired.kind === 'lease') return wear(config, call, acquired.lease);
    if (acquired.kind === 'aborted') throw interruptedError(call);
    throw overdue(call) ?? acquired.error;
  }

  function overdue(call: Call): ProcoreError | undefined {
    if (env.now() < call.deadlineAtMs) return undefined;
    return new DeadlineError('its deadlineMs has passed while it waited for a token.');
  }

  return {
    request(config) {
      const call = calls.of(config);
      if (!call) return config;
      if (call.signal?.aborted) throw interruptedError(call);
      if (!call.source) {
        if (call.companyId !== undefined)
          config.headers = dressed(call.config.headers, undefined, call.companyId);
        return config;
      }
      const late = overdue(call);
      if (late) throw late;
      const lease = call.source.peek();
      return lease ? wear(config, call, lease) : wearLater(config, call);
    },

    async rejected(error) {
      const call = isAxiosError(error) ? calls.of(error.config) : undefined;
      const response = isAxiosError(error) ? error.response : undefined;
      const lease = call?.lease;
      if (!call?.source || !lease || !response || response.status !== 401 || call.left) throw error;
      if (call.replays >= mostReplays) throw error;
      call.response = response;
      const reason = refusalReason(response.headers, response.data);
      const refusal = await call.source.refused(lease, reason, {
        ...patienceOf(call, env.now()),
        mayRenew: !call.renewed,
      });
      if (refusal.kind === 'aborted') throw interruptedError(call);
      if (refusal.kind === 'failed') throw overdue(call) ?? refusal.error;
      const { config } = error as { config: AxiosRequestConfig };
      // A stream that was read cannot be sent again: the 401 is the answer, with a working token for the next call.
      if (refusal.kind === 'return' || !isReplayable(config.data)) throw error;
      call.replays++;
      call.renewed ||= refusal.renewed;
      call.proves = refusal.proves;
      discard(response);
      // The replay has an answer of its own, or none.
      call.response = undefined;
      emit('request-retried', {
        reason: 'unauthorized',
        method: call.method,
        path: call.path,
        attempt: call.attempts + 1,
      });
      return deps.line(config);
    },
  };
}
