import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { healthOf, healthOfRecordings, recordHealth } from '../../../src/health/index.js';
import { createEvents } from '../../../src/observe/events.js';
import { createLog } from '../../../src/observe/log.js';

const handle = { on: () => () => undefined };
const header = 'Date,Response Code,HTTP Method,Normalized Route,Count';

test.each<[unknown, string]>([
  [
    undefined,
    'recordHealth: the first argument is missing; it takes the handle that attachProcore returned.',
  ],
  [{}, 'recordHealth: the first argument is an object; it takes the handle that attachProcore returned.'],
])('a recorder of %j is refused', (wrong, message) => {
  expect(() => recordHealth(wrong as never)).toThrow(new TypeError(message));
});

test.each<[object, string]>([
  [{ fil: 'x' }, 'recordHealth: option "fil" does not exist'],
  [{ file: '' }, 'recordHealth: option "file" is an empty string; it takes the path of a file.'],
  [{ maxRoutes: 0 }, 'recordHealth: option "maxRoutes" is 0 (number); it takes a whole number from 1.'],
  [
    { deprecatedEndpoints: '/x' },
    'recordHealth: option "deprecatedEndpoints" is a string of length 2; it takes an array',
  ],
  [
    { privateEndpoints: ['x'] },
    'recordHealth: option "privateEndpoints" is an array; it takes an array of routes',
  ],
])('the options %j are refused, and the message names what they take', (options, message) => {
  expect(() => recordHealth(handle, options)).toThrow(message);
});

test('options that are written out as undefined count as left out', async () => {
  const options = {
    file: undefined,
    maxRoutes: undefined,
    deprecatedEndpoints: undefined,
    privateEndpoints: undefined,
  };
  await recordHealth(handle, options).stop();
});

test('a report that is no text is refused, and so is an unknown option', () => {
  expect(() => healthOf(Buffer.from('x') as never)).toThrow(
    'healthOf: the first argument is an object; it takes',
  );
  expect(() => healthOf(header, { file: 'x' } as never)).toThrow('healthOf: option "file"');
});

test('Procore’s report over 30 days is read over its newest 14, with the endpoints that the user knows', () => {
  const csv = [
    header,
    '2026-06-01,403,GET,/v1.0/projects,500',
    '2026-06-29,200,GET,/v1.0/uploads,90',
    '2026-06-30,403,GET,/v1.0/projects/:id,10',
  ].join('\n');
  const report = healthOf(csv, { deprecatedEndpoints: ['/rest/v1.0/uploads'] });
  expect(report).toMatchObject({
    from: '2026-06-17',
    to: '2026-06-30',
    calls: 100,
    state: 'Needs Attention',
  });
  expect(report.observations.map(({ calls }) => calls)).toEqual([10, 0, 0, 0, 0, 90, 0]);
});

test('what is wrong with the file is a warning of the process, and the recorder works all the same', () => {
  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-health-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  onTestFinished(() => warn.mockRestore());
  writeFileSync(join(folder, 'health.json'), 'not ours');
  const recorder = recordHealth(handle, { file: join(folder, 'health.json') });
  expect(recorder.report().calls).toBe(0);
  expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('health.json'), {
    type: 'ProcoreWarning',
    code: 'health-file',
  });
  expect(readdirSync(folder)).toEqual([expect.stringMatching(/^health\.json\.broken-/)]);
});

describe('the recordings of several processes', () => {
  const fileOf = (name: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'axios-procore-health-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return join(folder, name);
  };

  test('give one report, with the calls, waits and renewals of all', async () => {
    const files = [fileOf('one.json'), fileOf('other.json')];
    for (const file of files) {
      const events = createEvents(createLog(undefined, Date.now));
      const recorder = recordHealth({ on: events.on }, { file });
      const emit = events.emit as (event: string, detail: object) => void;
      const call = { callId: file, method: 'GET', path: '/vapid/projects' };
      emit('request-waiting', { ...call, reason: 'token', attempt: 1 });
      emit('request-settled', { ...call, attempts: 1, status: 403, kind: 'forbidden', waitedMs: 20 });
      emit('token-adopted', { account: 'default', from: 'store' });
      await recorder.stop();
    }
    const report = healthOfRecordings(files.map((file) => readFileSync(file, 'utf8')));
    expect(report).toMatchObject({ calls: 2, failed: 2, failures: [{ status: 403, calls: 2 }] });
    expect(report.recording!.waits[0]).toEqual({ reason: 'token', waits: 2, waitedMs: 40, longestMs: 20 });
    expect(report.recording!.tokens).toMatchObject({ adopted: 2, events: [{}, {}] });
  });

  test.each<[unknown, string]>([
    ['{}', 'healthOfRecordings: the first argument is a string of length 2; it takes an array of the texts'],
    [[], 'healthOfRecordings: the first argument is an array; it takes an array of the texts'],
  ])('%j is refused', (wrong, message) => {
    expect(() => healthOfRecordings(wrong as never)).toThrow(message);
  });

  test('that are none are refused with the number of the text', () => {
    const none = '{"version":2,"days":[],"tokens":[]}';
    expect(healthOfRecordings([none]).calls).toBe(0);
    expect(() => healthOfRecordings([none, 'secret'])).toThrow(
      /^healthOfRecordings: text 2 of 2 is not what a recorder of this release, or of an earlier one, writes to its file\.$/,
    );
    expect(() => healthOfRecordings([none], { file: 'x' } as never)).toThrow(
      'healthOfRecordings: option "file"',
    );
  });
});
