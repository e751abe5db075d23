import axios, { type AxiosInstance } from 'axios';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import type { Procore } from '../../src/attach/handle.js';
import { startEmulator, type Emulator } from '../../src/emulator/index.js';
import { systemEnv } from '../../src/time/env.js';
import type { TokenSet } from '../../src/store/store.js';
import { shortFingerprint } from '../../src/token/pair/fingerprint.js';
import { forkProgram } from '../support/fork.js';
import {
  diskThatIsFull,
  folderThatBecomesAFile,
  folderThatIsReadOnly,
  postgresThatIsRestarted,
  redisThatHangs,
  redisThatIsKilled,
  type FragileStore,
  type StartFragileStore,
} from './support/away-stores.js';
import type { Report } from './support/fleet-worker.js';
import { openStore } from './support/open-store.js';
import { until } from './support/until.js';

const program = new URL('./support/fleet-worker.ts', import.meta.url);
const me = '/rest/v1.0/me';

/** A process on the store, with a server that has issued its tokens. */
interface Stage extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly instance: AxiosInstance;
  readonly procore: Procore;
  /** The pair that the process began with. */
  readonly first: TokenSet;
  readonly told: string[];
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
}

async function setUp(
  store: FragileStore,
  mode: 'A' | 'B',
  options: { maxWaitMs?: number; leftSeconds?: number } = {},
): Promise<Stage> {
  const { leftSeconds, ...more } = options;
  const lifeSeconds = 90 * 60;
  let aheadMs = 0;
  const emulator = await startEmulator({ spentTokens: mode, now: () => Date.now() + aheadMs });
  const opened = await openStore(store.kind, store.location);
  // A newer pair of the same user, which the test before has left, would take the place of one that was issued long ago.
  await opened.store.remove!('default');
  const instance = axios.create({ baseURL: emulator.url, proxy: false });
  const quiet = () => undefined;
  const procore = createAttach(systemEnv, {})(instance, {
    clientId: emulator.clientId,
    clientSecret: emulator.clientSecret,
    environment: emulator.environment,
    store: opened.store,
    renewal: { storeTimeoutMs: 500 },
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    ...more,
  });
  const told: string[] = [];
  procore.on('token-renewed', ({ unsaved }) => told.push(unsaved ? 'renewed, unsaved' : 'renewed'));
  procore.on('token-renewal-failed', ({ code }) => told.push(`renewal failed: ${code}`));
  procore.on('token-save-failed', () => told.push('save failed'));
  procore.on('token-saved-late', () => told.push('saved late'));
  procore.on('token-adopted', () => told.push('adopted'));
  procore.on('reauthentication-required', ({ reason }) => told.push(reason));
  if (leftSeconds !== undefined) aheadMs = (leftSeconds - lifeSeconds) * 1_000;
  const first = emulator.issue();
  aheadMs = 0;
  await procore.setTokens(first);
  let isAway = false;
  const comeBack = async () => {
    await store.comeBack();
    isAway = false;
  };
  return {
    emulator,
    instance,
    procore,
    first,
    told,
    comeBack,
    async goAway() {
      isAway = true;
      await store.goAway();
    },
    async [Symbol.asyncDispose]() {
      if (isAway) await comeBack().catch(() => undefined);
      // A late save must not find the store gone for good.
      await procore.idle();
      await opened.close();
      await emulator.close();
    },
  };
}

/** What somebody finds there who has never looked before. */
async function look({ kind, location }: FragileStore): Promise<TokenSet> {
  const { store, close } = await openStore(kind, location);
  try {
    return (await store.load('default'))!;
  } finally {
    await close();
  }
}

/** Has another process make calls, and resolves with what it says. */
async function another({ kind, location }: FragileStore, { url }: Emulator): Promise<Report[]> {
  const child = forkProgram(program, [url, kind, location]);
  const reports: Report[] = [];
  child.on('message', (report) => void reports.push(report as Report));
  try {
    await until(() => reports.some((report) => report.kind === 'called'), 'a call of the other process');
    child.send('finish');
    await until(() => child.exitCode !== null, 'the end of the other process');
    return reports;
  } finally {
    child.kill('SIGKILL');
  }
}

const used = ({ log }: Emulator) =>
  log.filter(({ kind }) => kind === 'api').map(({ accessToken }) => accessToken);

/** Ends with the pair of one exchange in the store, and in the hands of every process. */
async function expectAllIsWell(store: FragileStore, stage: Stage, pair: TokenSet): Promise<void> {
  const { emulator, instance, procore } = stage;
  expect(procore.unsavedTokens()).toBeUndefined();
  expect(procore.status()).toMatchObject({ unsaved: false, state: 'fresh' });
  const { access_token, refresh_token } = await look(store);
  expect({ access_token, refresh_token }).toEqual({
    access_token: pair.access_token,
    refresh_token: pair.refresh_token,
  });
  expect(emulator.isLive(refresh_token!)).toBe(true);
  const now = shortFingerprint(access_token);
  expect((await instance.get(me)).status).toBe(200);
  expect(used(emulator).at(-1)).toBe(now);
  const reports = await another(store, emulator);
  expect(reports.at(-1)).toEqual({ kind: 'finished', status: 200, accessToken: now });
  expect(reports.filter(({ kind }) => kind === 'failed' || kind === 'reauthenticate')).toEqual([]);
  expect(emulator.counters).toMatchObject({ tokenRequests: 1, exchanges: 1, spentPresentations: 0 });
  expect(emulator.isLive(refresh_token!)).toBe(true);
}

interface Way {
  readonly start: StartFragileStore;
  /** It can be read and locked all the same. */
  readonly readable?: true;
}
const ways: [name: string, way: Way][] = [
  ['a Redis that hangs', { start: redisThatHangs }],
  ['a Redis that is killed', { start: redisThatIsKilled }],
  ['a PostgreSQL that is restarted', { start: postgresThatIsRestarted }],
  ['a disk that is full', { start: diskThatIsFull, readable: true }],
  ['a folder that is read-only', { start: folderThatIsReadOnly }],
  ['a folder that becomes a file', { start: folderThatBecomesAFile }],
];

describe.each(ways)('%s', (name, { start, readable }) => {
  let store: FragileStore | undefined;
  beforeAll(async () => {
    store = await start();
  });
  afterAll(() => store?.end());

  test('while an answer is on its way, to a server where the old token lives on: calls use it until the pair is saved late', async ({
    skip,
  }) => {
    if (!store) return skip(`${name}: not here`);
    await using stage = await setUp(store, 'B');
    const { emulator, instance, procore, first, told } = stage;
    const answer = emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
    const renewing = procore.renew();
    await answer.struck();
    await stage.goAway();
    expect((await instance.get(me)).status).toBe(200);
    answer.release();
    await until(() => told.includes('save failed'), 'the save to fail');
    const pair = await renewing;
    expect(told).toEqual(['renewed, unsaved', 'save failed']);
    expect(procore.unsavedTokens()).toEqual(pair);
    expect(procore.status().unsaved).toBe(true);
    expect(pair.refresh_token).not.toBe(first.refresh_token);
    for (let calls = 0; calls < 3; calls++) expect((await instance.get(me)).status).toBe(200);
    expect(new Set(used(emulator))).toEqual(new Set([shortFingerprint(first.access_token)]));

    await stage.comeBack();
    await until(() => told.includes('saved late'), 'the late save');
    expect(told).toEqual(['renewed, unsaved', 'save failed', 'saved late']);
    await expectAllIsWell(store, stage, pair);
    expect(emulator.counters.unauthorized).toBe(0);
  });

  test('while an answer is on its way, to a server where the old token dies: calls use the unsaved pair, and it is saved late', async ({
    skip,
  }) => {
    if (!store) return skip(`${name}: not here`);
    await using stage = await setUp(store, 'A');
    const { emulator, instance, procore, first, told } = stage;
    expect((await instance.get(me)).status).toBe(200);
    const answer = emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
    const renewing = procore.renew();
    await answer.struck();
    await stage.goAway();
    // Refused, and led to the renewal under way.
    const waiting = instance.get(me);
    await until(() => emulator.counters.unauthorized === 1, 'a refusal of the old token');
    answer.release();
    expect((await waiting).status).toBe(200);
    const pair = await renewing;
    expect(told).toEqual(['renewed, unsaved', 'save failed']);
    expect(procore.unsavedTokens()).toEqual(pair);
    for (let calls = 0; calls < 3; calls++) expect((await instance.get(me)).status).toBe(200);
    const [old, unsaved] = [first, pair].map(({ access_token }) => shortFingerprint(access_token));
    expect(used(emulator)).toEqual([old, old, unsaved, unsaved, unsaved, unsaved]);

    await stage.comeBack();
    await until(() => told.includes('saved late'), 'the late save');
    expect(told).toEqual(['renewed, unsaved', 'save failed', 'saved late']);
    await expectAllIsWell(store, stage, pair);
    expect(emulator.counters.unauthorized).toBe(1);
  });

  if (readable) return;
  test('before a renewal begins: nothing is redeemed while it is away, and calls use the old token', async ({
    skip,
  }) => {
    if (!store) return skip(`${name}: not here`);
    // So near its end that the first call starts a renewal.
    await using stage = await setUp(store, 'A', { maxWaitMs: 500, leftSeconds: 120 });
    const { emulator, instance, procore, told } = stage;
    await stage.goAway();
    expect((await instance.get(me)).status).toBe(200);
    await until(() => told.length > 0, 'the renewal to fail');
    expect(told).toEqual(['renewal failed: ERR_PROCORE_TOKEN_STORE_FAILED']);
    const renewing = procore.renew();
    for (let calls = 0; calls < 3; calls++) expect((await instance.get(me)).status).toBe(200);
    expect(procore.status()).toMatchObject({ state: 'aging', unsaved: false, renewing: true });
    expect(emulator.counters).toMatchObject({ tokenRequests: 0, unauthorized: 0 });

    await stage.comeBack();
    const pair = await renewing;
    expect(told).toEqual(['renewal failed: ERR_PROCORE_TOKEN_STORE_FAILED', 'renewed']);
    await expectAllIsWell(store, stage, pair);
    expect(emulator.counters.unauthorized).toBe(0);
  });
});
