import { randomBytes } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { encryptedTokenStore } from '../../../src/store/encrypted.js';
import { fileTokenStore } from '../../../src/store/file.js';
import { usersStore } from '../../../src/store/file/users.js';
import { isOwnStore } from '../../../src/store/own.js';
import { memoryTokenStore } from '../../../src/store/memory.js';
import type { ListingStore, TokenSet } from '../../../src/store/store.js';

const pair = (name: string): TokenSet => ({ access_token: `a-${name}`, refresh_token: `r-${name}` });

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'axios-procore-listing-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const stores: [string, () => ListingStore][] = [
  ['a memory store', () => memoryTokenStore()],
  ['a folder of files', () => fileTokenStore({ directory: folder() })],
  [
    'an encrypted store',
    () => encryptedTokenStore(memoryTokenStore(), { keys: [{ id: 'a', key: randomBytes(32) }] }),
  ],
];

test.each(stores)('%s lists the accounts that have tokens, whatever their names', async (_name, open) => {
  const store = open();
  expect(await store.accounts!()).toEqual([]);
  const accounts = ['2', '../../2', 'Ä/ö', ''];
  for (const account of accounts) await store.save(pair(account), account, undefined);
  await store.lock!('locked', async () => undefined, new AbortController().signal);
  expect([...(await store.accounts!())].sort()).toEqual([...accounts].sort());
  await store.remove!('2');
  expect([...(await store.accounts!())].sort()).toEqual(['../../2', 'Ä/ö', ''].sort());
});

test('an encrypted store lists nothing where the store behind it cannot', () => {
  const store = { load: () => undefined, save: () => undefined };
  expect(encryptedTokenStore(store, { keys: [{ id: 'a', key: randomBytes(32) }] })).not.toHaveProperty(
    'accounts',
  );
});

test('files that were copied, renamed or written by others are not listed', async () => {
  const directory = folder();
  const store = fileTokenStore({ directory }) as ListingStore & ReturnType<typeof fileTokenStore>;
  await store.save(pair('2'), '2', undefined);
  await store.save(pair('3'), '3', undefined);
  renameSync(store.pathOf('3'), join(directory, 'copy.json'));
  writeFileSync(join(directory, 'other.json'), '{"account":"7"}');
  writeFileSync(join(directory, 'torn.json'), '{"acc');
  expect(await store.accounts!()).toEqual(['2']);
});

test('a missing folder has no accounts', async () => {
  const store: ListingStore = fileTokenStore({ directory: join(folder(), 'not-there') });
  expect(await store.accounts!()).toEqual([]);
});

test('a store for users keeps the first in the form of the token endpoint, and shares no lock between two', async () => {
  const made = folder();
  const file = join(made, 'procore.json');
  const store = usersStore(fileTokenStore({ file }), fileTokenStore({ directory: join(made, 'users') }));
  await store.save(pair('1'), 'default', undefined);
  await store.save(pair('2'), '2', undefined);
  expect(await fileTokenStore({ file }).load('default')).toEqual(pair('1'));
  expect(await store.load('2')).toEqual(pair('2'));
  const { signal } = new AbortController();
  const inside = await store.lock!('default', () => store.lock!('2', async () => 'both', signal), signal);
  expect(inside).toBe('both');
  await store.remove('default');
  expect(await store.load('2')).toEqual(pair('2'));
  // As good as the two that it is made of.
  expect(store).toMatchObject({ renewsLock: true, readsAreFresh: true });
  expect(isOwnStore(store)).toBe(true);
});
