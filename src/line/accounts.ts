import { accountOfSubject } from '../options/account-by-subject.js';
import type { InContext } from '../time/async-context.js';
import type { Env } from '../time/env.js';
import { AccountUndecidedError } from '../failure/errors.js';
import type { ListingStore, TokenSet } from '../store/store.js';
import { descendsFrom } from '../token/pair/token-history.js';
import type { TokenSource } from '../token/source.js';
import { readTokenSet } from '../token/pair/token-set.js';
import { subjectOf } from '../wire/jwt.js';
import { awakeNow, call, within, type WaitBounds } from '../time/within.js';

/** Decides whose tokens a call uses where each user is an account (option `account: accountBySubject`). */
export interface Accounts {
  /**
   * The account of a call that brings this bearer, or none.
   *
   * @throws AccountUndecidedError where it brings none, and there are tokens of several users.
   */
  ofCall(bearer: string | undefined, bounds: WaitBounds): Promise<string>;
  /**
   * The account that these tokens are to be saved to. Where the first user has the account `default` and they are that user's tokens, that
   * account has saved them already.
   */
  ofTokens(tokens: TokenSet, bounds: WaitBounds): Promise<string>;
  /** The account of a call that brings this bearer; undefined where the store must be asked first. */
  known(bearer: string | undefined): string | undefined;
  /** Whether the tokens of a log-in may replace only tokens of the same user, because these tokens do not say whose they are. */
  mustBeSameUser(tokens: TokenSet): boolean;
  /** The source of the account that holds this refresh token or a later one, in memory or in the store; undefined where none is found. */
  ofRefreshToken(refreshToken: string, bounds: WaitBounds): Promise<TokenSource | undefined>;
}

const undecided =
  'it was not sent: it brings no bearer, and of the users whose tokens are kept here there is more than one, or may be. Give it the bearer of its user, or tell whose tokens it uses: { procore: { account: String(user.id) } } on the call.';

/**
 * Creates the choice of accounts by subject. The account `default` has the tokens that were in the store before, whoever their user is, or
 * those of the first user. The account of every other user is called by the `sub` of the token.
 */
export function createAccounts(deps: {
  store: ListingStore;
  /** The sources of this client. */
  sources: () => Iterable<TokenSource>;
  /** The accounts that were let go with tokens. */
  resting: () => Iterable<string>;
  sourceOf: (account: string) => TokenSource;
  /** Runs the questions to the store in the async context of the attach, and not in that of a call. */
  inContext: InContext;
  env: Env;
  /** Whether the first user whose tokens come has the account `default`. */
  isFirstUserDefault: boolean;
}): Accounts {
  const { store, sources, sourceOf, inContext, env } = deps;
  /** Not every store can list its accounts; an application's own may have another field of that name. */
  const canList = typeof store.accounts === 'function';

  async function homeFor(bounds: WaitBounds, afresh = false): Promise<TokenSource> {
    const home = sourceOf('default');
    // Only an access token says whose it is. A refresh token alone is redeemed first.
    if (!(await home.look(bounds, afresh)) && home.isUnredeemed()) await home.acquire(bounds);
    return home;
  }

  /** The accounts in the store; undefined where the store cannot list them, or does not answer. */
  async function listed({ maxMs, signal }: WaitBounds): Promise<readonly string[] | undefined> {
    if (!canList) return undefined;
    const listing = inContext(() => call(async (): Promise<unknown> => store.accounts!()));
    const waited = await within(env, maxMs, listing, signal);
    const accounts = waited.kind === 'done' ? waited.value : undefined;
    return Array.isArray(accounts) ? accounts.filter((account) => typeof account === 'string') : undefined;
  }

  function ownerOf(source: TokenSource): string {
    const subject = source.subject();
    return subject === undefined ? source.account : accountOfSubject(subject);
  }

  async function ofNobody(bounds: WaitBounds): Promise<string> {
    const home = await homeFor(bounds);
    const owners = new Map<string, string>();
    for (const source of sources()) if (source.hasAccessToken()) owners.set(ownerOf(source), source.account);
    for (const account of deps.resting()) if (!owners.has(account)) owners.set(account, account);
    const accounts = await listed(bounds);
    for (const account of accounts ?? []) {
      if (account !== home.account && !owners.has(account)) owners.set(account, account);
    }
    const [only] = owners.values();
    const isSure = accounts !== undefined || (home.hasAccessToken() && !canList);
    if (owners.size > 1 || (only !== undefined && !isSure)) throw new AccountUndecidedError(undecided);
    return only ?? home.account;
  }

  async function ofToken(accessToken: string, bounds: WaitBounds): Promise<string> {
    const home = await homeFor(bounds);
    if (home.owns(accessToken)) return home.account;
    const subject = subjectOf(accessToken);
    if (subject !== undefined) return accountOfSubject(subject);
    for (const source of sources()) if (source.owns(accessToken)) return source.account;
    return home.account;
  }

  return {
    ofCall: (bearer, bounds) => (bearer === undefined ? ofNobody(bounds) : ofToken(bearer, bounds)),
    known(bearer) {
      if (bearer === undefined || !sourceOf('default').hasAccessToken()) return undefined;
      if (sourceOf('default').owns(bearer)) return 'default';
      const subject = subjectOf(bearer);
      return subject === undefined ? undefined : accountOfSubject(subject);
    },
    mustBeSameUser({ access_token }) {
      if (subjectOf(access_token) !== undefined) return false;
      // Where tokens have no `sub`, those of a second user must not replace those of the first. But in an application that had a single
      // account before, one user may log in after another.
      return !deps.isFirstUserDefault || sourceOf('default').subject() !== undefined;
    },
    async ofTokens(tokens, bounds) {
      if (deps.isFirstUserDefault && subjectOf(tokens.access_token) !== undefined) {
        const home = await homeFor(bounds, true);
        if (!home.hasAccessToken() && (await home.takeIfFree(tokens))) return home.account;
      }
      return ofToken(tokens.access_token, bounds);
    },
    async ofRefreshToken(refreshToken, bounds) {
      const holder = () => [...sources()].find((source) => source.knows(refreshToken));
      await sourceOf('default').look(bounds, true);
      const known = holder();
      if (known) return known;
      // Another process may have renewed the tokens that are in memory here.
      await sourceOf('default').recognise(refreshToken, bounds);
      if (sourceOf('default').knows(refreshToken)) return sourceOf('default');
      const untilMs = awakeNow(env) + bounds.maxMs;
      for (const account of (await listed(bounds)) ?? []) {
        if (awakeNow(env) > untilMs || bounds.signal?.aborted) return undefined;
        const loading = inContext(() => call(() => store.load(account)));
        const loaded = await within(env, untilMs - awakeNow(env), loading, bounds.signal);
        const read = readTokenSet(loaded.kind === 'done' ? loaded.value : undefined);
        if (read.kind !== 'set' || !descendsFrom(read.set, refreshToken)) continue;
        const source = sourceOf(account);
        await source.look(bounds, true);
        return source;
      }
      return undefined;
    },
  };
}
