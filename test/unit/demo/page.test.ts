import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { pageOf, writePage } from '../../../examples/demo/page.js';

const folder = mkdtempSync(join(tmpdir(), 'axios-procore-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const columns = 'Date,Response Code,HTTP Method,Normalized Route,Count\r\n';

test('the page of a fleet has the calls of all workers', () => {
  const one = {
    csv: `${columns}2026-06-30,200,GET,/rest/v1.0/me,30\r\n2026-06-30,401,GET,/rest/v1.0/me,2\r\n`,
  };
  const other = { csv: `${columns}2026-06-30,200,GET,/rest/v1.0/me,12\r\n` };
  const file = join(folder, 'page.html');
  expect(writePage(file, () => pageOf([one, other]))).toBe(
    `How healthy Procore would find the calls with the plugin, those that the surprises met included, is on a page for your browser: ${file}`,
  );
  expect(readFileSync(file, 'utf8')).toContain('44');
});

test.each([
  [
    'a page that cannot be made',
    'page.html',
    () => pageOf([{ missing: 'papaparse is not installed.' }]),
    'papaparse is not installed.',
  ],
  ['a file that cannot be written', join('no', 'page.html'), () => '<!doctype html>', 'ENOENT: '],
])('%s is told and throws nothing', (_, name, make, why) => {
  expect(writePage(join(folder, name), make)).toContain(`There is no page on the run: ${why}`);
});
