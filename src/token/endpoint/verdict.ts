import { transportFailureOf } from '../../failure/transport.js';
import { codeOf } from '../../text/words.js';
import { redact } from '../../text/redact.js';
import { retryAfterMs } from '../../wire/server-wait.js';
import type { TokenSet } from '../../store/store.js';
import { unpolluted } from '../../wire/prototype-pollution.js';
import { readTokenSet, writableAnswer } from '../pair/token-set.js';

/** What one presentation of a grant came to. Texts hold no secret. */
export type Verdict =
  | { kind: 'renewed'; answer: TokenSet }
  /** Certainly not redeemed. `final`: it would not be sent the next time either, before something is changed. */
  | { kind: 'not-sent'; why: string; cause?: unknown; final?: true }
  /** Not redeemed; the server asks for time. */
  | { kind: 'busy'; why: string; waitMs: number | undefined }
  /** The server may have redeemed the token; its answer is lost. */
  | { kind: 'perhaps-spent'; why: string; cause?: unknown }
  | { kind: 'invalid-grant'; why: string }
  /** The client is set up wrongly: asking again changes nothing, unless a function gives another secret by then. */
  | { kind: 'client-rejected'; why: string; secretMayChange?: true }
  /** An answer that this table does not know: nothing says that the token was redeemed. */
  | { kind: 'unclear'; why: string };

/** What one request to revoke a token came to. Texts hold no secret. */
export type RevocationVerdict = { kind: 'revoked' } | Exclude<Verdict, { kind: 'renewed' }>;

/** What a request may come to without an answer that could be judged. */
export type Unanswered = Extract<Verdict, { kind: 'not-sent' | 'perhaps-spent' }>;

/** The answer of a token endpoint as it came over the wire. */
export interface TokenAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter: unknown;
  readonly location: unknown;
}

/** An answer with the server's time of it. */
export interface DatedAnswer extends TokenAnswer {
  readonly date: unknown;
}

const clientErrors = new Set([
  'invalid_client',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_request',
  'invalid_scope',
  // Of Doorkeeper and of others, for a redirect URI that is not the app's: RFC 6749 names no error for it.
  'invalid_redirect_uri',
  'redirect_uri_mismatch',
]);

const mostQuoted = 10_000;

/**
 * Judges an answer: by the body's `error` first, whatever the status, then by the status. A server may quote what it was sent ("Invalid
 * refresh token: …"): `secrets` never reach a text.
 */
export function judgeAnswer(
  answer: TokenAnswer,
  serverNowMs: number,
  secrets: readonly string[] = [],
): Verdict {
  const body = jsonObject(answer.body);
  const error = body?.['error'];
  if (typeof error === 'string') {
    const why = describe(answer.status, error, body?.['error_description'], secrets);
    if (error === 'invalid_grant') return { kind: 'invalid-grant', why };
    if (clientErrors.has(error)) return { kind: 'client-rejected', why };
  }
  const status = answer.status;
  const why = `it answered ${status}${typeof error === 'string' ? ` ${quote(error, 80, secrets)}` : ''}`;
  if (status === 429 || status === 503) {
    return { kind: 'busy', why, waitMs: retryAfterMs(answer.retryAfter, serverNowMs) };
  }
  if (status >= 500 || status === 408) return { kind: 'perhaps-spent', why };
  if (status >= 200 && status < 300) return judgeSuccess(status, body);
  if (status >= 300 && status < 400)
    return { kind: 'unclear', why: `${why}, a redirect${target(answer.location)}; check loginUrl` };
  return { kind: 'unclear', why };
}

/** Judges the answer to a revocation: a server says 200 for a token that it does not know, too, for then nothing is left to revoke. */
export function judgeRevocation(
  answer: TokenAnswer,
  serverNowMs: number,
  secrets: readonly string[] = [],
): RevocationVerdict {
  const verdict = judgeAnswer(answer, serverNowMs, secrets);
  if (verdict.kind === 'client-rejected' || verdict.kind === 'invalid-grant') return verdict;
  if (answer.status >= 200 && answer.status < 300) return { kind: 'revoked' };
  return verdict as Exclude<Verdict, { kind: 'renewed' }>;
}

/** A secret as it is and as it looks in a form: neither may be quoted. */
export function asSent(secret: string): string[] {
  return [secret, encodeURIComponent(secret), new URLSearchParams([['', secret]]).toString().slice(1)];
}

/** Judges what `exchange` returned. */
export function judgeTokenSet(value: unknown): Verdict {
  const read = readTokenSet(value);
  if (read.kind === 'set' && read.set.access_token)
    return { kind: 'renewed', answer: writableAnswer(read.set) };
  const what =
    read.kind === 'garbage' ? read.what : read.kind === 'none' ? 'nothing' : 'an object without access_token';
  return { kind: 'perhaps-spent', why: `it gave ${what}` };
}

/** A form that must not be sent the way that it would go. The message says why, and what to do. */
export class UnsendableError extends Error {
  override readonly name = 'UnsendableError';
}

/** Judges an error of the request itself, to the login host `origin`: what is not certainly unsent may have been redeemed. */
export function judgeFailure(error: unknown, origin: string): Unanswered {
  if (error instanceof UnsendableError) return { kind: 'not-sent', why: error.message, final: true };
  const code = codeOf(error);
  if (transportFailureOf(error) === 'not-sent')
    return { kind: 'not-sent', why: `no connection to ${origin} was made (${code})` };
  return { kind: 'perhaps-spent', why: `the answer of ${origin} was lost (${code})` };
}

/**
 * Judges a throw of the application's `exchange`. It may have failed anywhere, so the token may be spent, unless the error carries
 * the token endpoint's own verdict.
 */
export function judgeThrow(error: unknown, serverNowMs: number, secrets: readonly string[] = []): Verdict {
  const response = (error as { response?: { status?: unknown; data?: unknown } } | undefined)?.response;
  if (typeof response?.status === 'number') {
    const verdict = judgeAnswer(
      { status: response.status, body: response.data, retryAfter: undefined, location: undefined },
      serverNowMs,
      secrets,
    );
    if (verdict.kind === 'invalid-grant' || verdict.kind === 'client-rejected') return verdict;
  }
  return { kind: 'perhaps-spent', why: `exchange failed (${codeOf(error)})` };
}

function judgeSuccess(status: number, body: Record<string, unknown> | undefined): Verdict {
  if (!body) return { kind: 'perhaps-spent', why: `it answered ${status} without a JSON object` };
  const verdict = judgeTokenSet(body);
  return verdict.kind === 'renewed'
    ? verdict
    : { kind: 'perhaps-spent', why: `it answered ${status} without a usable access_token` };
}

function jsonObject(body: unknown): Record<string, unknown> | undefined {
  let value = body;
  if (typeof body === 'string') {
    try {
      value = JSON.parse(body);
    } catch {
      return undefined;
    }
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? unpolluted(value as Record<string, unknown>)
    : undefined;
}

function describe(status: number, error: string, description: unknown, secrets: readonly string[]): string {
  const detail =
    typeof description === 'string' && description ? `: ${quote(description, 300, secrets)}` : '';
  return `it answered ${status} ${error}${detail}`;
}

/** A quotation for the middle of a sentence. It is redacted before it is cut, because half a token would not be recognized. */
function quote(text: string, length: number, secrets: readonly string[]): string {
  return redact(text.slice(0, mostQuoted), secrets)
    .slice(0, length)
    .replace(/\.\s*$/, '');
}

function target(location: unknown): string {
  if (typeof location !== 'string') return '';
  try {
    return ` to ${new URL(location).origin}`;
  } catch {
    return '';
  }
}
