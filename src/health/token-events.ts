import type { Fingerprint } from '../observe/events.js';
import type { ProblemKind } from '../failure/catalogue.js';
import { isKind } from './kinds.js';

/** The events of the life of a token, as they are named everywhere. */
export type TokenEventName =
  | 'token-renewed'
  | 'token-adopted'
  | 'token-renewal-failed'
  | 'token-save-failed'
  | 'token-saved-late'
  | 'reauthentication-required';

/** All of them. */
export const tokenEventNames: readonly TokenEventName[] = [
  'token-renewed',
  'token-adopted',
  'token-renewal-failed',
  'token-save-failed',
  'token-saved-late',
  'reauthentication-required',
];

/** What happened to the tokens of an account. */
export interface TokenEvent {
  /** As ISO 8601, in UTC. */
  readonly at: string;
  /** The name of the event. */
  readonly event: TokenEventName;
  /** Whose tokens they are. */
  readonly account: string;
  /** The first 8 hex digits of the SHA-256 of the new access token. */
  readonly accessToken?: Fingerprint | undefined;
  /** Until when the new access token works, as ISO 8601. */
  readonly expiresAt?: string | undefined;
  /** What kind of failure it is. */
  readonly kind?: ProblemKind | undefined;
  /** What the event says of a failure, cut at 300 characters. */
  readonly message?: string | undefined;
}

const longestText = 300;

/** True for an event that tells of a failure. */
export function isTokenFailure({ event }: Pick<TokenEvent, 'event'>): boolean {
  return (
    event === 'token-renewal-failed' || event === 'token-save-failed' || event === 'reauthentication-required'
  );
}

/** Sorts events, the oldest first. */
export function byTime(one: TokenEvent, other: TokenEvent): number {
  return Number(one.at > other.at) - Number(one.at < other.at);
}

/** What is kept of an event. */
export function tokenEventOf(event: TokenEventName, detail: object, atMs: number): TokenEvent {
  const { account, accessToken, expiresAt, code, message } = detail as Record<string, unknown>;
  const kind = kindOf(event, code);
  return {
    at: new Date(atMs).toISOString(),
    event,
    account: String(account).slice(0, longestText),
    ...(typeof accessToken === 'string' ? { accessToken } : {}),
    ...(expiresAt instanceof Date && !Number.isNaN(expiresAt.getTime())
      ? { expiresAt: expiresAt.toISOString() }
      : {}),
    ...(kind ? { kind } : {}),
    ...(typeof message === 'string' ? { message: message.slice(0, longestText) } : {}),
  };
}

/** The codes of this package's errors are made of the kinds of failures. */
function kindOf(event: TokenEventName, code: unknown): ProblemKind | undefined {
  if (event === 'reauthentication-required') return event;
  if (event === 'token-save-failed') return 'token-store-failed';
  if (event !== 'token-renewal-failed') return undefined;
  const kind = String(code)
    .replace(/^ERR_PROCORE_/, '')
    .toLowerCase()
    .replaceAll('_', '-');
  return isKind(kind) ? kind : 'token-renewal-failed';
}
