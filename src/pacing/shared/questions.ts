import type { Question, ToldRefusal } from './exchange.js';
import { givenUp, type Refused, type Share } from './share.js';
import { toldAt, toldBefore } from './told.js';

/** What asks for a question now: nothing, only what is to be told, or permits as well. */
function reasonOf(share: Share, nowMs: number, waiting: number): 'tell' | 'ask' | undefined {
  const { permits, validUntilMs, facts } = share;
  const isVoid = nowMs >= validUntilMs;
  const usable = isVoid ? 0 : permits;
  if (waiting > usable && nowMs >= facts.askAgainAtMs) return 'ask';
  // A process that calls rarely asks for each call: what it got ahead would be void before it is used.
  if (!isVoid && facts.size > 1 && 2 * permits <= facts.size && facts.ahead > 1 && waiting === 0)
    return 'ask';
  // With calls that wait, it is told when more permits are asked for.
  const isDue = waiting === 0 && nowMs >= facts.tellAtMs;
  if (facts.isUrgent || isDue || (isVoid && permits + facts.ended + facts.returned > 0)) return 'tell';
  return undefined;
}

/**
 * The next question, if there is something to ask or tell now. `waiting`: calls that wait, after those were let pass for which there are
 * permits. No other question may be under way.
 */
export function nextQuestion(
  share: Share,
  { nowMs, waiting }: { nowMs: number; waiting: number },
): { share: Share; question: Question } | undefined {
  const reason = reasonOf(share, nowMs, waiting);
  if (!reason) return undefined;
  const isVoid = nowMs >= share.validUntilMs;
  const kept = isVoid ? givenUp(share) : share;
  const { permits, facts } = kept;
  const lacking = Math.max(0, waiting - permits);
  // Those who ask again before their permits are void use them, and get more at once the next time.
  const size =
    reason === 'tell' ? facts.size : Math.min(isVoid ? 1 : 2 * facts.size, Math.max(1, facts.ahead));
  const wanted = reason === 'tell' ? 0 : Math.max(lacking, size - permits);
  return asking(kept, { wanted, waiting: lacking, size, nowMs });
}

/** The question that gives up all that the share has, where it has anything: nobody calls for the time being. */
export function givenBack(share: Share, nowMs: number): { share: Share; question: Question } | undefined {
  const { permits, facts } = share;
  if (permits + facts.ended + facts.returned === 0) return undefined;
  return asking(givenUp(share), { wanted: 0, waiting: 0, size: 1, nowMs });
}

function asking(
  share: Share,
  { wanted, waiting, size, nowMs }: { wanted: number; waiting: number; size: number; nowMs: number },
): { share: Share; question: Question } {
  const { permits, underWay, facts } = share;
  const { member, epoch, returned, ended, told, unlimited, refused, first } = facts;
  const question: Question = {
    member,
    number: facts.number + 1,
    epoch,
    held: permits + underWay,
    returned,
    ended,
    wanted,
    waiting,
    told: toldAt(told, nowMs),
    unlimited,
    refused: refused && toldRefusal(refused, nowMs),
    first,
  };
  return {
    question,
    share: {
      ...share,
      facts: {
        ...facts,
        number: question.number,
        returned: 0,
        ended: 0,
        told: toldBefore(told),
        unlimited: undefined,
        refused: undefined,
        first: undefined,
        isUrgent: false,
        tellAtMs: Infinity,
        size,
        asked: { question, atMs: nowMs },
      },
    },
  };
}

function toldRefusal({ endsAtMs, ...refused }: Refused, nowMs: number): ToldRefusal {
  return {
    ...refused,
    waitMs: endsAtMs === undefined ? undefined : Math.max(0, Math.ceil(endsAtMs - nowMs)),
  };
}

/** The question without a reply, to be put again: it is the same, but for times, which are relative to now. */
export function askedAgain({ facts: { asked } }: Share, nowMs: number): Question | undefined {
  if (!asked) return undefined;
  const { question, atMs } = asked;
  const passedMs = Math.floor(nowMs - atMs);
  const { told, refused } = question;
  return {
    ...question,
    told: told.map((one) => ({
      ...one,
      resetInMs: one.resetInMs === undefined ? undefined : one.resetInMs - passedMs,
    })),
    refused: refused && {
      ...refused,
      waitMs: refused.waitMs === undefined ? undefined : Math.max(0, refused.waitMs - passedMs),
    },
  };
}

/** When there is something to ask or tell, if nothing happens before. */
export function nextAtMs({ permits, validUntilMs, facts }: Share, waiting: number): number {
  if (facts.asked) return Infinity;
  if (facts.isUrgent) return 0;
  const voidAtMs = permits + facts.ended + facts.returned > 0 ? validUntilMs : Infinity;
  return Math.min(waiting > permits ? facts.askAgainAtMs : facts.tellAtMs, voidAtMs);
}
