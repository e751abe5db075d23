/**
 * A receiver of webhooks that keeps what comes in a queue in PostgreSQL, and carries it out with the tokens of its company.
 * `npm run example webhooks` prints its address and a delivery to try. `DATABASE_URL` is the database, `WEBHOOK_AUTHORIZATION` what Procore
 * sends as the header Authorization, `PORT` the port; the tokens that `npx axios-procore login` has written to `PROCORE_TOKEN_FILE` are
 * moved to the database as those of the company `PROCORE_COMPANY_ID`.
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import axios from 'axios';
import { attachProcore, type EnvironmentName } from 'axios-procore';
import { fileTokenStore } from 'axios-procore/stores/file';
import { postgresSchema, postgresTokenStore } from 'axios-procore/stores/postgres';
import pg from 'pg';
import { createQueue, schema } from './webhooks/queue.js';
import { createReceiver } from './webhooks/receiver.js';
import { followRfi } from './webhooks/rfis.js';

const { env } = process;
const companyId = env.PROCORE_COMPANY_ID!;
const authorization = env.WEBHOOK_AUTHORIZATION ?? `Bearer ${randomBytes(16).toString('base64url')}`;

// Procore waits 5 s for an answer: where there is no database, it gets a 503 before that.
const pool = new pg.Pool({ connectionString: env.DATABASE_URL, connectionTimeoutMillis: 4_000 });
pool.on('error', (error) => console.error(`PostgreSQL: ${error.message}`));
await pool.query(postgresSchema());
await pool.query(schema);

const api = axios.create();
const procore = attachProcore(api, {
  clientId: env.PROCORE_CLIENT_ID!,
  clientSecret: env.PROCORE_CLIENT_SECRET!,
  environment: env.PROCORE_API_URL
    ? { loginUrl: env.PROCORE_LOGIN_URL!, apiUrl: env.PROCORE_API_URL }
    : (env.PROCORE_ENVIRONMENT as EnvironmentName | undefined),
  store: postgresTokenStore(pool),
});
const file = fileTokenStore({ file: env.PROCORE_TOKEN_FILE! });
const tokens = await file.load('default');
if (tokens) {
  await procore.setTokens(tokens, companyId);
  // A refresh token works once, so it must not stay in two places.
  await file.remove('default');
}

const queue = createQueue(pool, (body, signal) => followRfi(api, body, signal));
const server = createServer(createReceiver({ authorization, queue }));
await new Promise<void>((resolve) => server.listen(Number(env.PORT ?? 0), '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/procore`;
console.log(`Deliveries are taken at ${url}. Ctrl-C ends it.`);
if (authorization !== env.WEBHOOK_AUTHORIZATION) {
  const event = { id: '1', reason: 'update', resource_type: 'RFIs', resource_id: '1', project_id: '1' };
  const body = JSON.stringify({ ...event, company_id: companyId });
  console.log(`Try one, for this run only:\n  curl -H 'Authorization: ${authorization}' -d '${body}' ${url}`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void shutDown());

async function shutDown(): Promise<void> {
  await new Promise((resolve) => server.close(resolve)); // what is being taken is kept and answered
  await queue.stop();
  await procore.idle(); // no renewal or save is under way any more
  procore.detach();
  await pool.end();
}
