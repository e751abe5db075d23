import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startEmulator, type EmulatedRequest } from '../../src/emulator/index.js';
import { environmentOf, recordsAt, startByName, startExample } from '../support/examples.js';

interface Project {
  origin_id: string;
  name?: string;
}

const isSync = ({ path }: Pick<EmulatedRequest, 'path'>) => path.endsWith('/projects/sync');
const own = (count: number): Project[] =>
  Array.from({ length: count }, (_, index) => ({ origin_id: `erp-${index}`, name: `Project ${index}` }));

/** An emulator, and a function that runs the example with these records. */
async function emulated() {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  const env = environmentOf(emulator);
  const tokenFile = env['PROCORE_TOKEN_FILE']!;
  const file = join(dirname(tokenFile), 'projects.json');
  const start = (records: Project[]) => {
    writeFileSync(file, JSON.stringify(records));
    return startExample('nightly-sync', { env, args: [file] });
  };
  /** How many projects of the ERP Procore has. */
  const written = async () => {
    const all = await recordsAt(emulator, '/rest/v1.0/projects?per_page=1000');
    return all.filter(({ origin_id }) => origin_id).length;
  };
  const sent = () => emulator.log.filter((entry) => isSync(entry)).length;
  return { emulator, tokenFile, start, written, sent };
}

test('by its command it writes the projects of its file to an emulated Procore', async () => {
  const { code, stdout, stderr } = await startByName('nightly-sync', ['examples/nightly-sync/projects.json'])
    .ended;
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('3 written, 0 refused');
});

test('what is new goes in batches, and the next night only what has changed', async () => {
  const { start, written, sent } = await emulated();
  const records = own(900);
  expect(await start(records).ended).toMatchObject({ code: 0, stderr: '' });
  expect([await written(), sent()]).toEqual([900, 2]);
  const changed = records.map((one, index) => (index === 700 ? { ...one, name: 'Renamed' } : one));
  const { code, stdout } = await start(changed).ended;
  expect([code, stdout]).toEqual([
    0,
    '900 projects in the ERP, 1 of them new or different\n1 of 1 sent\n1 written, 0 refused\n',
  ]);
  expect(await start(changed).ended).toMatchObject({ code: 0 });
  expect([await written(), sent()]).toEqual([900, 3]);
});

test('a record that is refused is told with its reason, and the others are written', async () => {
  const { start, written } = await emulated();
  const { code, stdout, stderr } = await start([{ origin_id: 'erp-unnamed' }, ...own(2)]).ended;
  expect([code, stderr]).toEqual([1, 'Refused: erp-unnamed {"name":["can\'t be blank"]}\n']);
  expect([stdout, await written()]).toEqual([expect.stringContaining('2 written, 1 refused'), 2]);
});

test('where a batch fails it says how far it came, and the next run writes the rest', async () => {
  const { emulator, start, written, sent } = await emulated();
  let batches = 0;
  emulator.misbehave({
    on: (request) => isSync(request) && ++batches === 2,
    do: { kind: 'answer', status: 422, body: { errors: ['The budget is locked.'] } },
  });
  const { code, stdout, stderr } = await start(own(900)).ended;
  expect([code, stdout.split('\n')[1]]).toEqual([2, '500 of 900 sent']);
  expect(stderr).toContain('500 were sent, 0 perhaps, 400 were not.');
  expect([await written(), sent()]).toEqual([500, 2]);
  const next = await start(own(900)).ended;
  expect(next).toMatchObject({ code: 0, stdout: expect.stringContaining('400 of them new or different') });
  expect(await written()).toBe(900);
});

test('a batch whose answer is lost is sent again, and nothing is there twice', async () => {
  const { emulator, start, written, sent } = await emulated();
  emulator.misbehave({ on: isSync, after: true, do: { kind: 'drop' } });
  expect(await start(own(3)).ended).toMatchObject({ code: 0, stderr: '' });
  expect([await written(), sent()]).toEqual([3, 2]);
});

test('a token that expires between the pages and the batches is renewed once', async () => {
  const { emulator, start, tokenFile } = await emulated();
  let seen = 0;
  emulator.misbehave({
    on(request) {
      if (isSync(request) && ++seen === 1) emulator.expire();
      return false;
    },
    do: { kind: 'drop' },
  });
  const before = readFileSync(tokenFile, 'utf8');
  expect(await start(own(3)).ended).toMatchObject({ code: 0, stderr: '' });
  expect(emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 1, spentPresentations: 0 });
  expect(readFileSync(tokenFile, 'utf8')).not.toBe(before);
});

test('a user whose authorization is gone has to log in again, and no token is printed', async () => {
  const { emulator, start, tokenFile } = await emulated();
  const { access_token, refresh_token } = JSON.parse(readFileSync(tokenFile, 'utf8')) as Record<
    string,
    string
  >;
  emulator.revokeGrant(access_token!);
  const { code, stdout, stderr } = await start(own(3)).ended;
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('npx axios-procore login');
  for (const secret of [access_token!, refresh_token!, 'emulator-secret'])
    expect(stderr).not.toContain(secret);
});

test('told to stop, it ends in the middle of a batch, and the next run finishes', async () => {
  const { emulator, start, written } = await emulated();
  const run = start(own(3));
  const held = emulator.misbehave({
    on(request) {
      if (!isSync(request)) return false;
      run.kill('SIGTERM');
      return true;
    },
    do: { kind: 'hold' },
  });
  const { code, stderr } = await run.ended;
  expect([code, stderr]).toEqual([2, expect.stringContaining('0 were sent, 3 perhaps, 0 were not.')]);
  held.release();
  expect(await start(own(3)).ended).toMatchObject({ code: 0 });
  expect(await written()).toBe(3);
});

test('records without an origin_id, which Procore would create every night, are not sent', async () => {
  const { emulator, start } = await emulated();
  const { code, stderr } = await start([...own(1), { name: 'Nobody' } as Project]).ended;
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^Record 2 of .* has no origin_id\.\n$/)]);
  expect(emulator.counters.requests).toBe(0);
});
