import axios from 'axios';
import { expect, test } from 'vitest';
import * as axiosProcore from '../../src/index.js';
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
