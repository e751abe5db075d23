import { randomBytes } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';

/** What the server remembers of one browser. */
export interface Session {
  /** Whose tokens it uses: the account. An application takes the user who is logged in to it. */
  readonly account: string;
  /** The log-in under way, and where the browser wanted to go. */
  login?: { readonly state: string; readonly returnTo: string } | undefined;
}

const cookieName = 'session';
/** So many browsers are remembered; the oldest are forgotten first. */
const most = 10_000;

/**
 * Sessions in memory. The cookie holds nothing but a random name that this server gave: it can be neither guessed nor forged, so it needs
 * no signature. An application has its own sessions.
 */
export function createSessions({ secure }: { secure: boolean }) {
  const sessions = new Map<string, Session>();

  /** Middleware that gives each browser a session, in `response.locals`. */
  function give(request: Request, response: Response, next: NextFunction): void {
    let session = sessions.get(cookieOf(request) ?? '');
    if (!session) {
      const id = randomBytes(32).toString('base64url');
      session = { account: `user-${randomBytes(8).toString('hex')}` };
      sessions.set(id, session);
      for (const oldest of sessions.keys()) {
        if (sessions.size <= most) break;
        sessions.delete(oldest);
      }
      // Lax: it comes along when Procore sends the browser back, and with no form of another site.
      response.cookie(cookieName, id, { httpOnly: true, sameSite: 'lax', secure, path: '/' });
    }
    response.locals['session'] = session;
    next();
  }

  return { give, of: (response: Response) => response.locals['session'] as Session };
}

function cookieOf(request: Request): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([name]) => name === cookieName)?.[1];
}
