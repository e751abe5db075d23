import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';

/** Requests that real sockets are at work for, and how long the test has waited for each. */
const underWay = new Map<object, { readonly sinceMs: number; turns: number }>();

/** One that takes longer is held back on purpose: by a fault, or by the test itself. */
const longestMs = 100;
/** A machine with other things to do may let so much time pass in one turn. */
const leastTurns = 50;

const begin = (request: object) => void underWay.set(request, { sinceMs: performance.now(), turns: 0 });
const end = (request: object) => void underWay.delete(request);

subscribe('http.client.request.start', (message) => {
  const { request } = message as { request: ClientRequest };
  begin(request);
  request.once('close', () => end(request));
});
// Those of fetch.
subscribe('undici:request:create', (message) => begin((message as { request: object }).request));
for (const name of ['undici:request:trailers', 'undici:request:error'])
  subscribe(name, (message) => end((message as { request: object }).request));

/** Whether some request is under way whose answer may come at any moment. To be asked once a turn of the event loop. */
export function isOnTheWire(): boolean {
  const nowMs = performance.now();
  let found = false;
  for (const [request, wait] of underWay) {
    if (nowMs - wait.sinceMs > longestMs && ++wait.turns > leastTurns) underWay.delete(request);
    else found = true;
  }
  return found;
}
