import type { Question, ToldRefusal } from './exchange.js';
import type { Common, SharedClosing } from './state.js';

/** The wait where the server names none. It is doubled for each call that went first and was refused. */
const baseWaitMs = 1_000;
const longestWaitMs = 30_000;
/** A server that asks for more is asked again each hour: Procore's longest window. */
const longestServerWaitMs = 3_600_000;

/** The state after what a question tells of a refusal, and of the call that went first. The rules are those of `pacing/closing.ts`. */
export function withRefusal(common: Common, { refused, first }: Question): Common {
  const { closing } = common;
  const isFirst = closing !== undefined && closing.firstMs > 0;
  if (refused && isRefusal(refused, isFirst))
    return { ...common, closing: closed(closing, refused, common.nowMs, isFirst && refused.wentFirst) };
  if (!isFirst || first === undefined) return common;
  return { ...common, closing: first === 'answered' ? undefined : { ...closing, firstMs: 0 } };
}

/** A 429, a 503 with `Retry-After`, or any 503 to a call that went first. */
function isRefusal({ status, waitMs, wentFirst }: ToldRefusal, isFirst: boolean): boolean {
  return status === 429 || waitMs !== undefined || (isFirst && wentFirst);
}

function closed(
  closing: SharedClosing | undefined,
  { status, waitMs = 0, draw }: ToldRefusal,
  nowMs: number,
  isAgain: boolean,
): SharedClosing {
  const refusals = (closing?.refusals ?? 0) + (isAgain ? 1 : 0);
  const ownMs = Math.min(baseWaitMs * 2 ** Math.min(refusals, 5), longestWaitMs);
  // From the second refusal on, a wait of less than a second is not taken literally.
  const isServers = waitMs >= baseWaitMs || (waitMs > 0 && refusals === 0);
  const askedMs = Math.min(isServers ? waitMs : Math.max(waitMs, ownMs), longestServerWaitMs);
  const jitterMs = Math.floor((draw * Math.min(Math.max(Math.floor(askedMs / 10), 100), 1_000)) / 1_000);
  const endsMs = nowMs + askedMs;
  const untilMs = endsMs + jitterMs;
  if (isAgain || !closing) return { status, endsMs, untilMs, refusals, firstMs: 0 };
  // Calls that were sent together are refused together: they have one wait, with one jitter.
  return endsMs > closing.endsMs ? { ...closing, status, endsMs, untilMs } : closing;
}
