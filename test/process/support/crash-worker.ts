/** Makes one call that needs a renewal, as soon as it is told where to die in it. */
import axios from 'axios';
import { Redis } from 'ioredis';
import pg from 'pg';
import { attachProcore } from '../../../src/attach/attach.js';
import { replaceScript } from '../../../src/store/redis/scripts.js';
import type { TokenStore } from '../../../src/store/store.js';
import type { CrashPoint, CrashTask } from './crash-points.js';
import { openStore } from './open-store.js';

const forever = () => new Promise<never>(() => {});

/** The last thing that the process does, if this is the point. */
async function dieAt(here: CrashPoint, task: CrashTask): Promise<void> {
  if (here !== task.point) return;
  process.kill(process.pid, 'SIGKILL');
  await forever();
}

/** The store, with a death at the point that it has. */
function dying(store: TokenStore, task: CrashTask): TokenStore {
  return {
    ...store,
    async save(...args) {
      await dieAt('answered', task);
      if (task.point === 'in the middle of the save') dieBeforeTheWriteIsDone(task);
      await store.save(...args);
      await dieAt('saved', task);
    },
    lock: (account, critical, signal) =>
      store.lock!(
        account,
        async (lost, record) => {
          await dieAt('locked', task);
          const result = await critical(lost, {
            read: () => record!.read(),
            async write(text) {
              await record!.write(text);
              if (text !== undefined) await dieAt('noted', task);
            },
          });
          await dieAt('about to release the lock', task);
          return result;
        },
        signal,
      ),
  };
}

/** Redis: compared, and not sent. PostgreSQL: the row is written, and not committed. */
function dieBeforeTheWriteIsDone(task: CrashTask): void {
  before(Redis.prototype, 'eval', (script) => script === replaceScript);
  before(pg.Client.prototype, 'query', (text) => String(text).startsWith('COMMIT'));

  function before(target: object, name: string, isIt: (first: unknown) => boolean): void {
    const real = Reflect.get(target, name) as (...args: unknown[]) => unknown;
    const instead = function (this: unknown, ...args: unknown[]): unknown {
      return isIt(args[0]) ? dieAt(task.point, task) : Reflect.apply(real, this, args);
    };
    Object.defineProperty(target, name, { value: instead });
  }
}

async function renewAndDie(task: CrashTask): Promise<void> {
  const { url, kind, location, account } = task;
  const { store } = await openStore(kind, location);
  const instance = axios.create({ baseURL: url, proxy: false });
  const quiet = () => undefined;
  attachProcore(instance, {
    clientId: 'emulator-client',
    clientSecret: 'emulator-secret',
    environment: { loginUrl: url, apiUrl: url },
    account,
    store: dying(store, task),
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
  await instance.get('/rest/v1.0/me');
  process.send!('survived');
}

process.on('disconnect', () => process.exit());
process.once('message', (task) => void renewAndDie(task as CrashTask));
process.send!('ready');
