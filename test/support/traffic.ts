import { subscribe } from 'node:diagnostics_channel';

let moved = false;

/** Something has happened of which real timers of other packages may be the next step. */
export function noteMove(): void {
  moved = true;
}

for (const channel of [
  ...['http.client.request.start', 'http.client.response.finish', 'http.server.response.finish'],
  ...['undici:request:create', 'undici:request:headers', 'undici:request:trailers'],
])
  subscribe(channel, noteMove);

/** True once after a request or an answer of this process has moved. */
export function hasMoved(): boolean {
  const was = moved;
  moved = false;
  return was;
}
