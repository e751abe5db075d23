import type { Env } from '../../time/env.js';
import type { RenewalGrant, Settings } from '../../options/options.js';
import type { TokenSet, TokenStore } from '../../store/store.js';
import type { Exchange, TimedVerdict } from '../endpoint/exchange.js';
import { askUntilVerdict } from '../endpoint/until-verdict.js';
import type { Section } from '../grant/critical-section.js';
import type { ClientGrants } from '../grant/registry.js';
import type { Keeper } from '../loading/keeper.js';
import { withAuthorizationOf } from '../pair/authorization-line.js';
import { extrasOfAnswer } from '../pair/extras.js';
import type { GrantType } from '../pair/comparison.js';
import type { Ledger } from '../pair/ledger.js';
import type { Lease } from '../pair/pairs.js';
import { withRedeemed, withReplaced } from '../pair/token-history.js';
import {
  holdAnswer,
  localExpiryMs,
  mergeAnswer,
  withExpiresAt,
  type AheadChoice,
  type HeldTokens,
} from '../pair/token-set.js';
import type { Saver } from '../saving/saving.js';
import { failuresOf, type RenewalFailure } from '../told/failures.js';
import type { Adoption, GrantInHand } from './adoption.js';
import { createInvalidGrant } from './invalid-grant.js';
import type { RenewalAccess } from './renewal-access.js';
import type { Objection, Reading } from './reading.js';
import type { RenewalResult, RenewalRun, Step } from './renewal.js';

/** The grant of a redemption, and what it needs in its critical section. */
export interface Redemption extends GrantInHand {
  readonly section: Section;
  readonly reading: Reading;
  /** Its way through the gate of the login host. */
  readonly access: RenewalAccess;
}

/** What the redemptions of one account need. */
export interface RedemptionDeps {
  env: Env;
  account: string;
  grant: GrantType;
  store: TokenStore;
  settings: Settings['renewal'];
  /** How long ahead of its end the next pair is to be renewed, drawn anew each time. */
  ahead: () => AheadChoice;
  keeper: Keeper;
  ledger: Ledger;
  saver: Saver;
  grants: ClientGrants;
  exchange: Exchange;
  adoption: Adoption;
  /** The pair remembers what it was redeemed for. */
  takesOver: () => boolean;
  serverOffsetMs: () => number;
  /** The pair of this lease has been replaced, and the server's clock is known: what its stored fields say can be judged. */
  contradicted: (lease: Lease) => void;
}

/** Presents the grant until there is a verdict, and draws its conclusion: the outcome table of a token request. */
export function createRedemption(
  deps: RedemptionDeps,
): (run: RenewalRun, redemption: Redemption) => Promise<Step> {
  const { env, account, grant, settings, ledger, grants, saver, serverOffsetMs } = deps;
  const failures = failuresOf(account, grant, deps.takesOver);
  /** Kept back for the save. */
  const reserveMs = Math.min(settings.storeTimeoutMs, settings.totalMs / 4);
  /** With less time than this for the answer the token is not presented, also after a lost answer: it may still be unspent. */
  const leastAnswerMs = Math.min(settings.answerTimeoutMs, settings.totalMs / 4);

  const afterInvalidGrant = createInvalidGrant(deps);

  return async (run, redemption) => {
    if (grant !== 'refresh_token') return present(run, redemption);
    const { key, reading } = redemption;
    const { notes } = redemption.section;
    if (await notes.unfinished(key)) grants.record(key, { kind: 'perhaps-spent' });
    if (run.signal.aborted) return { kind: 'superseded' };
    // While a pair is unsaved the lock's note is about the token in the store. The one in hand needs none, because nobody else has it.
    const needsNote = !ledger.unsaved;
    const unwritten = needsNote ? await notes.write(key, 'presented') : undefined;
    const objection =
      unwritten && !run.signal.aborted ? await reading.objectionWithout(unwritten, run) : undefined;
    const step = objection ?? (await present(run, redemption));
    if (needsNote || !ledger.unsaved) await conclude(step, redemption);
    return step;
  };

  /** What the lock remembers of this redemption, for whoever holds it next. */
  async function conclude(step: Step, { key, section: { notes } }: Redemption): Promise<void> {
    const outcome = grants.outcomeOf(key);
    // No outcome is recorded where the answer has kept the presented refresh token: it has not been spent.
    if ('unsaved' in step && step.unsaved && outcome) return void (await notes.write(key, 'unsaved'));
    // Where an answer was lost the note stays, so that the next holder knows why the token is dead, if it is.
    const isOpen =
      outcome?.kind === 'perhaps-spent' ||
      (outcome?.kind === 'dead' && outcome.reason === 'refresh-response-lost');
    if (!isOpen) await notes.clear();
  }

  function undecided(verdict: {
    kind: string;
    why?: string;
    retryAtMs?: number;
    cause?: unknown;
  }): RenewalFailure {
    return failures.undecided(verdict.why ?? '', verdict.retryAtMs, verdict.cause);
  }

  /** The step for an objection. After a lost answer the failure must not say any more that nothing was redeemed. */
  function stopFor(objection: Objection, lostAnswer: string | undefined): Step {
    if (objection.kind === 'again') return objection;
    const { why, cause } = objection;
    return lostAnswer === undefined
      ? failures.store(why, cause)
      : failures.undecided(`${lostAnswer}, and ${why}`, undefined, cause);
  }

  async function present(run: RenewalRun, redemption: Redemption): Promise<Step> {
    run.lastError = undefined;
    const { key } = redemption;
    const request: RenewalGrant =
      grant === 'refresh_token'
        ? { type: 'refresh_token', refresh_token: redemption.hand?.held.refreshToken ?? '' }
        : { type: 'client_credentials' };
    const isPerhapsSpent = () => grant === 'refresh_token' && grants.outcomeOf(key)?.kind === 'perhaps-spent';
    let lostAnswer: string | undefined;
    let objection: Objection | undefined;

    async function send(answerTimeoutMs: number): Promise<TimedVerdict> {
      run.posted = true;
      const mayPresent = async () => (objection = await redemption.reading.objection()) === undefined;
      const { signal, way } = run;
      const verdict = await deps.exchange(request, { account, signal, answerTimeoutMs, way, mayPresent });
      if (verdict.kind !== 'perhaps-spent') return verdict;
      if (grant === 'refresh_token') grants.record(key, { kind: 'perhaps-spent' });
      lostAnswer = verdict.why;
      return verdict;
    }

    const verdict = await askUntilVerdict(
      env,
      {
        endsAtMs: redemption.endsAtMs - reserveMs,
        answerTimeoutMs: settings.answerTimeoutMs,
        leastAnswerMs,
        // Presented again it works if it was not spent, and if it was the server answers invalid_grant.
        resends: settings.resendAfterLostAnswer,
        signal: run.signal,
        gate: redemption.access,
        maySendAgain({ kind }) {
          if (objection) return false;
          // Without a connection it is tried again only while calls wait. After a lost answer it always is.
          if (kind === 'not-sent') return run.waiting > 0;
          // The critical section is left while the gate is closed, unless the token may be spent: nobody else must present it.
          return kind !== 'busy' || isPerhapsSpent();
        },
        onWait: (verdict) => (run.lastError = undecided(verdict).error),
      },
      send,
    );
    if (run.signal.aborted) {
      // The new pair is neither saved nor used here, but others that hold this token must know what it was redeemed for.
      if (verdict.kind === 'renewed') recordSuccessor(verdict.answer, verdict.sentAtMs, redemption);
      return { kind: 'superseded' };
    }
    if (objection) return stopFor(objection, lostAnswer);
    switch (verdict.kind) {
      case 'renewed':
        return accept(run, verdict.answer, verdict.sentAtMs, redemption);
      case 'invalid-grant':
        return grant === 'refresh_token'
          ? afterInvalidGrant(run, redemption, verdict.why)
          : failures.rejected(verdict.why);
      case 'client-rejected':
        return failures.rejected(verdict.why, verdict.secretMayChange);
      case 'busy':
        return isPerhapsSpent() ? undecided(verdict) : { kind: 'queue', why: verdict.why };
      case 'no-time':
        // The machine slept, or the store took too long: lock and store are asked again.
        return lostAnswer === undefined ? { kind: 'again' } : undecided(verdict);
      case 'perhaps-spent':
      case 'not-sent':
      case 'unclear':
      case 'blocked':
        return undecided(verdict);
    }
  }

  /** Makes the new set from an answer, and records it for the whole process as what the grant was redeemed for. */
  function recordSuccessor(answer: TokenSet, sentAtMs: number, { hand, key }: Redemption): HeldTokens {
    const before = !ledger.unsaved && ledger.stored ? ledger.stored : hand?.held.set;
    const presented = hand?.held.refreshToken;
    const answered = mergeAnswer(before, answer);
    const merged = before ? withReplaced(answered, before) : answered;
    const isSpent = presented !== undefined && merged.refresh_token !== presented;
    const ofLine = hand && isSpent ? withAuthorizationOf(merged, hand.held.set) : merged;
    const set = deps.takesOver() && isSpent ? withRedeemed(ofLine, presented) : ofLine;
    const unfinished = holdAnswer(set, sentAtMs, deps.ahead());
    const held: HeldTokens = {
      ...unfinished,
      set: withExpiresAt(unfinished, serverOffsetMs()),
      ownExtras: extrasOfAnswer(answer, ledger.unsaved ? hand?.held : undefined),
    };
    if (isSpent) {
      const expiresAtMs = localExpiryMs(held, { serverOffsetMs: serverOffsetMs() });
      grants.record(key, { kind: 'renewed', tokens: held.set, expiresAtMs });
    } else {
      // The presented refresh token stays good, so nothing is held against it because of an earlier lost answer.
      grants.forget(key);
    }
    return held;
  }

  async function accept(
    run: RenewalRun,
    answer: TokenSet,
    sentAtMs: number,
    redemption: Redemption,
  ): Promise<RenewalResult> {
    const held = recordSuccessor(answer, sentAtMs, redemption);
    const lease = ledger.issued(held, true);
    const unsaved = await saver.saveNewest(redemption.reading.proved(), redemption.endsAtMs, run.signal);
    // Told only after the save: a listener must not delay it.
    if (redemption.hand) deps.contradicted(redemption.hand);
    if (unsaved) return { kind: 'renewed', lease, unsaved };
    // The store had been given a newer pair by somebody else.
    if (ledger.newest && ledger.newest !== lease)
      return { kind: 'adopted', lease: ledger.newest, from: 'store' };
    return { kind: 'renewed', lease };
  }
}
