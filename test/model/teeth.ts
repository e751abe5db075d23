import type { Env } from '../../src/time/env.js';
import type { Procore, TokenStore } from '../../src/index.js';
import { runScenario } from './run.js';
import { scenarioOf, type FaultKind } from './scenario.js';

/** Breaks in each process a promise that the plugin makes, or that its store makes to it. */
export interface Sabotage {
  readonly store?: (store: TokenStore) => TokenStore;
  readonly env?: (env: Env) => Env;
  /** Runs before each call leaves. */
  readonly beforeCall?: (procore: Procore, account: string) => Promise<unknown>;
}

interface Tooth {
  readonly sabotage: Sabotage;
  /** The kinds of faults without which it would do no harm. */
  readonly kinds?: readonly FaultKind[];
  /** What the judge is to say of it. */
  readonly says: RegExp;
}

const never = new Promise<never>(() => undefined);

/** Each takes one protection away. */
const teeth: Readonly<Record<string, Tooth>> = {
  'a lock that excludes nobody': {
    sabotage: {
      store: ({ lock, ...store }) => ({
        ...store,
        ...(lock && { lock: (_account, critical) => critical() }),
      }),
    },
    says: /presented .* had spent/,
  },
  'saves that resolve and keep nothing': {
    sabotage: { store: (store) => ({ ...store, save: async () => undefined }) },
    says: /presented .* had spent|its token was lost/,
  },
  'loads that mix up the accounts': {
    sabotage: {
      store: (store) => ({
        ...store,
        load: (account) => store.load(account.replace(/\d$/, (number) => String(1 - Number(number)))),
      }),
    },
    says: /called for .* as user/,
  },
  'reads that lag and are said to be fresh': {
    sabotage: { store: (store) => ({ ...store, readsAreFresh: true }) },
    kinds: ['lag'],
    says: /presented .* had spent/,
  },
  'a renewal at every call': {
    sabotage: { beforeCall: (procore, account) => procore.renew(account) },
    says: /renewed .* and no 401 had asked for it/,
  },
  'a store that never answers, and limits that never end': {
    sabotage: {
      store: (store) => ({ ...store, load: () => never }),
      env: (env) => ({ ...env, sleep: () => never }),
    },
    says: /the call of .* never ended/,
  },
  'a lock that is never got, and limits that never end': {
    sabotage: {
      store: (store) => ({ ...store, ...(store.lock && { lock: () => never }) }),
      env: (env) => ({ ...env, sleep: () => never }),
    },
    says: /the call of .* never ended/,
  },
};

/** So many seeds are enough to notice each of them. */
const mostSeeds = 100;

/** What the judge has noticed by which seed, if it has. */
export async function bites(): Promise<{ name: string; seed: number | undefined }[]> {
  const found: { name: string; seed: number | undefined }[] = [];
  for (const [name, tooth] of Object.entries(teeth)) found.push({ name, seed: await seedThatShows(tooth) });
  return found;
}

async function seedThatShows({ sabotage, kinds, says }: Tooth): Promise<number | undefined> {
  for (let seed = 1; seed <= mostSeeds; seed++) {
    const scenario = scenarioOf(seed, new Set(kinds));
    const shows = async (how?: Sabotage) =>
      (await runScenario(scenario, how)).broken.some((line) => says.test(line));
    if ((await shows(sabotage)) && !(await shows())) return seed;
  }
  return undefined;
}
