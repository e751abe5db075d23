import { plausibleReset } from '../../wire/rate-limit.js';
import { serverWaitMsOf } from '../../wire/server-wait.js';
import type { Admission, Answer } from '../plan.js';
import type { Question, Reply, ToldRefusal } from './exchange.js';
import { toldAnew, withAnswer, type Told } from './told.js';

/** One process's share of what the common state allows. All moments are by the clock of the gate. */
export interface Share {
  /** Permits that are not spent; they are void from `validUntilMs` on. */
  readonly permits: number;
  readonly validUntilMs: number;
  /** The next of them. */
  readonly permit: Permit;
  /** Calls that were sent, with a permit or without, and have not ended. */
  readonly underWay: number;
  readonly facts: Facts;
}

/** Allows one call, and travels with it. */
export interface Permit {
  /** The common state that has granted it; undefined for a call that was sent without one. */
  readonly epoch: string | undefined;
  /** What that state had counted by the last reply before the call was sent. */
  readonly issued: number;
  readonly outstanding: number;
  /** Others wait for the answer to this call. */
  readonly isFirst: boolean;
}

/** What is to be told in the next question, and what the last reply has said. */
interface Facts {
  readonly member: string;
  /** The questions put so far. */
  readonly number: number;
  readonly epoch: string | undefined;
  readonly returned: number;
  readonly ended: number;
  readonly told: readonly Told[];
  readonly unlimited: number | undefined;
  readonly refused: Refused | undefined;
  readonly first: 'answered' | 'lost' | undefined;
  /** Others wait for these: they are told at once. */
  readonly isUrgent: boolean;
  /** When they are told else, if nothing is asked before. */
  readonly tellAtMs: number;
  /** So many permits are asked for ahead. It is doubled as long as they are used. */
  readonly size: number;
  /** The question that has no reply yet, and when it was put first. */
  readonly asked: { readonly question: Question; readonly atMs: number } | undefined;
  /** Of the last reply. */
  readonly ahead: number;
  readonly opensAtMs: number;
  readonly status: number | undefined;
  readonly askAgainAtMs: number;
}

/** A refusal; the end of its wait is a moment of the gate's clock. */
export interface Refused extends Omit<ToldRefusal, 'waitMs'> {
  readonly endsAtMs: number | undefined;
}

/** What has ended is told so soon where the limit is near. Where it is far, there is time until the permits are void. */
const tellNearMs = 250;

/** Calls that wait are not asked for again before, whatever a reply says: else a process would do nothing but ask. */
const soonestMs = 10;

const withoutPermit: Permit = Object.freeze({ epoch: undefined, issued: 0, outstanding: 0, isFirst: false });

/** The share of a process that has asked nothing yet. `member` is a random text. */
export function newShare(member: string): Share {
  return {
    permits: 0,
    validUntilMs: 0,
    permit: withoutPermit,
    underWay: 0,
    facts: {
      member,
      number: 0,
      epoch: undefined,
      returned: 0,
      ended: 0,
      told: [],
      unlimited: undefined,
      refused: undefined,
      first: undefined,
      isUrgent: false,
      tellAtMs: Infinity,
      size: 1,
      asked: undefined,
      ahead: 0,
      opensAtMs: 0,
      status: undefined,
      askAgainAtMs: 0,
    },
  };
}

/** Whether a call may be sent now. */
export function maySpend({ permits, validUntilMs }: Share, nowMs: number): boolean {
  return permits > 0 && nowMs < validUntilMs;
}

/** The share after a call was sent with a permit, and that permit. {@link maySpend} has to hold. */
export function spent({ permits, validUntilMs, permit, underWay, facts }: Share): {
  share: Share;
  permit: Permit;
} {
  const next = permit.isFirst ? { ...permit, isFirst: false } : permit;
  return {
    share: { permits: permits - 1, validUntilMs, permit: next, underWay: underWay + 1, facts },
    permit,
  };
}

/** The share after a call was sent without asking the common state, which cannot be asked. */
export function spentAlone(share: Share): { share: Share; permit: Permit } {
  const { underWay, facts } = share;
  // As soon as it can be asked, it has to know of this call, because the others count on what is not under way.
  return {
    share: { ...share, underWay: underWay + 1, facts: { ...facts, isUrgent: true } },
    permit: withoutPermit,
  };
}

/** The share after a call that had passed was not sent. Its permit can be spent by another one. */
export function unsent(share: Share, permit: Permit): Share {
  const { facts, underWay } = share;
  // It counts as held no more, and nothing was granted for it.
  if (permit.epoch === undefined) return { ...share, underWay: underWay - 1 };
  const back = {
    permits: share.permits + 1,
    validUntilMs: share.validUntilMs,
    permit: permit.isFirst ? { ...share.permit, isFirst: true } : share.permit,
    underWay: underWay - 1,
    facts,
  };
  return isClosed(facts) ? givenUp(back) : back;
}

/** Whether a refusal has closed the gate, as far as this process knows: by its own answers, or by the last reply. */
function isClosed({ refused, asked, opensAtMs, status }: Facts): boolean {
  const isTold = opensAtMs > 0 && status !== undefined;
  return refused !== undefined || asked?.question.refused !== undefined || isTold;
}

/** The share after a call was sent and has got no answer. */
export function lost(share: Share, permit: Permit, nowMs: number): Share {
  return ended(share, permit, nowMs, permit.isFirst ? { first: 'lost', isUrgent: true } : undefined);
}

/** The share after an answer. `draw` in [0, 1) is the jitter of a wait that the server asks for. */
export function answered(
  share: Share,
  permit: Permit,
  answer: Answer,
  clock: { nowMs: number; serverOffsetMs: number; draw: number },
): Share {
  const { facts } = share;
  const { status, rateLimit, retryAfterMs } = answer;
  const { nowMs, serverOffsetMs, draw } = clock;
  const isOwn = permit.epoch !== undefined && permit.epoch === facts.epoch;
  const reset = plausibleReset(rateLimit, nowMs + serverOffsetMs);
  const resetAtMs = reset === undefined ? undefined : reset - serverOffsetMs;
  const { remaining } = rateLimit;
  const told =
    remaining === undefined
      ? facts.told
      : withAnswer(facts.told, {
          limit: rateLimit.limit ?? facts.told.at(-1)?.limit ?? remaining,
          remaining,
          least: remaining,
          reset,
          resetAtMs,
          issued: isOwn ? permit.issued : undefined,
          outstanding: isOwn ? permit.outstanding : undefined,
          again: false,
        });
  const isUnlimited = remaining === undefined && status < 400 && isOwn;
  const unlimited = isUnlimited ? Math.max(facts.unlimited ?? 0, permit.issued) : facts.unlimited;
  const news = { told, unlimited };
  if (status === 429 || (status === 503 && (retryAfterMs !== undefined || permit.isFirst))) {
    const resetInMs = resetAtMs === undefined ? undefined : resetAtMs - nowMs;
    const waitMs =
      serverWaitMsOf(status, retryAfterMs, resetInMs) ?? (retryAfterMs === undefined ? undefined : 0);
    const refusal = {
      status,
      endsAtMs: waitMs === undefined ? undefined : nowMs + waitMs,
      draw: Math.floor(draw * 1_000),
      wentFirst: permit.isFirst,
    };
    return ended(givenUp(share), permit, nowMs, {
      ...news,
      refused: laterRefusal(facts.refused, refusal),
      isUrgent: true,
    });
  }
  return ended(share, permit, nowMs, permit.isFirst ? { ...news, first: 'answered', isUrgent: true } : news);
}

function ended(share: Share, permit: Permit, nowMs: number, news?: Partial<Facts>): Share {
  const { permits, validUntilMs, underWay, facts } = share;
  const tellAtMs = Math.min(facts.tellAtMs, facts.ahead < 2 ? nowMs + tellNearMs : Infinity);
  return {
    permits,
    validUntilMs,
    permit: share.permit,
    underWay: underWay - 1,
    facts: { ...facts, ended: facts.ended + 1, tellAtMs, ...news },
  };
}

/** Of refusals that are told together, the one that asks for the longer wait. */
function laterRefusal(known: Refused | undefined, refused: Refused): Refused {
  if (!known) return refused;
  const later = (refused.endsAtMs ?? 0) > (known.endsAtMs ?? 0) ? refused : known;
  return { ...later, wentFirst: known.wentFirst || refused.wentFirst };
}

/** The share with its permits given up. */
export function givenUp(share: Share): Share {
  const { permits, facts } = share;
  if (permits === 0) return share;
  const { isFirst } = share.permit;
  return {
    ...share,
    permits: 0,
    permit: isFirst ? { ...share.permit, isFirst: false } : share.permit,
    facts: {
      ...facts,
      returned: facts.returned + permits,
      first: isFirst ? (facts.first ?? 'lost') : facts.first,
      // What was not used is not asked for the next time.
      size: Math.max(1, facts.size - permits),
    },
  };
}

/** The share after the reply to the question that was put last. */
export function replied(share: Share, reply: Reply, nowMs: number): Share {
  const { facts, underWay } = share;
  const { epoch, granted, issued, outstanding } = reply;
  const validUntilMs = (facts.asked?.atMs ?? nowMs) + reply.validMs;
  const next: Share = {
    permits: share.permits + granted,
    validUntilMs,
    permit: {
      epoch,
      issued,
      outstanding,
      isFirst: reply.isFirst || (share.permits > 0 && share.permit.isFirst),
    },
    underWay,
    facts: {
      ...facts,
      epoch,
      told: facts.epoch !== undefined && facts.epoch !== epoch ? toldAnew(facts.told) : facts.told,
      unlimited: facts.epoch === epoch ? facts.unlimited : undefined,
      asked: undefined,
      ahead: reply.ahead,
      opensAtMs: reply.opensInMs === undefined ? 0 : nowMs + reply.opensInMs,
      status: reply.status,
      askAgainAtMs: nowMs + Math.max(reply.askAgainInMs, soonestMs),
    },
  };
  // Permits that come too late are void. So is every one where a call was refused, also if the common state did not know of it yet.
  if (nowMs >= validUntilMs || isClosed(next.facts)) return givenUp(next);
  // A call that comes when all that have waited have got their permits is another matter.
  const isServed = granted >= (facts.asked?.question.waiting ?? 0);
  return isServed ? { ...next, facts: { ...next.facts, askAgainAtMs: 0 } } : next;
}

/** Whether the next call may pass, for calls that wait. */
export function admission(share: Share, nowMs: number): Admission {
  if (maySpend(share, nowMs)) return { kind: 'go' };
  const { opensAtMs, askAgainAtMs, status } = share.facts;
  if (opensAtMs > nowMs) return { kind: 'until', atMs: opensAtMs, status };
  return { kind: 'answer', atMs: Math.max(askAgainAtMs, nowMs) };
}
