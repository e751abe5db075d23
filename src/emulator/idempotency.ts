import { createHash } from 'node:crypto';
import { headerOf, json, mediaTypeOf, type Arrival, type Outcome } from './message.js';

/** The answers of earlier requests, by their `Idempotency-Token`. */
export interface Remembered {
  /**
   * Handles a request, unless it repeats one that was answered with a success: then it gets that answer again, and nothing is carried out.
   * A token that came with another request before is refused with 422. Tokens of different users have nothing to do with each other.
   */
  once(request: Arrival, userId: number, handle: () => Outcome | Promise<Outcome>): Promise<Outcome>;
}

/** How many answers are remembered. */
export const mostRemembered = 1_000;

/** A request with a token, and its answer once it has one that is remembered. */
interface Entry {
  readonly request: string;
  readonly outcome: Promise<Outcome>;
}

/** Creates an empty memory. When it is full, the oldest answer is forgotten. */
export function createRemembered(): Remembered {
  const entries = new Map<string, Entry>();

  /** A request that was refused may be corrected and sent with the same token. */
  async function carriedOut(key: string, handle: () => Outcome | Promise<Outcome>): Promise<Outcome> {
    let isSuccess = false;
    try {
      // In a later step than this one, because the entry is made behind this call, and one that throws at once must not be remembered.
      const outcome = await Promise.resolve().then(handle);
      isSuccess = outcome.reply.status >= 200 && outcome.reply.status <= 299;
      return outcome;
    } finally {
      if (!isSuccess) entries.delete(key);
    }
  }

  return {
    async once(request, userId, handle) {
      const token = idempotencyTokenOf(request);
      // Reading needs no token: it answers what is there now.
      if (token === undefined || request.method === 'GET' || request.method === 'HEAD') return handle();
      const key = `${userId} ${token}`;
      const sent = digestOf(request);
      const before = entries.get(key);
      if (before) {
        if (before.request !== sent) return refused();
        // One that is still being carried out is waited for.
        const { reply } = await before.outcome;
        return { reply, note: { repeats: true } };
      }
      const outcome = carriedOut(key, handle);
      if (entries.size >= mostRemembered) entries.delete(entries.keys().next().value!);
      entries.set(key, { request: sent, outcome });
      return outcome;
    },
  };
}

/** The token of a request; undefined where it has none. */
export function idempotencyTokenOf(request: Pick<Arrival, 'headers'>): string | undefined {
  return headerOf(request, 'idempotency-token')?.trim() || undefined;
}

function refused(): Outcome {
  return { reply: json(422, { errors: 'This Idempotency-Token was sent with another request.' }) };
}

/** What makes two requests the same: the method, the URL, the company and the body. */
function digestOf(request: Arrival): string {
  const { method, path, query } = request;
  const company = headerOf(request, 'procore-company-id') ?? '';
  return createHash('sha256')
    .update(JSON.stringify([method, path, query, company]))
    .update(bodyOf(request))
    .digest('hex');
}

/** The body, without the boundary of a multipart form, which clients draw anew for each attempt. */
function bodyOf(request: Arrival): Uint8Array | string {
  if (!mediaTypeOf(request).startsWith('multipart/')) return request.bytes;
  const [, boundary] = /boundary="?([^";]+)/i.exec(headerOf(request, 'content-type') ?? '') ?? [];
  return boundary ? Buffer.from(request.bytes).toString('latin1').replaceAll(boundary, '') : request.bytes;
}
