import type { Recording } from '../recording.js';
import { isTokenFailure, type TokenEvent } from '../token-events.js';

/** The tokens of one account, as far as they were recorded. */
export interface AccountLives {
  readonly account: string;
  /** From the renewal of a token to the next one, or to its expiry. */
  readonly lives: readonly { readonly fromMs: number; readonly untilMs: number }[];
  readonly failuresMs: readonly number[];
}

/** So many accounts are drawn; those with failures go first, then those with the newest events. */
export const mostAccounts = 8;

/** The lives of tokens that a chart shows, and the time that it spans. */
export function livesOf({ slots, slotMs, tokens }: Recording): {
  accounts: AccountLives[];
  fromMs: number;
  untilMs: number;
} {
  const byAccount = new Map<string, TokenEvent[]>();
  for (const event of tokens.events)
    byAccount.set(event.account, [...(byAccount.get(event.account) ?? []), event]);
  const moments = tokens.events.map(({ at }) => Date.parse(at));
  const lastSlotMs = slots.length === 0 ? [] : [Date.parse(slots.at(-1)!.from) + slotMs];
  const fromMs = Math.min(...moments);
  const untilMs = Math.max(...moments, ...lastSlotMs, fromMs + 1_000);
  const accounts = [...byAccount]
    .sort(
      ([, one], [, other]) => failures(other) - failures(one) || (one.at(-1)!.at < other.at(-1)!.at ? 1 : -1),
    )
    .slice(0, mostAccounts)
    .map(([account, events]) => accountLives(account, events, untilMs));
  return { accounts, fromMs, untilMs };
}

function failures(events: readonly TokenEvent[]): number {
  return events.filter(isTokenFailure).length;
}

function accountLives(account: string, events: readonly TokenEvent[], untilMs: number): AccountLives {
  const born = events.filter(({ event }) => event === 'token-renewed' || event === 'token-adopted');
  const lives = born.map(({ at, expiresAt }, index) => {
    const nextMs = Date.parse(born[index + 1]?.at ?? '');
    const expiryMs = Date.parse(expiresAt ?? '');
    const ends = [nextMs, expiryMs, untilMs].filter((ms) => !Number.isNaN(ms));
    return { fromMs: Date.parse(at), untilMs: Math.min(...ends) };
  });
  const failuresMs = events.filter(isTokenFailure).map(({ at }) => Date.parse(at));
  return { account, lives, failuresMs };
}
