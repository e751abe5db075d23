import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type Express } from 'express';
import type { Queue } from './queue.js';

/**
 * Takes the deliveries of webhooks.
 *
 * Procore waits 5 s for a 2xx. After any other answer it holds back all deliveries of the hook, repeats this one for up to 12 hours, and
 * discards them then (https://developers.procore.com/documentation/webhooks). So what is Procore's is taken whatever it contains, and is
 * only looked into when its turn comes.
 *
 * @param authorization the value of the header Authorization that was given to the hook in its `destination_headers`.
 */
export function createReceiver({ authorization, queue }: { authorization: string; queue: Queue }): Express {
  const app = express();
  app.disable('x-powered-by');
  app.post('/webhooks/procore', (request, response, next) => {
    if (isSame(request.headers.authorization ?? '', authorization)) return next();
    response.sendStatus(401);
  });
  app.post(
    '/webhooks/procore',
    express.text({ type: () => true, limit: '1mb' }),
    async (request, response) => {
      const body = (request.body as string | undefined) ?? '';
      try {
        await queue.add(idOf(body), body);
        response.sendStatus(204);
      } catch (error) {
        // Not kept, so not taken: Procore sends it again.
        console.error(`An event could not be kept: ${(error as Error).message}`);
        response.sendStatus(503);
      }
    },
  );
  return app;
}

/** Compares in a time that tells nothing of the expected text. */
function isSame(given: string, expected: string): boolean {
  const [one, other] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(one!, other!);
}

/** What names the event in each of its deliveries: `ulid` until payload v3.0, `id` from v4.0. Without any, equal bodies are one event. */
function idOf(body: string): string {
  const hash = createHash('sha256').update(body).digest('hex');
  try {
    const { ulid, id = hash } = JSON.parse(body) as { ulid?: unknown; id?: unknown };
    return String(ulid ?? id);
  } catch {
    return hash;
  }
}
