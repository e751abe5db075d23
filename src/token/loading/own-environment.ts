import type { TokenSet } from '../../store/store.js';
import { decodeClaims, type Claims } from '../../wire/jwt.js';
import { foreignIssuer, withIssuer } from '../pair/issuer.js';
import type { Keeper } from './keeper.js';
import type { ClientGrants } from '../grant/registry.js';
import type { TokenEvents } from '../told/token-events.js';

/**
 * Wraps the keeper of one account: tokens that another environment has issued are not this account's, and are neither presented nor
 * removed. Tells, too, where two clients use one account of a store: each would save over the tokens of the other.
 */
export function createOwnEnvironment(deps: {
  account: string;
  keeper: Keeper;
  grants: Pick<ClientGrants, 'client' | 'loginsInUse' | 'besides'>;
  tokenEvents: Pick<TokenEvents, 'offended'>;
  /** The account's own, which this changes: whether other clients of it have been looked for. */
  asked: { isCompared: boolean };
}): Pick<Keeper, 'load' | 'save' | 'remove'> {
  const { account, keeper, grants, tokenEvents, asked } = deps;
  const [loginUrl = '', clientId = ''] = JSON.parse(grants.client) as string[];
  /** What the store was last seen to hold, and is another environment's. */
  let foreign: TokenSet | undefined;
  /** A store is often asked twice, and shows the same access token. */
  let decoded: { readonly token: string | undefined; readonly claims: Claims | undefined } | undefined;

  // Whoever comes later looks for those before, and a client may have gone out of use by then.
  const others = asked.isCompared ? [] : grants.besides(account);
  asked.isCompared = true;
  for (const other of others) {
    const [otherLogin, otherId] = JSON.parse(other) as string[];
    const what =
      otherLogin === loginUrl
        ? `two clients (${JSON.stringify(otherId)} and ${JSON.stringify(clientId)})`
        : `two environments (${otherLogin} and ${loginUrl})`;
    tokenEvents.offended(
      'account',
      other,
      `one account of one store is used for ${what}, and each saves its tokens over those of the other: give each a store, or an account, of its own`,
    );
  }

  function claimsOf({ access_token: token }: TokenSet): Claims | undefined {
    if (!decoded || decoded.token !== token) decoded = { token, claims: decodeClaims(token) };
    return decoded.claims;
  }

  return {
    async load() {
      const loaded = await keeper.load();
      foreign = undefined;
      if (loaded.kind === 'failed' || !loaded.set) return loaded;
      const claims = claimsOf(loaded.set);
      const issuer = foreignIssuer(loaded.set, loginUrl, grants.loginsInUse, claims);
      if (issuer === undefined) return { kind: 'loaded', set: loaded.set, claims };
      foreign = loaded.set;
      tokenEvents.offended(
        'account',
        issuer,
        `store.load() returned tokens that ${issuer} has issued, and this client asks ${loginUrl}: they are not used, because tokens are not transferable across environments. Give each environment a store, or an account, of its own, or authorize the account anew`,
      );
      return { kind: 'loaded', set: undefined };
    },
    save: (set, previous) => keeper.save(withIssuer(set, loginUrl), previous ?? foreign),
    remove: async () => (foreign ? { kind: 'removed' } : keeper.remove()),
  };
}
