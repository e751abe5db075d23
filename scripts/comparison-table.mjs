// Writes the table of README.md that compares the package with what else there is: `npm run docs:comparison`.
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { compare, withComparison } from '../test/docs/support/comparison/table.ts';

const path = new URL('../README.md', import.meta.url);
const page = withComparison(readFileSync(path, 'utf8'), await compare());
writeFileSync(path, await format(page, { ...(await resolveConfig(path)), parser: 'markdown' }));
// Calls that wait for the end of a rate limit are left behind.
process.exit();
