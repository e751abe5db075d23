import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** URLs that carry their own authorization until they expire. */
export interface Presigned {
  /** `path` on this origin, and when it expires, in Unix seconds. */
  sign(origin: string, path: string): { url: string; expiresAt: number };
  /** Why a request to the path is refused; undefined where it is not. */
  refusal(path: string, query: string): 'SignatureDoesNotMatch' | 'Request has expired' | undefined;
}

const lifetimeSeconds = 3_600;

/** `now` in milliseconds. */
export function createPresigned(now: () => number): Presigned {
  const key = randomBytes(32);
  const signatureOf = (path: string, expiresAt: string) =>
    createHmac('sha256', key).update(`${path}?${expiresAt}`).digest('hex');
  return {
    sign(origin, path) {
      const expiresAt = Math.floor(now() / 1000) + lifetimeSeconds;
      const query = new URLSearchParams({
        expires_at: String(expiresAt),
        sig: signatureOf(path, String(expiresAt)),
      });
      return { url: `${origin}${path}?${query.toString()}`, expiresAt };
    },
    refusal(path, query) {
      const given = new URLSearchParams(query);
      const expiresAt = given.get('expires_at') ?? '';
      const [sent, due] = [given.get('sig') ?? '', signatureOf(path, expiresAt)].map((text) =>
        Buffer.from(text),
      );
      if (sent!.length !== due!.length || !timingSafeEqual(sent!, due!)) return 'SignatureDoesNotMatch';
      return Number(expiresAt) * 1000 <= now() ? 'Request has expired' : undefined;
    },
  };
}
