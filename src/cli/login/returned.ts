import { createHash, timingSafeEqual } from 'node:crypto';
import { refusalIn } from '../../attach/code-mistakes.js';

/** What a request to the redirect URI says. `stranger`: it is not the answer to this authorization request. */
export type Returned =
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'stranger'; readonly status: 400 | 404 | 405 };

/**
 * Reads a request to the loopback server (RFC 6749, section 4.1.2). Another program or page can send one too: without this `state` it is
 * not the answer (section 10.12). The comparison takes the same time wherever the texts differ.
 */
export function returnedBy(
  { method, url }: { readonly method?: string | undefined; readonly url?: string | undefined },
  { path, state }: { readonly path: string; readonly state: string },
): Returned {
  const asked = URL.canParse(url ?? '', 'http://127.0.0.1') ? new URL(url!, 'http://127.0.0.1') : undefined;
  if (asked?.pathname !== path) return { kind: 'stranger', status: 404 };
  if (method !== 'GET') return { kind: 'stranger', status: 405 };
  const { searchParams: params } = asked;
  if (!isSame(params.get('state') ?? '', state)) return { kind: 'stranger', status: 400 };
  const code = params.get('code');
  if (params.has('error')) return { kind: 'refused', error: refusalIn(params.get('error')) ?? 'unknown' };
  return code ? { kind: 'code', code } : { kind: 'stranger', status: 400 };
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer];
  return timingSafeEqual(a, b);
}
