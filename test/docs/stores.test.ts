import axios from 'axios';
import { expect, test } from 'vitest';
import * as axiosProcore from '../../src/index.js';
import * as contract from '../../src/store-contract/index.js';
import { examplesOf } from './support/pages.js';
import { runExample } from './support/run.js';

const examples = examplesOf('docs/stores.md');
const modules = { axios: { ...axios, default: axios }, 'axios-procore': axiosProcore };
const exampleWith = (text: string) =>
  examples.find((blocks) => blocks.some(({ code }) => code.includes(text)))!;

test('the two-callback store of docs/stores.md attaches', async () => {
  const { procore } = await runExample(exampleWith('const rows = new Map'), modules, [
    'procore: exports.procore',
  ]);
  expect((procore as axiosProcore.Procore).status()).toMatchObject({ state: 'not-loaded' });
});

test('the two-callback store of docs/stores.md passes the contract of the package', async () => {
  const { store } = await runExample(exampleWith('const rows = new Map'), modules, ['store']);
  const tests = contract.storeContract({ open: () => store as axiosProcore.TokenStore });
  for (const { run } of tests) await run();
  expect(tests.length).toBeGreaterThan(20);
});

test('the home-made store of docs/stores.md passes the contract that it shows', async () => {
  const data = new Map<string, string>();
  let connections = 0;
  const connect = async () => {
    connections++;
    return {
      get: async (key: string) => data.get(key) ?? null,
      set: async (key: string, value: string) => void data.set(key, value),
      del: async (key: string) => void data.delete(key),
      quit: async () => void connections--,
    };
  };
  const run: [name: string, work: () => Promise<void>][] = [];
  const vitest = { test: (name: string, work: () => Promise<void>) => void run.push([name, work]) };
  // `declare function connect` stands for the user's own.
  Object.assign(globalThis, { connect });
  try {
    await runExample(exampleWith('storeContract('), {
      ...modules,
      vitest,
      'axios-procore/store-contract': contract,
    });
    expect(run.length).toBeGreaterThan(20);
    for (const [, work] of run) await work();
  } finally {
    delete (globalThis as { connect?: unknown }).connect;
  }
  expect([connections, data.size]).toEqual([0, 0]);
});
