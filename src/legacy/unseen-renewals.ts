import type { OwnBearerAnswer } from '../line/settle.js';
import type { Env } from '../time/env.js';
import type { WaitBounds } from '../time/within.js';
import type { Events } from '../observe/events.js';
import { epochMs } from '../token/pair/moments.js';
import { httpDateMs } from '../wire/http-date.js';
import { decodeClaims, subjectIn } from '../wire/jwt.js';

/** What attaches of one store know together of the application's own token requests. */
export interface OwnTokenRequests {
  /** Whether an attached instance has ever made one: then the code that makes them is not out of sight. */
  haveBeenSeen: boolean;
  /** The last call with the application's own bearer that was answered 401: its user, and when, in milliseconds on the server's clock. */
  refused: { readonly subject: string; readonly atMs: number } | undefined;
}

/** Creates the knowledge of the attaches of one store. */
export function createOwnTokenRequests(): OwnTokenRequests {
  return { haveBeenSeen: false, refused: undefined };
}

/**
 * A token issued later than this after the 401 is no sign of a refresh: a person may have logged in meanwhile. Code that refreshes because
 * of a 401 does so at once.
 */
const soonMs = 10_000;

const text =
  'legacy.takeOverRefresh takes nothing over, because the application gets its tokens by requests that no attached instance makes: within seconds of a 401 to the bearer that it had set, its user had a new one. Nothing keeps two of its processes from spending the same refresh token. Attach the instance that makes the token requests too, with the same store: attachProcore(axios, options) where they are made by axios.post; or attach all instances by axios-procore/register. Where another HTTP client or another process makes them, see docs/legacy.md';

/**
 * Creates the warning that the application refreshes by a request that no attached instance makes, so that `legacy.takeOverRefresh` takes
 * nothing over. It is given only where the `sub` and the `iat` of the bearers show that the new one was issued to the same user right after
 * the 401, where the store has no tokens of the account either, and where no token request of the application was ever seen.
 */
export function createUnseenRenewals(deps: {
  env: Env;
  requests: OwnTokenRequests;
  serverOffsetMs: () => number;
  /** How long the store is waited for. */
  bounds: WaitBounds;
  warnOnce: Events['warnOnce'];
}): (answer: OwnBearerAnswer) => void {
  const { env, requests, serverOffsetMs, bounds, warnOnce } = deps;

  function refused({ bearer, date }: OwnBearerAnswer): void {
    const subject = subjectIn(decodeClaims(bearer));
    const dateMs = typeof date === 'string' ? httpDateMs(date) : undefined;
    const atMs = dateMs ?? env.now() + serverOffsetMs();
    if (subject === undefined) return;
    const before = requests.refused;
    // Calls that were under way together are refused one after another, the last perhaps after the refresh.
    if (before?.subject === subject && atMs >= before.atMs && atMs <= before.atMs + soonMs) return;
    requests.refused = { subject, atMs };
  }

  function isSuccessorOf(
    { subject, atMs }: NonNullable<OwnTokenRequests['refused']>,
    bearer: string,
  ): boolean {
    const claims = decodeClaims(bearer);
    const issuedAtMs = epochMs(claims?.['iat']);
    // `iat` and `Date` are both in whole seconds.
    return (
      subjectIn(claims) === subject &&
      issuedAtMs !== undefined &&
      issuedAtMs >= Math.floor(atMs / 1000) * 1000 &&
      issuedAtMs <= atMs + soonMs
    );
  }

  async function look({ source }: OwnBearerAnswer): Promise<void> {
    // Another process may have taken the refresh over, and saved the tokens.
    const isKnown = await source.look(bounds, true);
    if (!isKnown || source.hasAccessToken() || requests.haveBeenSeen) return;
    warnOnce('legacy-refresh', 'unseen', text);
  }

  return (answer) => {
    if (requests.haveBeenSeen) return;
    if (answer.status === 401) return refused(answer);
    if (!requests.refused || answer.status < 200 || answer.status > 299) return;
    if (!isSuccessorOf(requests.refused, answer.bearer)) return;
    requests.refused = undefined;
    // The call does not wait for it.
    void look(answer);
  };
}
