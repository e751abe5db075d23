import { judgeAnswer, type TokenAnswer, type Verdict } from './verdict.js';

/** What one request to revoke a token came to. Texts hold no secret. */
export type RevocationVerdict = { kind: 'revoked' } | Exclude<Verdict, { kind: 'renewed' }>;

/** The form that revokes a token (RFC 7009, section 2.1). */
export function revocationForm(token: string, client: { id: string; secret: string }): string {
  return new URLSearchParams({ token, client_id: client.id, client_secret: client.secret }).toString();
}

/** Judges the answer: a server says 200 for a token that it does not know, too, for then nothing is left to revoke. */
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
