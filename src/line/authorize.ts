import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { discard, isAxiosError } from '../axios/versions.js';
import { canSendAgain, interruptedError, patienceOf, type Call, type Calls } from './call.js';
import type { Env } from '../time/env.js';
import { blobText } from '../failure/body.js';
import { refusalReason } from '../failure/challenge.js';
import type { Line } from './chain.js';
import type { Events } from '../observe/events.js';
import { overtime, timerEarlyMs } from './overtime.js';
import type { Pacing } from './pace.js';
import { isReplayable } from '../wire/replayable.js';
import type { Lease } from '../token/pair/ledger.js';
import type { Patience } from '../time/within.js';
import { withAuthorization } from '../wire/headers.js';
import { awakeNow } from '../time/within.js';

/** More often than this a token is not replaced under one call, unless something is very wrong. */
const mostReplays = 3;
/** What the gate said longer ago than this is no leave any more. */
const staleLeaveMs = 1_000;

const anotherUser =
  'a call brings a bearer of another user than those whose tokens are held here, or one that was never held here: such calls go out as they come, and their tokens are not renewed. If they are to use tokens of this plugin, say whose: option "account" (accountBySubject where the bearer decides), or { procore: { account } } on the call';
/** Where accounts are the users themselves nothing is to be set. */
const unknownUser =
  'a call brings a bearer of a user of whom no tokens are held here: such calls go out as they come, and their tokens are not renewed, until the application has logged that user in, or refreshed, through axios, or setTokens has brought the tokens';

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
  events: Events;
  /** The application's own token requests are answered, and its calls go out as they come until there are tokens. */
  takesOver: boolean;
  /** Accounts are the users themselves. */
  isByUser: boolean;
  /** Some account holds tokens. */
  isInUse: () => boolean;
}): Authorisation {
  const { env, calls, takesOver } = deps;
  const { emit, warnOnce } = deps.events;

  /** It is somebody else's than the tokens that are held now, or nobody's here. */
  function isForeign({ source, bearer, isNamed }: Call): boolean {
    return !isNamed && bearer !== undefined && !source!.owns(bearer);
  }

  function asItCame(config: AxiosRequestConfig, call: Call): AxiosRequestConfig {
    // Until the application's own authorisation has passed by, that is what is expected.
    if (!takesOver || deps.isInUse()) warnOnce('another-user', '', deps.isByUser ? unknownUser : anotherUser);
    return undressed(config, call);
  }

  function wear(config: AxiosRequestConfig, call: Call, lease: Lease): AxiosRequestConfig {
    if (isForeign(call)) return asItCame(config, call);
    call.lease = lease;
    config.headers = withAuthorization(call.config.headers, lease.held.accessToken ?? '', call.companyId);
    return config;
  }

  async function isKnown({ source, bearer }: Call, patience: Patience): Promise<boolean> {
    if (!source!.holds()) return source!.look(patience);
    await source!.recognise(bearer!, patience);
    return true;
  }

  /** Whose a bearer is can be said once the store has been looked into. */
  async function wearKnown(config: AxiosRequestConfig, call: Call): Promise<AxiosRequestConfig> {
    const known = await isKnown(call, patienceOf(call, awakeNow(env)));
    if (call.signal?.aborted) throw interruptedError(call);
    if (known && isForeign(call)) return asItCame(config, call);
    const late = overtime(call, awakeNow(env));
    if (late) throw late;
    const lease = call.source!.peek(call.config);
    return lease ? wear(config, call, lease) : wearLater(config, call);
  }

  async function wearLater(config: AxiosRequestConfig, call: Call): Promise<AxiosRequestConfig> {
    for (;;) {
      const sinceMs = env.now();
      const lease = await waitForToken(call);
      if (!lease) return undressed(config, call);
      const entering = env.now() - sinceMs > staleLeaveMs ? deps.enter(call) : undefined;
      if (entering) await entering;
      // Its life has gone on at the gate; and another user's tokens may have taken its place in a moment.
      const current = entering || !call.source!.isHeld(lease) ? call.source!.peek(call.config) : lease;
      if (current) return wear(config, call, current);
    }
  }

  /** With what the call brought along. */
  function undressed(config: AxiosRequestConfig, call: Call): AxiosRequestConfig {
    call.lease = undefined;
    config.headers = withAuthorization(call.config.headers, undefined, call.companyId);
    return config;
  }

  /** Undefined: there is none, and the call has a bearer of its own. */
  async function waitForToken(call: Call): Promise<Lease | undefined> {
    const { method, path } = call;
    emit('request-waiting', { reason: 'token', method, path });
    const acquired = await call.source!.acquire(patienceOf(call, awakeNow(env)));
    if (acquired.kind === 'lease') return acquired.lease;
    if (acquired.kind === 'aborted') throw interruptedError(call);
    // The application's own authorisation has not passed by yet; it works as it did without the plugin.
    const isOver = takesOver && acquired.error.kind === 'reauthentication-required';
    if (call.bearer !== undefined && (isOver || isForeign(call))) return undefined;
    throw overtime(call, awakeNow(env) + timerEarlyMs) ?? acquired.error;
  }

  return {
    request(config) {
      const call = calls.of(config);
      if (!call) return config;
      if (call.signal?.aborted) throw interruptedError(call);
      const late = overtime(call, awakeNow(env));
      if (late) throw late;
      if (!call.source) return undressed(config, call);
      // To make a body may have taken longer than an account stays in memory that nobody asks for.
      if (call.makeBody) call.source = call.source.current();
      if (isForeign(call)) {
        const isStranger = call.source.holds() && !call.source.mayRecognise(call.bearer!);
        return isStranger ? asItCame(config, call) : wearKnown(config, call);
      }
      const lease = call.source.peek(call.config);
      return lease ? wear(config, call, lease) : wearLater(config, call);
    },

    async rejected(error) {
      const call = isAxiosError(error) ? calls.of(error.config) : undefined;
      const response = isAxiosError(error) ? error.response : undefined;
      const lease = call?.lease;
      if (!call?.source || !lease || !response || response.status !== 401) throw error;
      // A proxy that refused the tunnel has answered, and not the server (`answerOf`): the failure has no status then.
      if (call.failure?.status !== 401) throw error;
      if (call.left || call.tokenless) throw error;
      if (call.replays >= mostReplays) throw error;
      call.response = response;
      const text = blobText(response.data);
      const reason = refusalReason(response.headers, text ? await text : response.data);
      const refusal = await call.source.refused(lease, reason, {
        ...patienceOf(call, awakeNow(env)),
        // An answer that is a stream keeps its socket until it is read: over an agent with few sockets the token request would wait for it.
        ...(isReplayable(response.data) ? {} : { way: undefined }),
        mayRenew: !call.renewed,
      });
      if (refusal.kind === 'aborted') throw interruptedError(call);
      if (refusal.kind === 'failed') {
        const late = overtime(call, awakeNow(env) + timerEarlyMs);
        // It is on no error of ours, then, and nobody reads it.
        if (late && !call.response) discard(response.data);
        throw late ?? refusal.error;
      }
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
