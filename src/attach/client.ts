import { createAccounts, type Accounts } from '../line/accounts.js';
import { isBySubject, isFirstUserDefault } from '../options/account-by-subject.js';
import type { Settings } from '../options/options.js';
import { isMemoryTokenStore } from '../store/memory.js';
import type { TokenStore } from '../store/store.js';
import type { InContext } from '../time/async-context.js';
import type { Env } from '../time/env.js';
import type { WaitBounds } from '../time/within.js';
import { accountKey } from '../token/account.js';
import { createExchange } from '../token/endpoint/exchange.js';
import { createLogin, type Login, type PostForm } from '../token/endpoint/login.js';
import { createLoginGate } from '../token/endpoint/login-gate.js';
import type { ClientGrants, GrantRegistry } from '../token/grant/registry.js';
import { createKeeper } from '../token/loading/keeper.js';
import { fingerprint } from '../token/pair/fingerprint.js';
import { AccountSource } from '../token/account-source.js';
import type { TokenSource, ClientDeps } from '../token/source.js';
import type { CreateSource } from './account-cache.js';
import type { OwnAccount } from './client-accounts.js';
import type { Attachment } from './instance.js';
import type { Shared } from './shared.js';

/** The client of one attach: its token requests and its accounts. */
export interface Client {
  readonly login: Login;
  readonly grants: ClientGrants;
  /** The account that calls and methods of the handle use where they name none. */
  readonly ownAccount: string;
  /** Set where each user is an account of its own (option `account: accountBySubject`). */
  readonly accounts: Accounts | undefined;
  /** How long a method of the handle waits. */
  readonly bounds: WaitBounds;
  sourceOf(account: string): TokenSource;
  /** The source of the account at rest that was let go with this refresh token. */
  wakened(refreshToken: string): TokenSource | undefined;
  /** The accounts that hold this refresh token take what it was redeemed for. */
  redeemedElsewhere(refreshToken: string): void;
  /** Whether some account holds tokens. */
  isInUse(): boolean;
  detach(): void;
}

/** Creates the client of one attach. */
export function createClient(deps: {
  env: Env;
  settings: Settings;
  store: TokenStore;
  registry: GrantRegistry;
  shared: Shared;
  /** Sends a token request the way that the calls of the instance go. */
  post: PostForm;
  inContext: InContext;
  /** The attach whose place this one takes. */
  before: Attachment | undefined;
  /** Whether the attach before used the same {@link Shared}, so that its accounts are in it already. */
  goesOn: boolean;
}): Client {
  const { env, settings, store, registry, shared, post, inContext, before } = deps;
  const { loginUrl } = settings.environment;
  const { serverOffsetMs } = shared;
  const bounds = { maxMs: settings.maxWaitMs, signal: undefined };
  const grants = registry.of(store, {
    client: JSON.stringify([loginUrl, settings.clientId]),
    isPrivate: isMemoryTokenStore(store),
    replaces: before?.store,
  });
  const login = createLogin({
    env,
    async post(...request) {
      const answer = await post(...request);
      shared.learn(answer.date);
      return answer;
    },
    loginUrl,
    clientId: settings.clientId,
    clientSecret: settings.clientSecret,
    secretTimeoutMs: settings.renewal.storeTimeoutMs,
    serverOffsetMs,
  });
  const exchange = createExchange({
    env,
    login,
    redirectUri: settings.redirectUri,
    custom: settings.exchange,
    ownRenewals: shared.ownRenewals,
    totalMs: settings.renewal.totalMs,
    serverOffsetMs,
    outliving: shared.outliving,
    broughtLate: redeemedElsewhere,
  });
  const clientAndGrant = JSON.stringify([loginUrl, settings.clientId, settings.grant]);
  const clientAccounts = shared.of(clientAndGrant, store);
  const user = { order: shared.nextOrder(), exchange, takesOver: settings.legacy.takeOverRefresh };
  const own: OwnAccount = {
    account: typeof settings.account === 'string' ? settings.account : 'default',
    inContext,
    isBySubject: isBySubject(settings.account),
    maxWaitMs: settings.maxWaitMs,
  };
  clientAccounts.attached(own);
  grants.findsResting(clientAccounts.atRest);
  const ofSources: ClientDeps = {
    env,
    clientAndGrant,
    grant: settings.grant,
    grants,
    keeperOf: (store, account, row, held) =>
      createKeeper({
        store,
        account,
        env,
        storeTimeoutMs: settings.renewal.storeTimeoutMs,
        saves: registry.savesOf(store),
        row,
        held,
      }),
    isBeside: shared.isOfSource,
    restingWith: shared.restingWith,
    server: clientAccounts.listening.of(settings.renewal.drain, inContext),
    untilDetached: shared.untilDetached,
    loginGate: () => grants.loginGate(() => createLoginGate(env)),
    settings: settings.renewal,
    maxWaitMs: settings.maxWaitMs,
    serverOffsetMs,
    emit: shared.emit,
    warnOnce: shared.warnOnce,
  };

  function createSource(
    account: string,
    ...[used, before]: Parameters<CreateSource>
  ): ReturnType<CreateSource> {
    const store = clientAccounts.restsIn(account) ?? clientAccounts.store;
    // The context of the attach and not that of the first call, which may be made inside of a request, through an instance of a later attach.
    const context = clientAccounts.contextOf(account) ?? inContext;
    const inherited = shared.inheritedBy(accountKey(clientAndGrant, account));
    const source = new AccountSource(ofSources, { account, store, inContext: context, before, used }, user);
    const begin = () => {
      if (inherited) source.inherit(inherited);
      // The account was let go with its tokens in another store: they are loaded from there first, and then saved here.
      if (store === clientAccounts.store) return;
      void source.look(bounds);
      source.moveTo(clientAccounts.store);
    };
    return { source, begin };
  }

  function sourceOf(account: string): TokenSource {
    grants.used();
    const source = clientAccounts.source(account, (used, before) => createSource(account, used, before));
    source.usedBy(user);
    return source;
  }

  function wakened(refreshToken: string): TokenSource | undefined {
    const resting = clientAccounts.restingWith(fingerprint(refreshToken));
    return resting && sourceOf(resting.account);
  }

  function redeemedElsewhere(refreshToken: string): void {
    for (const source of shared.sources()) source.redeemedElsewhere(refreshToken);
    const source = wakened(refreshToken);
    void source?.look(bounds).finally(() => source.redeemedElsewhere(refreshToken));
  }

  /** Goes on with the accounts of another copy of the package, or of another store. */
  function inherit({ held, resting }: Attachment): void {
    const ownKeys = accountKey(clientAndGrant, '').slice(0, -'""]'.length);
    const accountOf = (key: string) => (JSON.parse(key) as string[])[3]!;
    for (const [key, tokens] of held()) {
      if (!key.startsWith(ownKeys) || clientAccounts.has(accountOf(key))) continue;
      shared.inherit(key, tokens);
      // Tokens that are not saved yet are saved now, whether or not a call asks for the account.
      if (tokens.unsaved) sourceOf(accountOf(key));
    }
    for (const [key, place] of resting?.() ?? [])
      if (key.startsWith(ownKeys)) clientAccounts.rest(accountOf(key), place);
  }

  if (deps.goesOn) clientAccounts.moveTo(store);
  else if (before) inherit(before);

  return {
    login,
    grants,
    ownAccount: own.account,
    accounts: own.isBySubject
      ? createAccounts({
          store,
          sources: clientAccounts.all,
          resting: clientAccounts.resting,
          sourceOf,
          inContext,
          env,
          isFirstUserDefault: isFirstUserDefault(settings.account),
        })
      : undefined,
    bounds,
    sourceOf,
    wakened,
    redeemedElsewhere,
    isInUse() {
      for (const source of shared.sources()) if (source.hasAccessToken()) return true;
      for (const _account of clientAccounts.resting()) return true;
      return false;
    },
    detach: () => clientAccounts.detached(own),
  };
}
