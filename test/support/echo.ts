import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it came over the wire. */
interface Arrived {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A server that is none of Procore's and remembers what it is sent. */
export interface Echo extends AsyncDisposable {
  readonly url: string;
  readonly arrived: Arrived[];
  /** What the next requests are answered with. */
  answer: { status: number; headers?: Record<string, string>; body?: string };
}

export async function startEcho(answer: Echo['answer'] = { status: 200, body: 'stored' }): Promise<Echo> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      echo.arrived.push({ method, url, headers, body: Buffer.concat(chunks) });
      response.writeHead(echo.answer.status, echo.answer.headers).end(echo.answer.body ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const echo: Echo = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived: [],
    answer,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return echo;
}
