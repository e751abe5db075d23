import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { tokenEventNames } from '../../src/health/token-events.js';
import type { ProcoreOptions } from '../../src/options/options.js';
import type { LockRecord } from '../../src/store/store.js';
import { createHarness, type Harness, type TestStore } from './harness.js';

/** What an application has in `AsyncLocalStorage`: a transaction, the scope of a request, a span. */
export const scope = new AsyncLocalStorage<string>();

/** A harness that was attached in the scope `attach`, whose callbacks write down in which scope they run. */
export interface ScopedHarness extends Harness, AsyncDisposable {
  /** What was called so far, and in which scope: `save: attach`. Each once. */
  readonly seen: Set<string>;
  /** Writes down one more. */
  see(what: string): void;
}

const callEvents = ['request-waiting', 'request-retried', 'request-settled'] as const;

/** Ended with `await using`. */
export async function createScopedHarness(
  setup: Parameters<typeof createHarness>[0] & { exchange?: boolean } = {},
): Promise<ScopedHarness> {
  const seen = new Set<string>();
  const see = (what: string) => void seen.add(`${what}: ${scope.getStore()}`);
  const secret: NonNullable<ProcoreOptions['clientSecret']> = () => {
    see('clientSecret');
    return h.emulator.clientSecret;
  };
  const h = await scope.run('attach', async () => {
    const made = await createHarness({ ...setup, options: { clientSecret: secret, ...setup.options } });
    for (const event of tokenEventNames) made.procore.on(event, () => see(event));
    for (const event of callEvents) made.procore.on(event, () => see(event));
    return made;
  });
  watchStore(h.store, see);
  const stop = watchTokenRequests(h.emulator.url, see);
  return {
    ...h,
    seen,
    see,
    async [Symbol.asyncDispose]() {
      stop();
      await h.close();
    },
  };
}

/** The lock calls its critical section from elsewhere, as a driver does from an event of its connection. */
function watchStore(store: TestStore, see: (what: string) => void): void {
  const { load, save } = store;
  let text: string | undefined;
  const record: LockRecord = {
    async read() {
      see('record');
      return text;
    },
    async write(noted) {
      see('record');
      text = noted;
    },
  };
  Object.assign(store, {
    renewsLock: true,
    readsAreFresh: true,
    load(account: string) {
      see('load');
      return load(account);
    },
    save(...saved: Parameters<typeof save>) {
      see('save');
      return save(...saved);
    },
    remove(account: string) {
      see('remove');
      store.sets.delete(account);
    },
    async lock<T>(_account: string, critical: (lost: undefined, held: LockRecord) => Promise<T>) {
      see('lock');
      return scope.run('driver', () => critical(undefined, record));
    },
  } satisfies Partial<TestStore>);
}

/** As a tracer sees them, whichever adapter sends them. */
function watchTokenRequests(url: string, see: (what: string) => void): () => void {
  const listen = (message: unknown) => {
    const { request } = message as { request: ClientRequest | { path: string; origin: string } };
    const origin = 'origin' in request ? request.origin : `http://${String(request.getHeader('host'))}`;
    // A renewal of another test may still be under way in this process.
    if (origin === url && request.path.startsWith('/oauth/')) see('token request');
  };
  const channels = ['http.client.request.start', 'undici:request:create'];
  for (const channel of channels) subscribe(channel, listen);
  return () => channels.forEach((channel) => unsubscribe(channel, listen));
}
