import axios from 'axios';
import { expect, test } from 'vitest';
import { BatchError } from '../../src/collections/index.js';
import { resolveListOptions, resolveSyncOptions } from '../../src/collections/options.js';
import { firstParams } from '../../src/collections/query.js';
import { codeIn, read, rowsUnder } from './support/pages.js';

const page = 'docs/collections.md';

test('docs/collections.md tells the options of the batches and the defaults in force', () => {
  const { batchSize, onProgress } = resolveSyncOptions(axios, '/sync', [], {});
  const rows = rowsUnder(page, '## Sync actions').map(([name = '', , value]) => [name, value]);
  expect(rows).toEqual([
    ['`batchSize`', `\`${batchSize}\``],
    ['`onProgress`', onProgress ?? 'none'],
    ['`data`', 'none'],
  ]);
  const { ahead } = resolveListOptions(axios, '/list', {});
  expect(read(page)).toContain(`from 1 to 10; it is ${ahead} by default`);
  const { per_page: perPage } = firstParams('/list', undefined, undefined) as { per_page: number };
  expect(read(page)).toContain(`\`params.per_page\` is ${perPage} unless`);
});

test('and each property of a BatchError', () => {
  const result = { entities: [], errors: [] };
  const error = new BatchError({
    message: 'm',
    updates: [],
    answered: 0,
    unsure: 0,
    result,
    cause: new Error('c'),
  });
  const told = rowsUnder(page, '### When a batch fails').flatMap(([names = '']) => codeIn(names));
  const own = Object.getOwnPropertyNames(error).filter(
    (name) => !['name', 'message', 'code', 'stack'].includes(name),
  );
  expect(told.sort()).toEqual(own.sort());
});
