import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Reply } from './message.js';

/** As much as the largest part of an upload. */
const bodyBytesAtMost = 100 * 1024 * 1024;

/** The connection to the client of one request. What is sent after the client has left is lost. */
export interface Wire {
  /** Calls `listener` when the connection closes, or soon if it is closed already; returns a function that cancels that. */
  onGone(listener: () => void): () => void;
  send(reply: Reply): void;
  /** Sends the headers and half of the body, and then closes the connection. */
  cut(reply: Reply): void;
  drop(): void;
}

/**
 * Wraps a response. `now` (milliseconds) gives its `Date`; `always` are headers of every answer that does not set them itself; `sending` is
 * called just before an answer is sent.
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
      // A connection that is closed already emits no further event.
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
      // An empty body cannot be cut, so at least one byte is announced.
      start(reply, Math.max(1, body.length));
      response.flushHeaders();
      response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
    },
    drop: () => void response.destroy(),
  };
}

/** The whole body; undefined where it is too long. Rejects when the client leaves before its end. */
export async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // A body that is too long is read to its end, because many clients read the answer only after they have sent everything.
    if (bytes <= bodyBytesAtMost) chunks.push(chunk);
  }
  return bytes <= bodyBytesAtMost ? Buffer.concat(chunks) : undefined;
}
