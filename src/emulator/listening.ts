import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';

/** A server that listens. */
export interface Listening {
  /** Its origin, for clients on this machine. */
  readonly url: string;
  /** Its origin for the client of a request with this `Host` to any server of the emulator. */
  originFor(host: string | undefined): string;
  serve(listener: (incoming: IncomingMessage, response: ServerResponse) => Promise<void>): void;
  /** Closes all sockets at once, and frees the port. */
  close(): Promise<void>;
}

/** Listens on an address. Rejects with the system's error where that is impossible. */
export async function openServer(host: string, port: number): Promise<Listening> {
  // Idle connections are kept longer than any pause of a test, so that a client never reuses one that is just being closed.
  const server = createServer({ keepAliveTimeout: 120_000 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const own = (server.address() as AddressInfo).port;
  const originAt = (hostname: string) => `http://${isIPv6(hostname) ? `[${hostname}]` : hostname}:${own}`;
  const url = originAt(isAnyAddress(host) ? '127.0.0.1' : host);
  return {
    url,
    originFor(sent) {
      const seen = originSeen(sent);
      return seen === undefined ? url : originAt(new URL(seen).hostname);
    },
    serve: (listener) => void server.on('request', (incoming, response) => void listener(incoming, response)),
    close: () =>
      new Promise((resolve) => {
        // The error is ignored: it can only say that the server is closed already.
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The origin that a client has used, by its `Host`: a name of this machine, and a port that may be mapped to another one. */
export function originSeen(host: string | undefined): string | undefined {
  const origin = `http://${host}`;
  return host !== undefined && URL.canParse(origin) ? new URL(origin).origin : undefined;
}

/** Whether an address stands for all of the machine. */
function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
