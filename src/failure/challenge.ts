/** The reason that a 401 names: `token` is the access token, `other` is something else, `none` means that it names no reason. */
export type RefusalReason = 'token' | 'other' | 'none';

const speaksOfToken =
  /invalid_token|access token|token[\s_]+(?:is|was|has|expired|revoked|invalid)|(?:expired|revoked|invalid)[\s_]+(?:access[\s_]+)?token/i;
const statusWords = new Set(
  (
    'error errors message code status http 401 unauthorized unauthenticated not authorized authorization authentication authenticated required ' +
    'statuscode statustext title detail details description reason type about blank success true false null'
  ).split(' '),
);
const mostRead = 4_096;

/**
 * Reads the reason of a 401 from its header `WWW-Authenticate` (RFC 6750, section 3) and its body. Procore's API may answer with an empty body, and
 * then only the header names it. Streams are not read.
 */
export function refusalReason(header: unknown, body: unknown): RefusalReason {
  const challenge = headerText(header);
  const error = /\berror\s*=\s*"?([\w-]+)/i.exec(challenge)?.[1];
  if (error === 'invalid_token') return 'token';
  const said = bodyText(body);
  if (speaksOfToken.test(challenge) || speaksOfToken.test(said)) return 'token';
  return error !== undefined || !repeatsStatus(said) ? 'other' : 'none';
}

/** Whether the text names no reason: it is empty, a gateway's page, or only says "Unauthorized". */
function repeatsStatus(said: string): boolean {
  if (said.trimStart().startsWith('<')) return true;
  const words = said.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.every((word) => statusWords.has(word));
}

function headerText(header: unknown): string {
  if (Array.isArray(header)) return header.join(', ');
  return typeof header === 'string' ? header : '';
}

function bodyText(body: unknown): string {
  if (typeof body === 'string') return body.slice(0, mostRead);
  if (body instanceof ArrayBuffer) return new TextDecoder().decode(body.slice(0, mostRead));
  if (ArrayBuffer.isView(body)) {
    return new TextDecoder().decode(
      new Uint8Array(body.buffer, body.byteOffset, Math.min(body.byteLength, mostRead)),
    );
  }
  // Mock adapters may answer with an object that was not parsed from a text.
  if (typeof body === 'object' && body !== null && Object.getPrototypeOf(body) === Object.prototype) {
    try {
      return JSON.stringify(body).slice(0, mostRead);
    } catch {
      return '';
    }
  }
  return '';
}
