import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { encryptedTokenStore } from '../../../src/store/encrypted.js';
import { fileTokenStore } from '../../../src/store/file.js';
import { usersStore } from '../../../src/store/file/users.js';
import { memoryTokenStore } from '../../../src/store/memory.js';
import { lockNameOf } from '../../../src/store/own.js';

const folder = mkdtempSync(join(tmpdir(), 'axios-procore-lock-name-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a file store calls its locks by their path, also inside of other stores; others give none', () => {
  const first = fileTokenStore({ file: join(folder, 'tokens.json') });
  const others = fileTokenStore({ directory: folder });
  const path = lockNameOf(first, 'default');
  expect(path).toMatch(/tokens\.json.*\.lock$/);
  expect(lockNameOf(others, 'x')?.startsWith(join(folder, 'x'))).toBe(true);
  const keys = [{ id: 'a', key: Buffer.alloc(32) }];
  const users = encryptedTokenStore(usersStore(first, others), { keys });
  expect(lockNameOf(users, 'default')).toBe(path);
  expect(lockNameOf(users, 'x')).toBe(lockNameOf(others, 'x'));
  expect(lockNameOf(fileTokenStore({ directory: folder, lock: false }), 'x')).toBeUndefined();
  expect(lockNameOf(encryptedTokenStore(memoryTokenStore(), { keys }), 'x')).toBeUndefined();
});
