/** One of a fleet that is always calling: it renews when it is told to, and tells what its calls have come to. */
import { setTimeout as sleep } from 'node:timers/promises';
import axios from 'axios';
import { attachProcore } from '../../../src/attach/attach.js';
import type { RenewalOptions } from '../../../src/options/options.js';
import { openStore, type StoreKind } from './open-store.js';

/** What a worker is told. */
export type DrainOrder = 'renew' | 'calls' | 'finish';
/** What a worker tells. */
export type DrainReport =
  | { kind: 'ready' }
  /** So many calls of the account that is renewed have been answered, and these calls of any account have failed. */
  | { kind: 'calls'; answered: number; failures: readonly string[] }
  | { kind: 'renewed'; tokenEvents: readonly string[] }
  | { kind: 'ended' };

const [url, kind, location, renewal, accounts = 'default'] = process.argv.slice(2) as [
  string,
  StoreKind,
  string,
  string,
  string | undefined,
];
const loopsPerAccount = 3;
const tell = (report: DrainReport) => void process.send?.(report);
const quiet = () => undefined;
const { store, close } = await openStore(kind, location);
const attached = accounts.split(',').map((account) => {
  const instance = axios.create({ baseURL: url, proxy: false });
  const procore = attachProcore(instance, {
    clientId: 'emulator-client',
    clientSecret: 'emulator-secret',
    environment: { loginUrl: url, apiUrl: url },
    account,
    store,
    renewal: JSON.parse(renewal) as RenewalOptions,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
  return { instance, procore };
});

const failures: string[] = [];
let answered = 0;
let isFinishing = false;
const loops = attached.flatMap(({ instance }, index) =>
  Array.from({ length: loopsPerAccount }, async () => {
    while (!isFinishing) {
      await instance.get('/rest/v1.0/me').then(
        // Another account goes on while this one is held.
        () => (answered += index === 0 ? 1 : 0),
        ({ code, message }: { code?: string; message: string }) => failures.push(`${code ?? ''} ${message}`),
      );
      await sleep(1);
    }
  }),
);

process.on('disconnect', () => process.exit());
process.on('message', (order: DrainOrder) => {
  void (async () => {
    if (order === 'calls') return tell({ kind: 'calls', answered, failures });
    if (order === 'renew') {
      const tokenEvents: string[] = [];
      const { procore } = attached[0]!;
      const stop = (['token-renewed', 'token-adopted'] as const).map((event) =>
        procore.on(event, () => void tokenEvents.push(event)),
      );
      await procore.renew();
      for (const end of stop) end();
      return tell({ kind: 'renewed', tokenEvents });
    }
    isFinishing = true;
    await Promise.all(loops);
    await Promise.all(attached.map(({ procore }) => procore.idle()));
    for (const { procore } of attached) procore.detach();
    await close();
    tell({ kind: 'ended' });
    // What is left now must not keep the process alive.
    process.channel?.unref();
  })();
});
tell({ kind: 'ready' });
