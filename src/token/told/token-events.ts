import type { ProcoreError, TokenRenewalError } from '../../failure/errors.js';
import type { Events, ProcoreEvents } from '../../observe/events.js';
import { ruleNamed, type StoreRule } from '../../store/rules.js';
import { shortFingerprint } from '../pair/fingerprint.js';
import type { Lease } from '../pair/pairs.js';
import { contradictionsIn, type Contradiction } from '../pair/evidence.js';
import { localExpiryMs } from '../pair/token-set.js';
import { noTrial } from '../pair/freshness.js';

/** What an account's source tells of its tokens: fingerprints only. */
export interface TokenEvents {
  renewed(lease: Lease, unsaved: boolean): void;
  adopted(lease: Lease, from: ProcoreEvents['token-adopted']['from']): void;
  failed(error: ProcoreError): void;
  /** `cause`: what the store has thrown, without secrets. */
  saveFailed(why: string, cause?: unknown): void;
  savedLate(): void;
  /** The store has broken a rule: told once for each `subject`. The message says what was seen, and what to do; it ends without a full stop. */
  offended(rule: StoreRule, subject: string, message: string): void;
  /** The store holds tokens of another user than those in hand: told once for each user. */
  changedOwner(subject: string): void;
  /** The login host has replaced the tokens of this client again and again: told once for each `key`. */
  sharedClient(key: string): void;
  /** Tells, once for each field, what a stored set says of the token's end that better evidence contradicts. */
  contradicted(lease: Lease): void;
  /** A lease as events and `status()` show it. */
  shown(lease: Lease): { accessToken: string; expiresAt?: Date };
}

/** Creates the token events of one account, and its warnings. */
export function createTokenEvents(deps: {
  account: string;
  serverOffsetMs: () => number;
  emit: Events['emit'];
  warnOnce: Events['warnOnce'];
}): TokenEvents {
  const { account, emit, warnOnce } = deps;
  const { serverOffsetMs } = deps;

  function shown(lease: Lease): { accessToken: string; expiresAt?: Date } {
    const { held, aliveAtMs } = lease;
    const atMs = localExpiryMs(held, { serverOffsetMs: serverOffsetMs(), aliveAtMs });
    const accessToken = shortFingerprint(lease.held.accessToken ?? '');
    return atMs === undefined ? { accessToken } : { accessToken, expiresAt: new Date(atMs) };
  }

  return {
    shown,
    renewed: (lease, unsaved) => emit('token-renewed', { account, ...shown(lease), unsaved }),
    adopted: (lease, from) => emit('token-adopted', { account, ...shown(lease), from }),
    saveFailed: (message, cause) =>
      emit('token-save-failed', { account, message, ...(cause === undefined ? {} : { cause }) }),
    offended: (...offence) => offended(account, warnOnce, ...offence),
    contradicted: (lease) => contradicted(account, deps, lease),
    changedOwner(subject) {
      const told = `store.load() has returned tokens of another user than those that account ${JSON.stringify(account)} has used, twice in a row: from now on these are used. That is right where a user has followed another by way of the store; if not, see that load and save use the account that they are given`;
      warnOnce('account-changed-owner', JSON.stringify([account, subject]), told);
    },
    sharedClient(key) {
      const told = `the access tokens of this client are refused soon after they were issued, again and again: another process seems to ask for tokens of the same client, and the login host keeps one at a time. Give all processes of the client one shared store (file, Redis, PostgreSQL), or each a client of its own; until then a new token is asked for more and more seldom, and 401s are returned (account ${JSON.stringify(account)})`;
      warnOnce('client-shared', key, told);
    },
    savedLate: () => emit('token-saved-late', { account }),
    failed(error) {
      const { message, code } = error;
      if (error.kind === 'reauthentication-required') {
        const { reason } = error;
        emit('reauthentication-required', { account, reason, message });
        return;
      }
      const { retryAt } = error as TokenRenewalError;
      emit('token-renewal-failed', { account, code, message, ...(retryAt ? { retryAt } : {}) });
    },
  };
}

/** As {@link TokenEvents.contradicted}. */
export function contradicted(
  account: string,
  {
    serverOffsetMs,
    warnOnce,
  }: { readonly serverOffsetMs: () => number; readonly warnOnce: Events['warnOnce'] },
  lease: Lease,
): void {
  if (lease.isJudged) return;
  lease.isJudged = true;
  // The fields of tokens that the application has brought do not come from the store.
  if (lease.trial === noTrial) return;
  const { held, aliveAtMs } = lease;
  const scales = { serverOffsetMs: serverOffsetMs(), aliveAtMs };
  for (const one of contradictionsIn(held.evidence, held.lifeMs, scales))
    offended(account, warnOnce, 'whole', one.field, inWords(one));
}

function offended(
  account: string,
  warnOnce: Events['warnOnce'],
  rule: StoreRule,
  subject: string,
  message: string,
): void {
  const told = `${message} (account ${JSON.stringify(account)}; ${ruleNamed(rule)})`;
  warnOnce('store-contract', JSON.stringify([account, rule, subject]), told);
}

const betterEvidence = {
  exp: 'than the exp of its JWT',
  issued: 'than created_at + expires_in',
  accepted: 'than a call that the API has accepted with it',
};

function inWords({ field, by, laterMs }: Contradiction): string {
  const seconds = Math.round(Math.abs(laterMs) / 1000);
  const said = field === 'expires_at' ? 'expires_at' : 'created_at + expires_in';
  const kept = field === 'expires_at' ? 'Unix seconds' : 'the number that the token endpoint sends';
  return `${said} of the set that store.load() returned puts the end of the access token ${seconds} s ${laterMs < 0 ? 'earlier' : 'later'} ${betterEvidence[by]}, and is not followed: keep ${field} as save() gets it, ${kept}, and let the database neither convert nor set it`;
}
