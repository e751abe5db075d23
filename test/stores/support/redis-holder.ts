/** A process that takes the lock, says so, and tries to save what it is told to, twice, still in its critical section. */
import { on } from 'node:events';
import { redisTokenStore } from '../../../src/store/redis.js';
import type { TokenSet } from '../../../src/store/store.js';
import { libraries, type Library } from './redis-clients.js';

/** What the holder saves. */
export interface HolderTask {
  tokens: TokenSet;
  previous: TokenSet;
}
/** What it tells, in this order. */
export type HolderReport =
  | { kind: 'held' }
  | { kind: 'saved'; lost: boolean }
  | { kind: 'refused'; code: string; message: string; lost: boolean };

const [library, url, prefix, leaseMs] = process.argv.slice(2) as [Library, string, string, string];
const say = (report: HolderReport) => process.send!(report);

const { client, close } = await libraries[library](url);
const store = redisTokenStore(client, { prefix, leaseMs: Number(leaseMs) });
await store.lock(
  'default',
  async (lost, record) => {
    await record!.write('1a2b3c4d presented');
    const tasks = on(process, 'message') as AsyncIterableIterator<[HolderTask]>;
    say({ kind: 'held' });
    for (let tries = 0; tries < 2; tries++) {
      const [{ tokens, previous }] = (await tasks.next()).value as [HolderTask];
      await store.save(tokens, 'default', previous).then(
        () => say({ kind: 'saved', lost: lost!.aborted }),
        ({ code, message }: { code: string; message: string }) =>
          say({ kind: 'refused', code, message, lost: lost!.aborted }),
      );
    }
  },
  new AbortController().signal,
);
close();
process.disconnect();
