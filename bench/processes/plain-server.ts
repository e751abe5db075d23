/** An HTTP server that answers every request at once and alike: the least that a real call can cost. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerParent } from '../support/answer-parent.js';

const body = JSON.stringify({ id: 1, login: 'somebody@example.com', name: 'Somebody' });
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume();
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    'x-rate-limit-limit': '1000000000',
    'x-rate-limit-remaining': '999999999',
    'x-rate-limit-reset': '4102444800',
  });
  response.end(body);
});
server.listen(0, '127.0.0.1');

const tasks = {
  async listen(): Promise<string> {
    if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
};
export type PlainServer = typeof tasks;
answerParent(tasks);
