/** Makes a call whenever it is told to, and is stopped in the middle of its first renewal: by itself, or by the test. */
import axios from 'axios';
import { Redis } from 'ioredis';
import pg from 'pg';
import { attachProcore } from '../../../src/attach/attach.js';
import { replaceScript } from '../../../src/store/redis/scripts.js';
import type { TokenStore } from '../../../src/store/store.js';
import { shortFingerprint } from '../../../src/token/pair/fingerprint.js';
import type { FreezePoint, FrozenReport, FrozenTask } from './frozen-tasks.js';
import { openStore } from './open-store.js';

let point: FreezePoint | undefined;

/** Stops the process, once. What follows is done when it is continued. */
function stopAt(here: FreezePoint): void {
  if (here !== point) return;
  point = undefined;
  process.kill(process.pid, 'SIGSTOP');
}

/** The store, with a stop before its save, or inside of it. */
function stopping(store: TokenStore): TokenStore {
  return {
    ...store,
    async save(...args) {
      stopAt('answered');
      // By its text: a renewal of the lease may come between the scripts of the save.
      const isScriptOfSave = (script: unknown) => script === replaceScript;
      let isWritten = false;
      const isCommit = (text: unknown) => {
        isWritten ||= /^(UPDATE|INSERT)/.test(String(text));
        return isWritten && String(text).startsWith('COMMIT');
      };
      const restore = [
        around(Redis.prototype, 'eval', isScriptOfSave),
        around(pg.Client.prototype, 'query', isCommit),
      ];
      try {
        await store.save(...args);
      } finally {
        for (const undo of restore) undo();
      }
    },
  };
}

/** Stops the process before this call of a driver, or when what it sends has left. */
function around(target: object, name: string, isIt: (first: unknown) => boolean): () => void {
  const real = Reflect.get(target, name) as (...args: unknown[]) => unknown;
  const instead = function (this: unknown, ...args: unknown[]): unknown {
    if (!isIt(args[0])) return Reflect.apply(real, this, args);
    stopAt('in the middle of the save');
    const done = Reflect.apply(real, this, args);
    // The driver writes to its socket in this turn or in the next one, and the answer needs another one to be read.
    if (point === 'the save is sent') setImmediate(() => stopAt('the save is sent'));
    return done;
  };
  Object.defineProperty(target, name, { value: instead, configurable: true, writable: true });
  return () => Object.defineProperty(target, name, { value: real, configurable: true, writable: true });
}

async function begin(task: FrozenTask): Promise<void> {
  const { url, kind, location, account, renewal } = task;
  point = task.point;
  const { store, close } = await openStore(kind, location, {});
  const instance = axios.create({ baseURL: url, proxy: false });
  const quiet = () => undefined;
  const procore = attachProcore(instance, {
    clientId: 'emulator-client',
    clientSecret: 'emulator-secret',
    environment: { loginUrl: url, apiUrl: url },
    account,
    store: stopping(store),
    renewal,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
  let told: string[] = [];
  procore.on('token-renewed', ({ unsaved }) => told.push(unsaved ? 'renewed, unsaved' : 'renewed'));
  procore.on('token-adopted', ({ from }) => told.push(`adopted from the ${from}`));
  procore.on('token-saved-late', () => told.push('saved late'));
  procore.on('token-save-failed', () => told.push('save failed'));
  procore.on('reauthentication-required', ({ reason }) => told.push(reason));

  async function call(): Promise<void> {
    const outcome = await instance.get('/rest/v1.0/me').then(
      ({ status }) => String(status),
      ({ code, reason }: { code?: string; reason?: string }) => [code, reason].filter(Boolean).join(' '),
    );
    const accessToken = await procore.getAccessToken().then(shortFingerprint, () => undefined);
    process.send!({ outcome, told, accessToken } satisfies FrozenReport);
    told = [];
  }
  process.on(
    'message',
    (said) =>
      void (said === 'call'
        ? call()
        : procore
            .idle()
            .then(close)
            .then(() => process.disconnect())),
  );
  process.send!('ready');
}

process.on('disconnect', () => process.exit());
process.once('message', (task) => void begin(task as FrozenTask));
