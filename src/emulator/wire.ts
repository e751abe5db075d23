import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Reply } from './message.js';

const bodyBytesAtMost = 64 * 1024 * 1024;

/** The way back to one client. What is sent after it has left is lost silently. */
export interface Wire {
  /** Calls `listener` when the connection goes, or soon if it has gone; returns how to stop that. */
  onGone(listener: () => void): () => void;
  send(reply: Reply): void;
  /** The headers and half of the body, then the end of the connection. */
  cut(reply: Reply): void;
  drop(): void;
}

/**
 * Wraps a response; `now` (milliseconds) makes its `Date`, `always` are headers of any answer that has none of that name itself,
 * and `sending` is called just before an answer goes out.
 */
export function createWire(
  response: ServerResponse,
  now: () => number,
  always: Readonly<Record<string, string>>,
  sending: (status: number) => void,
): Wire {
  function start({ status, headers }: Reply, length: number): void {
    response.writeHead(status, {
      date: new Date(now()).toUTCString(),
      'x-request-id': randomUUID(),
      ...(status !== 204 && { 'content-length': length }),
      ...always,
      ...headers,
    });
    sending(status);
  }

  return {
    onGone(listener) {
      // A connection that has gone says so no more.
      if (response.destroyed) queueMicrotask(listener);
      response.once('close', listener);
      return () => response.off('close', listener);
    },
    send(reply) {
      if (response.destroyed) return;
      const body = Buffer.from(reply.body);
      start(reply, body.length);
      response.end(body);
    },
    cut(reply) {
      if (response.destroyed) return;
      const body = Buffer.from(reply.body);
      // An empty body cannot be cut, so one is promised.
      start(reply, Math.max(1, body.length));
      response.flushHeaders();
      response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
    },
    drop: () => void response.destroy(),
  };
}

/** The whole body, or nothing when it is unreasonably long; rejects when the client leaves in the middle. */
export async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Read on without keeping it: a client hears the refusal only once it has sent everything.
    if (bytes <= bodyBytesAtMost) chunks.push(chunk);
  }
  return bytes <= bodyBytesAtMost ? Buffer.concat(chunks) : undefined;
}
