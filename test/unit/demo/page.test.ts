import { EventEmitter } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Procore } from 'axios-procore';
import { recordHealth } from 'axios-procore/health';
import { afterAll, expect, test } from 'vitest';
import { pageOf, writePage } from '../../../examples/demo/page.js';

const folder = mkdtempSync(join(tmpdir(), 'axios-procore-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The file of a worker whose calls were answered with these statuses. */
async function recordingOf(name: string, statuses: readonly number[]): Promise<string> {
  const file = join(folder, name);
  const listeners = new EventEmitter();
  const on = (event: string, listener: (...args: unknown[]) => void) => {
    listeners.on(event, listener);
    return () => void listeners.off(event, listener);
  };
  const health = recordHealth({ on } as Pick<Procore, 'on'>, { file });
  const call = { account: 'default', method: 'GET', path: '/rest/v1.0/me', attempts: 1 };
  for (const status of statuses) listeners.emit('request-settled', { ...call, status });
  await health.stop();
  return file;
}

test('the page of a fleet has the calls of all workers', async () => {
  const files = [await recordingOf('one.json', [200, 401, 200]), await recordingOf('other.json', [200])];
  const file = join(folder, 'page.html');
  expect(writePage(file, () => pageOf(files))).toBe(
    `How healthy Procore would find the calls with the plugin, those that the surprises met included, is on a page for your browser: ${file}`,
  );
  const text = readFileSync(file, 'utf8').replace(/<[^>]*>/g, '');
  expect(text).toMatch(/^\s*4 answered calls$/m);
  expect(text).toMatch(/^\s*1 of them failed$/m);
});

test.each([
  [
    'a page that cannot be made',
    'page.html',
    () => {
      throw new Error('echarts is not installed.');
    },
    'echarts is not installed.',
  ],
  ['a worker that has written nothing', 'page.html', () => pageOf([join(folder, 'none.json')]), 'ENOENT: '],
  ['a file that cannot be written', join('no', 'page.html'), () => '<!doctype html>', 'ENOENT: '],
])('%s is told and throws nothing', (_, name, make, why) => {
  expect(writePage(join(folder, name), make)).toContain(`There is no page on the run: ${why}`);
});
