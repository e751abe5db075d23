import { setInterval as ticks } from 'node:timers/promises';

/** A connection that listens, whether or not it is connected now. */
export interface Connection {
  /** It is closed, and will not connect again by itself. */
  isClosed(): boolean;
  close(): void;
}

/** How often it is looked whether the application has closed its client, and whether the own connection has to be made anew. */
const lookMs = 1_000;
/**
 * The most looks between two tries to connect. The number doubles with each try, because a server that refuses to let this process listen, or
 * has no connection left, would otherwise get a new one each second from each process. A connection that has stayed open for so many looks
 * counts as none that was refused.
 */
const mostLooks = 30;

/**
 * Keeps a connection open, for as long as the application's own client is, and makes one that was closed anew. `connect` may throw or return
 * undefined where there is none now. Returns the function that closes it. Its timer does not keep the process alive.
 */
export function keepOpen(isClientOpen: () => boolean, connect: () => Connection | undefined): () => void {
  const ended = new AbortController();
  let connection: Connection | undefined;
  let looksUntilNext = 1;
  let looks = 0;
  const open = () => {
    looks = 0;
    try {
      connection = connect();
    } catch {
      // Without a connection there are no notices, and the server's 401s are replayed.
    }
  };

  async function watch(): Promise<void> {
    for await (const _ of ticks(lookMs, undefined, { signal: ended.signal, ref: false })) {
      if (!isClientOpen()) return end();
      looks++;
      if (connection?.isClosed() === false) {
        if (looks >= mostLooks) looksUntilNext = 1;
      } else if (looks >= looksUntilNext) {
        looksUntilNext = Math.min(2 * looksUntilNext, mostLooks);
        open();
      }
    }
  }
  function end(): void {
    if (ended.signal.aborted) return;
    ended.abort();
    connection?.close();
  }

  open();
  // The end rejects the wait with an AbortError.
  watch().catch(() => undefined);
  return end;
}
