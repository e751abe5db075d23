import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that answers with headers and the beginning of a body, and then waits. */
export interface Slow extends AsyncDisposable {
  readonly url: string;
  /** The bodies under way whose client is still there. */
  readonly open: number;
  /** Ends every body as it should. */
  finish(): void;
  /** Destroys every connection. */
  drop(): void;
}

export async function startSlow(status = 200): Promise<Slow> {
  const bodies = new Set<ServerResponse>();
  const server = createServer((_request, response) => {
    bodies.add(response);
    response.on('close', () => bodies.delete(response));
    response.writeHead(status, { 'content-type': 'application/octet-stream' });
    response.write('the beginning, ');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get open() {
      return bodies.size;
    },
    finish() {
      for (const body of bodies) body.end('the end');
    },
    drop: () => server.closeAllConnections(),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
