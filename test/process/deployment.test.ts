import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';
import type { TokenSet } from '../../src/store/store.js';
import { startWithAgedPair } from '../support/expired-pair.js';
import { forkProgram } from '../support/fork.js';
import { startPlaces, type Places } from './support/frozen-stage.js';
import { openStore, type OpenedStore, type StoreKind } from './support/open-store.js';

const program = new URL('./support/recipe-worker.ts', import.meta.url);
/** Half of the pair's life is over: with this setting it is renewed. */
const [agoMs, aheadMs] = [60 * 60_000, 45 * 60_000];

let places: Places;
beforeAll(async () => {
  places = await startPlaces();
});
afterAll(() => places?.stop());

let emulator: Emulator;
let aged: TokenSet;
let child: ChildProcess | undefined;
let opened: OpenedStore | undefined;
afterEach(async () => {
  child?.kill('SIGKILL');
  await opened?.store.remove?.('default');
  await opened?.close();
  await emulator?.close();
});

/** Starts the program over an aging pair; resolves with the address at which it takes its work. */
async function start(kind: StoreKind, location: string): Promise<string> {
  ({ emulator, aged } = await startWithAgedPair(agoMs));
  opened = await openStore(kind, location, {});
  await opened.store.save(aged, 'default', undefined);
  child = forkProgram(program, [emulator.url, kind, location, String(aheadMs)]);
  const [port] = (await once(child, 'message')) as [number];
  return `http://127.0.0.1:${port}`;
}

describe.each<StoreKind>(['file', 'redis', 'postgres'])(
  'the recipes for deployments, on a %s store',
  (kind) => {
    test('a process that is told to end in the middle of a renewal saves its pair, answers, and ends', async ({
      skip,
    }) => {
      const location = places.locationOf(kind);
      if (location === undefined) return skip(`no ${kind} server here`);
      const address = await start(kind, location);
      const answer = emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
      const asked = fetch(address, { headers: { connection: 'close' } });
      await answer.struck();
      const [ending, ended] = [once(child!, 'message'), once(child!, 'exit')];
      child!.kill('SIGTERM');
      expect(await ending).toEqual(['ending', undefined]);
      answer.release();
      expect((await asked).status).toBe(200);
      expect(await ended).toEqual([0, null]);
      const stored = (await opened!.store.load('default'))!;
      expect(stored.refresh_token).not.toBe(aged.refresh_token);
      expect(emulator.isLive(stored.refresh_token!)).toBe(true);
      expect(emulator.counters).toMatchObject({ tokenRequests: 1, exchanges: 1, spentPresentations: 0 });
    });

    test('a handler whose process is frozen when it has answered leaves no lock, and nothing unsaved', async ({
      skip,
    }) => {
      const location = places.locationOf(kind);
      if (location === undefined) return skip(`no ${kind} server here`);
      const address = await start(kind, location);
      const invoke = async () => (await fetch(address, { headers: { connection: 'close' } })).status;
      expect(await invoke()).toBe(200);
      child!.kill('SIGSTOP');
      const { lock, load } = opened!.store;
      // For as long as the process stands still, a file's lock that it held would never be given.
      const stored = await lock!('default', async () => load('default'), AbortSignal.timeout(60_000));
      expect(emulator.isLive(stored!.refresh_token!)).toBe(true);
      expect(emulator.counters).toMatchObject({ tokenRequests: 1, exchanges: 1 });
      child!.kill('SIGCONT');
      expect(await invoke()).toBe(200);
      expect(emulator.counters).toMatchObject({ tokenRequests: 1, exchanges: 1, unauthorized: 0 });
    });
  },
);
