import type { Env } from '../env.js';
import type { RefusalReason } from '../failure/challenge.js';
import {
  TokenRenewalError,
  TokenStoreError,
  type ProcoreError,
  type ReauthenticationRequiredError,
} from '../failure/errors.js';
import type { Events, ProcoreEvents } from '../observe/events.js';
import type { Settings } from '../options.js';
import type { TokenSet, TokenStore } from '../store/store.js';
import { within } from '../within.js';
import type { GrantType } from './adoption.js';
import { braked, isBraked, releasedBrake } from './brake.js';
import type { Exchange } from './exchange.js';
import { fingerprint, shortFingerprint } from './fingerprint.js';
import type { Freshness } from './freshness.js';
import type { Keeper } from './keeper.js';
import { createLateSave } from './late-save.js';
import { createLedger, type Lease } from './ledger.js';
import { runLocked } from './lock.js';
import type { GrantMutex } from './mutex.js';
import { createRenewal, type RenewalResult, type RenewalRun } from './renewal.js';
import { createSaver, type SaveResult } from './saver.js';
import { holdLoaded, localExpiryMs, readTokenSet, withExpiresAt } from './token-set.js';
import { afterRenewalFailure, mayRenewInBackground, noVerdicts, objection } from './verdicts.js';

/** What `status()` shows of an account: no token, no secret. */
export interface TokenStatus {
  account: string;
  /** `not-loaded`: no call has needed a token yet. */
  state: Freshness | 'not-loaded' | 'reauthentication-required';
  /** First 8 hex digits of the SHA-256 of the token. */
  accessToken?: string;
  refreshToken?: string;
  expiresAt?: Date;
  /** Last renewal or adoption by this process. */
  lastRenewal?: Date;
  /** A renewal is under way. */
  renewing: boolean;
  /** The newest pair is in memory only: see `unsavedTokens()`. */
  unsaved: boolean;
}

/** How long and by whose leave a call waits. */
export interface Patience {
  readonly maxMs: number;
  readonly signal: AbortSignal | undefined;
}

/** What a wait for a token came to. */
export type Acquired =
  { kind: 'lease'; lease: Lease } | { kind: 'failed'; error: ProcoreError } | { kind: 'aborted' };

/** What a 401 leads to. `renewed`: a renewal was waited for; `proves`: if this replay is accepted, the renewal has helped. */
export type Refusal =
  | { kind: 'replay'; renewed: boolean; proves: boolean }
  | { kind: 'return' }
  | { kind: 'failed'; error: ProcoreError }
  | { kind: 'aborted' };

/** The tokens of one account: whoever needs one asks here. */
export interface TokenSource {
  /** A lease that can be used at once; starts a renewal in the background when it is aging. */
  peek(): Lease | undefined;
  /** A lease, after the renewal it takes. */
  acquire(patience: Patience): Promise<Acquired>;
  sent(): void;
  /** An answer (or an end without one: undefined) to a call that was sent with this lease. */
  answered(lease: Lease, status: number | undefined): void;
  /** The API has answered 401. */
  refused(lease: Lease, reason: RefusalReason, patience: Patience & { mayRenew: boolean }): Promise<Refusal>;
  /** The replay of a call whose refusal led to a renewal was accepted. */
  replayAccepted(): void;
  renew(): Promise<TokenSet>;
  setTokens(tokens: TokenSet): Promise<void>;
  /** Another piece of this process has redeemed this refresh token: takes the successor if it was ours. */
  redeemedElsewhere(refreshToken: string): void;
  status(): TokenStatus;
  unsavedTokens(): TokenSet | undefined;
  /** What is under way and must not be cut off. */
  underWay(): Promise<unknown> | undefined;
}

export interface SourceDeps {
  env: Env;
  account: string;
  grant: GrantType;
  clientKey: string;
  store: TokenStore;
  keeper: Keeper;
  mutex: GrantMutex;
  exchange: Exchange;
  settings: Settings['renewal'];
  maxWaitMs: number;
  serverOffsetMs: () => number;
  emit: Events['emit'];
  warnOnce: Events['warnOnce'];
}

type Running = RenewalRun & { done: Promise<RenewalResult> };

/** Sequences the renewals of one account. */
export function createTokenSource(deps: SourceDeps): TokenSource {
  const { env, account, grant, store, keeper, mutex, settings, serverOffsetMs, emit } = deps;
  let verdicts = noVerdicts;
  let brake = releasedBrake;
  let generation = new AbortController();
  let running: Running | undefined;
  let lastRenewalMs: number | undefined;
  /** This server kills an access token when it is replaced. */
  let oldDies = false;
  /** New calls wait: a renewal lets those in flight finish. */
  let holding = false;
  let inFlight = 0;
  let drained = () => {};
  /** Renewals, late saves and `setTokens` of this account, one after another. Never rejects. */
  let turn: Promise<unknown> = Promise.resolve();
  let writing: Promise<unknown> | undefined;

  const ledger = createLedger({
    now: env.now,
    serverOffsetMs,
    oldDies: () => oldDies && settings.drain !== false,
    isRedeemed: (token) => mutex.outcomeOf(token)?.kind === 'renewed',
  });
  const saver = createSaver({ env, ledger, keeper, grant });
  const ahead = () => ({ aheadMs: settings.aheadMs, draw: env.random() });
  const warn = (message: string) =>
    deps.warnOnce('lock-contract', message, `${message} (account ${JSON.stringify(account)})`);
  const renewal = createRenewal({ ...deps, lockWaitMs: deps.maxWaitMs, ledger, saver, drain, warn });
  const lateSave = createLateSave({ env, attempt: saveLate });

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  }

  /** The lease in use, if it can be expected to work. */
  function working(): Lease | undefined {
    const lease = ledger.current();
    const freshness = ledger.freshness(lease);
    if (!lease || freshness === 'expired' || freshness === 'missing') return undefined;
    // Refused, and nothing will replace it: sending it again only adds a 401 to the app's record.
    return lease.refused && verdicts.dead ? undefined : lease;
  }

  function peek(): Lease | undefined {
    if (holding) return undefined;
    const lease = working();
    if (!lease || ledger.freshness(ledger.newest) === 'fresh') return lease;
    if (running) return settings.background ? lease : undefined;
    if (!mayRenewInBackground(verdicts, env.now())) return lease;
    if (!settings.background) return undefined;
    start(renewedMeanwhile);
    return lease;
  }

  function renewedMeanwhile(): Lease | undefined {
    return ledger.freshness(ledger.newest) === 'fresh' ? working() : undefined;
  }

  function start(satisfied: () => Lease | undefined): Running {
    const run: RenewalRun = {
      signal: generation.signal,
      satisfied,
      waiting: 0,
      posted: false,
      trouble: undefined,
    };
    const done = inTurn(() => renewal(run))
      .catch((): RenewalResult => {
        // A defect of ours: calls must not hang on it, and what is in hand stays.
        const error = new TokenRenewalError(`the renewal for account ${JSON.stringify(account)} broke off.`, {
          account,
        });
        return { kind: 'failed', verdict: 'undecided', error };
      })
      .then((result) => settle(run, result));
    const started = Object.assign(run, { done });
    running = started;
    return started;
  }

  /** Remembers and tells what a renewal came to, before anybody who waits for it goes on. */
  function settle(run: RenewalRun, result: RenewalResult): RenewalResult {
    if (run.signal.aborted) return { kind: 'superseded' };
    running = undefined;
    holding = false;
    if (result.kind === 'superseded') return result;
    if (result.kind === 'loaded') {
      verdicts = { ...verdicts, dead: undefined, store: noVerdicts.store };
      return result;
    }
    const nowMs = env.now();
    if (result.kind === 'failed') {
      const known = verdicts.dead?.error;
      const after = afterRenewalFailure(verdicts, result, nowMs, env.random());
      verdicts = after.verdicts;
      tellFailure(after.error, result.verdict === 'dead' && known !== undefined);
      return { ...result, error: after.error };
    }
    verdicts = noVerdicts;
    lastRenewalMs = nowMs;
    if (result.kind === 'adopted') tellAdopted(result.lease, result.from);
    else tellRenewed(result.lease, result.unsaved);
    if (ledger.unsaved) lateSave.start(generation.signal);
    return result;
  }

  function waitFor(
    run: Running,
    untilMs: number,
    signal: AbortSignal | undefined,
  ): ReturnType<typeof within<RenewalResult>> {
    run.waiting++;
    return within(env, Math.max(0, untilMs - env.now()), run.done, signal).finally(() => run.waiting--);
  }

  async function acquire({ maxMs, signal }: Patience): Promise<Acquired> {
    const untilMs = env.now() + Math.min(maxMs, settings.timeoutMs);
    for (;;) {
      const ready = peek();
      if (ready) return { kind: 'lease', lease: ready };
      const objected = running ? undefined : objection(verdicts, 'automatic', env.now());
      if (objected) {
        const stopgap = working();
        return stopgap ? { kind: 'lease', lease: stopgap } : { kind: 'failed', error: objected };
      }
      const run = running ?? start(settings.background ? working : renewedMeanwhile);
      const waited = await waitFor(run, untilMs, signal);
      if (waited.kind === 'aborted') return { kind: 'aborted' };
      if (waited.kind === 'done' && waited.value.kind === 'superseded' && env.now() < untilMs) continue;
      const lease = working();
      if (waited.kind === 'done' && 'lease' in waited.value) {
        // Whatever its life: a call that has waited for a token uses it once.
        return { kind: 'lease', lease: lease ?? waited.value.lease };
      }
      if (lease) return { kind: 'lease', lease };
      if (waited.kind === 'done' && waited.value.kind === 'failed')
        return { kind: 'failed', error: waited.value.error };
      return { kind: 'failed', error: run.trouble ?? stillUnderWay() };
    }
  }

  async function refused(
    lease: Lease,
    reason: RefusalReason,
    { maxMs, signal, mayRenew }: Patience & { mayRenew: boolean },
  ): Promise<Refusal> {
    if (reason === 'other') return { kind: 'return' };
    const nowMs = env.now();
    const replaced = lease !== ledger.newest;
    const expired = ledger.freshness(lease) === 'expired';
    // The token was good until its replacement came: on this server, calls in flight pay for a renewal.
    if (!expired && !lease.diedAlone && (replaced || running?.posted)) oldDies = true;
    if (replaced) {
      ledger.refuse(lease);
      const current = working();
      if (current && current !== lease && !holding) return { kind: 'replay', renewed: false, proves: false };
    }
    if (!mayRenew) return { kind: 'return' };
    if (replaced) {
      // The one that replaced it is not usable yet.
    } else if (!running) {
      if (reason === 'none' && lease.accepted) return { kind: 'return' };
      if (isBraked(brake, nowMs)) return { kind: 'return' };
      const objected = objection(verdicts, 'automatic', nowMs);
      lease.diedAlone = true;
      ledger.refuse(lease);
      if (objected) return { kind: 'failed', error: objected };
      brake = braked(brake, nowMs);
    } else if (!running.posted) {
      lease.diedAlone = true;
      ledger.refuse(lease);
    }
    const run = running ?? start(() => (ledger.newest === lease ? undefined : renewedMeanwhile()));
    const proves = !replaced && !run.posted;
    const waited = await waitFor(run, nowMs + Math.min(maxMs, settings.timeoutMs), signal);
    if (waited.kind === 'aborted') return { kind: 'aborted' };
    const current = ledger.current();
    if (current && current !== lease) return { kind: 'replay', renewed: true, proves };
    if (waited.kind === 'done' && waited.value.kind === 'failed')
      return { kind: 'failed', error: waited.value.error };
    return { kind: 'failed', error: run.trouble ?? stillUnderWay() };
  }

  async function drain(run: RenewalRun): Promise<void> {
    if (settings.drain === false || (settings.drain === 'learn' && !oldDies)) return;
    holding = true;
    if (inFlight > 0)
      await within(env, settings.drainMs, new Promise<void>((resolve) => (drained = resolve)), run.signal);
  }

  async function saveLate(): Promise<'done' | 'left'> {
    const { signal } = generation;
    const result = await inTurn(() => underLock(() => saver.once(), signal));
    if (signal.aborted || !ledger.unsaved) return 'done';
    if (result.kind === 'failed') return 'left';
    if (result.kind === 'theirs') {
      const lease = ledger.keep(holdLoaded(result.set, ahead()));
      tellAdopted(lease, 'store');
    } else {
      ledger.saved();
      emit('token-saved-late', { account });
    }
    return 'done';
  }

  /** A save outside of a renewal: under the mutex of what the store is believed to hold, and under the lock. */
  async function underLock(save: () => Promise<SaveResult>, signal: AbortSignal): Promise<SaveResult> {
    const refresh = ledger.stored?.refresh_token ?? ledger.newest?.held.refreshToken;
    const key = grant === 'refresh_token' && refresh ? fingerprint(refresh) : deps.clientKey;
    const locking = { env, store, account, waitMs: deps.maxWaitMs, releaseMs: settings.storeTimeoutMs, warn };
    const locked = await mutex.run(key, () => runLocked(locking, save, signal), signal);
    if (!locked) return { kind: 'failed', why: 'it was given up' };
    return locked.kind === 'ran' ? (locked.value ?? { kind: 'failed', why: 'it was given up' }) : locked;
  }

  async function setTokens(tokens: TokenSet): Promise<void> {
    const read = readTokenSet(tokens);
    if (read.kind !== 'set' || !read.set.access_token) {
      const got =
        read.kind === 'garbage'
          ? read.what
          : read.kind === 'none'
            ? 'nothing'
            : 'an object without access_token';
      throw new TypeError(`axios-procore: setTokens got ${got}; it takes a token set as Procore answers it.`);
    }
    // Whatever is under way for the old tokens is neither saved nor used any more.
    generation.abort();
    generation = new AbortController();
    const { signal } = generation;
    running = undefined;
    holding = false;
    verdicts = noVerdicts;
    brake = releasedBrake;
    if (read.set.refresh_token) mutex.forget(fingerprint(read.set.refresh_token));
    const loaded = holdLoaded(read.set, ahead());
    const result = await inTurn(async () => {
      if (signal.aborted) return undefined;
      ledger.replaceAll({ ...loaded, set: withExpiresAt(loaded, serverOffsetMs()) });
      return underLock(() => saver.overwrite(signal), signal);
    });
    if (!result || signal.aborted) return;
    if (result.kind !== 'failed') return ledger.saved();
    ledger.saveFailed();
    lateSave.start(signal);
    emit('token-save-failed', { account, message: result.why });
    const summary = `the new tokens of account ${JSON.stringify(account)} are in memory but not saved: ${result.why}. They are used and saved as soon as the store allows; unsavedTokens() has them.`;
    throw new TokenStoreError(summary, { account, cause: result.cause });
  }

  async function renew(): Promise<TokenSet> {
    const untilMs = env.now() + settings.totalMs;
    for (;;) {
      const objected = objection(verdicts, 'asked', env.now());
      if (objected) throw objected;
      const run = running ?? start(() => undefined);
      const waited = await waitFor(run, untilMs, undefined);
      const result = waited.kind === 'done' ? waited.value : undefined;
      if (result?.kind === 'renewed' || result?.kind === 'adopted') return { ...result.lease.held.set };
      if (result?.kind === 'failed') throw result.error;
      if (env.now() >= untilMs) throw run.trouble ?? stillUnderWay();
    }
  }

  function stillUnderWay(): ProcoreError {
    const summary = `the renewal for account ${JSON.stringify(account)} is still under way after ${settings.timeoutMs} ms; it goes on, and its tokens will be saved and used.`;
    return new TokenRenewalError(summary, { account });
  }

  function tellRenewed(lease: Lease, unsaved: { why: string } | undefined): void {
    emit('token-renewed', { account, ...shownOf(lease), unsaved: unsaved !== undefined });
    if (unsaved) emit('token-save-failed', { account, message: unsaved.why });
  }

  function tellAdopted(lease: Lease, from: ProcoreEvents['token-adopted']['from']): void {
    emit('token-adopted', { account, ...shownOf(lease), from });
  }

  function tellFailure(error: ProcoreError, repeated: boolean): void {
    if (repeated) return;
    if (error.kind === 'reauthentication-required') {
      const { reason } = error as ReauthenticationRequiredError;
      emit('reauthentication-required', { account, reason, message: error.message });
      return;
    }
    const { retryAt } = error as TokenRenewalError;
    emit('token-renewal-failed', {
      account,
      code: error.code,
      message: error.message,
      ...(retryAt ? { retryAt } : {}),
    });
  }

  function shownOf(lease: Lease): { accessToken: string; expiresAt?: Date } {
    const atMs = localExpiryMs(lease.held.expiry, serverOffsetMs());
    const accessToken = shortFingerprint(lease.held.accessToken ?? '');
    return atMs === undefined ? { accessToken } : { accessToken, expiresAt: new Date(atMs) };
  }

  return {
    peek,
    acquire,
    refused,
    renew,
    setTokens(tokens) {
      const written = setTokens(tokens);
      const over = written.then(
        () => undefined,
        () => undefined,
      );
      writing = over;
      void over.then(() => {
        if (writing === over) writing = undefined;
      });
      return written;
    },
    sent: () => void inFlight++,
    answered(lease, status) {
      inFlight--;
      if (inFlight === 0) drained();
      if (status === undefined || status === 401) return;
      lease.accepted = true;
      lease.refused = false;
    },
    replayAccepted() {
      brake = releasedBrake;
    },
    redeemedElsewhere(refreshToken) {
      if (ledger.newest?.held.refreshToken === refreshToken && !running) start(() => undefined);
    },
    status() {
      const { newest } = ledger;
      const freshness = ledger.freshness(newest);
      const stuck = verdicts.dead && !working();
      return {
        account,
        state: stuck ? 'reauthentication-required' : newest ? freshness : 'not-loaded',
        ...(newest?.held.accessToken ? shownOf(newest) : {}),
        ...(newest?.held.refreshToken ? { refreshToken: shortFingerprint(newest.held.refreshToken) } : {}),
        ...(lastRenewalMs === undefined ? {} : { lastRenewal: new Date(lastRenewalMs) }),
        renewing: running !== undefined,
        unsaved: ledger.unsaved,
      };
    },
    unsavedTokens: () => (ledger.unsaved && ledger.newest ? { ...ledger.newest.held.set } : undefined),
    underWay: () => running?.done ?? writing ?? lateSave.underWay(),
  };
}
