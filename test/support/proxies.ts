import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A proxy that does with each connection what it is told, once the first bytes have come. */
export interface TestProxy extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** What each connection began with: its first chunk. */
  readonly heads: string[];
  /** Resolves when so many connections have begun. */
  seen(count: number): Promise<void>;
  /** Changes what the next connections meet. */
  behave(behaviour: Behaviour): void;
}

/** `tunnels`: does what CONNECT asks for. */
export type Behaviour = 'tunnels' | ((socket: Socket, head: string) => void);

/** A proxy on 127.0.0.1. */
export async function startProxy(first: Behaviour): Promise<TestProxy> {
  let behaviour = first;
  const heads: string[] = [];
  const waiting: (() => void)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.once('data', (chunk) => {
      const head = chunk.toString('latin1');
      heads.push(head);
      for (const look of waiting.splice(0)) look();
      if (behaviour === 'tunnels') tunnel(socket, head);
      else behaviour(socket, head);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    heads,
    seen: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (heads.length >= count) resolve();
          else waiting.push(look);
        };
        look();
      }),
    behave: (next) => void (behaviour = next),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function tunnel(socket: Socket, head: string): void {
  const [, host, port] = /^CONNECT ([^\s:]+):(\d+) /.exec(head) ?? [];
  if (host === undefined) return void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  const target = connect(Number(port), host, () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    socket.pipe(target).pipe(socket);
  });
  target.on('error', () => socket.destroy());
  socket.on('close', () => target.destroy());
}

/** Ways in which a proxy makes no tunnel. */
export const noTunnels: Record<string, Behaviour> = {
  'hangs up': (socket) => void socket.end(),
  resets: (socket) => void socket.resetAndDestroy(),
  'answers 502': (socket) => void socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno'),
  'answers 407': (socket) => void socket.end('HTTP/1.1 407 Who Are You\r\nContent-Length: 0\r\n\r\n'),
  'answers 401': (socket) => void socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'),
  'answers 429': (socket) => void socket.end('HTTP/1.1 429 Too Many Requests\r\nRetry-After: 9\r\n\r\n'),
  'answers nonsense': (socket) => void socket.end('hello\r\n\r\n'),
};

/** A SOCKS 5 proxy that cannot reach the host. */
export const hostUnreachable: Behaviour = (socket) => {
  socket.write(Uint8Array.from([5, 0]));
  socket.once('data', () => socket.end(Uint8Array.from([5, 4, 0, 1, 0, 0, 0, 0, 0, 0])));
};
