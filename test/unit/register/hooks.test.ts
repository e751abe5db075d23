import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { load, loadSync, place } from '../../../src/register/hooks.js';

const root = fileURLToPath(new URL('../../../node_modules', import.meta.url));
const announcement = `globalThis[Symbol.for(${JSON.stringify(place)})]?.(axios)`;
const source = 'const axios = createInstance(defaults);\nexport default axios;';
const give = (format: string, text: string | Uint8Array<ArrayBuffer>) => () => ({ format, source: text });

test.each(['axios', 'axios-1.0', 'axios-1.2', 'axios-1.6', 'axios-1.13.3'])(
  '%s as an ES module says that it is there',
  (name) => {
    const path = `${root}/${name}/lib/axios.js`;
    const { source } = loadSync(`file://${path}`, {}, give('module', readFileSync(path, 'utf8')));
    expect(source).toContain(announcement);
  },
);

test('the bundle of axios reports itself too', () => {
  const path = `${root}/axios/dist/esm/axios.js`;
  const { source } = loadSync(`file://${path}`, {}, give('module', readFileSync(path, 'utf8')));
  expect(source).toContain(announcement);
});

test('in a thread of its own it does the same', async () => {
  const loaded = await load('file:///a/axios/lib/axios.js', {}, async () => give('module', source)());
  expect(loaded.source).toContain(announcement);
});

test('bytes are read as text, and a query does not hide a file', () => {
  const bytes = new Uint8Array(Buffer.from(source));
  const loaded = loadSync('file:///a/axios/lib/axios.js?v=1#x', {}, give('module', bytes));
  expect(loaded.source).toContain(announcement);
});

test.each([
  ['another file', 'file:///a/axios/lib/core/Axios.js', 'module', source],
  ['CommonJS', 'file:///a/axios/lib/axios.js', 'commonjs', source],
  ['a file of that name that makes no axios', 'file:///a/lib/axios.js', 'module', 'export default 5;'],
])('%s is left as it is', (_what, url, format, text) => {
  const loaded = { format, source: text };
  expect(loadSync(url, {}, () => loaded)).toBe(loaded);
});

test('what has no source is left as it is', () => {
  const loaded = { format: 'module', source: null };
  expect(loadSync('file:///a/axios/lib/axios.js', {}, () => loaded)).toBe(loaded);
});
