/** A line to a server that can be cut or stalled, for one client only. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Line {
  readonly url: string;
  /** Ends what is open, and refuses what is tried meanwhile. */
  cut(): void;
  mend(): Promise<void>;
  /** Keeps back what the server answers, until it is called with false: a server that is there and does not answer. */
  stall(isStalled: boolean): void;
  close(): void;
}

export async function openLine(port: number): Promise<Line> {
  const sockets = new Set<Socket>();
  /** From each connection to the server back to the client. */
  const answers = new Map<Socket, Socket>();
  let isStalled = false;
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    near.pipe(far);
    answers.set(far, near);
    if (!isStalled) far.pipe(near);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        answers.delete(socket);
        other.destroy();
      });
    }
  });
  const listen = (at: number) => new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
  await listen(0);
  const own = (server.address() as AddressInfo).port;
  const cut = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  const stall = (stalled: boolean) => {
    isStalled = stalled;
    for (const [far, near] of answers) {
      if (stalled) far.unpipe(near);
      else far.pipe(near);
    }
  };
  return { url: `redis://127.0.0.1:${own}`, stall, cut, mend: () => listen(own), close: cut };
}
