import { LinkHeader } from './libraries.js';

/** What the header `Link` of an answer says of the page after it. */
export type NextLink =
  | { readonly kind: 'none' }
  /** `target` is a URL reference: absolute, or relative to the URL of the answer. */
  | { readonly kind: 'next'; readonly target: string }
  | { readonly kind: 'unreadable' };

/**
 * Reads the link with `rel="next"` from a header `Link` (RFC 8288). A link with an `anchor` is about another resource than the answer, and
 * is left out. Several headers may come as an array.
 */
export function nextLinkIn(header: unknown): NextLink {
  const text = Array.isArray(header) ? header.join(', ') : header;
  if (typeof text !== 'string') return { kind: 'none' };
  try {
    const next = LinkHeader.parse(text)
      .rel('next')
      .find(({ anchor }) => anchor === undefined);
    return next ? { kind: 'next', target: next.uri } : { kind: 'none' };
  } catch {
    return { kind: 'unreadable' };
  }
}
