import { randomBytes } from 'node:crypto';
import type { AxiosInstance } from 'axios';
import { isProcoreError, type Procore } from 'axios-procore';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { html, page } from './html.js';
import { createSessions } from './sessions.js';

interface User {
  id: number;
  name: string;
}
interface Project {
  id: number;
  name: string;
}

/** The path of the redirect URI. */
export const callbackPath = '/callback';

/**
 * An application with several users, each with their own tokens.
 *
 * @param parts `api` with the plugin attached, its handle, and the origin that browsers see.
 */
export function createApp({
  api,
  procore,
  origin,
}: {
  api: AxiosInstance;
  procore: Procore;
  origin: string;
}): Express {
  const app = express();
  const sessions = createSessions({ secure: origin.startsWith('https:') });
  const redirectUri = origin + callbackPath;

  /** Sends the browser to Procore, with a state that only this browser's session knows. */
  function logIn(response: Response, returnTo: string): void {
    const state = randomBytes(16).toString('base64url');
    sessions.of(response).login = { state, returnTo };
    response.redirect(procore.authorizationUrl({ redirectUri, state }));
  }

  app.disable('x-powered-by');
  app.use(sessions.give);

  app.get('/', (_request, response) => {
    response.send(
      page(
        'An application on Procore',
        html`<p><a href="/connect">Connect to Procore</a></p>
          <form method="post" action="/disconnect"><button>Disconnect</button></form>`,
      ),
    );
  });

  app.get('/connect', (_request, response) => logIn(response, '/projects'));

  app.get(callbackPath, async (request, response) => {
    const session = sessions.of(response);
    const { login } = session;
    const { code, state, error } = request.query;
    if (!login || state !== login.state) {
      response
        .status(403)
        .send(page('This log-in was not begun here', html`<p><a href="/connect">Begin anew</a></p>`));
      return;
    }
    // A state works once, so that it cannot be found out by repeated guesses.
    session.login = undefined;
    if (typeof code !== 'string') {
      const reason = typeof error === 'string' ? error : 'no code';
      response.send(
        page('Not connected', html`<p>Procore says: ${reason}. <a href="/connect">Try again</a></p>`),
      );
      return;
    }
    try {
      await procore.exchangeCode({ code, redirectUri, account: session.account });
    } catch (failure) {
      if (!isProcoreError(failure)) throw failure;
      // A page, and no redirect to the log-in, which would loop while the failure persists.
      response
        .status(502)
        .send(page('Not connected', html`<p>${failure.message} <a href="/connect">Try again</a></p>`));
      return;
    }
    response.redirect(login.returnTo);
  });

  app.get('/projects', async (_request, response) => {
    const { account } = sessions.of(response);
    const { data: me } = await api.get<User>('/rest/v1.0/me', { procore: { account } });
    const { data: projects } = await api.get<Project[]>('/rest/v1.0/projects', { procore: { account } });
    const items = projects.map(({ name }) => html`<li>${name}</li>`);
    response.send(
      page(
        `Projects of ${me.name}`,
        html`<ul>
          ${items}
        </ul>`,
      ),
    );
  });

  app.post('/disconnect', async (_request, response) => {
    await procore.revoke(sessions.of(response).account);
    response.redirect(303, '/');
  });

  // Express recognises an error handler by its four parameters.
  app.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    const isLost = isProcoreError(error) && error.code === 'ERR_PROCORE_REAUTHENTICATION_REQUIRED';
    if (isLost && request.method === 'GET') return logIn(response, request.originalUrl);
    const status = isProcoreError(error) ? error.status : 500;
    const text = isProcoreError(error) ? error.message : 'Something went wrong.';
    response.status(status).send(page('That did not work', html`<p>${text}</p>`));
  });
  return app;
}
