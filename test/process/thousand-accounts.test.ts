import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import axios from 'axios';
import { expect, test } from 'vitest';
import { attachProcore, type TokenSet } from '../../src/index.js';

test('a thousand accounts that have expired together get an answer each from a login host that turns away more than 50 at once, with at most 1,050 token requests', async () => {
  const seen = { requests: 0, underWay: 0 };
  const server = createServer((request, response) => {
    if (request.url !== '/oauth/token') {
      const isNew = /^Bearer new-/.test(request.headers.authorization ?? '');
      response.writeHead(isNew ? 200 : 401, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.requests++;
      const isTooMany = ++seen.underWay > 50;
      const refresh = new URLSearchParams(body).get('refresh_token') ?? '';
      setTimeout(() => {
        seen.underWay--;
        if (isTooMany) return void response.writeHead(429, { 'retry-after': '1' }).end();
        const tokens = { access_token: `new-${refresh}`, refresh_token: `${refresh}+`, expires_in: 5400 };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(tokens));
      }, 5);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const rows = new Map<string, TokenSet>();
  for (let each = 0; each < 1_000; each++)
    rows.set(`account ${each}`, { access_token: `old-${each}`, refresh_token: `r${each}`, expires_at: 1 });
  const instance = axios.create({ baseURL: url, proxy: false });
  attachProcore(instance, {
    clientId: 'id',
    clientSecret: 'secret',
    environment: { loginUrl: url, apiUrl: url },
    store: {
      load: async (account) => rows.get(account),
      save: async (tokens, account) => void rows.set(account, tokens),
    },
    // However slow the machine is, nobody's patience is to end.
    renewal: { timeoutMs: 300_000, totalMs: 300_000 },
  });
  const answers = await Promise.all(
    [...rows.keys()].map((account) => instance.get('/rest/v1.0/me', { procore: { account } })),
  );
  server.closeAllConnections();
  server.close();
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(seen.requests).toBeGreaterThanOrEqual(1_000);
  expect(seen.requests).toBeLessThanOrEqual(1_050);
});
