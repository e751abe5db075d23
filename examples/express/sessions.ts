import { randomBytes } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';

/** The session of one browser. */
export interface Session {
  /** The account whose tokens it uses. A real application uses the id of its logged-in user. */
  readonly account: string;
  /** The log-in that is under way, and the page to return to. */
  login?: { readonly state: string; readonly returnTo: string } | undefined;
}

const cookieName = 'session';
/** The most sessions that are kept; the oldest are removed first. */
const most = 10_000;

/**
 * Sessions in memory. The cookie contains only a random id, which cannot be guessed, so it needs no signature. A real application has its
 * own sessions.
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
      // SameSite=Lax: the browser sends the cookie with the redirect from Procore, and not with a form of another site.
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
