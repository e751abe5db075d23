import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** A request as the server saw it, in a form that two runs can be compared by. */
export interface Seen {
  request: string;
  /** As they were written, in their order: `Name: value`. */
  headers: string[];
  body: string;
}

/** A server with an answer of every kind. Answers carry no date, so that two are alike. */
export interface Target {
  readonly url: string;
  /** Hands out what came since the last time. */
  take(): Seen[];
  /** Resolves with the next request whose head has arrived. */
  arrival(): Promise<void>;
  close(): Promise<void>;
}

const json = { 'content-type': 'application/json' };
const large = 'x'.repeat(200_000);

/** What a path is answered with. `search` may say more. */
const routes: Record<string, (response: ServerResponse, search: URLSearchParams, url: URL) => void> = {
  '/json': (response) =>
    response.writeHead(200, json).end('{"id":562949953421401,"name":"Größe","list":[1,null]}'),
  '/text': (response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('plain text'),
  '/broken-json': (response) => response.writeHead(200, json).end('{"id":'),
  '/bom': (response) => response.writeHead(200, json).end('\ufeff{"id":1}'),
  '/bytes': (response) =>
    response
      .writeHead(200, { 'content-type': 'application/octet-stream' })
      .end(Buffer.from([0, 1, 2, 253, 254, 255])),
  '/large': (response) => response.writeHead(200, { 'content-length': large.length }).end(large),
  '/empty': (response) => response.writeHead(204, 'Nothing Here').end(),
  '/cookies': (response) =>
    response.writeHead(200, { 'set-cookie': ['a=1', 'b=2'], 'x-own': 'yes' }).end('{}'),
  '/gzip': (response) =>
    response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(gzipSync('{"packed":true}')),
  '/brotli': (response) =>
    response.writeHead(200, { ...json, 'content-encoding': 'br' }).end(brotliCompressSync('{"packed":true}')),
  '/not-gzip': (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('not packed at all'),
  '/status': (response, search) =>
    response
      .writeHead(Number(search.get('code')), json)
      .end(JSON.stringify({ message: `this is ${search.get('code')}` })),
  '/redirect': (response, search) =>
    response.writeHead(Number(search.get('code') ?? 302), { location: search.get('to')! }).end('moved'),
  '/loop': (response) => response.writeHead(302, { location: '/loop' }).end(),
  '/hang': () => {},
  '/stall': (response) => response.writeHead(200, { 'content-length': 100 }).write('the beginning'),
  '/cut': (response) => {
    response.writeHead(200, { 'content-length': 100 }).write('the beginning', () => response.destroy());
  },
  '/reset': (response) => response.destroy(),
  '/garbage': (response) => response.socket!.end('this is not HTTP\r\n\r\n'),
};

export async function startTarget(): Promise<Target> {
  let seen: Seen[] = [];
  let waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    response.sendDate = false;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    const record: Seen = { request: `${request.method} ${request.url}`, headers: [], body: '' };
    seen.push(record);
    const complete = () => Object.assign(record, withoutChance(request, Buffer.concat(chunks)));
    complete();
    const arrived = waiting;
    waiting = [];
    for (const resolve of arrived) resolve();
    request.on('error', () => undefined);
    request.on('end', () => {
      complete();
      const url = new URL(request.url!, 'http://target');
      (routes[url.pathname] ?? routes['/json']!)(response, url.searchParams, url);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const taken = seen;
      seen = [];
      return taken;
    },
    arrival: () => new Promise((resolve) => waiting.push(resolve)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A form gets a new boundary each time it is encoded. */
function withoutChance(request: IncomingMessage, body: Buffer): Pick<Seen, 'headers' | 'body'> {
  const type = String(request.headers['content-type']);
  const text = body.toString('latin1');
  // axios 0.21 sends the package's form without its type.
  const boundary = /boundary=([^;]+)/i.exec(type)?.[1] ?? /^--(-+\w[\w-]*)\r\n/.exec(text)?.[1];
  const steady = (part: string) => (boundary ? part.replaceAll(boundary, 'BOUNDARY') : part);
  const { rawHeaders } = request;
  const headers: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers.push(steady(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`));
  }
  return { headers, body: steady(text) };
}
