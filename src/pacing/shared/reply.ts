import type { Reply } from './exchange.js';

/** No reply speaks of a longer time. One that does would keep calls waiting for ever, or name a moment that no `Date` can have. */
const longestMs = 365 * 24 * 60 * 60 * 1000;
/** Permits that are void before they arrive would be given back and asked for again without end. */
const shortestValidMs = 1_000;

const isNumber = (value: unknown): boolean => Number.isFinite(value);
const isTime = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= longestMs;
const optional = (is: (value: unknown) => boolean) => (value: unknown) =>
  value === undefined || value === null || is(value);

const fields: Readonly<Record<keyof Reply, (value: unknown) => boolean>> = {
  epoch: (value) => typeof value === 'string',
  granted: (value) => Number.isInteger(value) && (value as number) >= 0,
  validMs: (value) => isTime(value) && (value as number) >= shortestValidMs,
  isFirst: (value) => typeof value === 'boolean',
  ahead: isNumber,
  opensInMs: optional(isTime),
  status: optional(isNumber),
  askAgainInMs: isTime,
  limit: optional(isNumber),
  left: optional(isNumber),
  resetInMs: optional(isTime),
  issued: isNumber,
  outstanding: isNumber,
};

/**
 * The reply in what a common state has answered; undefined where a field is missing or makes no sense. Another version of the package, or an
 * application's own pacing, may answer with anything. A copy, so that nobody changes it later.
 */
export function replyOf(answer: unknown): Reply | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const reply: Record<string, unknown> = {};
  try {
    for (const [name, isValid] of Object.entries(fields)) {
      const value = (answer as Record<string, unknown>)[name];
      if (!isValid(value)) return undefined;
      reply[name] = value ?? undefined;
    }
  } catch {
    // Reading a field has thrown.
    return undefined;
  }
  return reply as unknown as Reply;
}
