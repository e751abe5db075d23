import type { Env } from '../env.js';
import {
  ClientRejectedError,
  ReauthenticationRequiredError,
  TokenRenewalError,
  TokenStoreError,
  type ProcoreError,
  type ReauthenticationReason,
} from '../failure/errors.js';
import type { Settings } from '../options.js';
import type { TokenSet, TokenStore } from '../store/store.js';
import { identityOf, isNews, type GrantType } from './adoption.js';
import { resendDelayMs, storeRetryDelayMs } from './backoff.js';
import type { Exchange, Presented } from './exchange.js';
import { fingerprint } from './fingerprint.js';
import type { RenewalGrant } from './grant.js';
import type { Keeper } from './keeper.js';
import type { Lease, Ledger } from './ledger.js';
import { runLocked } from './lock.js';
import type { GrantMutex } from './mutex.js';
import type { Saver } from './saver.js';
import {
  holdAnswer,
  holdLoaded,
  localExpiryMs,
  mergeAnswer,
  withExpiresAt,
  type HeldTokens,
} from './token-set.js';

/** How a renewal ended. */
export type RenewalResult =
  | { kind: 'loaded'; lease: Lease }
  | { kind: 'renewed'; lease: Lease; unsaved?: { why: string } }
  | { kind: 'adopted'; lease: Lease; from: 'store' | 'process'; unsaved?: { why: string } }
  /** `undecided`: no verdict, the token is kept. `store`: nothing was redeemed; `garbage`: nor will it be the next time. */
  | {
      kind: 'failed';
      verdict: 'undecided' | 'store' | 'garbage' | 'dead' | 'rejected';
      error: ProcoreError;
      /** Not before the server said so. */
      retryAtMs?: number;
    }
  /** The application has brought tokens of its own meanwhile. */
  | { kind: 'superseded' };

/** A renewal under way, as its owner and its sequence see it. */
export interface RenewalRun {
  /** Aborts when the application brings tokens of its own. */
  readonly signal: AbortSignal;
  /** Asked when its turn has come: what it was started for may have been done meanwhile. */
  readonly satisfied: () => Lease | undefined;
  /** Calls that can still wait for it. */
  waiting: number;
  /** The grant has been presented. */
  posted: boolean;
  /** What it is struggling with, for a call whose patience ends. */
  trouble: ProcoreError | undefined;
}

/** What a step under mutex and lock came to: an end, or another round. */
type Step = RenewalResult | { kind: 'again' };

/** Each round finds another token in the store; a fleet in trouble may have a few, a broken store has no end of them. */
const mostRounds = 10;
/** After an `invalid_grant`: a winner elsewhere may still be saving. */
const reloadAfterMs = [250, 500, 1_000, 2_000, 4_000];

export interface RenewalDeps {
  env: Env;
  account: string;
  grant: GrantType;
  /** What `client_credentials` is serialised by. */
  clientKey: string;
  store: TokenStore;
  settings: Settings['renewal'];
  lockWaitMs: number;
  keeper: Keeper;
  ledger: Ledger;
  saver: Saver;
  mutex: GrantMutex;
  exchange: Exchange;
  serverOffsetMs: () => number;
  /** Lets calls in flight finish where the server is known to kill their token. */
  drain: (run: RenewalRun) => Promise<void>;
  warn: (message: string) => void;
}

/** One renewal: mutex, lock, load, adopt or redeem, save. Never rejects but by a defect. */
export function createRenewal(deps: RenewalDeps): (run: RenewalRun) => Promise<RenewalResult> {
  const { env, account, grant, keeper, ledger, saver, mutex, settings } = deps;
  const ahead = () => ({ aheadMs: settings.aheadMs, draw: env.random() });
  const usable = (lease: Lease) => ledger.freshness(lease) === 'fresh';
  const name = JSON.stringify(account);

  /** What the renewal of this set is serialised by. */
  function keyOf(lease: Lease | undefined): string {
    const refresh = grant === 'refresh_token' ? lease?.held.refreshToken : undefined;
    return refresh ? fingerprint(refresh) : deps.clientKey;
  }

  return async (run) => {
    for (let tries = 0; ; tries++) {
      if (run.signal.aborted) return { kind: 'superseded' };
      let step = await round(run);
      for (let rounds = 1; step.kind === 'again'; rounds++) {
        step =
          rounds < mostRounds ? await round(run) : storeFailed('it holds another token each time it is read');
      }
      if (step.kind !== 'failed' || step.verdict !== 'store' || run.waiting === 0) return step;
      // Nothing was redeemed: as long as somebody waits, the store may come back.
      run.trouble = step.error;
      await env.sleep(storeRetryDelayMs(tries, env.random()), { signal: run.signal });
      if (run.waiting === 0) return step;
    }
  };

  async function round(run: RenewalRun): Promise<Step> {
    const satisfied = run.satisfied();
    if (satisfied) return { kind: 'loaded', lease: satisfied };
    if (!ledger.newest) {
      const loaded = await keeper.load();
      if (run.signal.aborted) return { kind: 'superseded' };
      if (loaded.kind === 'failed') return storeFailed(loaded.why, loaded.cause, loaded.garbage);
      if (loaded.set) {
        ledger.keep(holdLoaded(loaded.set, ahead()));
        const enough = run.satisfied();
        if (enough) return { kind: 'loaded', lease: enough };
      } else if (grant === 'refresh_token') {
        return reauthenticate('no-tokens', 'the store has no tokens for it');
      }
    }
    const key = keyOf(ledger.newest);
    const { store, lockWaitMs: waitMs, warn } = deps;
    const locking = { env, store, account, waitMs, releaseMs: settings.storeTimeoutMs, warn };
    const locked = await mutex.run(
      key,
      () => runLocked(locking, (lost) => critical(run, key, lost), run.signal),
      run.signal,
    );
    if (!locked || run.signal.aborted) return { kind: 'superseded' };
    return locked.kind === 'ran' ? locked.value : storeFailed(locked.why, locked.cause);
  }

  async function critical(run: RenewalRun, key: string, lost: AbortSignal | undefined): Promise<Step> {
    const endsAtMs = env.now() + settings.totalMs;
    const loaded = await keeper.load();
    if (run.signal.aborted) return { kind: 'superseded' };
    // Somebody redeemed or replaced it while this renewal waited for its turn: another token, another queue.
    if (keyOf(ledger.newest) !== key) return { kind: 'again' };
    if (loaded.kind === 'failed') return storeFailed(loaded.why, loaded.cause, loaded.garbage);

    const hand = ledger.newest;
    // While a pair is unsaved, memory always wins.
    const adopted = await adopt(run, ledger.unsaved ? undefined : loaded.set, hand, endsAtMs);
    if (adopted) return adopted;
    if (
      hand &&
      loaded.set &&
      !ledger.unsaved &&
      identityOf(loaded.set, grant) === identityOf(hand.held.set, grant)
    ) {
      ledger.seen(loaded.set);
    }
    if (grant === 'refresh_token') {
      const refresh = hand?.held.refreshToken;
      if (!refresh) return reauthenticate('no-refresh-token', 'the store has no refresh token for it');
      const outcome = mutex.outcomeOf(key);
      if (outcome?.kind === 'dead') return dead(outcome.reason);
    }
    if (hand && ledger.freshness(hand) !== 'expired') await deps.drain(run);
    if (run.signal.aborted) return { kind: 'superseded' };
    if (lost?.aborted) return storeFailed('the lock was lost before anything was redeemed');
    // A lock that still stands proves that what was loaded under it is what the store holds.
    const known = () => (deps.store.lock && !lost?.aborted ? { set: loaded.set } : undefined);
    return redeem(run, hand, { key, endsAtMs, lost, known });
  }

  /** Takes what the store holds, or what this process has already redeemed the token in hand for. */
  async function adopt(
    run: RenewalRun,
    loaded: TokenSet | undefined,
    hand: Lease | undefined,
    endsAtMs: number,
  ): Promise<Step | undefined> {
    if (loaded && (!hand || isNews(loaded, hand.held.set, ledger, grant))) {
      const lease = ledger.keep(holdLoaded(loaded, ahead()));
      return usable(lease) ? { kind: 'adopted', lease, from: 'store' } : { kind: 'again' };
    }
    const successor = successorOf(hand?.held.refreshToken) ?? successorOf(loaded?.refresh_token);
    if (!successor) return undefined;
    const lease = ledger.hold(holdLoaded(successor, ahead()));
    const failed = await settle(await saver.quickly(undefined, endsAtMs, run.signal));
    if (failed) return { kind: 'adopted', lease, from: 'process', unsaved: failed };
    if (usable(ledger.newest ?? lease))
      return { kind: 'adopted', lease: ledger.newest ?? lease, from: 'process' };
    return { kind: 'again' };
  }

  /** What another source in this process has redeemed this token for, followed to the set that is current now. */
  function successorOf(refreshToken: string | undefined): TokenSet | undefined {
    let successor: TokenSet | undefined;
    for (let refresh = refreshToken, steps = 0; refresh && steps < 1_000; steps++) {
      const outcome = mutex.outcomeOf(fingerprint(refresh));
      if (outcome?.kind !== 'renewed') break;
      successor = outcome.tokens;
      refresh = successor.refresh_token;
    }
    return successor;
  }

  interface Hold {
    key: string;
    endsAtMs: number;
    lost: AbortSignal | undefined;
    known: () => { set: TokenSet | undefined } | undefined;
  }

  async function redeem(run: RenewalRun, hand: Lease | undefined, hold: Hold): Promise<Step> {
    const request: RenewalGrant =
      grant === 'refresh_token'
        ? { type: 'refresh_token', refresh_token: hand?.held.refreshToken ?? '' }
        : { type: 'client_credentials' };
    for (let attempt = 0, resends = 0; ; attempt++) {
      run.posted = true;
      const leftMs = hold.endsAtMs - env.now() - settings.storeTimeoutMs;
      const answerTimeoutMs = Math.max(1, Math.min(settings.answerTimeoutMs, leftMs));
      const verdict = await deps.exchange(request, { account, signal: run.signal, answerTimeoutMs });
      if (run.signal.aborted) return { kind: 'superseded' };
      let waitMs = resendDelayMs(attempt, env.random());
      switch (verdict.kind) {
        case 'renewed':
          return accept(run, verdict.answer, verdict.sentAtMs, hand, hold);
        case 'invalid-grant':
          return grant === 'refresh_token' ? refused(run, verdict, hand, hold) : rejected(verdict.why);
        case 'client-rejected':
          return rejected(verdict.why);
        case 'unclear':
          return undecided(verdict.why);
        case 'perhaps-spent':
          if (grant === 'refresh_token') mutex.record(hold.key, { kind: 'perhaps-spent' });
          // Nothing is left to lose: if the token was not spent it works, if it was the server says so.
          if (resends++ >= settings.resendAfterLostAnswer) return undecided(verdict.why);
          break;
        case 'busy':
          if (verdict.waitMs !== undefined)
            waitMs = Math.max(waitMs, verdict.waitMs * (1 + 0.1 * env.random()));
          break;
        case 'not-sent':
          if (run.waiting === 0) return undecided(verdict.why);
          break;
      }
      run.trouble = renewalError(verdict.why);
      if (env.now() + waitMs > hold.endsAtMs - settings.storeTimeoutMs) {
        return undecided(verdict.why, verdict.kind === 'busy' ? env.now() + waitMs : undefined);
      }
      await env.sleep(waitMs, { signal: run.signal });
      if (hold.lost?.aborted) return undecided(`${verdict.why}, and the lock was lost`);
      if (verdict.kind === 'not-sent' && run.waiting === 0) return undecided(verdict.why);
    }
  }

  async function accept(
    run: RenewalRun,
    answer: TokenSet,
    sentAtMs: number,
    hand: Lease | undefined,
    hold: Hold,
  ): Promise<RenewalResult> {
    const before = !ledger.unsaved && ledger.stored ? ledger.stored : hand?.held.set;
    const unfinished = holdAnswer(mergeAnswer(before, answer), sentAtMs, ahead());
    const held: HeldTokens = { ...unfinished, set: withExpiresAt(unfinished, deps.serverOffsetMs()) };
    if (hand?.held.refreshToken && held.refreshToken !== hand.held.refreshToken) {
      const expiresAtMs = localExpiryMs(held.expiry, deps.serverOffsetMs());
      mutex.record(hold.key, { kind: 'renewed', tokens: held.set, expiresAtMs });
    } else {
      // The presented token was not spent: doubts about an earlier answer are over.
      mutex.forget(hold.key);
    }
    const lease = ledger.hold(held);
    const failed = await settle(await saver.quickly(hold.known(), hold.endsAtMs, run.signal));
    if (failed) return { kind: 'renewed', lease, unsaved: failed };
    // A newer pair of somebody else's took its place.
    if (ledger.newest && ledger.newest !== lease)
      return { kind: 'adopted', lease: ledger.newest, from: 'store' };
    return { kind: 'renewed', lease };
  }

  /** Draws the ledger's conclusion from a save. */
  async function settle(result: Awaited<ReturnType<Saver['once']>>): Promise<{ why: string } | undefined> {
    if (result.kind === 'saved') ledger.saved();
    else if (result.kind === 'theirs') ledger.keep(holdLoaded(result.set, ahead()));
    else ledger.saveFailed();
    return result.kind === 'failed' ? result : undefined;
  }

  /** `invalid_grant`: somebody else has redeemed the token and may still be saving, or it is dead. */
  async function refused(
    run: RenewalRun,
    verdict: Presented,
    hand: Lease | undefined,
    hold: Hold,
  ): Promise<Step> {
    const alone = () => deps.store.lock !== undefined && !hold.lost?.aborted;
    for (const waitMs of [0, ...reloadAfterMs]) {
      if (waitMs > 0) {
        if (alone()) break;
        await env.sleep(waitMs, { signal: run.signal });
      }
      const loaded = await keeper.load();
      if (run.signal.aborted) return { kind: 'superseded' };
      const adopted = await adopt(
        run,
        loaded.kind === 'loaded' ? loaded.set : undefined,
        hand,
        hold.endsAtMs,
      );
      if (adopted) return adopted;
    }
    const lostBefore = mutex.outcomeOf(hold.key)?.kind === 'perhaps-spent';
    const reason = lostBefore ? 'refresh-response-lost' : 'refresh-token-invalid';
    mutex.record(hold.key, { kind: 'dead', reason });
    return dead(reason, 'why' in verdict ? verdict.why : undefined);
  }

  function dead(reason: 'refresh-token-invalid' | 'refresh-response-lost', why?: string): RenewalResult {
    const what =
      reason === 'refresh-response-lost'
        ? 'its refresh token was redeemed and the answer never arrived'
        : 'its refresh token is spent or revoked';
    return reauthenticate(reason, why ? `${what} (asked for a token, ${why})` : what);
  }

  function reauthenticate(reason: ReauthenticationReason, why: string): RenewalResult {
    const summary = `account ${name} must be authorised anew: ${why}. Send its user through the browser and hand the tokens to setTokens().`;
    const error = new ReauthenticationRequiredError(summary, { account, reason });
    return { kind: 'failed', verdict: 'dead', error };
  }

  function rejected(why: string): RenewalResult {
    const summary = `the token endpoint refused this client: asked for a token, ${why}. Check clientId, clientSecret, redirectUri and environment; the refresh token of account ${name} is kept.`;
    return { kind: 'failed', verdict: 'rejected', error: new ClientRejectedError(summary, { account }) };
  }

  function undecided(why: string, retryAtMs?: number): RenewalResult {
    const error = renewalError(why);
    return { kind: 'failed', verdict: 'undecided', error, ...(retryAtMs === undefined ? {} : { retryAtMs }) };
  }

  function renewalError(why: string): TokenRenewalError {
    const kept = grant === 'refresh_token' ? '; its refresh token is kept and will be presented again' : '';
    return new TokenRenewalError(
      `the tokens of account ${name} could not be renewed: asked for a token, ${why}${kept}.`,
      { account },
    );
  }

  function storeFailed(why: string, cause?: unknown, garbage = false): RenewalResult {
    const summary = `the token store failed for account ${name}: ${why}. Nothing was redeemed.`;
    const error = new TokenStoreError(summary, { account, cause });
    return { kind: 'failed', verdict: garbage ? 'garbage' : 'store', error };
  }
}
