import type { TokenStore } from '../../src/index.js';
import { runScenario } from './run.js';
import { scenarioOf } from './scenario.js';

/** Makes of a process's store one that breaks a promise which the scenario says it keeps. */
export type Sabotage = (store: TokenStore) => TokenStore;

/** Each takes one protection away, with what the judge is to say of it. */
const sabotages: Readonly<Record<string, { readonly sabotage: Sabotage; readonly says: RegExp }>> = {
  'a lock that excludes nobody': {
    sabotage: ({ lock, ...store }) => ({
      ...store,
      ...(lock && { lock: (_account, critical) => critical() }),
    }),
    says: /presented .* had spent/,
  },
  'saves that resolve and keep nothing': {
    sabotage: (store) => ({ ...store, save: async () => undefined }),
    says: /presented .* had spent|its token was lost/,
  },
  'loads that mix up the accounts': {
    sabotage: (store) => ({
      ...store,
      load: (account) => store.load(account.replace(/\d$/, (number) => String(1 - Number(number)))),
    }),
    says: /called for .* as user/,
  },
};

/** So many seeds are enough to notice each of them. */
const mostSeeds = 100;

/** The sabotages that the judge has not noticed. */
export async function toothless(): Promise<string[]> {
  const missed: string[] = [];
  for (const [name, { sabotage, says }] of Object.entries(sabotages)) {
    if (!(await isNoticed(sabotage, says))) missed.push(name);
  }
  return missed;
}

async function isNoticed(sabotage: Sabotage, says: RegExp): Promise<boolean> {
  for (let seed = 1; seed <= mostSeeds; seed++) {
    const { broken } = await runScenario(scenarioOf(seed, new Set()), sabotage);
    if (broken.some((line) => says.test(line))) return true;
  }
  return false;
}
