import { copyOf } from '../store/copy-of.js';
import type { RefusalReason } from '../failure/challenge.js';
import type { ProcoreError } from '../failure/errors.js';
import type { TokenSet, TokenStore } from '../store/store.js';
import type { WaitBounds } from '../time/within.js';
import type { Way } from '../wire/way.js';
import { AssembledAccount } from './assembled-account.js';
import type { AuthorizationCode, Take } from './authorization/code-exchange.js';
import type { Login } from './endpoint/login.js';
import type { FirstLoad } from './loading/first-load.js';
import { lookLast } from './renewal/look.js';
import { mayRecognise } from './loading/recognition.js';
import { hasHeldOthers, isOfSameUser, isOwn } from './pair/former-tokens.js';
import { currentOf, freshnessNow, isSettled, noteAnswer, type Lease } from './pair/pairs.js';
import { holdLoaded, type HeldTokens } from './pair/token-set.js';
import { isKnown, type ApplicationAnswer } from './authorization/application-requests.js';
import {
  areCallsPaused,
  drainMsOf,
  noteSent,
  noteAnswered,
  untilAnswered,
  holdCalls,
} from './renewal/drain.js';
import type { Acquired } from './renewal/leases.js';
import { areBraked, type RefusalOutcome, type RefusalBounds } from './renewal/refusals.js';
import { isClear } from './renewal/standing.js';
import { noBackoff } from '../time/backoff.js';
import type { HeldTokenSet, TokenSource, User } from './source.js';
import { statusOf, type TokenStatus } from './told/status.js';
import { contradicted } from './told/token-events.js';

/** The source of one account. */
export class AccountSource extends AssembledAccount implements TokenSource {
  current(): TokenSource {
    return this.own.used();
  }

  usedBy(other: User): void {
    if (other.order > this.user.order) this.user = other;
    this.takesOver ||= other.takesOver;
  }

  stopTakingOver(): void {
    this.takesOver = false;
  }

  hasAccessToken(): boolean {
    return this.state.pairs.newest?.held.accessToken !== undefined;
  }

  isUnredeemed(): boolean {
    const { newest } = this.state.pairs;
    return newest !== undefined && newest.held.accessToken === undefined;
  }

  subject(): string | undefined {
    return this.state.pairs.newest?.held.subject;
  }

  owns(accessToken: string): boolean {
    return isOwn(this.state.pairs, accessToken);
  }

  isInUse(lease: Lease): boolean {
    return lease === this.state.pairs.newest || lease === currentOf(this.state.pairs, this.clocks());
  }

  peek(way?: Way): Lease | undefined {
    this.own.used();
    if (this.parts) return this.parts.leases.peek(way);
    if (areCallsPaused(this.state, this.deps.env)) return undefined;
    const { newest } = this.state.pairs;
    if (!newest) return undefined;
    const isFresh = this.state.pairs.phase === 'kept' && freshnessNow(newest, this.clocks()) === 'fresh';
    return isFresh && !newest.refused ? newest : this.assembled().leases.peek(way);
  }

  acquire(bounds: WaitBounds): Promise<Acquired> {
    this.own.used();
    return this.leaseOf(bounds);
  }

  renew(): Promise<TokenSet> {
    return this.with((parts) => parts.leases.renew());
  }

  refused(lease: Lease, reason: RefusalReason, { maxMs, ...bounds }: RefusalBounds): Promise<RefusalOutcome> {
    this.own.used();
    const most = Math.min(maxMs, this.deps.settings.timeoutMs);
    return this.with((parts) => parts.refusals.refused(lease, reason, { ...bounds, maxMs: most }));
  }

  sent(): void {
    noteSent(this.state);
  }

  answered(lease: Lease, answer: number | undefined, sentAtMs: number): void {
    noteAnswered(this.state);
    if (answer === undefined) return;
    noteAnswer(lease, answer, sentAtMs);
    if (!lease.isJudged) contradicted(this.account, this.deps, lease);
  }

  async announced(over: Promise<void>): Promise<void> {
    const { env, settings } = this.deps;
    if (!this.state.pairs.newest) return;
    const drainMs = drainMsOf(settings);
    holdCalls(this.state, {
      env,
      drainMs,
      over,
      look: () => this.inContext((parts) => parts.look()),
    });
    await untilAnswered(this.state);
  }

  replayAccepted(): void {
    this.state.brake = noBackoff;
  }

  look(...how: Parameters<FirstLoad['look']>): Promise<boolean> {
    return this.own.inContext(() => this.loaded(({ first }) => first.look(...how)));
  }

  takeIfFree(tokens: TokenSet): Promise<boolean> {
    return this.inContext(async ({ writes, sequence }, { ahead }) => {
      const isTaken = await writes.bringIfFree(holdLoaded(tokens, ahead()));
      if (isTaken) sequence.clearVerdicts();
      return isTaken;
    });
  }

  mayRecognise(accessToken: string): boolean {
    return mayRecognise(accessToken, this.state.row, this.subject(), this.deps.env.now());
  }

  recognise(token: string, bounds: WaitBounds): Promise<void> {
    return this.inContext((parts) => parts.recognise(token, bounds));
  }

  take(held: HeldTokens, changedOwner?: () => void): Promise<TokenSet> {
    return this.inContext((parts) => parts.take(held, changedOwner));
  }

  setTokens(tokens: TokenSet, changedOwner?: () => void): Promise<void> {
    return this.inContext((parts) => parts.setTokens(tokens, changedOwner));
  }

  takeOwn(tokens: TokenSet, sure: boolean): Promise<boolean> {
    return this.inContext((parts) => parts.takeOwn(tokens, sure));
  }

  exchangeCode(login: Login, code: AuthorizationCode, take: Take): Promise<TokenSet> {
    return this.inContext((parts) => parts.codes.exchange(login, code, take));
  }

  revoke(login: Login): Promise<void> {
    return this.inContext((parts) => parts.revocation.revoke(login));
  }

  revokedElsewhere(token: string): Promise<void> {
    return this.inContext((parts) => parts.elsewhere.revokedElsewhere(token));
  }

  knows(refreshToken: string): boolean {
    const { state, deps } = this;
    const held = {
      newest: state.pairs.newest,
      isOfSameUser: (token: string) => isOfSameUser(state.pairs, token),
    };
    return isKnown(refreshToken, held, deps.grants);
  }

  answerApplication(refreshToken: string | undefined, bounds: WaitBounds): Promise<ApplicationAnswer> {
    return this.with((parts) => parts.answerApplication(refreshToken, bounds));
  }

  status(): TokenStatus {
    return this.briefly(({ sequence, isStuck }, { ledger, tokenEvents }) =>
      statusOf(this.account, ledger, tokenEvents.shown, {
        stuck: isStuck(),
        lastRenewalMs: sequence.lastRenewalMs,
        renewing: sequence.running !== undefined,
      }),
    );
  }

  unsavedTokens(): TokenSet | undefined {
    const { newest, phase, isGone } = this.state.pairs;
    return (phase !== 'kept' || isGone) && newest ? copyOf(newest.held.set) : undefined;
  }

  lastFailure(): ProcoreError | undefined {
    return this.parts?.sequence.running?.lastError ?? this.parts?.revocation.lastFailure();
  }

  held(): HeldTokenSet | undefined {
    const { newest, phase, isGone } = this.state.pairs;
    return newest && !isGone ? { tokens: copyOf(newest.held.set), unsaved: phase !== 'kept' } : undefined;
  }

  moveTo(store: TokenStore): void {
    const { state } = this;
    // There may be a hundred thousand accounts, and all of them at this store already.
    if (!this.parts && store === state.store && !state.verdicts.dead) return;
    this.briefly(({ sequence, writes, isStuck }, { home: { isAt, moveTo } }) => {
      // What the store before did not have, this one may.
      if (isStuck()) sequence.clearVerdicts();
      if (!isAt(store) || writes.isMoving()) this.own.inContext(() => writes.move(() => moveTo(store)));
    });
  }

  mayBeLetGo(): boolean {
    const { state, deps, holder } = this;
    this.disband();
    if (this.loading || state.calls > 0 || this.takesOver) return false;
    // A store that drops rows by itself gets them back from memory.
    if (state.store.rowsMayVanish === true) return false;
    if (!isClear(state.verdicts) || areBraked(state, deps.env.now()) || !isSettled(state.pairs)) return false;
    // What became of a token is forgotten some time after nobody holds it any more.
    const { refreshToken } = holder;
    return refreshToken === undefined || deps.grants.outcomeOf(refreshToken) === undefined;
  }

  isSafeInStore(): Promise<boolean> {
    const { grant } = this.deps;
    return this.own.inContext(() => this.loaded((loading) => lookLast(grant, loading)));
  }

  leave(): void {
    this.deps.grants.leave(this.entry);
  }

  enter(): void {
    this.leave();
    this.entry = this.deps.grants.enter(this.holder);
    this.deps.grants.nowHolds(this.entry, this.holder.refreshToken);
  }

  hasHeldOthers(): boolean {
    return hasHeldOthers(this.state.pairs);
  }

  inherit({ tokens, unsaved }: HeldTokenSet): void {
    this.briefly(({ writes }, { ledger, ahead }) => {
      const held = holdLoaded(tokens, ahead());
      if (unsaved) {
        // Brought or renewed: what it was to take the place of, the other copy knows.
        ledger.brought(held);
        ledger.saveFailed();
      } else ledger.kept(held);
      this.own.inContext(() => writes.move(() => undefined));
    });
  }
}
