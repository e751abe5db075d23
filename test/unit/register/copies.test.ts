import { createRequire } from 'node:module';
import type { AxiosStatic } from 'axios';
import { describe, expect, test } from 'vitest';
import { createCopies } from '../../../src/register/copies.js';

const require = createRequire(import.meta.url);
const packages = ['axios', 'axios-0.21', 'axios-0.27', 'axios-1.0', 'axios-1.6', 'axios-1.13.2'];

/** A copy of its own, for what is done to it stays. */
function freshCopy(name: string): AxiosStatic {
  const main = require.resolve(name);
  const own = Object.keys(require.cache).filter((path) => path.includes('/node_modules/axios'));
  const before = own.map((path) => [path, require.cache[path]] as const);
  for (const path of own) delete require.cache[path];
  try {
    return require(main) as AxiosStatic;
  } finally {
    for (const [path, module] of before) require.cache[path] = module;
  }
}

function watching() {
  const attached: unknown[] = [];
  const copies = createCopies(
    (instance) => void attached.push(instance),
    () => undefined,
  );
  return { attached, ...copies };
}

describe.each(packages)('%s', (name) => {
  test('is handed over once, however often it is loaded, and each instance that it makes', () => {
    const { see, attached } = watching();
    const axios = freshCopy(name);
    for (const exported of [axios, axios, { default: axios }]) see(exported);
    expect(attached).toEqual([axios]);
    const made = axios.create({ baseURL: 'https://api.example.com' });
    expect(attached).toHaveLength(2);
    expect(attached[1]).toBe(made);
    expect(made.defaults.baseURL).toBe('https://api.example.com');
  });
});

test('an instance that makes instances hands those over too', () => {
  const { see, attached } = watching();
  const axios = freshCopy('axios');
  see(axios);
  const made = (axios.create() as AxiosStatic).create();
  expect(attached[2]).toBe(made);
});

test('an instance is handed over before the application gets it', () => {
  const axios = freshCopy('axios');
  const { see } = createCopies(
    (instance) => instance.interceptors.request.use((config) => config),
    () => undefined,
  );
  see(axios);
  const { handlers } = axios.create().interceptors.request as unknown as { handlers: unknown[] };
  expect(handlers).toHaveLength(1);
});

test('nothing else that modules export is touched, and no getter is called', () => {
  const { see, attached } = watching();
  const lazy = {
    get default(): never {
      throw new Error('loaded half of itself');
    },
  };
  const got = Object.assign(() => undefined, { defaults: {}, request: () => undefined });
  for (const exported of [undefined, null, 5, 'axios', {}, () => undefined, lazy, got, { default: got }])
    see(exported);
  expect(attached).toEqual([]);
});
