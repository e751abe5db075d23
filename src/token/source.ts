import type { Env } from '../env.js';
import type { RefusalReason } from '../failure/challenge.js';
import { TokenRenewalError, TokenStoreError, type ProcoreError } from '../failure/errors.js';
import type { Events } from '../observe/events.js';
import type { Settings } from '../options.js';
import type { TokenSet, TokenStore } from '../store/store.js';
import { within, type Waited } from '../within.js';
import type { GrantType } from './adoption.js';
import { createDrain } from './drain.js';
import type { Exchange } from './exchange.js';
import { fingerprint, shortFingerprint } from './fingerprint.js';
import type { Freshness } from './freshness.js';
import type { Keeper } from './keeper.js';
import { createLedger, type Lease } from './ledger.js';
import { runLocked } from './lock.js';
import type { GrantMutex } from './mutex.js';
import {
  createRefusals,
  type Patience,
  type Refusal,
  type Refusals,
  type RunningRenewal as Running,
} from './refusals.js';
import { createRenewal, type RenewalResult, type RenewalRun } from './renewal.js';
import { createSaver, type SaveResult } from './saver.js';
import { createTelling } from './telling.js';
import { holdLoaded, readTokenSet } from './token-set.js';
import { createTurns } from './turns.js';
import { afterRenewalFailure, mayRenewInBackground, noVerdicts, objection } from './verdicts.js';
import { createWrites } from './writes.js';

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

/** What a wait for a token came to. */
export type Acquired =
  { kind: 'lease'; lease: Lease } | { kind: 'failed'; error: ProcoreError } | { kind: 'aborted' };

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

/** Sequences the renewals of one account. */
export function createTokenSource(deps: SourceDeps): TokenSource {
  const { env, account, grant, store, keeper, mutex, settings, serverOffsetMs } = deps;
  const name = JSON.stringify(account);
  let verdicts = noVerdicts;
  let running: Running | undefined;
  let lastRenewalMs: number | undefined;

  const turns = createTurns();
  const telling = createTelling(deps);
  const ledger = createLedger({
    now: env.now,
    serverOffsetMs,
    isRedeemed: (token) => mutex.outcomeOf(token)?.kind === 'renewed',
    isDead: (token) => mutex.outcomeOf(token)?.kind === 'dead',
  });
  const saver = createSaver({ env, ledger, keeper, grant });
  const ahead = () => ({ aheadMs: settings.aheadMs, draw: env.random() });
  const warn = (message: string) => deps.warnOnce('lock-contract', message, `${message} (account ${name})`);
  const renewal = createRenewal({
    ...deps,
    lockWaitMs: deps.maxWaitMs,
    ledger,
    saver,
    drain: ({ signal }) => drain.drain(signal),
    warn,
  });
  const writes = createWrites({
    env,
    ledger,
    saver,
    turns,
    telling,
    giveWay: ({ set }) => ledger.giveWay(holdLoaded(set, ahead())),
    underLock,
    serverOffsetMs,
  });
  const refusals: Refusals = createRefusals({
    env,
    ledger,
    renewals: {
      get running() {
        return running;
      },
      get holding() {
        return drain.holding();
      },
      working,
      start,
      objection: () => objection(verdicts, 'automatic', env.now()),
      waitFor,
      overdue,
    },
  });

  /** A drain must leave time for the renewal that it is for. */
  const drainMs = Math.min(settings.drainMs, settings.totalMs / 4);
  const drain = createDrain({
    env,
    settings: { drain: settings.drain, drainMs },
    oldDies: () => refusals.oldDies,
  });

  /** The lease in use, if it can be expected to work. */
  function working(): Lease | undefined {
    const lease = ledger.current();
    const freshness = ledger.freshness(lease);
    if (!lease || freshness === 'expired' || freshness === 'missing') return undefined;
    // Refused, and nothing will replace it: sending it again only adds a 401 to the app's record.
    return lease.refused && verdicts.dead ? undefined : lease;
  }

  function fresh(): Lease | undefined {
    return ledger.freshness(ledger.newest) === 'fresh' ? working() : undefined;
  }

  function peek(): Lease | undefined {
    if (drain.holding()) return undefined;
    const lease = working();
    if (!lease || ledger.freshness(ledger.newest) === 'fresh') return lease;
    if (running) return settings.background ? lease : undefined;
    if (!mayRenewInBackground(verdicts, env.now())) return lease;
    if (!settings.background) return undefined;
    start(fresh);
    return lease;
  }

  function start(satisfied: () => Lease | undefined): Running {
    const run: RenewalRun = {
      signal: turns.generation,
      satisfied,
      waiting: 0,
      posted: false,
      trouble: undefined,
    };
    const done = turns
      .inTurn(() => renewal(run))
      .catch((): RenewalResult => {
        // A defect of ours: calls must not hang on it, and what is in hand stays.
        const error = new TokenRenewalError(`the renewal for account ${name} broke off.`, { account });
        return { kind: 'failed', verdict: 'undecided', error };
      })
      .then((result) => settle(run, result));
    running = Object.assign(run, { done });
    return running;
  }

  /** Remembers and tells what a renewal came to, before anybody who waits for it goes on. */
  function settle(run: RenewalRun, result: RenewalResult): RenewalResult {
    if (run.signal.aborted) return { kind: 'superseded' };
    running = undefined;
    drain.release();
    if (result.kind === 'superseded') return result;
    if (result.kind === 'loaded') {
      verdicts = { ...verdicts, dead: undefined, store: noVerdicts.store };
      return result;
    }
    if (result.kind === 'failed') {
      const wasDead = verdicts.dead !== undefined;
      const after = afterRenewalFailure(verdicts, result, env.now(), env.random());
      verdicts = after.verdicts;
      if (result.verdict !== 'dead' || !wasDead) telling.failed(after.error);
      return { ...result, error: after.error };
    }
    verdicts = noVerdicts;
    lastRenewalMs = env.now();
    if (result.kind === 'adopted') telling.adopted(result.lease, result.from);
    else telling.renewed(result.lease, result.unsaved !== undefined);
    if (ledger.unsaved) {
      telling.saveFailed(result.unsaved?.why ?? 'it failed');
      writes.saveLate();
    }
    return result;
  }

  function waitFor(
    run: Running,
    untilMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Waited<RenewalResult>> {
    run.waiting++;
    return within(env, Math.max(0, untilMs - env.now()), run.done, signal).finally(() => run.waiting--);
  }

  async function acquire({ maxMs, signal }: Patience): Promise<Acquired> {
    const untilMs = env.now() + Math.min(maxMs, settings.timeoutMs);
    for (;;) {
      const ready = peek();
      if (ready) return { kind: 'lease', lease: ready };
      const objected = running ? undefined : objection(verdicts, 'automatic', env.now());
      if (objected) return orWorking(objected);
      const run = running ?? start(settings.background ? working : fresh);
      const patientUntilMs =
        working() && settings.background ? Math.min(untilMs, drain.holdingUntilMs) : untilMs;
      const waited = await waitFor(run, patientUntilMs, signal);
      if (waited.kind === 'aborted') return { kind: 'aborted' };
      if (waited.kind !== 'done') return orWorking(overdue(run));
      const result = waited.value;
      if (result.kind === 'failed') return orWorking(result.error);
      // Whatever its life: a call that has waited for a token uses it once.
      if (result.kind !== 'superseded') return { kind: 'lease', lease: working() ?? result.lease };
      if (env.now() >= untilMs) return orWorking(overdue(run));
    }
  }

  /** A renewal that failed, or is late, is no reason to fail a call whose token works. */
  function orWorking(error: ProcoreError): Acquired {
    const lease = working();
    return lease ? { kind: 'lease', lease } : { kind: 'failed', error };
  }

  /** A save outside of a renewal: under the mutex of what the store is believed to hold, and under the lock. */
  async function underLock(save: () => Promise<SaveResult>, signal: AbortSignal): Promise<SaveResult> {
    const refresh = ledger.stored?.refresh_token ?? ledger.newest?.held.refreshToken;
    const key = grant === 'refresh_token' && refresh ? fingerprint(refresh) : deps.clientKey;
    const locking = {
      env,
      store,
      account,
      waitMs: settings.storeTimeoutMs,
      releaseMs: settings.storeTimeoutMs,
      warn,
    };
    const locked = await mutex.run(key, () => runLocked(locking, save, signal), signal);
    const givenUp: SaveResult = { kind: 'failed', why: 'it was given up' };
    if (!locked) return givenUp;
    return locked.kind === 'ran' ? (locked.value ?? givenUp) : locked;
  }

  async function setTokens(tokens: TokenSet): Promise<void> {
    const held = holdLoaded(checkedTokenSet(tokens), ahead());
    const { refreshToken: refresh } = held;
    // No new authorisation: an old session's pair, whose token is being redeemed or known to be.
    if (refresh && running && refresh === ledger.newest?.held.refreshToken) return;
    if (refresh && ledger.newest && mutex.outcomeOf(fingerprint(refresh))?.kind === 'renewed') return;
    turns.supersede();
    running = undefined;
    drain.release();
    verdicts = noVerdicts;
    refusals.release();
    if (refresh) mutex.forget(fingerprint(refresh));
    const failed = await writes.bring(held);
    if (!failed) return;
    const summary = `the new tokens of account ${name} are in memory but not saved: ${failed.why}. They are used and saved as soon as the store allows; unsavedTokens() has them.`;
    throw new TokenStoreError(summary, { account, cause: failed.cause });
  }

  async function renew(): Promise<TokenSet> {
    const untilMs = env.now() + settings.totalMs;
    let replaced = false;
    for (;;) {
      const objected = objection(verdicts, 'asked', env.now());
      if (objected) throw objected;
      // The application has brought new tokens meanwhile: they are what was asked for.
      const run = running ?? start(replaced ? fresh : () => undefined);
      const waited = await waitFor(run, untilMs, undefined);
      const result = waited.kind === 'done' ? waited.value : undefined;
      replaced ||= result?.kind === 'superseded';
      if (
        result?.kind === 'renewed' ||
        result?.kind === 'adopted' ||
        (replaced && result?.kind === 'loaded')
      ) {
        return { ...result.lease.held.set };
      }
      if (result?.kind === 'failed') throw result.error;
      if (env.now() >= untilMs) throw overdue(run);
    }
  }

  function overdue(run: Running): ProcoreError {
    const summary = `the renewal for account ${name} is still under way; it goes on, and its tokens will be saved and used.`;
    return run.trouble ?? new TokenRenewalError(summary, { account });
  }

  function status(): TokenStatus {
    const { newest } = ledger;
    const stuck = verdicts.dead && !working();
    const refresh = newest?.held.refreshToken;
    return {
      account,
      state: stuck ? 'reauthentication-required' : newest ? ledger.freshness(newest) : 'not-loaded',
      ...(newest?.held.accessToken ? telling.shown(newest) : {}),
      ...(refresh ? { refreshToken: shortFingerprint(refresh) } : {}),
      ...(lastRenewalMs === undefined ? {} : { lastRenewal: new Date(lastRenewalMs) }),
      renewing: running !== undefined,
      unsaved: ledger.unsaved,
    };
  }

  return {
    peek,
    acquire,
    refused: (lease, reason, { maxMs, ...patience }) =>
      refusals.refused(lease, reason, { ...patience, maxMs: Math.min(maxMs, settings.timeoutMs) }),
    renew,
    setTokens,
    sent: drain.sent,
    answered(lease, answer) {
      drain.answered();
      if (answer === undefined || answer === 401) return;
      lease.accepted = true;
      lease.refused = false;
    },
    replayAccepted: refusals.release,
    redeemedElsewhere(refreshToken) {
      if (ledger.newest?.held.refreshToken === refreshToken && !running) start(() => undefined);
    },
    status,
    unsavedTokens: () => (ledger.unsaved && ledger.newest ? { ...ledger.newest.held.set } : undefined),
    underWay: () => running?.done ?? writes.underWay(),
  };
}

function checkedTokenSet(tokens: unknown): TokenSet {
  const read = readTokenSet(tokens);
  if (read.kind === 'set' && read.set.access_token) return read.set;
  const got =
    read.kind === 'garbage' ? read.what : read.kind === 'none' ? 'nothing' : 'an object without access_token';
  throw new TypeError(`axios-procore: setTokens got ${got}; it takes a token set as Procore answers it.`);
}
