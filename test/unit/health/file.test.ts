import { mkdtempSync, promises, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { newestDay, nothingKept, readKept, writeKept, type Kept } from '../../../src/health/file-format.js';
import { createHealthFile, nodeFileSystem, type HealthFileSystem } from '../../../src/health/file.js';
import { emptySlot } from '../../../src/health/slots.js';

const nowMs = Date.parse('2026-06-30T12:00:00Z');
const kept: Kept = {
  days: [
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
      kinds: { forbidden: 3 },
      kindsWithoutAnswer: { 'connection-lost': 2, deadline: 1 },
    },
  ],
  timeline: {
    slotMs: 5_000,
    slots: [
      [nowMs - 5_000, { ...emptySlot(), calls: 7, failed: 1, renewed: 1 }],
      [
        nowMs,
        {
          ...emptySlot(),
          unanswered: 2,
          adopted: 3,
          tokenFailures: 4,
          limit: { limit: 600, remaining: 0 },
          waits: { ...emptySlot().waits, retry: { waits: 2, waitedMs: 700, longestMs: 400 } },
        },
      ],
    ],
  },
  tokens: [
    {
      at: '2026-06-30T12:00:00.000Z',
      event: 'token-renewed',
      account: 'default',
      accessToken: '0123abcd',
      expiresAt: '2026-06-30T13:30:00.000Z',
    },
    {
      at: '2026-06-30T12:00:01.000Z',
      event: 'reauthentication-required',
      account: 'default',
      kind: 'reauthentication-required',
      message: 'The refresh token is spent.',
    },
  ],
};
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
  expect(file.read()).toEqual(nothingKept);
  await file.save(kept);
  expect(open().read()).toEqual(kept);
  expect(warnings).toEqual([]);
  expect(readdirSync(join(folder, 'below'))).toEqual(['health.json']);
});

describe('a save that fails', () => {
  test.each<[string, Partial<HealthFileSystem['promises']>]>([
    ['at opening', { open: async (path) => failing('EACCES')(path) }],
    ['at renaming', { rename: async (path) => failing('EACCES')(path) }],
  ])('%s leaves the old content and no other file, is told once, and rejects nothing', async (_, broken) => {
    const { file, open, names, warnings, path } = setUp();
    await file.save(kept);
    const before = readFileSync(path, 'utf8');
    const fs = { ...nodeFileSystem, promises: { ...promises, ...broken } };
    const failingFile = open(fs);
    await failingFile.save(nothingKept);
    await failingFile.save(nothingKept);
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(names()).toEqual(['health.json']);
    expect(warnings).toEqual([
      expect.stringContaining('could not be written, and is as it was before (EACCES)'),
    ]);
  });
});

describe('a file that cannot be understood', () => {
  test.each([
    ['cut', writeKept(kept).slice(0, 60)],
    ['empty', ''],
    ['of another program', '{"access_token":"abc"}'],
    ['of a later release', '{"version":3,"days":[],"tokens":[]}'],
    [
      'with a day that is none',
      '{"version":1,"days":[{"date":"2026-02-30","unanswered":0,"tellsCompanyId":false,"counts":[]}]}',
    ],
    ['with a row that is none', writeKept(kept).replace('200', '"200"')],
    ['with a slot that is none', writeKept(kept).replace(',600,', ',"600",')],
    ['with slots of a length that no recorder has', writeKept(kept).replace('"slotMs":5000', '"slotMs":7')],
    ['with an event of a token that is none', writeKept(kept).replace('"token-renewed"', '"token-eaten"')],
    ['with a slot after the last day', writeKept(kept).replace(String(nowMs), '1e300')],
    ['with an event after the last day', writeKept(kept).replace('2026-06-30T12', '+275760-09-13T00')],
    ['with an event of no written moment', writeKept(kept).replace('2026-06-30T12:00:00.000Z', 'June 2026')],
    ['with a count below nothing', writeKept(kept).replace(',7,', ',-7,')],
  ])('(%s) is kept aside and told, and recording begins anew', async (_, content) => {
    const { file, open, path, names, warnings } = setUp();
    writeFileSync(path, content);
    expect(file.read()).toEqual(nothingKept);
    const aside = 'health.json.broken-2026-06-30T12-00-00.000Z';
    expect(names()).toEqual([aside]);
    expect(readFileSync(`${path}.broken-2026-06-30T12-00-00.000Z`, 'utf8')).toBe(content);
    expect(warnings).toEqual([expect.stringContaining(`It is kept as ${path}.broken-`)]);
    expect(warnings.join()).not.toContain('abc');
    await file.save(kept);
    expect(open().read()).toEqual(kept);
  });

  test('is not written over where it cannot be renamed', async () => {
    const { file, path, warnings } = setUp({ renameSync: failing('EACCES') });
    writeFileSync(path, 'not ours');
    expect(file.read()).toEqual(nothingKept);
    await file.save(kept);
    expect(readFileSync(path, 'utf8')).toBe('not ours');
    expect(warnings).toEqual([expect.stringContaining('cannot be renamed. It is left alone (EACCES)')]);
  });
});

test('a file that cannot be read is told and left alone', async () => {
  const { file, open, warnings } = setUp();
  await file.save(kept);
  const blind = open({ ...nodeFileSystem, readFileSync: failing('EACCES'), renameSync });
  expect(blind.read()).toEqual(nothingKept);
  await blind.save(nothingKept);
  expect(open().read()).toEqual(kept);
  expect(warnings).toEqual([expect.stringContaining('could not be read, and is left alone (EACCES)')]);
});

test('the format is read back exactly', () => {
  expect(readKept(writeKept(kept))).toEqual(kept);
  expect(readKept(writeKept(nothingKept))).toEqual(nothingKept);
});

test('a file of the first version, which had days only, is read', () => {
  const { kinds: _, kindsWithoutAnswer: __, ...day } = kept.days[0]!;
  const counts = [[200, 'GET', '/rest/v1.0/me', 7, 1]];
  const file = JSON.stringify({ version: 1, days: [{ ...day, counts }] });
  expect(readKept(file)).toEqual({
    ...nothingKept,
    days: [{ ...day, kinds: {}, kindsWithoutAnswer: {} }],
  });
});

test('a kind of failure that only another release knows is left out', () => {
  const file = writeKept(kept).replace('"forbidden":3', '"forbidden":3,"eaten":1');
  expect(readKept(file)).toEqual(kept);
});

test('the newest day is that of the newest call, slot or event', () => {
  expect(newestDay([nothingKept])).toBeUndefined();
  expect(newestDay([kept, nothingKept])).toBe('2026-06-30');
  const event = { ...kept.tokens[0]!, at: '2026-07-02T00:00:00.000Z' };
  expect(newestDay([kept, { ...nothingKept, tokens: [event] }])).toBe('2026-07-02');
});
