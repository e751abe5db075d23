import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { discard, isAxiosError } from './axios.js';
import { canSendAgain, interruptedError, patienceOf, type Call, type Calls } from './call.js';
import type { Env } from './env.js';
import { blobText } from './failure/body.js';
import { refusalReason } from './failure/challenge.js';
import { AccountUndecidedError, DeadlineError, type ProcoreError } from './failure/errors.js';
import type { Line } from './line.js';
import type { Events } from './observe/events.js';
import type { Pacing } from './pace.js';
import type { Lease } from './token/ledger.js';
import { subjectOf } from './token/token-set.js';
import { dressed } from './wire/headers.js';
import { mixedUsers } from './wire/subjects.js';

/** More often than this a token is not replaced under one call, unless something is very wrong. */
const mostReplays = 3;
/** What the gate said longer ago than this is no leave any more. */
const staleLeaveMs = 1_000;

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
  /** Asks the gate once more. */
  enter: Pacing['enter'];
  emit: Events['emit'];
}): Authorisation {
  const { env, calls, emit } = deps;

  /** Read once per token. */
  const owners = new WeakMap<Lease, { readonly subject: string | undefined }>();

  function isOfAnother(lease: Lease, subject: string): boolean {
    const owner = owners.get(lease) ?? { subject: subjectOf(lease.held.accessToken) };
    owners.set(lease, owner);
    return owner.subject !== undefined && owner.subject !== subject;
  }

  function wear(config: AxiosRequestConfig, call: Call, lease: Lease): AxiosRequestConfig {
    if (call.subject !== undefined && isOfAnother(lease, call.subject))
      throw new AccountUndecidedError(mixedUsers);
    call.lease = lease;
    config.headers = dressed(call.config.headers, lease.held.accessToken ?? '', call.companyId);
    return config;
  }

  async function wearLater(config: AxiosRequestConfig, call: Call): Promise<AxiosRequestConfig> {
    for (;;) {
      const sinceMs = env.now();
      const lease = await waitForToken(call);
      if (!lease) return undressed(config, call);
      if (env.now() - sinceMs <= staleLeaveMs) return wear(config, call, lease);
      const entering = deps.enter(call);
      if (!entering) return wear(config, call, lease);
      await entering;
      // Its life has gone on at the gate.
      const current = call.source!.peek(call.config);
      if (current) return wear(config, call, current);
    }
  }

  /** With what the call brought along. */
  function undressed(config: AxiosRequestConfig, call: Call): AxiosRequestConfig {
    call.lease = undefined;
    config.headers = dressed(call.config.headers, undefined, call.companyId);
    return config;
  }

  /** Undefined: there is none, and the call has a bearer of its own. */
  async function waitForToken(call: Call): Promise<Lease | undefined> {
    const { method, path } = call;
    emit('request-waiting', { reason: 'token', method, path });
    const acquired = await call.source!.acquire(patienceOf(call, env.now()));
    if (acquired.kind === 'lease') return acquired.lease;
    if (acquired.kind === 'aborted') throw interruptedError(call);
    // The application's own authorisation has not passed by yet; it works as it did without the plugin.
    if (call.bearer !== undefined && acquired.error.kind === 'reauthentication-required') return undefined;
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
      if (!call.source) return undressed(config, call);
      const late = overdue(call);
      if (late) throw late;
      const lease = call.source.peek(call.config);
      return lease ? wear(config, call, lease) : wearLater(config, call);
    },

    async rejected(error) {
      const call = isAxiosError(error) ? calls.of(error.config) : undefined;
      const response = isAxiosError(error) ? error.response : undefined;
      const lease = call?.lease;
      if (!call?.source || !lease || !response || response.status !== 401) throw error;
      // The 401 of a proxy that makes no tunnel.
      if (call.failure?.status !== 401) throw error;
      if (call.left || call.tokenless) throw error;
      if (call.replays >= mostReplays) throw error;
      call.response = response;
      const text = blobText(response.data);
      const reason = refusalReason(response.headers, text ? await text : response.data);
      const refusal = await call.source.refused(lease, reason, {
        ...patienceOf(call, env.now()),
        mayRenew: !call.renewed,
      });
      if (refusal.kind === 'aborted') throw interruptedError(call);
      if (refusal.kind === 'failed') throw overdue(call) ?? refusal.error;
      const { config } = error as { config: AxiosRequestConfig };
      if (refusal.kind === 'return') throw error;
      // The 401 is the answer, with a working token for the next call. Behind a redirect the call itself has run.
      if (call.redirected && !call.idempotent) call.gaveUp = 'may-have-run';
      else if (!canSendAgain(call, config)) call.gaveUp = 'body-not-replayable';
      if (call.gaveUp) throw error;
      call.replays++;
      call.renewed ||= refusal.renewed;
      call.proves = refusal.proves;
      discard(response.data);
      // The replay has an answer of its own, or none.
      call.response = undefined;
      call.isReplay = true;
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
