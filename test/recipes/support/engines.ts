import { createRequire } from 'node:module';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Finds the packages that `npm run test:recipes` installs in this folder; the rest of the project is type-checked without them. */
export const client = createRequire(import.meta.url) as (name: string) => object;

/** A database within this process, which listens on 127.0.0.1. */
export interface Engine {
  readonly url: string;
  stop(): Promise<void>;
}

interface Pglite {
  exec(sql: string): Promise<unknown>;
  close(): Promise<void>;
}
interface PgliteServer {
  start(): Promise<void>;
  stop(): Promise<void>;
  getServerConn(): string;
}

/** PostgreSQL as WebAssembly, with what `sql` creates. */
export async function startPglite(sql: string): Promise<Engine> {
  const { PGlite } = client('@electric-sql/pglite') as { PGlite: { create(): Promise<Pglite> } };
  const { PGLiteSocketServer } = client('@electric-sql/pglite-socket') as {
    PGLiteSocketServer: new (options: object) => PgliteServer;
  };
  const db = await PGlite.create();
  await db.exec(sql);
  const server = new PGLiteSocketServer({ db, port: 0, host: '127.0.0.1', maxConnections: 100 });
  await server.start();
  return {
    url: `postgres://postgres:postgres@${server.getServerConn()}/postgres`,
    async stop() {
      await server.stop();
      await db.close();
    },
  };
}

/** DynamoDB as dynalite emulates it, with one table whose partition key is a string. */
export async function startDynalite(table: string, key: string): Promise<Engine> {
  const dynalite = client('dynalite') as unknown as (options: object) => Server;
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { CreateTableCommand, DynamoDBClient } = client('@aws-sdk/client-dynamodb') as {
    CreateTableCommand: new (input: object) => object;
    DynamoDBClient: new (options: object) => { send(command: object): Promise<unknown>; destroy(): void };
  };
  const admin = new DynamoDBClient({
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  await admin.send(
    new CreateTableCommand({
      TableName: table,
      AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
      KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  admin.destroy();
  return {
    url: endpoint,
    stop: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
