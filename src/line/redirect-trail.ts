import { mayHaveToken, type TokenOrigins } from '../wire/destination.js';
import { headerOf, strip } from '../wire/headers.js';

/** The hook that axios's http adapter calls before it follows a redirect. */
export type BeforeRedirect = (
  options: { href?: string; headers: Record<string, unknown> },
  ...rest: unknown[]
) => void;

/** What is known of the redirects of an attempt. */
export interface Trail {
  /** A redirect was followed: the call itself has run, whatever became of the rest. */
  redirected: boolean;
  /** A redirect has left Procore: the answer is not Procore's. */
  left: boolean;
  /** The Authorization header was stripped at a redirect between two origins of Procore, so the answer says nothing about the token. */
  tokenless: boolean;
}

/**
 * Creates the hook that axios calls before it follows a redirect: it notes the redirect, and strips the headers that must not leave Procore.
 * `next` is the application's own hook.
 */
export function watchingRedirects(
  trail: Trail,
  hasOurBearer: boolean,
  origins: TokenOrigins,
  next: BeforeRedirect | undefined,
): BeforeRedirect {
  return (options, ...rest) => {
    trail.redirected = true;
    if (!options.href || !mayHaveToken(options.href, origins)) {
      trail.left = true;
      strip(options.headers, hasOurBearer);
    }
    // The library that follows the redirect strips the Authorization header between any two origins.
    trail.tokenless ||= headerOf(options.headers, 'authorization') === undefined;
    next?.(options, ...rest);
  };
}
