// Writes the tables of docs/errors.md from the catalogue of failures: `npm run docs:errors`.
import { readFileSync, writeFileSync } from 'node:fs';
import { withErrorTables } from '../test/docs/support/error-tables.ts';

const page = new URL('../docs/errors.md', import.meta.url);
writeFileSync(page, withErrorTables(readFileSync(page, 'utf8')));
