import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** What a server was asked: the path, and whether a bearer or a secret came with it. */
export interface Asked {
  path: string;
  isSecret: boolean;
}

/** Two plain HTTP servers, each of which answers every request with `{}` and notes it. */
const program = `
  const { parentPort } = require('node:worker_threads');
  const { createServer } = require('node:http');
  const all = ['home', 'stranger'].map((name) => {
    const asked = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        const isSecret = Boolean(request.headers.authorization) || /secret|refresh_token/.test(body);
        asked.push({ path: request.url, isSecret });
        response.setHeader('content-type', 'application/json');
        response.setHeader('connection', 'close').end('{}');
      });
    });
    return { name, asked, server };
  });
  parentPort.on('message', () => parentPort.postMessage(all.map(({ asked }) => asked.splice(0))));
  Promise.all(all.map(({ server }) => new Promise((done) => server.listen(0, '127.0.0.1', done)))).then(() =>
    parentPort.postMessage(all.map(({ server }) => 'http://127.0.0.1:' + server.address().port)),
  );
`;

/**
 * Starts them in a thread of its own, which has an `Object.prototype` of its own: what a test puts on every object of its own thread breaks
 * no server. In one thread a connection that is accepted at that moment throws where no test can catch it.
 */
export async function startServersApart() {
  const worker = new Worker(program, { eval: true });
  const next = async <T>() => ((await once(worker, 'message')) as [T])[0];
  const [home, stranger] = await next<[string, string]>();
  return {
    home,
    stranger,
    /** What each was asked since this was called last. */
    async asked(): Promise<{ home: Asked[]; stranger: Asked[] }> {
      const answer = next<[Asked[], Asked[]]>();
      worker.postMessage('asked');
      const [ofHome, ofStranger] = await answer;
      return { home: ofHome, stranger: ofStranger };
    },
    [Symbol.asyncDispose]: async () => {
      await worker.terminate();
    },
  };
}
