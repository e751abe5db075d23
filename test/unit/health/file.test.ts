import { mkdtempSync, promises, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readDays, writeDays } from '../../../src/health/file-format.js';
import { createHealthFile, nodeFileSystem, type HealthFileSystem } from '../../../src/health/file.js';
import type { LedgerDay } from '../../../src/health/ledger.js';

const nowMs = Date.parse('2026-06-30T12:00:00Z');
const days: LedgerDay[] = [
  {
    date: '2026-06-30',
    unanswered: 2,
    tellsCompanyId: true,
    counts: [
      {
        date: '2026-06-30',
        status: 200,
        method: 'GET',
        route: '/rest/v1.0/me',
        calls: 7,
        withoutCompanyId: 1,
      },
    ],
  },
];
const failing = (code: string) => (path?: unknown) => {
  throw Object.assign(new Error(`${code}: '${String(path)}'`), { code });
};

function setUp(some: Partial<HealthFileSystem> = {}, path = 'health.json') {
  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-health-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const warnings: string[] = [];
  const open = (fs: HealthFileSystem = { ...nodeFileSystem, ...some }) =>
    createHealthFile(join(folder, path), {
      fs,
      now: () => nowMs,
      warn: (message) => void warnings.push(message),
    });
  return {
    folder,
    path: join(folder, path),
    warnings,
    open,
    file: open(),
    names: () => readdirSync(folder).sort(),
  };
}

test('what is saved is read at the next start, and the folder is created where it is missing', async () => {
  const { file, open, warnings, folder } = setUp({}, 'below/health.json');
  expect(file.read()).toEqual([]);
  await file.save(days);
  expect(open().read()).toEqual(days);
  expect(warnings).toEqual([]);
  expect(readdirSync(join(folder, 'below'))).toEqual(['health.json']);
});

describe('a save that fails', () => {
  test.each<[string, Partial<HealthFileSystem['promises']>]>([
    ['at opening', { open: async (path) => failing('EACCES')(path) }],
    ['at renaming', { rename: async (path) => failing('EACCES')(path) }],
  ])('%s leaves the old content and no other file, is told once, and rejects nothing', async (_, broken) => {
    const { file, open, names, warnings, path } = setUp();
    await file.save(days);
    const before = readFileSync(path, 'utf8');
    const fs = { ...nodeFileSystem, promises: { ...promises, ...broken } };
    const failingFile = open(fs);
    await failingFile.save([]);
    await failingFile.save([]);
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(names()).toEqual(['health.json']);
    expect(warnings).toEqual([
      expect.stringContaining('could not be written, and is as it was before (EACCES)'),
    ]);
  });
});

describe('a file that cannot be understood', () => {
  test.each([
    ['cut', writeDays(days).slice(0, 60)],
    ['empty', ''],
    ['of another program', '{"access_token":"abc"}'],
    ['of a later release', '{"version":2,"days":[]}'],
    [
      'with a day that is none',
      '{"version":1,"days":[{"date":"2026-02-30","unanswered":0,"tellsCompanyId":false,"counts":[]}]}',
    ],
    ['with a row that is none', writeDays(days).replace('200', '"200"')],
    ['with a count below nothing', writeDays(days).replace(',7,', ',-7,')],
  ])('(%s) is kept aside and told, and counting begins anew', async (_, content) => {
    const { file, open, path, names, warnings } = setUp();
    writeFileSync(path, content);
    expect(file.read()).toEqual([]);
    const aside = 'health.json.broken-2026-06-30T12-00-00.000Z';
    expect(names()).toEqual([aside]);
    expect(readFileSync(`${path}.broken-2026-06-30T12-00-00.000Z`, 'utf8')).toBe(content);
    expect(warnings).toEqual([expect.stringContaining(`It is kept as ${path}.broken-`)]);
    expect(warnings.join()).not.toContain('abc');
    await file.save(days);
    expect(open().read()).toEqual(days);
  });

  test('is not written over where it cannot be renamed', async () => {
    const { file, path, warnings } = setUp({ renameSync: failing('EACCES') });
    writeFileSync(path, 'not ours');
    expect(file.read()).toEqual([]);
    await file.save(days);
    expect(readFileSync(path, 'utf8')).toBe('not ours');
    expect(warnings).toEqual([expect.stringContaining('cannot be renamed. It is left alone (EACCES)')]);
  });
});

test('a file that cannot be read is told and left alone', async () => {
  const { file, open, warnings } = setUp();
  await file.save(days);
  const blind = open({ ...nodeFileSystem, readFileSync: failing('EACCES'), renameSync });
  expect(blind.read()).toEqual([]);
  await blind.save([]);
  expect(open().read()).toEqual(days);
  expect(warnings).toEqual([expect.stringContaining('could not be read, and is left alone (EACCES)')]);
});

test('the format is read back exactly', () => {
  expect(readDays(writeDays(days))).toEqual(days);
});
