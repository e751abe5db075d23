import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';

/** A login host whose every answer goes on until the client has had enough. */
async function startEndless(answer: (response: ServerResponse) => void) {
  const ended: Promise<unknown>[] = [];
  const server = createServer((_request, response) => {
    ended.push(new Promise((resolve) => response.on('close', resolve)));
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ended,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function* endless(): Generator<Buffer> {
  const chunk = Buffer.alloc(64 * 1024, '{"access_token":"');
  for (;;) yield chunk;
}

test.each<[string, (response: ServerResponse) => void]>([
  [
    'as it is',
    (response) => {
      response.setHeader('Content-Type', 'application/json');
      pipeline(Readable.from(endless()), response, () => undefined);
    },
  ],
  [
    'compressed a thousand to one',
    (response) => {
      response.setHeader('Content-Type', 'application/json');
      response.setHeader('Content-Encoding', 'gzip');
      pipeline(Readable.from(endless()), createGzip(), response, () => undefined);
    },
  ],
])(
  'an answer without end of the token endpoint, %s, is given up, and its connection closed',
  async (_what, answer) => {
    await using login = await startEndless(answer);
    await using h = await createHarness({ options: { renewal: { resendAfterLostAnswer: 0 } } });
    const environment = { loginUrl: login.url, apiUrl: h.emulator.environment.apiUrl };
    const { procore } = h.attach({ environment });
    const error = await caught(procore.renew());
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED' });
    expect(login.ended).toHaveLength(1);
    await Promise.all(login.ended);
  },
);
