/** A process of its own on the store: counts under the lock, or takes it and keeps it. */
import pg from 'pg';
import { postgresTokenStore } from '../../../src/store/postgres.js';

const [url, table, account, task, rounds] = process.argv.slice(2) as [string, string, string, string, string];
const never = new AbortController().signal;
const stores = [1, 2].map(() => {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  return { pool, store: postgresTokenStore(pool, { table }) };
});

async function count(store: (typeof stores)[number]['store']): Promise<void> {
  for (let round = 0; round < Number(rounds); round++) {
    await store.lock(
      account,
      async () => {
        const before = await store.load(account);
        const next = Number(before?.['count'] ?? 0) + 1;
        const tokens = { access_token: `access-${next}`, refresh_token: `refresh-${next}`, count: next };
        await store.save(tokens, account, before);
      },
      never,
    );
  }
}

process.on('message', () => {
  void (async () => {
    if (task === 'hold') {
      await stores[0]!.store.lock(
        account,
        async (lost) => {
          process.send!('held');
          await new Promise((resolve) => lost.addEventListener('abort', resolve));
          process.send!('lost');
        },
        never,
      );
      return;
    }
    await Promise.all(stores.map(({ store }) => count(store)));
    await Promise.all(stores.map(({ pool }) => pool.end()));
    process.send!('counted');
    process.disconnect();
  })();
});
process.send!('ready');
