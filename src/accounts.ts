import type { InContext } from './async-context.js';
import { AccountUndecidedError } from './failure/errors.js';
import type { ListingStore, TokenSet } from './store/store.js';
import { descendsFrom } from './token/lineage.js';
import type { TokenSource } from './token/source.js';
import { readTokenSet, subjectOf } from './token/token-set.js';
import { call, type Patience } from './within.js';

/** Whose tokens a call uses, where accounts are the users themselves. */
export interface Accounts {
  /**
   * The account of a call that brings this bearer, or none.
   *
   * @throws AccountUndecidedError where it brings none, and there are tokens of several users.
   */
  ofCall(bearer: string | undefined, patience: Patience): Promise<string>;
  /** The account that these tokens are kept in. */
  ofTokens(tokens: TokenSet, patience: Patience): Promise<string>;
  /** The account that holds this refresh token or a later one, here or in the store; undefined: none that could be found. */
  ofRefreshToken(refreshToken: string, patience: Patience): Promise<TokenSource | undefined>;
}

const undecided =
  'it was not sent: it brings no bearer, and of the users whose tokens are kept here there is more than one, or may be. Give it the bearer of its user, or tell whose tokens it uses: { procore: { account: String(user.id) } } on the call.';

/**
 * Creates the choice of accounts by subject. The account `default` is that of the tokens that were there before, whoever their user is;
 * every other user has an account by the name of the subject.
 */
export function createAccounts(deps: {
  store: ListingStore;
  /** Of this client. */
  sources: () => Iterable<TokenSource>;
  sourceOf: (account: string) => TokenSource;
  /** The store is asked in the context of the attach, not in that of a call. */
  inContext: InContext;
}): Accounts {
  const { store, sources, sourceOf, inContext } = deps;

  async function homeFor(patience: Patience): Promise<TokenSource> {
    const home = sourceOf('default');
    // Of a refresh token alone nobody can say whose it is.
    if (!(await home.look(patience)) && home.isUnredeemed()) await home.acquire(patience);
    return home;
  }

  async function listed(): Promise<readonly string[]> {
    return (await inContext(async () => store.accounts?.())) ?? [];
  }

  async function ofNobody(patience: Patience): Promise<string> {
    const home = await homeFor(patience);
    const owners = new Map<string, string>();
    for (const source of sources())
      if (source.holds()) owners.set(source.subject() ?? source.account, source.account);
    for (const account of await listed()) {
      if (account !== home.account && !owners.has(account)) owners.set(account, account);
    }
    const [only] = owners.values();
    const isSure = home.holds() || store.accounts !== undefined;
    if (owners.size > 1 || (only !== undefined && !isSure)) throw new AccountUndecidedError(undecided);
    return only ?? home.account;
  }

  async function ofToken(accessToken: string, patience: Patience): Promise<string> {
    const home = await homeFor(patience);
    if (home.owns(accessToken)) return home.account;
    const subject = subjectOf(accessToken);
    if (subject !== undefined) return subject;
    for (const source of sources()) if (source.owns(accessToken)) return source.account;
    return home.account;
  }

  return {
    ofCall: (bearer, patience) => (bearer === undefined ? ofNobody(patience) : ofToken(bearer, patience)),
    ofTokens: ({ access_token }, patience) => ofToken(access_token, patience),
    async ofRefreshToken(refreshToken, patience) {
      const holder = () => [...sources()].find((source) => source.knows(refreshToken));
      await sourceOf('default').look(patience);
      const known = holder();
      if (known) return known;
      for (const account of await listed()) {
        const read = readTokenSet(
          await inContext(() => call(() => store.load(account))).catch(() => undefined),
        );
        if (read.kind !== 'set' || !descendsFrom(read.set, refreshToken)) continue;
        const source = sourceOf(account);
        await source.look(patience);
        return source;
      }
      return undefined;
    },
  };
}
