import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as a list server got it. */
export interface ListRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The number of requests before this one. */
  readonly index: number;
  /** Resolves when the client has hung up. */
  readonly hungUp: Promise<void>;
}

/** What a request is answered with. A body that is no text is sent as JSON. */
export interface ListAnswer {
  readonly status?: number;
  /** One that is undefined is not sent. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Cuts the connection instead. */
  readonly drop?: true;
}

/** A server on 127.0.0.1 whose answers a test decides. */
export interface ListServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: ListRequest[];
  /** The values of `page` in the order of arrival; `-` where there is none. */
  pages(): string[];
}

export async function startListServer(
  answer: (request: ListRequest) => ListAnswer | Promise<ListAnswer>,
): Promise<ListServer> {
  const requests: ListRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://127.0.0.1');
      const request: ListRequest = {
        method: incoming.method ?? '',
        path: pathname,
        query: searchParams,
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
        index: requests.length,
        hungUp: new Promise((resolve) => response.on('close', resolve)),
      };
      requests.push(request);
      void Promise.resolve(answer(request)).then(({ status = 200, headers = {}, body = [], drop }) => {
        if (drop) return void response.destroy();
        const text = typeof body === 'string' ? body : JSON.stringify(body);
        response.writeHead(status, { 'content-type': 'application/json', ...defined(headers) }).end(text);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    pages: () => requests.map(({ query }) => query.get('page') ?? '-'),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A page of `items` as Procore pages: with `Link` (relative), `Total` and `Per-Page`. `headers` replaces them or, with undefined, leaves them out. */
export function pageOf(
  items: readonly unknown[],
  { query, path }: Pick<ListRequest, 'query' | 'path'>,
  headers: Readonly<Record<string, string | undefined>> = {},
): { headers: Record<string, string>; body: unknown[] } {
  const page = Number(query.get('page') ?? 1);
  const perPage = Number(query.get('per_page') ?? 10);
  const next = new URLSearchParams(query);
  next.set('page', String(page + 1));
  const all: Record<string, string | undefined> = {
    total: String(items.length),
    'per-page': String(perPage),
    link: page * perPage < items.length ? `<${path}?${next.toString()}>; rel="next"` : undefined,
    ...headers,
  };
  return { headers: defined(all), body: items.slice((page - 1) * perPage, page * perPage) };
}

/** The whole numbers from 1 to `count`. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function defined(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const sent = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(sent);
}
