// Writes the tables of docs/errors.md from the catalogue of failures, and those of the warnings in docs/troubleshooting.md:
// `npm run docs:errors`.
import { readFileSync, writeFileSync } from 'node:fs';
import { errorTables } from '../test/docs/support/error-tables.ts';
import { withTables } from '../test/docs/support/tables.ts';
import { warningTables } from '../test/docs/support/warning-tables.ts';

for (const [name, tables] of [
  ['errors', errorTables],
  ['troubleshooting', warningTables],
]) {
  const page = new URL(`../docs/${name}.md`, import.meta.url);
  writeFileSync(page, withTables(readFileSync(page, 'utf8'), tables));
}
