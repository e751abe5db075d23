import type { Env } from '../../time/env.js';
import { TokenRenewalError, TokenStoreError, type ProcoreError } from '../../failure/errors.js';
import type { Settings } from '../../options/options.js';
import type { TokenSet, TokenStore } from '../../store/store.js';
import { within } from '../../time/within.js';
import { identityOf, type GrantType } from '../pair/comparison.js';
import { fingerprint } from '../pair/fingerprint.js';
import type { Keeper } from '../loading/keeper.js';
import type { Ledger } from '../pair/ledger.js';
import type { CriticalSection, Section } from '../grant/critical-section.js';
import type { Login } from '../endpoint/login.js';
import type { ClientGrants } from '../grant/registry.js';
import { createRevokeSet } from './revoke-set.js';
import { successorOf } from '../grant/outcomes.js';
import { holdLoaded, type AheadChoice } from '../pair/token-set.js';
import type { Turns } from '../../time/serial.js';

/** Revokes the tokens of one account. */
export interface Revocation {
  /** Revokes what the account holds, here and in the store, and forgets it. A second call joins the first. */
  revoke(login: Login): Promise<void>;
  /** The failure after which a request of the revocation that is under way is sent again. */
  lastFailure(): ProcoreError | undefined;
  /** What is under way and must not be cut off. */
  underWay(): Promise<unknown> | undefined;
}

/** What a try came to; `again`: somebody replaced the token meanwhile. */
type RevocationStep = { kind: 'done' } | { kind: 'again' } | { kind: 'failed'; error: ProcoreError };

/** What the revocations of one account need. */
export interface RevocationDeps {
  env: Env;
  account: string;
  grant: GrantType;
  store: TokenStore;
  keeper: Keeper;
  ledger: Ledger;
  grants: ClientGrants;
  section: CriticalSection;
  turns: Turns;
  settings: Settings['renewal'];
  lockWaitMs: number;
  ahead: () => AheadChoice;
  /** Exchanges of a code that began earlier, and the generations of their tokens, which are to be revoked as well. */
  exchanges: () => Promise<readonly (AbortSignal | undefined)[]> | undefined;
  /** Lets calls in flight finish, and holds new ones. */
  drain: (signal: AbortSignal) => Promise<void>;
  /** Lets the calls go on that were held. */
  release: () => void;
  /** Begins a generation without tokens. */
  forget: () => void;
}

/** Each round finds another token; without a lock, a process that is just renewing brings one more. */
const mostRounds = 10;

/** Creates the revocation of one account. */
export function createRevocation(deps: RevocationDeps): Revocation {
  const { env, account, grant, store, keeper, ledger, grants, section, turns, settings, ahead } = deps;
  const name = JSON.stringify(account);
  const revokeSet = createRevokeSet(env, account, settings, (failure) => {
    if (running) running.lastFailure = failure;
  });
  /** Kept back for the store. */
  const reserveMs = Math.min(settings.storeTimeoutMs, settings.totalMs / 4);
  let running: { signal: AbortSignal; over: Promise<void>; lastFailure?: ProcoreError } | undefined;

  function failed(
    Kind: typeof TokenRenewalError | typeof TokenStoreError,
    text: string,
    cause?: unknown,
  ): RevocationStep & { kind: 'failed' } {
    return { kind: 'failed', error: new Kind(text, { account, cause }) };
  }

  const unreadable = (why: string, cause?: unknown) =>
    failed(
      TokenStoreError,
      `the token store failed for account ${name}: ${why}. Nothing was revoked.`,
      cause,
    );

  const replaced = () =>
    failed(
      TokenRenewalError,
      `new tokens were brought for account ${name} while the old ones were being revoked: they count, and the old ones may still be good.`,
    );

  /** What others in this process are kept out by: the refresh token in hand, or what one of them has redeemed it for. */
  function currentKey(): string {
    const hand = ledger.newest?.held.refreshToken;
    return section.keyOf(successorOf(hand, grants.outcomeOf)?.refresh_token ?? hand);
  }

  async function revoke(login: Login): Promise<void> {
    // Their pairs are newer than what is in hand. Without any, this revocation takes its turn at once: what the application brings
    // afterwards is not meant, and neither is what it brings while their answers are on their way.
    const before = turns.generation;
    const exchanges = deps.exchanges();
    const exchanged = exchanges && (await exchanges);
    const generation = turns.generation;
    if (generation !== before && !exchanged?.includes(generation)) throw replaced().error;
    const wait = new AbortController();
    const giveUp = () => wait.abort();
    let begin = () => {};
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const turn = turns.inTurn(() =>
      inTurn({ login, generation, signal: wait.signal, begin }).finally(deps.release),
    );
    generation.addEventListener('abort', giveUp, { once: true });
    try {
      // A renewal whose store fails is repeated for as long as calls wait for it.
      const waited = await within(env, settings.totalMs + deps.lockWaitMs, Promise.race([begun, turn]));
      if (waited.kind === 'elapsed') {
        giveUp();
        const text = `the tokens of account ${name} could not be revoked: their renewal is still under way. Nothing was revoked: try again.`;
        throw new TokenRenewalError(text, { account });
      }
      const step = await turn;
      if (step.kind === 'failed') throw step.error;
    } finally {
      generation.removeEventListener('abort', giveUp);
    }
  }

  interface Run {
    readonly login: Login;
    /** Aborts when the application brings tokens of its own. */
    readonly generation: AbortSignal;
    readonly signal: AbortSignal;
    readonly begin: () => void;
  }

  async function inTurn(run: Run): Promise<RevocationStep> {
    for (let rounds = 0; rounds < mostRounds; rounds++) {
      if (run.signal.aborted) return replaced();
      if (!ledger.newest) {
        const loaded = await keeper.load();
        if (run.signal.aborted) return replaced();
        if (loaded.kind === 'failed') return unreadable(loaded.why, loaded.cause);
        if (loaded.set && !ledger.isRevoked(loaded.set)) ledger.kept(holdLoaded(loaded.set, ahead()));
      }
      const key = currentKey();
      const entering = { key, lockWaitMs: deps.lockWaitMs, signal: run.signal };
      const entered = await section.enter(entering, (inside) => critical(run, key, inside));
      if (entered.kind === 'aborted') return replaced();
      if (entered.kind === 'failed') return unreadable(entered.why, entered.cause);
      if (entered.value.kind !== 'again') return entered.value;
    }
    return unreadable('it holds another token each time it is read');
  }

  async function critical(run: Run, key: string, { lost, notes }: Section): Promise<RevocationStep> {
    run.begin();
    const endsAtMs = env.now() + settings.totalMs - reserveMs;
    let loaded = await keeper.load();
    if (run.signal.aborted) return replaced();
    // Another copy has redeemed it while this one waited: another token, another queue.
    if (currentKey() !== key) return { kind: 'again' };
    if (loaded.kind === 'failed') return unreadable(loaded.why, loaded.cause);
    await deps.drain(run.signal);
    if (lost?.aborted) return unreadable('the lock was lost before anything was revoked');
    for (let rounds = 0; ; rounds++) {
      for (const set of targets(loaded.set)) {
        if (run.signal.aborted) return replaced();
        const error = await revokeSet(run.login, set, { endsAtMs, signal: run.signal });
        if (error) return run.signal.aborted ? replaced() : { kind: 'failed', error };
        ledger.revoked(set);
        if (set.refresh_token)
          grants.record(fingerprint(set.refresh_token), { kind: 'dead', reason: 'refresh-token-invalid' });
      }
      // A lock that still stands proves that nobody else has saved a pair meanwhile.
      if ((store.lock && !lost?.aborted) || rounds >= mostRounds) break;
      loaded = await keeper.load();
      if (loaded.kind === 'failed') break;
      if (!loaded.set || ledger.isRevoked(loaded.set)) break;
    }
    // New tokens have come meanwhile, and wait for their turn to be saved over the old ones.
    if (run.generation.aborted) return { kind: 'done' };
    ledger.cleared();
    deps.forget();
    const removed = loaded.kind === 'failed' ? loaded : await keeper.remove();
    await notes.clear();
    if (removed.kind !== 'failed') return { kind: 'done' };
    const text = `the tokens of account ${name} are revoked and no longer used, but the store may still hold them: ${removed.why}. Call revoke() once more, or remove them by hand.`;
    return failed(TokenStoreError, text, removed.cause);
  }

  /** Whatever this account may hold: one set, but right after a renewal, where a save has failed, or where somebody else has renewed. */
  function targets(loaded: TokenSet | undefined): TokenSet[] {
    const found = [...ledger.mayBeAlive(), loaded].flatMap((set) => [
      successorOf(set?.refresh_token, grants.outcomeOf),
      set,
    ]);
    const sets = new Map<string, TokenSet>();
    for (const set of found) {
      const identity = set && identityOf(set, grant);
      if (identity && !ledger.isRevoked(set)) sets.set(identity, set);
    }
    return [...sets.values()];
  }

  return {
    revoke(login) {
      if (running && !running.signal.aborted) return running.over;
      const over = revoke(login).finally(() => {
        if (running?.over === over) running = undefined;
      });
      running = { signal: turns.generation, over };
      return over;
    },
    lastFailure: () => running?.lastFailure,
    underWay: () => running?.over.catch(() => undefined),
  };
}
