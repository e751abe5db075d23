/** One of a fleet on one store: makes calls until it is told to finish, or is killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import axios from 'axios';
import { attachProcore } from '../../../src/attach/attach.js';
import { shortFingerprint } from '../../../src/token/pair/fingerprint.js';
import { openStore, type StoreKind } from './open-store.js';

/** What a worker tells its parent. */
export type Report =
  | { kind: 'ready' }
  | { kind: 'called' }
  | { kind: 'failed'; code: string | undefined; message: string }
  | { kind: 'reauthenticate'; reason: string }
  | { kind: 'finished'; accessToken: string; status: number };

const [url, kind, location] = process.argv.slice(2) as [string, StoreKind, string];
const tell = (report: Report) => void process.send?.(report);
const { store, close } = await openStore(kind, location);
const instance = axios.create({ baseURL: url, proxy: false });
const quiet = () => undefined;
const procore = attachProcore(instance, {
  clientId: 'emulator-client',
  clientSecret: 'emulator-secret',
  environment: { loginUrl: url, apiUrl: url },
  store,
  logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
});
procore.on('reauthentication-required', ({ reason }) => tell({ kind: 'reauthenticate', reason }));

let finishing = false;
process.on('message', () => (finishing = true));
process.on('disconnect', () => process.exit());
tell({ kind: 'ready' });
while (!finishing) {
  try {
    await instance.get('/rest/v1.0/me');
    tell({ kind: 'called' });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    tell({ kind: 'failed', code, message });
  }
  await sleep(Math.random() * 120);
}
const { status } = await instance.get('/rest/v1.0/me');
tell({ kind: 'finished', accessToken: shortFingerprint(await procore.getAccessToken()), status });
await procore.idle();
await close();
process.disconnect();
