import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CommandError } from '../answer.js';
import { pageOf } from './page.js';
import { returnedBy, type Returned } from './returned.js';

/** A server on 127.0.0.1 that waits for the browser to come back. */
export interface Loopback {
  /** The redirect URI, with the port that was taken. */
  readonly redirectUri: string;
  /** The first answer to this authorization request; others are refused, and wait for nothing. */
  readonly answered: Promise<Exclude<Returned, { kind: 'stranger' }>>;
  /** Closes the server and its connections. */
  close(): Promise<void>;
}

/**
 * Starts the server for this redirect URI, which is sent as it is given, because it is compared with the registered one to the letter.
 * Port 0 takes a free one.
 *
 * @throws CommandError where the port cannot be listened on.
 */
export async function listen(given: string, port: number, state: string): Promise<Loopback> {
  const uri = new URL(given);
  let settle: (returned: Exclude<Returned, { kind: 'stranger' }>) => void;
  let isOver = false;
  const answered: Loopback['answered'] = new Promise((resolve) => (settle = resolve));
  const server = createServer((request, response) => {
    const returned = returnedBy(request, { path: uri.pathname, state });
    if (returned.kind === 'stranger' || isOver) {
      const status = returned.kind === 'stranger' ? returned.status : 410;
      return reply(response, status, 'Not this one', 'This is not the answer that is waited for.');
    }
    isOver = true;
    // Answered once the page is on its way: the end of the command closes the connection.
    response.once('close', () => settle(returned));
    if (returned.kind === 'code') reply(response, 200, 'Done', 'Go back to the terminal.');
    else reply(response, 200, 'Not authorized', 'The terminal says what to do.');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) =>
      reject(
        new CommandError(
          `Port ${port} on 127.0.0.1 cannot be listened on (${code ?? 'unknown'}): end the program that uses it, or give another redirect URI that is registered with the app, or --oob`,
        ),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const taken = (server.address() as AddressInfo).port;
  const redirectUri = port === 0 ? given.replace(/:0(?=\/|\?|$)/, `:${taken}`) : given;
  return {
    redirectUri,
    answered,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function reply(response: ServerResponse, status: number, title: string, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    connection: 'close',
  });
  response.end(pageOf(title, text));
}
