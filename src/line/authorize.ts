import type { Env } from '../time/env.js';
import type { Events } from '../observe/events.js';
import { awakeNow, type WaitBounds } from '../time/within.js';
import type { Lease } from '../token/pair/pairs.js';
import type { TokenSource } from '../token/source.js';
import type { CallEvents } from './call-events.js';
import { interruptedError, boundsOf, type Call } from './call.js';
import { overtime, timerEarlyMs } from './overtime.js';
import type { Enter } from './enter.js';
import type { Request } from './request.js';

/** Where the token has taken longer than this, the gate is asked again whether the call may be sent. */
const stalePermissionMs = 1_000;

const anotherUser =
  'a call brings a bearer of another user than those whose tokens are held here, or one that was never held here: such calls go out as they come, and their tokens are not renewed. If they are to use tokens of this plugin, say whose: option "account" (accountBySubject where the bearer decides), or { procore: { account } } on the call';
/** The same warning where each user is an account: there is no option to set. */
const unknownUser =
  'a call brings a bearer of a user of whom no tokens are held here: such calls go out as they come, and their tokens are not renewed, until the application has logged that user in, or refreshed, through axios, or setTokens has brought the tokens';

/**
 * Finds the token for an attempt that has passed the gate, and asks the gate again where the token has taken long. Returns no promise where
 * the token is in hand, and undefined where the call is sent with its own `Authorization` header or with none.
 */
export type Authorize = (call: Call, source: TokenSource) => Lease | undefined | Promise<Lease | undefined>;

/** Creates the choice of the token that an attempt is sent with. */
export function createAuthorize(deps: {
  env: Env;
  enter: Enter;
  warnOnce: Events['warnOnce'];
  callEvents: CallEvents;
  /** With `legacy.takeOverRefresh` calls are sent unchanged until there are tokens. */
  takesOver: boolean;
  /** Whether each user is an account (option `account: accountBySubject`). */
  isByUser: boolean;
  /** Whether any account holds tokens. */
  isInUse: () => boolean;
}): Authorize {
  const { env, enter, takesOver, warnOnce, callEvents } = deps;

  function ofAnotherUser(): undefined {
    // Before the first log-in of the application's own code, calls with its bearer are what is expected.
    if (!takesOver || deps.isInUse()) warnOnce('another-user', '', deps.isByUser ? unknownUser : anotherUser);
  }

  function waitsForToken(call: Call, source: TokenSource): void {
    callEvents.waits(call, () => {
      const isThere = source.hasAccessToken() || source.isUnredeemed();
      return { reason: 'token', awaits: isThere ? 'renewal' : 'store' };
    });
  }

  /** Looks into the store first, because the tokens there may tell whose bearer it is that the call brings. */
  async function ofBearer(call: Call, source: TokenSource): Promise<Lease | undefined> {
    const isLoading = !source.hasAccessToken();
    if (isLoading) waitsForToken(call, source);
    const known = await isKnown(call.request, source, boundsOf(call, awakeNow(env)));
    if (isLoading) callEvents.goesOn(call);
    if (call.terms.cancellation.signal?.aborted) throw interruptedError(call);
    if (known && isForeign(call.request, source)) return ofAnotherUser();
    const late = overtime(call, awakeNow(env));
    if (late) throw late;
    const lease = source.peek(call.request.config);
    if (!lease) return awaited(call, source);
    // The account's tokens may have come after the look into the store.
    return isForeign(call.request, source) ? ofAnotherUser() : lease;
  }

  async function awaited(call: Call, source: TokenSource): Promise<Lease | undefined> {
    for (;;) {
      const sinceMs = env.now();
      const lease = await acquired(call, source);
      if (!lease) return undefined;
      const entering = env.now() - sinceMs > stalePermissionMs ? enter(call) : undefined;
      if (entering) await entering;
      // The token may have expired while the call waited at the gate, and another user's tokens may have replaced it at any moment.
      const current = entering || !source.isInUse(lease) ? source.peek(call.request.config) : lease;
      if (!current) continue;
      return isForeign(call.request, source) ? ofAnotherUser() : current;
    }
  }

  /** Waits for a token; undefined where there is none and the call has a bearer of its own. */
  async function acquired(call: Call, source: TokenSource): Promise<Lease | undefined> {
    const { request } = call;
    waitsForToken(call, source);
    const result = await source.acquire(boundsOf(call, awakeNow(env)));
    callEvents.goesOn(call);
    if (result.kind === 'lease') return result.lease;
    if (result.kind === 'aborted') throw interruptedError(call);
    // Until the application's own code has logged in, its calls are sent as they were without the plugin.
    const isBeforeLogin = takesOver && result.error.kind === 'reauthentication-required';
    if (request.bearer !== undefined && (isBeforeLogin || isForeign(request, source))) return undefined;
    throw overtime(call, awakeNow(env) + timerEarlyMs) ?? result.error;
  }

  return (call, source) => {
    const { request } = call;
    const { bearer, config } = request;
    if (isForeign(request, source)) {
      const isStranger = source.hasAccessToken() && !source.mayRecognise(bearer!);
      return isStranger ? ofAnotherUser() : ofBearer(call, source);
    }
    return source.peek(config) ?? awaited(call, source);
  };
}

/** Whether the call brings a bearer of another user than the one whose tokens are held now, or one that was never held here. */
function isForeign({ bearer, isNamed }: Request, source: TokenSource): boolean {
  return !isNamed && bearer !== undefined && !source.owns(bearer);
}

async function isKnown({ bearer }: Request, source: TokenSource, bounds: WaitBounds): Promise<boolean> {
  if (!source.hasAccessToken()) return source.look(bounds);
  await source.recognise(bearer!, bounds);
  return true;
}
