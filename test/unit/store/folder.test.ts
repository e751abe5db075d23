import { expect, test } from 'vitest';
import { openFolderText } from '../../../src/store/file/folder.js';

const path = '/srv/shared';
const inside =
  /name a folder inside of it, such as \/srv\/shared\/procore-tokens, which is made for this user alone/;

test.each([0o40770, 0o40777, 0o40702])(
  "one's own folder that others may write to (%o): chmod, or a folder inside of it",
  (mode) => {
    const text = openFolderText(path, { mode, uid: 1000 }, 'linux', 1000);
    expect(text).toContain("Run: chmod 700 '/srv/shared'");
    expect(text).toMatch(inside);
  },
);

test.each([
  ['a sticky one, as /tmp is', { mode: 0o41777, uid: 0 }, 1000],
  ["a sticky one of one's own", { mode: 0o41777, uid: 1000 }, 1000],
  ['a sticky one for root', { mode: 0o41777, uid: 0 }, 0],
  ["somebody else's", { mode: 0o40775, uid: 0 }, 1000],
  ["somebody else's for root", { mode: 0o40775, uid: 1000 }, 0],
])('%s is left as it is, and a folder inside of it is advised', (_what, stat, user) => {
  const text = openFolderText(path, stat, 'linux', user);
  expect(text).not.toContain('chmod');
  expect(text).toContain('leave its mode');
  expect(text).toMatch(inside);
});

test('a folder that nobody else may write to is good, and Windows has no modes', () => {
  expect(openFolderText(path, { mode: 0o40755, uid: 0 }, 'linux', 1000)).toBeUndefined();
  expect(openFolderText(path, { mode: 0o40777, uid: 0 }, 'win32', undefined)).toBeUndefined();
});
