import type { InContext } from '../time/async-context.js';
import type { Settings } from '../options/options.js';
import type { RefusalReason } from '../failure/challenge.js';
import type { ProcoreError } from '../failure/errors.js';
import type { TokenSet, TokenStore } from '../store/store.js';
import type { WaitBounds } from '../time/within.js';
import type { Brought } from './authorization/brought.js';
import type { AuthorizationCode, Take } from './authorization/code-exchange.js';
import type { RevokedElsewhere } from './authorization/revoked-elsewhere.js';
import type { Exchange } from './endpoint/exchange.js';
import type { LoginGate } from './endpoint/login-gate.js';
import type { Login } from './endpoint/login.js';
import type { Holder } from './grant/memories.js';
import type { FirstLoad } from './loading/first-load.js';
import type { LoadingOfClient } from './loading/loading.js';
import type { Recognition } from './loading/recognition.js';
import type { LetGo } from './pair/transitions.js';
import type { Lease } from './pair/pairs.js';
import type { ApplicationAnswer } from './authorization/application-requests.js';
import type { Leases } from './renewal/leases.js';
import type { RefusalOutcome, RefusalBounds } from './renewal/refusals.js';
import type { TokenStatus } from './told/status.js';

/** The tokens of one account, as one attach hands them to the next. */
export interface HeldTokenSet {
  readonly tokens: TokenSet;
  /** They are in memory only: their save has failed so far. */
  readonly unsaved: boolean;
}

/** The tokens of one account: whoever needs one asks here. */
export interface TokenSource
  extends
    Pick<Leases, 'peek' | 'acquire' | 'renew'>,
    Pick<Brought, 'take' | 'setTokens' | 'takeOwn'>,
    Pick<RevokedElsewhere, 'revokedElsewhere'>,
    Recognition {
  readonly account: string;
  /** The source that the account has now: this one may have been let go while a call had it in hand, and another be in its place. */
  current(): TokenSource;
  /**
   * An attach begins to use the account. The latest one presents its grants, because a client secret may have been corrected there. The
   * application's refreshes are taken over where one of the attaches does so.
   */
  usedBy(user: User): void;
  /** No attach takes over the refreshes of the account any more. */
  stopTakingOver(): void;
  /** What other sources of this process may know of it. */
  readonly holder: Holder;
  /** Looks into the store where nothing is held yet, and renews nothing; resolves with whether it is known whose tokens are held, if any. */
  look: FirstLoad['look'];
  /** Takes these tokens, and saves them, where there are none of anybody, here and in the store. Resolves with whether it has. */
  takeIfFree(tokens: TokenSet): Promise<boolean>;
  /** Whether an access token is held, alive or not. */
  hasAccessToken(): boolean;
  /** Whether only a refresh token is held: then it is not known yet whose tokens they are. */
  isUnredeemed(): boolean;
  /** The `sub` of the JWT that is held now. */
  subject(): string | undefined;
  /** Whether an access token is of the user whose tokens are held now. */
  owns(accessToken: string): boolean;
  /** Whether this lease is still one of the tokens in use: another user's may have taken their place. */
  isInUse(lease: Lease): boolean;
  sent(): void;
  /** An answer (or an end without one: undefined) to a call that was sent with this lease. */
  answered(lease: Lease, status: number | undefined, sentAtMs: number): void;
  /**
   * Another process is about to replace the access token: new calls wait until `over`, for a time that is bounded. Resolves when those in
   * flight have finished.
   */
  announced(over: Promise<void>): Promise<void>;
  /** The API has answered 401. */
  refused(lease: Lease, reason: RefusalReason, bounds: RefusalBounds): Promise<RefusalOutcome>;
  /** The replay of a call whose refusal led to a renewal was accepted. */
  replayAccepted(): void;
  /** Whether this refresh token is, or was, one of this account's. */
  knows(refreshToken: string): boolean;
  /** Answers a token request of the application's own, by this refresh token (undefined: by `client_credentials`). */
  answerApplication(refreshToken: string | undefined, bounds: WaitBounds): Promise<ApplicationAnswer>;
  /** `take`: where the tokens go. */
  exchangeCode(login: Login, code: AuthorizationCode, take: Take): Promise<TokenSet>;
  revoke(login: Login): Promise<void>;
  /** Something else than a renewal has redeemed this refresh token: takes the successor if it was ours. */
  redeemedElsewhere(refreshToken: string): void;
  status(): TokenStatus;
  unsavedTokens(): TokenSet | undefined;
  /** Why the renewal or revocation that is under way has not succeeded so far; undefined while no try of it has failed. */
  lastFailure(): ProcoreError | undefined;
  /** The newest tokens in memory, and whether they are there only. */
  held(): HeldTokenSet | undefined;
  /** Goes on with another store, once nothing is under way in the one before. */
  moveTo(store: TokenStore): void;
  /** What is under way and must not be cut off. */
  underWay(): Promise<unknown> | undefined;
  /** Lets go of the parts that act on the account, where they have nothing to do. */
  disband(): void;
  /** Nothing is under way for the account, and nothing is held against a renewal of its tokens. */
  mayBeLetGo(): boolean;
  /** Loads from the store, and adopts a newer pair. Whether it shows the pair in hand, and all that has to be known of the tokens before. */
  isSafeInStore(): Promise<boolean>;
  /** Goes on with the tokens that another source held for this account, in another copy of the package. */
  inherit(held: HeldTokenSet): void;
  /** The account leaves the memory of the process. */
  leave(): void;
  /** It is in the memory of the process, again. */
  enter(): void;
  /** Whether it has held tokens of another authorization than those in hand. */
  hasHeldOthers(): boolean;
}

/** An attach, to the accounts that it uses. */
export interface User {
  /** Later ones have greater numbers. */
  readonly order: number;
  /** How it presents a grant. */
  readonly exchange: Exchange;
  /** The application's own refreshes are answered from the account: with tokens from long ago, and before there is any pair. */
  readonly takesOver: boolean;
}

/** What is known of the server whose tokens they are. */
export interface Server {
  /** It invalidates the old access token at a refresh. */
  readonly invalidatesOld: boolean;
  /** That has been seen. */
  foundInvalidating(): void;
  /** Other processes may know it: asks whether they do. `isNews`: one of them has just renewed. */
  ask(isNews: boolean): void;
}

/** What all accounts of one client have in common. */
export interface ClientDeps extends LoadingOfClient {
  /** Login host, client id and grant, as a JSON array. */
  readonly clientAndGrant: string;
  readonly server: Server;
  /** What is to be called with the last detach. */
  readonly untilDetached: Set<() => void>;
  /** Where the token requests of this client wait for the login host. */
  readonly loginGate: () => LoginGate;
  readonly settings: Settings['renewal'];
  readonly maxWaitMs: number;
}

/** What is one account's own. */
export interface SourceDeps {
  readonly account: string;
  readonly store: TokenStore;
  /** What is done for the account runs in this context; whoever asks goes on in their own. */
  readonly inContext: InContext;
  /** What the account was let go with, if it was; `over`: to be called as soon as it is known here which tokens it holds. */
  readonly before: (LetGo & { over(): void }) | undefined;
  /** Called at each use; returns the source that the account has then. */
  readonly used: () => TokenSource;
}
