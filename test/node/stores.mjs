// The stores on Redis, by either client, and on PostgreSQL: two applications with one expired pair, and one exchange.
import assert from 'node:assert/strict';
import axios from 'axios';
import { attachProcore } from 'axios-procore';
import { startEmulator } from 'axios-procore/emulator';
import { postgresSchema, postgresTokenStore } from 'axios-procore/stores/postgres';
import { redisTokenStore } from 'axios-procore/stores/redis';

const { REDIS_URL, DATABASE_URL } = process.env;
const prefix = `test-${process.pid}-${Date.now()}:`;
const emulator = await startEmulator();
const ends = [];
const stores = {
  async ioredis() {
    const { Redis } = await import('ioredis');
    const redis = new Redis(REDIS_URL);
    ends.push(() => redis.quit());
    return redisTokenStore(redis, { prefix });
  },
  async redis() {
    const { createClient } = await import('redis');
    const client = createClient({ url: REDIS_URL });
    await client.connect();
    ends.push(() => client.close());
    return redisTokenStore(client, { prefix });
  },
  async pg() {
    const { default: pg } = await import('pg');
    const pool = new pg.Pool({ connectionString: DATABASE_URL });
    await pool.query(postgresSchema());
    ends.push(() => pool.end());
    return postgresTokenStore(pool);
  },
};

try {
  for (const [name, create] of Object.entries(stores)) {
    const account = `${prefix}${name}`;
    const applications = [];
    for (let times = 0; times < 2; times++) {
      const instance = axios.create({ baseURL: emulator.environment.apiUrl, proxy: false });
      const procore = attachProcore(instance, {
        clientId: emulator.clientId,
        clientSecret: emulator.clientSecret,
        environment: emulator.environment,
        store: await create(),
        account,
      });
      applications.push({ instance, procore });
    }
    const [first, second] = applications;
    const before = emulator.counters.exchanges;
    await first.procore.setTokens(emulator.issue());
    assert.equal((await second.instance.get('/rest/v1.0/me')).status, 200);
    emulator.revoke();
    const answers = await Promise.all(
      [0, 1, 0, 1].map((at) => applications[at].instance.get('/rest/v1.0/me')),
    );
    for (const { status } of answers) assert.equal(status, 200);
    assert.equal(emulator.counters.exchanges - before, 1, name);
    for (const { procore } of applications) {
      await procore.idle();
      procore.detach();
    }
  }
  assert.equal(emulator.counters.spentPresentations, 0);
} finally {
  for (const end of ends) await end();
  await emulator.close();
}
