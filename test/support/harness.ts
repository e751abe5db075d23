import axios, { type AxiosInstance, type CreateAxiosDefaults } from 'axios';
import { createAttach } from '../../src/attach/attach.js';
import type { Procore } from '../../src/attach/handle.js';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator/index.js';
import { tokenEventNames } from '../../src/health/token-events.js';
import type { ProcoreEvents } from '../../src/observe/events.js';
import type { Logger, ProcoreOptions } from '../../src/options/options.js';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { createManualEnv, type ManualEnv } from './manual-env.js';

/** A two-callback store that a test can look into and break. */
export interface TestStore extends TokenStore {
  readonly sets: Map<string, TokenSet>;
  readonly log: string[];
  /** Runs before each load; may throw, hang, or return what `load` returns instead. */
  onLoad: ((account: string) => unknown) | undefined;
  /** Runs before each save; may throw or hang. */
  onSave: ((tokens: TokenSet, account: string, previous: TokenSet | undefined) => unknown) | undefined;
}

export function createTestStore(initial?: TokenSet): TestStore {
  const store: TestStore = {
    sets: new Map(initial ? [['default', initial]] : []),
    log: [],
    onLoad: undefined,
    onSave: undefined,
    async load(account) {
      store.log.push(`load ${account}`);
      const instead = await store.onLoad?.(account);
      return instead === undefined ? store.sets.get(account) : (instead as TokenSet);
    },
    async save(tokens, account, previous) {
      store.log.push(`save ${account}`);
      await store.onSave?.(tokens, account, previous);
      store.sets.set(account, tokens);
    },
  };
  return store;
}

export interface Told {
  event: keyof ProcoreEvents;
  detail: Record<string, unknown>;
}

export interface Harness {
  env: ManualEnv;
  emulator: Emulator;
  store: TestStore;
  instance: AxiosInstance;
  procore: Procore;
  /** Every event, in order. */
  told: Told[];
  /** Everything that was logged. */
  logged: string[];
  /** Another instance on the same clock and the same process-wide registry. */
  attach(
    options?: Partial<ProcoreOptions>,
    defaults?: CreateAxiosDefaults,
  ): { instance: AxiosInstance; procore: Procore };
  /** As if it were another copy of the package in the same process: shares the registry and nothing else. */
  attachCopy(options?: Partial<ProcoreOptions>): { instance: AxiosInstance; procore: Procore };
  /** As if it were another process: shares nothing. */
  attachProcess(options?: Partial<ProcoreOptions>): { instance: AxiosInstance; procore: Procore };
}

const eventNames: (keyof ProcoreEvents)[] = [
  ...tokenEventNames,
  'request-waiting',
  'request-retried',
  'request-settled',
  'pacing-together',
  'warning',
];

/** An emulator and an attached instance on one manual clock; ended with `await using` or `close`. */
export async function createHarness(
  setup: {
    emulator?: EmulatorOptions;
    options?: Partial<ProcoreOptions>;
    defaults?: CreateAxiosDefaults;
    /** How far the server's clock is ahead. @default 0 */
    skewMs?: number;
    /** Whether the store starts with a pair. @default true */
    authorized?: boolean;
  } = {},
): Promise<Harness & AsyncDisposable & { close(): Promise<void> }> {
  const env = createManualEnv();
  const emulator = await startEmulator({ now: () => env.now() + (setup.skewMs ?? 0), ...setup.emulator });
  const store = createTestStore(setup.authorized === false ? undefined : emulator.issue());
  const told: Told[] = [];
  const logged: string[] = [];
  const write = (message: string) => void logged.push(message);
  const logger: Logger = { debug: write, info: write, warn: write, error: write };
  const registry = {};

  function attachWith(
    attachProcore: ReturnType<typeof createAttach>,
    options: Partial<ProcoreOptions> = {},
    defaults: CreateAxiosDefaults = {},
  ) {
    const instance = axios.create({
      baseURL: emulator.environment.apiUrl,
      proxy: false,
      ...setup.defaults,
      ...defaults,
    });
    const procore = attachProcore(instance, {
      clientId: emulator.clientId,
      clientSecret: emulator.clientSecret,
      environment: emulator.environment,
      store,
      companyId: '42',
      logger,
      ...setup.options,
      ...options,
    });
    for (const event of eventNames)
      procore.on(event, (detail) => void told.push({ event, detail: { ...detail } }));
    return { instance, procore };
  }

  const attachProcore = createAttach(env, registry);
  const { instance, procore } = attachWith(attachProcore);
  const close = () => emulator.close();
  return {
    env,
    emulator,
    store,
    instance,
    procore,
    told,
    logged,
    attach: (options, defaults) => attachWith(attachProcore, options, defaults),
    attachCopy: (options) => attachWith(createAttach(env, registry), options),
    attachProcess: (options) => attachWith(createAttach(env, {}), options),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The names of the events told so far, or of those that match. */
export function names(told: Told[], pattern = /^token|^reauth|^warning/): string[] {
  return told.map(({ event }) => event).filter((event) => pattern.test(event));
}
