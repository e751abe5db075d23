import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startEmulator, type EmulatorOptions } from '../../src/emulator/index.js';
import { environmentOf, recordsAt, startByName, startExample } from '../support/examples.js';

const project = '562949953422001';

/** An emulator, a file of so many bytes, and the function that uploads it. */
async function emulated(size: number, options: EmulatorOptions = {}) {
  const emulator = await startEmulator(options);
  onTestFinished(() => emulator.close());
  const env = environmentOf(emulator);
  const file = join(dirname(env['PROCORE_TOKEN_FILE']!), 'drawing.pdf');
  const bytes = randomBytes(size);
  writeFileSync(file, bytes);
  const punchItems = async () => {
    const items = await recordsAt(emulator, `/rest/v1.0/punch_items?project_id=${project}`);
    return items.map(({ name, attachments }) => ({ name, attachments }));
  };
  const attached = (id: unknown) => emulator.file(String(id));
  const start = (to = project) => startExample('upload', { env, args: [to, file] });
  return { emulator, env, file, bytes, start, punchItems, attached };
}
const withFile = {
  name: 'Look at drawing.pdf',
  attachments: [{ id: expect.any(String), filename: 'drawing.pdf' }],
};

test('by its command it attaches a file of this checkout at an emulated Procore', async () => {
  const { code, stdout, stderr } = await startByName('upload', [project, 'README.md']).ended;
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/Punch item \d+ has the file\./);
});

test('a big file arrives whole in segments, though a token expires and a connection is cut on the way', async () => {
  const { emulator, bytes, start, punchItems, attached } = await emulated(21 * 1024 * 1024);
  emulator.misbehave({
    on({ method, path }) {
      const isFirst = method === 'PUT' && path.endsWith('/parts/1');
      if (isFirst) emulator.expire();
      return isFirst;
    },
    do: { kind: 'drop' },
  });
  const { code, stdout, stderr } = await start().ended;
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('3 of 3 segments are in the storage');
  const items = await punchItems();
  expect(items).toEqual([withFile]);
  const [{ id }] = items[0]!.attachments as [{ id: string }];
  expect(bytes.equals(attached(id)!)).toBe(true);
  const puts = emulator.log.filter(({ kind }) => kind === 'storage');
  expect(puts.map(({ status }) => status)).toEqual([undefined, 200, 200, 200]);
  // The storage has seen no bearer.
  expect(puts.every(({ accessToken }) => accessToken === undefined)).toBe(true);
  expect(emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

test('where the answers of Procore are lost the calls are repeated, and there is one punch item', async () => {
  const { emulator, start, punchItems } = await emulated(10);
  const lost = [/\/uploads$/, /\/uploads\/\w+$/, /\/punch_items$/].map((path) =>
    emulator.misbehave({
      on: (request) => request.method !== 'PUT' && request.method !== 'GET' && path.test(request.path),
      after: true,
      do: { kind: 'drop' },
    }),
  );
  expect(await start().ended).toMatchObject({ code: 0, stderr: '' });
  expect([lost.map(({ hits }) => hits), await punchItems()]).toEqual([[1, 1, 1], [withFile]]);
});

test('a refusal of the storage ends it, and the presigned URL is not printed', async () => {
  const { emulator, start, punchItems } = await emulated(10);
  const refused = emulator.misbehave({ on: 'storage', do: { kind: 'answer', status: 403 }, times: Infinity });
  const { code, stderr } = await start().ended;
  expect([code, stderr, refused.hits]).toEqual([1, 'The storage: Request failed with status code 403\n', 1]);
  expect(await punchItems()).toEqual([]);
});

test('a project that the user may not see ends it with what to do, before a byte is sent', async () => {
  const { emulator, start } = await emulated(10, { companies: [{ id: 562949953421401, projects: [] }] });
  const { code, stderr } = await start('7').ended;
  expect([code, stderr]).toEqual([1, expect.stringContaining('status code 404')]);
  expect(emulator.log.some(({ kind }) => kind === 'storage')).toBe(false);
});

test('a user whose authorization is gone has to log in again, and no token is printed', async () => {
  const { emulator, env, start } = await emulated(10);
  const tokens = JSON.parse(readFileSync(env['PROCORE_TOKEN_FILE']!, 'utf8')) as Record<string, string>;
  emulator.revokeGrant(tokens['access_token']!);
  const { code, stdout, stderr } = await start().ended;
  expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining('npx axios-procore login')]);
  for (const name of ['access_token', 'refresh_token']) expect(stderr).not.toContain(tokens[name]!);
});

test('an empty file is not sent', async () => {
  const { emulator, start } = await emulated(0);
  expect(await start().ended).toMatchObject({ code: 1, stderr: expect.stringContaining('is empty') });
  expect(emulator.counters.requests).toBe(0);
});
